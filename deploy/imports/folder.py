"""The files of an export, read as its dialect says: rows, and the tables that rows look into."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TextIO, get_args

from sharedchain.cli.rows import Form, Row, read_rows
from sharedchain.dialect import Dialect, Part
from sharedchain.errors import ConfigError
from sharedchain.translate import Tables, Translator


def check(folder: Path, dialect: Dialect) -> None:
    """Raises ConfigError with every file that is absent or has not the columns that the dialect names."""
    findings = []
    for part in dialect.parts.values():
        path = folder / part.file
        if part.form not in get_args(Form):
            findings.append(f"{part.file}: the dialect {dialect.id} has no file here but bodies of a webhook")
        elif not path.is_file():
            findings.append(f"{path}: not there; {dialect.id} is read from {_names(dialect)} in one folder")
        elif part.form == "csv":
            with _opened(path) as file:
                header = {name.strip() for name in next(csv.reader(file), [])}
            if lacking := part.columns.keys() - header:
                findings.append(f"{path}:1: no column {', '.join(sorted(lacking))}; name it in the dialect as it is")
            if strange := header - part.columns.keys():
                told = ", ".join(sorted(strange))
                findings.append(f"{path}:1: the dialect does not know column {told}; add it there, if only as left")
    if findings:
        raise ConfigError(findings)


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
    return ", ".join(part.file for part in dialect.parts.values())


def _opened(path: Path) -> TextIO:
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")
