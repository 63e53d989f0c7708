"""Just enough of ClickHouse's lexer to find a statement's verb, its FORMAT and its inline data.

Rules from ClickHouse's src/Parsers/Lexer.cpp: comments `--`, `//`, `# `, `#!`, nested `/* */`;
strings with `\\x` and doubled quotes; heredocs `$tag$…$tag$`; names in backquotes or double quotes.
An INSERT is read no further than its FORMAT word: what follows is data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from deploy.local.clickhouse.errors import ClickHouseError

_TOKEN = re.compile(
    rb"""(?P<space>[\s\0]+|\xc2\xa0|\xef\xbb\xbf|--[^\n]*|//[^\n]*|\#[ !][^\n]*)
    |(?P<text>'(?:[^'\\]++|\\.|'')*+'|\xe2\x80\x98.*?\xe2\x80\x99|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
    |(?P<name>`(?:[^`\\]++|\\.|``)*+`|"(?:[^"\\]++|\\.|"")*+"|\xe2\x80\x9c.*?\xe2\x80\x9d)
    |(?P<word>[A-Za-z_][\w$]*)|(?P<number>\d\w*)|(?P<comment>/\*)|(?P<mark>.)""",
    re.S | re.X,
)
_NESTED = re.compile(rb"/\*|\*/")
_GAP = re.compile(rb"[ \t\r]*;?[ \t\r]*\n?")
# Behind these words a name or an expression is due, so FORMAT there is a name and not the clause. Words that are
# also common column names (table, database, settings, by) must not stand here.
_OPEN = frozenset({b"SELECT", b"DISTINCT", b"FROM", b"JOIN", b"AND", b"OR", b"NOT", b"AS", b"IN", b"LIKE", b"ILIKE"})
_OPEN_INSERT = frozenset({b"INTO", b"TABLE", b"FUNCTION"})
_ORDERS = frozenset({b"ASC", b"DESC", b"ASCENDING", b"DESCENDING"})


@dataclass(frozen=True)
class Token:
    """`depth` counts the brackets that are open around the token."""

    kind: str  # text | name | word | number | mark
    text: bytes
    start: int
    end: int
    depth: int

    @property
    def upper(self) -> bytes:
        return self.text.upper() if self.kind == "word" else b""


@dataclass(frozen=True)
class Statement:
    """One statement. `head` is all before FORMAT; `tail` the SETTINGS behind it; `data` inline INSERT data."""

    verb: str
    head: bytes
    format: str | None = None
    tail: bytes = b""
    data: bytes | None = None
    tokens: tuple[Token, ...] = field(default=(), repr=False)


def tokens(sql: bytes) -> Iterator[Token]:
    """Every significant token. Raises 62 on a quote or comment that does not end."""
    at = depth = 0
    while at < len(sql):
        found = _TOKEN.match(sql, at)
        assert found is not None  # the last branch takes any byte
        kind, at = str(found.lastgroup), found.end()
        if kind == "space":
            continue
        if kind == "comment":
            at = _comment_end(sql, at)
            continue
        text = found[0]
        if kind == "mark" and text in b"'\"`":
            raise ClickHouseError(62, f"Syntax error: {text.decode()} at position {found.start() + 1} is not closed")
        depth -= kind == "mark" and text in b")]}"
        yield Token(kind, text, found.start(), at, depth)
        depth += kind == "mark" and text in b"([{"


def _comment_end(sql: bytes, at: int) -> int:
    level = 1
    while level:
        found = _NESTED.search(sql, at)
        if found is None:
            raise ClickHouseError(62, "Syntax error: a comment /* is not closed")
        level, at = level + (1 if found[0] == b"/*" else -1), found.end()
    return at


def parse(sql: bytes) -> Statement:
    """Split one statement. Raises 62 (empty, several statements, unclosed) and 48 (files by SQL)."""
    seen: list[Token] = []
    verb = b""
    ended = plain_insert = False
    for token in tokens(sql):
        if ended:
            raise ClickHouseError(62, "Syntax error: Multi-statements are not allowed")
        if token.text == b";" and token.depth == 0:
            ended = True
            continue
        seen.append(token)
        if token.kind != "word" or (token.depth and verb):
            continue
        before = seen[-2].upper if len(seen) > 1 else b""
        if not verb:
            verb = token.upper
            plain_insert = verb == b"INSERT"
        elif verb == b"WITH" and token.upper == b"INSERT":
            verb = token.upper
        _refuse_files(before, token.upper)
        if token.upper in (b"SELECT", b"WITH", b"FROM") and before != b"INTO":
            plain_insert = False
        if plain_insert and token.upper == b"VALUES" and before not in (b"INTO", b"FORMAT", b"TABLE"):
            return Statement("INSERT", sql, tokens=tuple(seen))
        if plain_insert and len(seen) > 1 and _is_format(seen, len(seen) - 2):
            data = sql[_gap_end(sql, token.end) :]
            return Statement("INSERT", sql[: seen[-2].start], token.text.decode(), data=data, tokens=tuple(seen))
    if not seen:
        raise ClickHouseError(62, "Syntax error: Empty query")
    return _with_format(verb.decode(), sql, seen)


def _refuse_files(before: bytes, word: bytes) -> None:
    if (before, word) in ((b"INTO", b"OUTFILE"), (b"FROM", b"INFILE")):
        raise ClickHouseError(48, f"{before.decode()} {word.decode()} is not allowed over HTTP: read or send the body")


def _gap_end(sql: bytes, at: int) -> int:
    found = _GAP.match(sql, at)
    return found.end() if found else at


def _is_format(seen: list[Token], at: int) -> bool:
    """Whether seen[at], seen[at + 1] are the words `FORMAT <name>` standing where the clause may stand."""
    clause, name = seen[at], seen[at + 1]
    if clause.upper != b"FORMAT" or clause.depth or name.kind != "word" or name.depth or at == 0:
        return False
    before = seen[at - 1]
    if before.text == b"*":
        return seen[at - 2].text in (b",", b".") or seen[at - 2].upper in _OPEN  # all columns, not a product
    if before.kind == "mark":
        return before.text in b")]}"
    if seen[0].upper == b"INSERT" and before.upper in _OPEN_INSERT:
        return False
    return before.upper not in _OPEN and not (before.upper == b"BY" and name.upper in _ORDERS)


def _with_format(verb: str, sql: bytes, seen: list[Token]) -> Statement:
    """Cut off a trailing `FORMAT name [SETTINGS …]`."""
    end = seen[-1].end
    for at in range(len(seen) - 2, 0, -1):
        behind = seen[at + 2].upper if at + 2 < len(seen) else b"SETTINGS"
        if behind == b"SETTINGS" and _is_format(seen, at):
            name = seen[at + 1]
            return Statement(verb, sql[: seen[at].start], name.text.decode(), sql[name.end : end], tokens=tuple(seen))
    return Statement(verb, sql[:end], tokens=tuple(seen))
