"""The files of an export, read as its dialect says: rows, and the tables that rows look into."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TextIO, get_args

from sharedchain.cli.rows import Form, Row, read_rows
from sharedchain.dialect import Dialect, Part, meant
from sharedchain.errors import ConfigError
from sharedchain.translate import Tables, Translator

_OTHER_SIGNS = (";", "\t", "|")  # what stands between cells elsewhere
_STRANGE_SHARE = 0.2  # of its lines: beyond it the file is of another encoding, not a line of it
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def check(folder: Path, dialect: Dialect) -> None:
    """Raises ConfigError with everything by which these are not the files that the dialect names."""
    if not folder.is_dir():
        told = "is a file; name the folder that holds it" if folder.exists() else "not there; name the folder"
        raise ConfigError([f"{folder}: {told}: {dialect.id} is read from {_names(dialect)} in one folder"])
    if findings := [found for part in dialect.parts.values() for found in _file(folder / part.file, part, dialect)]:
        raise ConfigError(findings)


def _file(path: Path, part: Part, dialect: Dialect) -> Iterator[str]:
    if part.form not in get_args(Form):
        yield f"{dialect.id} has no file here but bodies of a webhook: POST /v1/imports/{dialect.id}?tenant=…"
    elif not path.is_file():
        yield f"{path}: not there; {dialect.id} is read from {_names(dialect)} in one folder"
    elif found := _encoding(path.read_bytes()):
        yield f"{path}: {found}"
    elif part.form == "csv":
        with _opened(path) as file:
            try:
                cells = next(csv.reader(file, strict=True), [])
            except csv.Error as error:  # a quote that is never closed
                yield f"{path}:1: its header is no CSV ({error}); close the quote in it"
                return
            yield from (f"{path}:1: {text}" for text in _header(cells, part))


def _encoding(data: bytes) -> str:
    """What keeps the file from being read as a whole; a line or two of another encoding is refused alone."""
    if not data.strip():
        return "is empty; export it again, with its header line"
    if data.startswith(_UTF_16):
        return "is UTF-16; save it as UTF-8 (Excel: CSV UTF-8)"
    lines = data.splitlines()
    strange = [number for number, line in enumerate(lines, 1) if not _decodes(line, "utf-8")]
    if len(strange) < 2 or len(strange) < _STRANGE_SHARE * len(lines):
        return ""
    name = "gb18030" if _decodes(data, "gb18030") else "cp1252"
    mend = f"iconv -f {name} -t utf-8, or save it as UTF-8 (Excel: CSV UTF-8)"
    return f"line {strange[0]} and {len(strange) - 1} others are not UTF-8 but {name} as it seems; {mend}"


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _header(cells: list[str], part: Part) -> Iterator[str]:
    names = [cell.strip() for cell in cells]
    for sign in _OTHER_SIGNS:
        if len(names) == 1 and sign in names[0]:
            yield f"cells are separated by {sign!r}; export them with commas between"
            return
    for name, n in Counter(names).items():
        if n > 1:
            yield f"column {name} stands {n} times; leave one, and name the others otherwise"
    for name in sorted(part.columns.keys() - set(names)):
        yield f"no column {name}; name it in the dialect as it is here ({', '.join(names)})"
    for name in dict.fromkeys(names):
        if name not in part.columns:
            told = f"the dialect does not know column {name}" if name else "a column has no name"
            yield f"{told}; {meant(name, part.columns)} else add it there, if only as left"


def rows(folder: Path, part: Part) -> Iterator[Row]:
    """The rows of one file, each for itself."""
    with _opened(folder / part.file) as file:
        yield from read_rows(file, part.form)  # type: ignore[arg-type]


def tables(folder: Path, translator: Translator) -> Tables:
    """The parts that others look into, by id; the first of a name counts."""
    dialect = translator.dialect
    tells = [tells for part in dialect.parts.values() for tells in part.tells]
    sources = [source for one in tells for sources in one.set.values() for source in sources]
    looks = {source.look.file for source in sources if source.look}
    found: dict[str, dict[str, Mapping[str, object]]] = {}
    for name in sorted(looks):
        part = dialect.parts[name]
        table = found.setdefault(name, {})
        for row in rows(folder, part):
            table.setdefault(str(translator.cell(part, row.fields, part.id)), row.fields)
    return found


def size(folder: Path, dialect: Dialect) -> int:
    """Lines of all files: about as many rows."""
    return sum((folder / part.file).read_bytes().count(b"\n") for part in dialect.parts.values())


def _names(dialect: Dialect) -> str:
    return ", ".join(part.file for part in dialect.parts.values() if part.file) or "nothing"


def _opened(path: Path) -> TextIO:
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")
