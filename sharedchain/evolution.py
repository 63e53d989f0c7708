"""May a schema follow another? FULL: old and new readers each read what the other's writers wrote.

Stricter than Avro where Avro would take one value for another: a change of a logical type (scale,
unit of time) or of a promotable type (int → long, string ⇄ bytes) is a break too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_OTHER_FIELD = "leave this field as it is and add a new one beside it"
_WHOLE = {"decimal": ("precision", "scale")}


@dataclass(frozen=True, slots=True)
class Break:
    """One way in which a new schema breaks with an old one."""

    path: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path or 'the record'}: {self.reason}; {self.remedy}"


def breaks(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Break]:
    """Every break between two versions of one record; an empty list = compatible."""
    if _fullname(old) != _fullname(new):
        reason = f"its name was {_fullname(old)} and is {_fullname(new)}"
        return [Break("", reason, "a new name is a new event type: give it its own file")]
    return list(_records(old, new, ""))


def _records(old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[Break]:
    before = {f["name"]: f for f in old["fields"]}
    after = {f["name"]: f for f in new["fields"]}
    for name, each in before.items():
        where = f"{path}{name}"
        if name in after:
            yield from _types(each["type"], after[name]["type"], where)
            if "default" in each and "default" not in after[name]:
                yield Break(where, "its default was taken away", "give it back: records without the field exist")
        elif "default" not in each:
            yield Break(where, "it was removed, and old readers have no default for it", "keep it, and stop using it")
    for name, each in after.items():
        if name not in before and "default" not in each:
            yield Break(f"{path}{name}", "it is new and has no default", 'make it ["null", …] with "default": null')


def _types(old: Any, new: Any, path: str) -> Iterator[Break]:
    before, after = _branches(old), _branches(new)
    gone, fresh = sorted(before.keys() - after.keys()), sorted(after.keys() - before.keys())
    if gone or fresh:
        if not gone and fresh == ["null"]:
            yield Break(path, "it may be null now, and old readers cannot read null", _OTHER_FIELD)
        else:
            yield Break(path, f"its type was {_told(before)} and is {_told(after)}", _OTHER_FIELD)
    for kind in before.keys() & after.keys():
        yield from _same_kind(before[kind], after[kind], path)


def _same_kind(old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[Break]:
    match old["type"]:
        case "record":
            yield from _records(old, new, f"{path}.")
        case "array":
            yield from _elements(old["items"], new["items"], path)
        case "map":
            yield from _types(old["values"], new["values"], f"{path}{{}}")
        case "enum" if set(old["symbols"]) != set(new["symbols"]):
            yield Break(path, "its symbols changed", "use a string that a dictionary governs")
        case "fixed" if old["size"] != new["size"]:
            yield Break(path, f"its size was {old['size']} and is {new['size']}", _OTHER_FIELD)


def _elements(old: Any, new: Any, path: str) -> Iterator[Break]:
    """Like `_types`, with paths as contract rules write them: `lines[].amount`."""
    for found in _types(old, new, f"{path}[]"):
        yield Break(found.path.replace("[]..", "[]."), found.reason, found.remedy)


def _branches(node: Any) -> dict[str, Mapping[str, Any]]:
    """The alternatives of a type, each under a word that says all that must not change."""
    found: dict[str, Mapping[str, Any]] = {}
    for branch in node if isinstance(node, list) else [node]:
        said = {"type": branch} if isinstance(branch, str) else branch
        word = str(said["type"])
        if logical := said.get("logicalType"):
            details = ",".join(str(said.get(name, 0)) for name in _WHOLE.get(logical, ()))
            word = f"{logical}({details})" if details else logical
        elif word in ("record", "enum", "fixed"):
            word = f"{word} {said['name']}"
        found[word] = said
    return found


def _told(branches: Mapping[str, Any]) -> str:
    return " or ".join(branches)


def _fullname(schema: Mapping[str, Any]) -> str:
    return f"{schema.get('namespace')}.{schema.get('name')}"
