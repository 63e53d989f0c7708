"""Our catalog and our rule book, read and checked once for every test that only looks."""

from __future__ import annotations

from sharedchain import rulecheck
from sharedchain.schemas import Catalog

CATALOG = Catalog.load()
BOOK = rulecheck.check(None, CATALOG)
