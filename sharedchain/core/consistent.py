"""Whether the keys of a rule fit together: what no single key can know of itself, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sharedchain.core import limits
from sharedchain.core.on import UNITS, OnClock, OnEvent, OnMeasure

if TYPE_CHECKING:
    from sharedchain.core.derivation import Derivation
    from sharedchain.core.rule import Rule
    from sharedchain.core.sighted import Sighted

# Names that mean something else in conditions and texts.
_TAKEN = {"message", "meta", "metric", "prev", "m", "item", "seen", "let", "row", "age"}
_TAKEN |= {"subject", "value", "threshold", "severity", "transition", "owner", "scope", "currency", "timezone"}
_TAKEN |= {"opened_at", "language"}
_DURATIONS = ("for", "keep_firing_for")
_COUNTS = ("consecutive", "of")


def findings(rule: Rule) -> Iterator[str]:
    """Everything that contradicts itself; each begins with or names the key to change, in backquotes."""
    yield from _told(rule)
    yield from _one_shot(rule)
    yield from _automaton(rule)
    match rule.on:
        case OnEvent():
            yield from _on_event(rule)
        case OnMeasure():
            yield from _on_measure(rule)
        case OnClock():
            yield from _on_clock(rule)
    yield from _acting(rule)
    yield from _parts(rule)
    yield from _crowded(rule)


def of_derivation(one: Derivation) -> Iterator[str]:
    """The same of a derivation."""
    yield from _named(one)
    count = len(one.let) + 2 * len(one.seen) + len(one.when.all) + len(one.when.any)
    if count > limits.CONDITIONS:
        yield f"{count} expressions, at most {limits.CONDITIONS}: shorten `let`, or write several derivations"
    for type_ in one.on.event:
        if type_ in one.says:
            yield f"`action` says {type_}, which it looks at: it would never end"


def _crowded(rule: Rule) -> Iterator[str]:
    """Each expression may use CEL's whole budget."""
    every = [rule.when, *(clear.when for clear in rule.clear)]
    count = len(rule.if_) + len(rule.let) + 2 * len(rule.seen) + sum(len(when.all) + len(when.any) for when in every)
    if count > limits.CONDITIONS:
        key = max(
            ("if", len(rule.if_)), ("let", len(rule.let)), ("when", count - len(rule.if_)), key=lambda one: one[1]
        )
        yield f"{count} expressions, at most {limits.CONDITIONS}: shorten `{key[0]}`, or write several rules"


def _told(rule: Rule) -> Iterator[str]:
    for band in rule.bands:
        if band.severity not in rule.to:
            yield f"band {band.severity} tells nobody: add it under `to`"
    if len({band.severity for band in rule.bands}) != len(rule.bands):
        yield "two bands of one severity: keep one of these `bands`"
    missing = [language for language in ("zh", "en") if language not in rule.texts]
    if missing:
        yield f"`texts` lack {', '.join(missing)}"


def _one_shot(rule: Rule) -> Iterator[str]:
    if not rule.one_shot:
        return
    for key in _said(rule, *_DURATIONS):
        yield f"a one-shot rule has no duration: drop `{key}`, or drop `one_shot`"
    for key in _said(rule, *_COUNTS):
        yield f"a one-shot rule judges each fact by itself: drop `{key}` and count in `seen`, or drop `one_shot`"
    for key in _said(rule, "cooldown"):
        yield f"a one-shot rule rings for each fact: drop `{key}`, or drop `one_shot`"
    if rule.falls == "told" or any(band.release is not None for band in rule.bands):
        key = "falls" if rule.falls == "told" else "bands"
        yield f"a one-shot alert never comes down: take `falls` and `release` out of `{key}`, or drop `one_shot`"
    if rule.clear:
        yield "a one-shot alert stays until it is acknowledged: drop `clear` or `one_shot`"


def _automaton(rule: Rule) -> Iterator[str]:
    if rule.consecutive and rule.of:
        yield f"`consecutive` {rule.consecutive} says of {rule.consecutive} out of {rule.consecutive}: drop it or `of`"
    if rule.of and rule.of.n > rule.of.m:
        yield f"`of` asks for {rule.of.n} out of the last {rule.of.m}: n is at most m"
    if rule.magnitude and any(band.threshold is not None and band.threshold < 0 for band in rule.bands):
        yield "`magnitude` drops the sign, a negative threshold is never met: write it without the minus"


def _on_event(rule: Rule) -> Iterator[str]:
    if not rule.value and any(band.threshold is not None for band in rule.bands):
        yield "`bands` with thresholds need `value`, a path to a number"
    for key in _said(rule, "no_data", "checkpoints"):
        yield f"`{key}` is for rules on measures or clocks; this one looks at events"


def _on_measure(rule: Rule) -> Iterator[str]:
    for key in _said(rule, "each", "seen", "part", "unit", "value", "clear"):
        yield f"`{key}` is for rules on events; this one looks at a measure"


def _on_clock(rule: Rule) -> Iterator[str]:
    assert isinstance(rule.on, OnClock)
    clock = rule.on.clock
    for key in _said(rule, "value", "clear", "no_data"):
        yield f"`{key}` is not for clocks: the value is the time, and `stop` ends it"
    for key in _said(rule, *_DURATIONS, *_COUNTS):
        yield f"`{key}` is not for clocks: the time is in the thresholds of `bands`"
    if rule.unit not in UNITS:
        yield f"`unit` of a clock is one of {', '.join(UNITS)}; the thresholds are read in it"
    if rule.unit == "share" and not clock.due:
        yield "unit share is a share of the time until `due`: say `due` in `on`, or take another `unit`"
    if clock.days and rule.unit != "d":
        yield f"days: {clock.days} counts whole days: set `unit` to d"
    if any(band.release is not None for band in rule.bands):
        yield "time does not come back: take `release` out of `bands`"
    if any(not band.up for band in rule.bands if band.threshold is not None):
        yield "time only grows: `bands` of a clock say at_least or over"


def _acting(rule: Rule) -> Iterator[str]:
    kinds = [type(one).__name__ for one in rule.action]
    if "Command" in kinds and rule.mode != "act":
        yield f"`action` commands, which needs `mode` act (this one is {rule.mode}); or derive a suggestion"
    if rule.caps and not rule.action:
        yield "`caps` limit an action and there is none: add `action` or drop `caps`"
    for one in rule.action:
        if getattr(one, "derive", "") == "forecast.refresh.requested" and not isinstance(rule.on, OnMeasure):
            yield "`action` forecast.refresh.requested needs a measure by forecast under `on`"
    if rule.no_data and rule.no_data.severity and rule.no_data.severity not in rule.to:
        yield f"`no_data` rings {rule.no_data.severity} and tells nobody: add it under `to`"


def _parts(rule: Rule) -> Iterator[str]:
    if any(bool(clear.part) != bool(rule.part) for clear in rule.clear):
        yield "`part` must stand both in the rule and in each `clear`, or in none"
    yield from _named(rule)


def _named(rule: Sighted) -> Iterator[str]:
    for name in sorted(_TAKEN & set(rule.with_)):
        yield f"`with` cannot be called {name}: that name means something else; take another"


def _said(rule: Rule, *keys: str) -> list[str]:
    """Those of `keys` that the rule says."""
    named = {"for": rule.for_, "with": rule.with_, "if": rule.if_}
    return [key for key in keys if (named[key] if key in named else getattr(rule, key))]
