"""Dialects: each is sound, and each of its examples becomes what it says."""

from __future__ import annotations

from deploy.imports.command import translator_of
from sharedchain.dialect import files
from sharedchain.dialects import findings
from sharedchain.dictionary import load_dictionaries
from sharedchain.schemas import Catalog
from tests.house.tree import ROOT


def test_ours_are_sound_and_every_example_holds() -> None:
    assert findings(ROOT, Catalog.load(), load_dictionaries()) == []


def test_what_a_flow_excuses_is_asked_for_by_the_contract() -> None:
    for path in files():
        one = translator_of(path.stem)
        for name, kind in one.catalog.types.items():
            assert set(one.excused(name)) <= set(kind.required)
