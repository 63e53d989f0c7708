"""The declaration of a measure (rules/measures/M-nn.yaml) and the order in which gauges are computed.

flow   one row per minute of event time: what that minute contributed
level  the running total of flows, or a ratio of two: declared here, computed by the reader, never stored
gauge  sampled: one row when it changes, at minute close, at local midnight (`sample: daily`), or at both

A gauge reads the forecasts of a period (`reducer`), aggregates entities or rows of tables (`entities`), has a value
for each row of a table (`row`), sums the last days of flows (`window`), or is made of others (`computed`).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from sharedchain.core.wording import Model, Words

MeasureId = Annotated[str, Field(pattern=r"^M-\d\d(\.[a-z][a-z0-9_]*)?$")]
Op = Literal["sum", "difference", "ratio", "change", "steps"]
KINDS = ("lead", "forecast", "opportunity", "contract", "receivable", "instalment")  # beside declared tables
Take = Literal[
    "count",
    "sum",
    "mean",
    "p50",
    "p95",
    "max",
    "min",
    "spread",
    "last",
    "agree_share",
    "age_max",
    "age_median",
    "age_share",
]


_GAUGES = ("entities", "row", "window", "reducer", "computed")  # what a gauge is made of


class Constant(Model):
    """A dim that is the same for every event of a type."""

    constant: str


class PeriodOf(Model):
    """A dim with several values: every period that covers the local day of this field (`2026Q2`, `2026-04` …)."""

    period_of: str


class Not(Model):
    """None of these."""

    not_: str | tuple[str, ...] = Field(alias="not")


Match = str | tuple[str, ...] | Not


def matches(match: Match, value: object) -> bool:
    """Compared as text; an absent value is the empty text."""
    text = "" if value is None else str(value)
    if isinstance(match, Not):
        return not matches(match.not_, text)
    return text == match if isinstance(match, str) else text in match


class Count(Model):
    """Input of a flow: events of these types, each counted as 1 or by the decimal at `add`.

    A path is a payload field; `month` or `type`; `meta.origin` (published, or derived: by ingest, or commanded by a
    rule); or a field of the entity that the payload names: `lead.region` is that of the lead with its `lead_id`, as it
    was when the event came.
    """

    events: tuple[str, ...] = Field(min_length=1)  # "*" = every accepted event and every refusal
    add: str = ""  # a payload field, e.g. expected_amount
    by: Literal["time", "recorded"] = "time"  # whose minute it counts in
    paths: Mapping[str, str | Constant] = {}  # dim → path; a dim not here is the field of its own name
    per_event: Mapping[str, Mapping[str, str | Constant]] = {}  # event type → the paths it has otherwise
    where: Mapping[str, Match] = {}  # path → what it must be; an event that is not is not counted
    test: str = ""  # a named test of `core/flows.py` that the event must pass

    def path(self, type_: str, dim: str) -> str | Constant:
        return self.per_event.get(type_, self.paths).get(dim, self.paths.get(dim, dim))


class Entities(Model):
    """Input of a gauge: what is known of all entities of a kind, aggregated as they change.

    `age_*` look at a time (`field`) and at the moment of sampling: in hours (unit h), else in local calendar days.
    `p50` and `p95` are values that a row has (the nearest rank), `spread` is max less min, `last` the value of the row
    that changed last. `agree_share` puts rows that are alike in `per` together: of the groups with two rows or more,
    the share whose values differ by no more than `tolerance`.
    With `day_of` only rows of the day before count; sampled at midnight, a day without rows has no value.
    """

    over: str  # one of KINDS, or a declared table
    take: Take
    field: str = ""  # what is summed, averaged or aged; an entity where it is absent does not count
    where: Mapping[str, Match] = {}  # field → what it must be
    paths: Mapping[str, str | PeriodOf] = {}  # dim → field; a dim not here is the field of its own name
    within_days: int = Field(default=0, ge=0)  # age_share: up to this age counts
    per: str = ""  # agree_share: the field that says what is compared
    tolerance: Decimal = Field(default=Decimal(0), ge=0)  # agree_share
    factor: Decimal = Decimal(1)  # what the value is multiplied by, as 100 for points of hundred
    day_of: str = ""  # a day, an instant or an epoch day: the day a row belongs to

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.take == "count") == bool(self.field):
            raise ValueError("`count` needs no `field`, every other `take` needs one")
        if (self.take == "agree_share") != bool(self.per):
            raise ValueError("`per` belongs to agree_share, and agree_share needs it")
        return self


class RowValue(Model):
    """Input of a gauge: one value for each row of a declared table; its dims are parts of the table's key.

    `value` is CEL over `row.*` and `age.*`: local calendar days since an instant or a day of the row. A row that
    lacks what the value reads has none. `sample: both` looks again at midnight, when rows age.
    """

    table: str
    value: str
    fn: str = ""  # a function of sharedchain/core/functions.py
    where: Mapping[str, Match] = {}  # column → what it must be; a row that is not has no value
    paths: Mapping[str, str] = {}  # dim → part of the key; a dim not here is the part of its own name


class Window(Model):
    """Input of a gauge: the last local days, or minutes, of a flow, or the ratio of two.

    `daily` looks at midnight at the days before, `minute` at the close of a minute that touched it (and at midnight,
    when a day leaves it), today included. Fewer than `min_n` of the last flow, or none: no row. `10m` is this minute
    and the nine before it, looked at whenever one comes in or leaves: fewer than `min_n` have no value.
    """

    of: Annotated[tuple[str, ...], BeforeValidator(lambda v: (v,) if isinstance(v, str) else v)]
    span: str = Field(pattern=r"^(day|7d|28d|[1-9][0-9]{0,2}m)$")
    at: Literal["daily", "minute"] = "daily"
    min_n: int = Field(default=0, ge=0)
    factor: Decimal = Decimal(1)

    @model_validator(mode="after")
    def _arity(self) -> Self:
        if len(self.of) not in (1, 2):
            raise ValueError("`of` names a flow, or two whose ratio is meant")
        if self.minutes and self.at != "minute":
            raise ValueError("a span of minutes is looked at by the minute: set `at` to minute")
        return self

    @property
    def minutes(self) -> int:
        """How many minutes the span has; 0 = it is one of days."""
        return int(self.span[:-1]) if self.span.endswith("m") else 0


class Computed(Model):
    """A value over others of the same dims: measures by id, or named reducers.

    `steps` (a level) divides each total by the one before it in `order` along a dim: dims {as: `A>B`}.
    """

    op: Op
    of: tuple[str, ...] = Field(min_length=1)
    along: str = ""
    order: tuple[str, ...] = ()
    as_: str = Field(default="", alias="as")

    @model_validator(mode="after")
    def _arity(self) -> Self:
        wanted = {"difference": 2, "ratio": 2, "change": 1, "steps": 1}.get(self.op)
        if wanted and len(self.of) != wanted:
            raise ValueError(f"{self.op} needs {wanted} names in `of`, here are {len(self.of)}")
        stepped = [bool(self.along), bool(self.as_), len(self.order) > 1]
        if not (all(stepped) if self.op == "steps" else not any(stepped)):
            raise ValueError("`along`, `order` (two or more) and `as` belong to steps, all three")
        return self


class Measure(Model):
    id: MeasureId
    name: Words
    kind: Literal["flow", "level", "gauge"]
    dims: tuple[tuple[str, ...], ...] = ((),)  # grouping sets: one row per set and combination
    unit: str  # "currency" = the ISO code of what is measured
    scale: int = Field(default=4, ge=0, le=4)
    owner: str = Field(pattern=r"^role:[a-z_]+$")
    sample: Literal["minute", "daily", "both"] = "minute"
    count: Count | None = None
    entities: Entities | None = None
    row: RowValue | None = None
    window: Window | None = None
    reducer: str = ""
    computed: Computed | None = None
    memory_days: int = Field(default=40, ge=1, le=400)  # flows: how late a fact may still reach its own minute
    note: str = ""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [name for name in ("count", *_GAUGES) if getattr(self, name)]
        wanted = {"flow": ["count"], "level": ["computed"]}.get(self.kind, list(_GAUGES))
        if len(given) != 1 or given[0] not in wanted:
            raise ValueError(f"a {self.kind} needs exactly `{' or '.join(wanted)}`, here is {given or 'none'}")
        if self.row and len(self.dims) != 1:
            raise ValueError("a value for each row has one set of dims: parts of the table's key")
        if self.entities and self.entities.day_of and self.sample != "daily":
            raise ValueError("`day_of` looks at the day before: set `sample` to daily")
        if self.computed and self.computed.op == ("change" if self.kind == "level" else "steps"):
            raise ValueError("a level is a sum, difference, ratio or steps of flows; a gauge has no steps")
        return self


def moves_by_minute(measure: Measure) -> bool:
    """A gauge that has rows at the close of a minute, not at midnight alone."""
    return measure.window.at == "minute" if measure.window else measure.sample != "daily"


def ordered(measures: Mapping[str, Measure]) -> list[Measure]:
    """Each measure behind those it is computed of. Raises ValueError on a ring or an unknown id."""
    done: dict[str, Measure] = {}

    def visit(id_: str, path: tuple[str, ...]) -> None:
        if id_ in done:
            return
        if id_ in path:
            raise ValueError("measures in a ring: " + " → ".join((*path, id_)))
        if id_ not in measures:
            raise ValueError(f"{path[-1] if path else '?'} is computed of {id_}, which no file declares")
        measure = measures[id_]
        named = measure.computed or measure.window
        for name in named.of if named else ():
            if name.startswith("M-"):
                visit(name, (*path, id_))
        done[id_] = measure

    for id_ in sorted(measures):
        visit(id_, ())
    return list(done.values())
