"""From what is named on the command line to what is tried: a folder, a rule file, a rule's id, or the log itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import yaml
from pydantic import ValidationError

from deploy.backtest.overlay import Candidate
from sharedchain import config
from sharedchain.config import ConfigItem
from sharedchain.core.rule import Rule
from sharedchain.core.ruleset import prepare
from sharedchain.errors import ConfigError
from sharedchain.yamlfile import read

LIVE = "live"  # the log as it is
_ID = re.compile(r"R-\d\d[a-z]?")


def named(what: str, root: Path | None = None) -> Candidate:
    """`live`, a rule's id, a rule file, a folder of rule files, or a folder that holds rules/ with its packs.

    A folder with packs stands for everything that decides; its packs say what is on. A plain folder stands for all
    rules, a file or an id for one beside the log's others, and these are on for everybody. Raises ConfigError for what
    is not there or does not load.
    """
    if what == LIVE:
        return Candidate(LIVE)
    path = Path(what)
    if not what or (path / "rules").is_dir():
        return _everything(what or "rules/", root if not what else path)
    files = _files(path, what, root)
    items = tuple(_rule(file) for file in files)
    whole = frozenset({"rule"}) if path.is_dir() else frozenset[str]()
    return Candidate(what, items, whole, on=tuple(one.name for one in items))


def _everything(what: str, root: Path | None) -> Candidate:
    items = tuple(one for one in config.bundle(root) if one.kind not in ("dictionary", "flow"))
    for kind, file in config.files(root):
        if kind == "rule":
            _rule(file)
    return Candidate(what, items, whole=frozenset(one.kind for one in items))


def _files(path: Path, what: str, root: Path | None) -> list[Path]:
    if path.is_dir():
        found = sorted(path.rglob("R-*.yaml"))
    elif path.is_file():
        found = [path]
    else:
        found = [file for kind, file in config.files(root) if kind == "rule" and file.stem == what]
    if not found:
        hint = "" if _ID.fullmatch(what) else "; name a rule's id, a rule file or a folder of them"
        raise ConfigError([f"{what}: no rule is there{hint}"])
    return found


def _rule(file: Path) -> ConfigItem:
    """One rule as an item, named by its id: two versions may lie in files of any name."""
    try:
        body = read(file).value
        rule = Rule.model_validate(body)
        prepare(rule)
    except yaml.YAMLError as error:
        raise ConfigError([config.unreadable(file, error)]) from None
    except ValidationError as error:
        raise ConfigError([f"{file}: {_place(e['loc'])}: {e['msg']}" for e in error.errors()]) from None
    except ValueError as error:
        raise ConfigError([f"{file}: {error}; `sharedchain rules check` says where"]) from None
    return config.item("rule", rule.id, body)


def _place(steps: Iterable[int | str]) -> str:
    return ".".join(map(str, steps))
