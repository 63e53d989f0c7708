"""Checks every file under schemas/flows/: reads, names that exist, stages and nodes that can be reached.

Findings are lines «file:line:column: what; how to mend», all of them at once, as `rulecheck` tells them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from sharedchain import config
from sharedchain.dictionary import Dictionary
from sharedchain.errors import ConfigError
from sharedchain.flow import FLOW, Fault, Node, Numbers, Profile, Stage, Template, Term, faults_of
from sharedchain.yamlfile import Document, read

_STAGES, _ROLES = "opportunity_stage", "role"
_KEYS = sorted({name for part in (Profile, Stage, Term, Numbers, Template, Node) for name in part.model_fields})


def load(root: Path, dictionaries: Mapping[str, Dictionary]) -> dict[str, Profile | Template]:
    """Every flow under `root`, by id. Raises ConfigError with every finding of every file."""
    flows, found = _read(root, dictionaries)
    if found:
        raise ConfigError(found)
    return flows


def findings(root: Path, dictionaries: Mapping[str, Dictionary]) -> list[str]:
    """Everything that is wrong with the flows under `root`; an empty list = sound."""
    return _read(root, dictionaries)[1]


def _read(root: Path, dictionaries: Mapping[str, Dictionary]) -> tuple[dict[str, Profile | Template], list[str]]:
    read_well: dict[str, tuple[Profile | Template, Document]] = {}
    found: list[str] = []
    for path in (path for kind, path in config.files(root) if kind == "flow"):
        try:
            document = read(path)
            read_well[path.stem] = FLOW.validate_python(document.value), document
        except yaml.YAMLError as error:
            found.append(config.unreadable(_short(root, path), error))
        except ValidationError as error:
            found += [_said(root, document, _invalid(one)) for one in error.errors(include_url=False)]
    flows = {name: flow for name, (flow, _) in read_well.items()}
    for name, (flow, document) in read_well.items():
        if flow.id != name:
            found.append(_said(root, document, Fault(("id",), f"id is not the file's name {name}; make them equal")))
        faults = [*faults_of(flow), *_strangers(flow, flows, dictionaries)]
        found += [_said(root, document, fault) for fault in faults]
    return flows, found


def _invalid(error: ErrorDetails) -> Fault:
    steps = tuple(step for step in error["loc"] if step not in ("opportunity", "case"))
    text = error["msg"].removeprefix("Value error, ")
    match error["type"]:
        case "extra_forbidden":
            near = get_close_matches(str(steps[-1]), _KEYS, n=1)
            text = f"unknown key {steps[-1]}; " + (f"did you mean {near[0]}?" if near else "take it out")
        case "missing":
            text = f"key {steps[-1]} is missing; add it"
        case "union_tag_not_found" | "union_tag_invalid":
            steps, text = ("kind",), "a flow is of kind opportunity or case; say which"
    return Fault(steps, text)


def _strangers(
    flow: Profile | Template, flows: Mapping[str, Profile | Template], dictionaries: Mapping[str, Dictionary]
) -> Iterator[Fault]:
    """Names of other files: stages and roles of the dictionary, the template of the approval."""
    if isinstance(flow, Profile):
        for at, stage in enumerate(flow.stages):
            yield from _word(("stages", at, "code"), stage.code, dictionaries.get(_STAGES))
        case = flows.get(flow.approval) if flow.approval else None
        if flow.approval and not (isinstance(case, Template) and case.outcome == "approval"):
            templates = [id_ for id_, one in flows.items() if isinstance(one, Template) and one.outcome == "approval"]
            known = f"there is {', '.join(sorted(templates)) or 'none'}"
            yield Fault(("approval",), f"{flow.approval} is no case template with outcome approval; {known}")
        return
    for at, node in enumerate(flow.nodes):
        yield from _word(("nodes", at, "role"), node.role, dictionaries.get(_ROLES))
        if node.accountable is not None:
            yield from _word(("nodes", at, "accountable"), node.accountable, dictionaries.get(_ROLES))


def _word(steps: tuple[str | int, ...], code: str, known: Dictionary | None) -> Iterator[Fault]:
    codes = [term.code for term in known.terms] if known else []
    if code not in codes:
        near = get_close_matches(code, codes, n=1)
        hint = f"did you mean {near[0]}?" if near else "add it there, or use one of its codes"
        yield Fault(steps, f"no {code} in the dictionary {known.domain if known else ''}; {hint}")


def _said(root: Path, document: Document, fault: Fault) -> str:
    line, column = document.where(fault.steps)
    return f"{_short(root, document.path)}:{line}:{column}: {fault.text}"


def _short(root: Path, path: Path) -> Path:
    return path.relative_to(root) if path.is_relative_to(root) else path
