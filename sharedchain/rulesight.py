"""What a rule sees, with types: the variables of its event, one element of it, and what `with`, `seen`, `let` add.

Findings are said on the way, at the key that they are about: whoever asks says how to tell them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

from sharedchain.core import lookup, picking, typed
from sharedchain.core.columns import Column
from sharedchain.core.order import in_order
from sharedchain.core.sighted import Look, Sighted
from sharedchain.yamlfile import Step

Steps = tuple[Step, ...]
Tables = Mapping[str, lookup.Table]


class Say(Protocol):
    def __call__(self, steps: Steps, text: str, column: int = 0) -> None:
        """`column` counts from the start of the value there."""


def sight(
    rule: Sighted, types: typed.Types, tables: Tables, say: Say, elsewhere: Collection[str] = ()
) -> typed.Types | None:
    """The variables of a rule; None if they cannot be known, which is said. `elsewhere`: fields of its other events."""
    if rule.each:
        inner = typed.element(types, rule.each)
        if inner is None:
            say(("each",), f"{rule.each} is no list{typed.hint(rule.each, types.items)}")
            return None
        types = inner
    looked = _looks(rule, types, tables, say)
    if looked is None:
        return None
    columns = {f"seen.{name}": _column(name, said, looked, say, elsewhere) for name, said in rule.seen.items()}
    return lets(rule, typed.also(looked, columns), say)


def lets(rule: Sighted, types: typed.Types, say: Say) -> typed.Types | None:
    """The same variables and those of `let`, each typed by what it computes."""
    reads = {name: {other for other in rule.let if f"let.{other}" in said.cel} for name, said in rule.let.items()}
    try:
        names = in_order(reads, "let")
    except ValueError as error:
        say(("let",), str(error))
        return None
    for name in names:
        said = rule.let[name]
        _expression(said.cel, ("let", name, "cel"), types, say, value=True)
        kind = typed.computed(said.cel, types)
        types = typed.also(types, {f"let.{name}": typed.maybe(kind) if said.fn else kind})
    return types


def paths(said: Iterable[str], steps: Steps, types: typed.Types, say: Say) -> None:
    """Each path names a variable."""
    for index, path in enumerate(said):
        if path not in types.variables:
            say((*steps, index), f"{path} is no field{types.suggest(path)}")


def _looks(rule: Sighted, types: typed.Types, tables: Tables, say: Say) -> typed.Types | None:
    try:
        names = lookup.ordered(rule.with_)
    except ValueError as error:
        say(("with",), str(error))
        return None
    for name in names:
        look, steps = rule.with_[name], ("with", name)
        table = tables.get(look.entity)
        if table is None:
            hint = typed.hint(look.entity, tables) or f"; there are {', '.join(tables)}"
            say((*steps, "entity"), f"no table {look.entity}{hint}")
            return None
        paths(look.id, (*steps, "id"), types, say)
        if look.first:
            types = _chosen(name, look, table, types, say)
            continue
        if len(look.id) != len(table.keys):
            say((*steps, "id"), f"{look.entity} is found by {', '.join(table.keys)}: name a path for each")
        types = typed.beside(types, name, table.columns, optional=look.optional or table.sparse)
    return types


def _chosen(name: str, look: Look, table: lookup.Table, types: typed.Types, say: Say) -> typed.Types:
    """What a row that is chosen by `first` gives: its columns, its `let`, and who was considered."""
    steps: Steps = ("with", name)
    if table.rows is None or len(look.id) >= len(table.keys):
        of = "a table of rules/tables" if table.rows is None else f"rows that {', '.join(table.keys)} do not name whole"
        say((*steps, "first"), f"only {of} can be chosen from: name the row by `id`")
    row = typed.beside(types, "row", table.columns, optional=True)
    _expression(look.among, (*steps, "among"), row, say)
    computed: dict[str, object] = {}
    reads = {one: {o for o in look.let if f"row.{o}" in said.cel} - {one} for one, said in look.let.items()}
    try:
        order = in_order(reads, "let")
    except ValueError as error:
        say((*steps, "let"), str(error))
        return typed.beside(types, name, table.columns, optional=True)
    for one in order:
        _expression(look.let[one].cel, (*steps, "let", one, "cel"), row, say, value=True)
        computed[one] = typed.maybe(typed.computed(look.let[one].cel, row))
        row = typed.also(row, {f"row.{one}": computed[one]})
    _expression(look.where, (*steps, "where"), row, say)
    for key, sources in (("first", enumerate(look.first)), ("tell", look.tell.items())):
        for at, source in sources:
            _expression(source, (*steps, key, at), row, say, value=True)
    types = typed.beside(types, name, table.columns, optional=True)
    considered = {f"{name}.{picking.CONSIDERED}": typed.T.List(typed.T.DYN)} if look.tell else {}
    return typed.also(types, {f"{name}.{one}": kind for one, kind in computed.items()} | considered)


def _column(name: str, said: Column, types: typed.Types, say: Say, elsewhere: Collection[str]) -> object:
    """What the column gives. A path may be that of another event of the rule: this one does not count for it then."""
    steps: Steps = ("seen", name, said.way)
    for path in said.paths:
        if path not in types.variables and path not in elsewhere:
            say(steps, f"{path} is no field{types.suggest(path)}")
    _expression(said.where, ("seen", name, "where"), types, say)
    _expression(said.run, steps, types, say)
    _expression(said.cel, steps, types, say, value=True)
    inner = typed.element(types, said.total.over) if said.total else None
    if said.total and inner:
        _expression(said.total.cel, (*steps, "cel"), inner, say, value=True)
    elif said.total and said.total.over in types.variables:
        say((*steps, "over"), f"{said.total.over} is no list{typed.hint(said.total.over, types.items)}")
    return typed.column(said, types)


def _expression(source: str, steps: Steps, types: typed.Types, say: Say, *, value: bool = False) -> None:
    for finding in typed.check(source, types, value=value) if source else ():
        say(steps, finding.text, finding.column)
