"""The declaration of a measure (rules/measures/M-nn.yaml) and the order in which gauges are computed.

flow   one row per minute of event time: what that minute contributed
level  the running total of flows, or a ratio of two: declared here, computed by the reader, never stored
gauge  sampled: one row when it changes, at minute close, or at local midnight (`sample: daily`)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sharedchain.core.wording import Model, Words

MeasureId = Annotated[str, Field(pattern=r"^M-\d\d(\.[a-z_]+)?$")]
Op = Literal["sum", "difference", "ratio", "change"]


class Count(Model):
    """Input of a flow: events of these types, each counted as 1 or by the decimal at `add`."""

    events: tuple[str, ...] = Field(min_length=1)  # "*" = every accepted event and every refusal
    add: str = ""  # a payload field, e.g. expected_amount
    by: Literal["time", "recorded"] = "time"  # whose minute it counts in
    paths: Mapping[str, str] = {}  # dim → payload field; a dim not here is the field of its own name


class Computed(Model):
    """A value over others of the same dims: measures by id, or named reducers."""

    op: Op
    of: tuple[str, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _arity(self) -> Self:
        wanted = {"difference": 2, "ratio": 2, "change": 1}.get(self.op)
        if wanted and len(self.of) != wanted:
            raise ValueError(f"{self.op} needs {wanted} names in `of`, here are {len(self.of)}")
        return self


class Measure(Model):
    id: MeasureId
    name: Words
    kind: Literal["flow", "level", "gauge"]
    dims: tuple[tuple[str, ...], ...] = ((),)  # grouping sets: one row per set and combination
    unit: str  # "currency" = the ISO code of what is measured
    scale: int = Field(default=4, ge=0, le=4)
    owner: str = Field(pattern=r"^role:[a-z_]+$")
    sample: Literal["minute", "daily"] = "minute"
    count: Count | None = None
    reducer: str = ""
    computed: Computed | None = None
    memory_days: int = Field(default=40, ge=1, le=400)  # flows: how late a fact may still reach its own minute
    note: str = ""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [name for name in ("count", "reducer", "computed") if getattr(self, name)]
        wanted = {"flow": ["count"], "level": ["computed"]}.get(self.kind)
        if wanted is None and given in (["reducer"], ["computed"]):
            return self
        if given != wanted:
            expected = " or ".join(wanted or ["reducer", "computed"])
            raise ValueError(f"a {self.kind} needs exactly `{expected}`, here is {given or 'none'}")
        if self.kind == "level" and self.computed and self.computed.op == "change":
            raise ValueError("a level is a sum, difference or ratio of flows")
        return self


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
        for name in measure.computed.of if measure.computed else ():
            if name.startswith("M-"):
                visit(name, (*path, id_))
        done[id_] = measure

    for id_ in sorted(measures):
        visit(id_, ())
    return list(done.values())
