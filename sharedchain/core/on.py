"""What a rule looks at: events, a measure, or the time since an event; and the conditions it asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from sharedchain.core.wording import Duration, Model, Severity

# One path, or several whose texts are joined.
Paths = Annotated[tuple[str, ...], BeforeValidator(lambda v: (v,) if isinstance(v, str) else v)]
Unit = Literal["ms", "s", "min", "h", "d", "share"]
UNITS: tuple[Unit, ...] = ("ms", "s", "min", "h", "d", "share")
DayOfMonth = Annotated[str, Field(pattern=r"^(0[1-9]|[12]\d|3[01])$")]


class When(Model):
    """CEL conditions: every one of `all`, and one of `any` if there are any."""

    all: tuple[str, ...] = ()
    any: tuple[str, ...] = ()


class OnEvent(Model):
    """Looks at each accepted event, refusal or event of the forecast view of these types."""

    event: tuple[str, ...] = Field(min_length=1)


class OnMeasure(Model):
    """Looks at each new row of a gauge with exactly these dims: at minute close, or at its daily sample."""

    measure: str
    dims: tuple[str, ...] = ("period",)


class Stop(Model):
    """Events that stop a clock; all paths are into the stopping event, no subject means the rule's own paths.

    A subject with fewer parts than the rule's stops the clocks of all subjects that begin with it."""

    event: tuple[str, ...] = Field(min_length=1)
    when: When = When()
    subject: Paths = ()
    part: str = ""


def _stop(value: Any) -> Any:
    return {"event": [value]} if isinstance(value, str) else value


class Clock(Model):
    """Time since the last start event of a subject, or, with `due`, since the time that it names."""

    start: tuple[str, ...] = Field(min_length=1)
    stop: tuple[Annotated[Stop, BeforeValidator(_stop)], ...] = ()  # an event type alone is short for {event: [it]}
    from_: str = Field(default="meta.time", alias="from")  # a path to a time, or `recorded`
    due: str = ""  # a path to a time or a date (the start of that local day)
    days: Literal["calendar", "working", ""] = ""  # with unit d: local days, judged at local midnight


class OnClock(Model):
    """Looks at time: bands are judged at the first tick at or past the moment they name."""

    clock: Clock


def _form(given: Any) -> str:
    keys = given if isinstance(given, Mapping) else type(given).model_fields if isinstance(given, Model) else ()
    return next((key for key in ("event", "clock") if key in keys), "measure")


On = Annotated[
    Annotated[OnEvent, Tag("event")] | Annotated[OnMeasure, Tag("measure")] | Annotated[OnClock, Tag("clock")],
    Discriminator(_form),
]


class NoData(Model):
    """What a gauge without a value does to an open alert, or (ring) that it is one itself."""

    after: Duration = 0
    then: Literal["ring", "resolve", "keep"] = "keep"
    severity: Severity | None = None  # of `ring`; the lowest band's, if not said
