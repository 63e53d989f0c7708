"""Everything that decides and is a file, as config items for the log: hash and canonical body."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sharedchain.canonical import dumps
from sharedchain.errors import ConfigError
from sharedchain.schemas import data_root
from sharedchain.yamlfile import read

# kind → where its files lie, under the root; `name` of an item is the file's stem.
_PLACES = (
    ("calendar", "rules/calendars", "*.yaml"),
    ("dictionary", "schemas/dictionary", "*.yaml"),
    ("flow", "schemas/flows", "*.yaml"),
    ("table", "rules/tables", "*.yaml"),  # before those that look into them
    ("derivation", "rules/derivations", "*.yaml"),
    ("measure", "rules/measures", "M-*.yaml"),
    ("pack", "rules/packs", "*.yaml"),
    ("route", "rules", "routes.yaml"),
    ("rule", "rules", "**/R-*.yaml"),
)


@dataclass(frozen=True, slots=True)
class ConfigItem:
    """One item of `config.defined`: equal hash, equal body."""

    kind: str
    name: str
    hash: str
    body: str

    @property
    def said(self) -> dict[str, str]:
        """What `config.defined` says of it, but for who changed it."""
        return {"kind": self.kind, "name": self.name, "hash": self.hash, "body": self.body}


def item(kind: str, name: str, body: Any) -> ConfigItem:
    """The item of an already parsed body; `tests:` of a rule or derivation are not part of what decides."""
    if kind in ("rule", "shadow", "derivation") and isinstance(body, dict):
        body = {key: value for key, value in body.items() if key != "tests"}
    text = dumps(body)
    return ConfigItem(kind, name, hashlib.blake2b(text.encode(), digest_size=16).hexdigest(), text)


def bundle(root: Path | None = None) -> list[ConfigItem]:
    """All items under `root` (default: the checkout, else the installed wheel), kind by kind, then by name.

    Raises ConfigError naming every file that is no YAML.
    """
    findings: list[str] = []
    items: list[ConfigItem] = []
    for kind, path in files(root):
        try:
            items.append(item(kind, path.stem, read(path).value))
        except yaml.YAMLError as error:
            findings.append(unreadable(path, error))
    if findings:
        raise ConfigError(findings)
    return items


def files(root: Path | None = None) -> Iterator[tuple[str, Path]]:
    """(kind, file) of everything `bundle` reads, in its order."""
    base = root or default_root()
    for kind, folder, pattern in _PLACES:
        yield from ((kind, path) for path in sorted((base / folder).glob(pattern), key=lambda p: (p.stem, str(p))))


def default_root() -> Path:
    """Where the data lies: beside the schemas, in the checkout or in the wheel."""
    return data_root()


def unreadable(path: Path, error: yaml.YAMLError) -> str:
    """The finding for a file that is no YAML."""
    mark = getattr(error, "problem_mark", None)
    place = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
    opened = getattr(error, "context_mark", None)  # of a bracket: the slip is often nearer to where it was opened
    context = getattr(error, "context", None)
    begun = f", {context} from line {opened.line + 1}" if opened and context else ""
    return f"{path}:{place}: no YAML: {getattr(error, 'problem', error)}{begun}; mend the syntax there"
