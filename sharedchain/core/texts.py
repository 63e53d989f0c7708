"""Texts of alerts: sandboxed Jinja, and the filters that write numbers as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, nodes, pass_context
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from sharedchain.core import limits
from sharedchain.core.localtime import local_text

_ZH = ((Decimal(10**8), "亿"), (Decimal(10**4), "万"))
_EN = ((Decimal(10**9), "B"), (Decimal(10**6), "M"), (Decimal(10**3), "K"))
PERCENT = "%"  # the unit of what is counted in percent
_LIMIT = 2_000  # characters of a text; payloads of strangers may stand in it


def money(value: Decimal | None, currency: str = "CNY", language: str = "zh") -> str:
    """178000000 → `CNY 1.78亿` or `CNY 178M`: at most four decimals, the exact amount stands in the data."""
    if value is None:
        return "—"
    for unit, word in _ZH if language == "zh" else _EN:
        if abs(value) >= unit:
            return f"{currency} {_short(value / unit, 4)}{word}"
    return f"{currency} {_short(value, 2)}"


def pct(value: Decimal | None) -> str:
    """0.89 → `89.00 %`."""
    if value is None:
        return "—"
    return percent(value * 100)


def percent(value: Decimal | None) -> str:
    """65 → `65.00 %`: what is counted in percent already."""
    return "—" if value is None else f"{value.quantize(Decimal('0.01'), ROUND_HALF_UP)} %"


def number(value: Decimal | None) -> str:
    """11.0000 → `11`."""
    return "—" if value is None else _short(value, 4)


@lru_cache(maxsize=4096)
def compile_text(source: str) -> Template:
    """Raises ValueError for a template that does not parse. Equal texts are compiled once."""
    if len(source) > limits.TEMPLATE:
        raise ValueError(f"has {len(source)} characters, at most {limits.TEMPLATE}: say less")
    try:
        tree = _environment.parse(source)
        found = limits.refused(tree)
        if found is None:  # before it is compiled: what is constant is computed then
            return _environment.from_string(tree)
    except TemplateError as error:
        raise ValueError(f"line {getattr(error, 'lineno', 1)}: {error}; mend the template") from None
    except RecursionError:
        raise ValueError("is nested too deep; say it with fewer parentheses") from None
    raise ValueError(f"line {found[0]}: {found[1]}; mend the template")


def render(template: Template, context: Mapping[str, Any], language: str) -> str:
    """Raises ValueError when the template asks for what is not there."""
    try:
        text = template.render(**context, language=language)
    except (TemplateError, ArithmeticError, TypeError, LookupError, AttributeError, ValueError, RuntimeError) as error:
        raise ValueError(f"text: {error}") from None
    return text if len(text) <= _LIMIT else text[: _LIMIT - 1] + "…"


@lru_cache(maxsize=4096)
def names(source: str) -> tuple[tuple[str, int], ...]:
    """(dotted name that the template reads, line), as `message.field` or `m.M-09`. Raises ValueError."""
    compile_text(source)  # parsing alone lets an unknown filter pass
    tree = _environment.parse(source)
    found: dict[tuple[str, int], None] = {}
    for get in tree.find_all(nodes.Getattr):
        if isinstance(get.node, nodes.Name):
            found[f"{get.node.name}.{get.attr}", get.lineno] = None
    for item in tree.find_all(nodes.Getitem):
        if isinstance(item.node, nodes.Name):
            found[f"{item.node.name}.{getattr(item.arg, 'value', '?')}", item.lineno] = None
    for name in tree.find_all(nodes.Name):
        found[name.name, name.lineno] = None
    return tuple(found)


@pass_context
def _money(context: Context, value: Decimal | None, currency: str = "") -> str:
    return money(value, currency or context["currency"], context["language"])


@pass_context
def _localtime(context: Context, ms: int | Decimal) -> str:
    """A computed time is a decimal."""
    return local_text(int(ms), context["timezone"])


def _short(value: Decimal, places: int) -> str:
    text = format(value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _cut(value: Any) -> Any:
    """No part is longer than a whole text may be, whatever a stranger's payload holds."""
    return value[:_LIMIT] if isinstance(value, str) else value


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's, in which `*` multiplies numbers and never repeats texts."""

    intercepted_binops = frozenset(["*"])

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if not all(isinstance(side, int | float | Decimal) for side in (left, right)):
            raise SecurityError("* multiplies numbers only")
        return super().call_binop(context, operator, left, right)


_environment = _Sandbox(undefined=StrictUndefined, autoescape=False, finalize=_cut)
_environment.filters.update(money=_money, pct=pct, percent=percent, number=number, localtime=_localtime)
_environment.globals.clear()
