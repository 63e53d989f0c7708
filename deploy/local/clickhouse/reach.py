"""Names by which SQL reaches files, programs or the network: closed to readers.

`readonly=2` stops writing only; file(), url(), a Template format's file and the like stay open in the engine.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import pairwise

from deploy.local.clickhouse.engine import Handle, text
from deploy.local.clickhouse.errors import ClickHouseError
from deploy.local.clickhouse.lex import Token

# Table functions that reach nothing outside the statement and its tables; every other one is closed.
_HARMLESS = """
    format generaterandom generateseries generate_series loop merge mergetreeanalyzeindexes mergetreeindex
    mergetreeprojection null numbers numbers_mt primes sqlstandardvalues values view viewexplain viewifpermitted
    zeros zeros_mt
"""
_FUNCTIONS = "^(ai[A-Z]|addressTo|catboost|executable|file$|hasColumnInTable|python|reverseDNS)"
_SETTINGS = "schema_source|format_schema|template|_path$|rename_files|^ai_"


@dataclass(frozen=True)
class Closed:
    """Lower-case names, as this engine knows them."""

    functions: frozenset[str]
    settings: frozenset[str]

    @classmethod
    def of(cls, handle: Handle) -> Closed:
        """Ask the engine for its lists, so that a new version's table functions are closed until looked at."""
        tables = text(handle, "SELECT lower(name) FROM system.table_functions").split("\n")
        found = text(handle, f"SELECT lower(name) FROM system.functions WHERE match(name, '{_FUNCTIONS}')").split("\n")
        settings = text(handle, f"SELECT name FROM system.settings WHERE match(name, '{_SETTINGS}')").split("\n")
        functions = {*tables, *found} - set(_HARMLESS.split())
        return cls(frozenset(functions), frozenset(settings))

    def refuse(self, tokens: Iterable[Token], settings: Collection[str] = ()) -> None:
        """Raises 497 when the statement or its settings use a closed name."""
        wrong = sorted(self.settings.intersection(settings))
        for token, behind in pairwise(tokens):
            name = _name(token)
            if (behind.text == b"(" and name in self.functions) or (behind.text == b"=" and name in self.settings):
                wrong.append(name)
        if wrong:
            raise ClickHouseError(497, f"Not enough privileges: {wrong[0]} reaches outside of the database")


def calls(tokens: Iterable[Token], function: str) -> bool:
    return any(behind.text == b"(" and _name(token) == function for token, behind in pairwise(tokens))


def _name(token: Token) -> str:
    return token.text.strip(b'`"').decode("utf-8", "replace").lower() if token.kind in ("word", "name") else ""
