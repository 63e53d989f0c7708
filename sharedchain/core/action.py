"""The actions of a rule, compiled: what each field of what it derives or commands is made of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sharedchain.core.cel import ROOTS, Condition, Expression, compile_condition, compile_expression
from sharedchain.core.paths import walk
from sharedchain.core.sighted import Action, Cel, Command, Derive, Sighted

REFRESH = "forecast.refresh.requested"  # derived of a forecast, in words of its own (core/alerts.py)
OWN = ("action", "alert", "forecast", "m")  # roots that an action knows beside those of its rule
_PATH = re.compile(r"[a-z]\w*(?:\.[A-Za-z_]\w*)+")


@dataclass(frozen=True, slots=True)
class ReadyAction:
    """One action whose fields are compiled: a path, an expression with its scale, or the value itself."""

    action: Action
    paths: Mapping[str, str]
    cel: Mapping[str, tuple[Expression, int]]
    plain: Mapping[str, Any]
    when: Condition | None = None

    @property
    def type(self) -> str:
        return self.action.command if isinstance(self.action, Command) else self.action.derive

    def fields(self, variables: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        """Each field and its value, or a CelError, in the order of names: files say them in another than the log."""
        for name in sorted(self.action.data):
            if name in self.paths:
                yield name, walk(variables, self.paths[name])
            elif name in self.cel:
                expression, scale = self.cel[name]
                yield name, _exact(expression.result(variables, scale), scale)
            else:
                yield name, self.plain[name]


def compile_actions(rule: Sighted, names: tuple[str, ...]) -> tuple[ReadyAction, ...]:
    """`names`: roots of paths beside message and meta. Raises ValueError for CEL that does not compile."""
    roots = (*dict.fromkeys((*OWN, *names)),)
    return tuple(
        _compiled(one, roots) for one in rule.action if not (isinstance(one, Derive) and one.derive == REFRESH)
    )


def path_of(said: Any, names: tuple[str, ...]) -> str:
    """The path that a field's text is; "" for any other text. A root that nobody knows makes no path."""
    if isinstance(said, str) and _PATH.fullmatch(said) and said.partition(".")[0] in (*ROOTS, *OWN, *names):
        return said
    return ""


def _compiled(action: Action, roots: tuple[str, ...]) -> ReadyAction:
    paths, cel, plain = dict[str, str](), dict[str, tuple[Expression, int]](), dict[str, Any]()
    for name, said in action.data.items():
        if isinstance(said, Cel):
            cel[name] = (compile_expression(said.cel, roots), said.scale)
        elif path := path_of(said, roots):
            paths[name] = path
        else:
            plain[name] = said
    return ReadyAction(action, paths, cel, plain, compile_condition(action.when, roots) if action.when else None)


def _exact(value: Any, scale: int) -> Any:
    """Whole numbers of scale 0 are counts and times."""
    return int(value) if isinstance(value, Decimal) and scale == 0 else value
