"""The telemetry topic, a slice at a time: records or batches of them in, readings and faults out; small slices by rows,
large ones whole.

A pure function of the records: the time against which a reading is plausible is that at which Kafka appended its
record. Both ways judge alike (tested): the whole way only decides faster what is beyond doubt, and leaves the rest to
the other. A message of many readings stands or falls as one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import polars as pl

from sharedchain import record_batch
from sharedchain.codec import MAX_VALUE, Codec
from sharedchain.envelope import read_headers
from sharedchain.errors import Refused
from sharedchain.record_batch import Reader, Shape, shape_of
from sharedchain.vector import FRAME, RECORD, Vector, probe

TOPIC = "plant.telemetry.v1"
LARGE = 32 * 1024  # bytes of values from which on a slice is cheaper read whole: `python -m bench.decode`
MANY = 1000  # readings of one message
BOUND = 1e9  # no value reaches it: four decimals of it are exact in a double
_NAME = 500  # characters of an id
_DAY, _MINUTE = 86_400_000, 60_000
_SHAPES = 64  # readers that are kept: headers that are never the same twice must not pile them up
_GOOD = (None, "", "OK")


class Record(Protocol):
    """What is read of a Kafka record: the seam's Record and the sinks' Record have it."""

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def headers(self) -> Iterable[tuple[str, Any]]: ...
    @property
    def value(self) -> bytes | None: ...


class Batch(record_batch.Batch, Protocol):
    """A record batch that can be opened."""

    def records(self) -> Sequence[Record]: ...


class Reading(NamedTuple):
    """One reading; the columns of a frame are the same. `nth`: which one of its record."""

    tenant: str
    backfill: bool
    equipment_id: str
    component_id: str
    metric: str
    value: float
    unit: str | None
    good: bool
    at: int
    recorded: int
    offset: int
    nth: int


SCHEMA: Mapping[str, Any] = {
    "tenant": pl.String, "backfill": pl.Boolean, "equipment_id": pl.String, "component_id": pl.String,
    "metric": pl.String, "value": pl.Float64, "unit": pl.String, "good": pl.Boolean, "at": pl.Int64,
    "recorded": pl.Int64, "offset": pl.Int64, "nth": pl.Int64,
}  # fmt: skip
_SAID = ("equipment_id", "component_id", "metric", "value", "unit", "quality_flag", "at")
_TYPES = {name: SCHEMA.get(name, pl.String) for name in _SAID}


class Fault(NamedTuple):
    """A record that says nothing readable, or nothing that can be."""

    offset: int
    why: Refused


@dataclass(frozen=True, slots=True)
class Slice:
    """What some records of one partition say: rows, frames, or both; each reading once, and the faults by offset."""

    rows: list[Reading]
    frames: list[pl.DataFrame]
    faults: list[Fault]

    @property
    def count(self) -> int:
        return len(self.rows) + sum(frame.height for frame in self.frames)

    def frame(self) -> pl.DataFrame:
        """All of it as one frame."""
        rows = [pl.DataFrame(self.rows, SCHEMA, orient="row")] if self.rows or not self.frames else []
        return pl.concat([*self.frames, *rows])


class Slices:
    """Reads the telemetry topic. `large`: bytes from which on a slice is read whole."""

    def __init__(self, codec: Codec, *, large: int = LARGE) -> None:
        self._codec, self._large = codec, large
        topic = codec.catalog.topics[TOPIC]
        self._tenant = topic.tenant or "default"
        self._past, self._future = topic.past_days * _DAY, topic.future_minutes * _MINUTE
        self._vectors: dict[int, Vector | None] = {}
        self._readers: dict[Shape, Reader] = {}

    def read_batches(self, batches: Sequence[Batch]) -> Slice:
        """Every record of these batches once, as `read` has it, without opening those that are large and alike.
        Raises ConnectionFailed."""
        found, opened = Slice([], [], []), list[Batch]()
        runs = [batch.run for batch in batches]
        if sum(map(len, runs)) < self._large:
            opened.extend(batches)
        else:
            alike: dict[Shape | None, list[int]] = {}
            for nth, run in enumerate(runs):
                alike.setdefault(shape_of(run), []).append(nth)
            for shape, some in alike.items():
                opened.extend(self._unlike(shape, [(batches[nth], runs[nth]) for nth in some], found))
        if opened:
            said = self.read([record for batch in opened for record in batch.records()])
            found.rows.extend(said.rows)
            found.frames.extend(said.frames)
            found.faults.extend(said.faults)
        found.faults.sort()
        return found

    def read(self, records: Sequence[Record]) -> Slice:
        """Every record once, as readings or as a fault. Raises ConnectionFailed: the registry does not answer."""
        found = Slice([], [], [])
        if sum([len(record.value or b"") for record in records]) < self._large:
            self._by_rows(records, found)
        else:
            for schema_id, same in _by_schema(records).items():
                vector = self._vector(schema_id) if schema_id >= 0 else None
                if vector is None or not self._whole(vector, same, found):
                    self._by_rows(same, found)
        found.faults.sort()
        return found

    # -- row by row ------------------------------------------------------------------------------------------

    def _by_rows(self, records: Iterable[Record], found: Slice) -> None:
        for record in records:
            try:
                found.rows.extend(self._readings(record))
            except Refused as why:
                found.faults.append(Fault(record.offset, why.with_traceback(None)))

    def _readings(self, record: Record) -> list[Reading]:
        decoded = self._codec.decode(TOPIC, record.value)
        tenant, backfill = self._context(record.headers)
        many = "readings" in decoded.data
        points = decoded.data["readings"] if many else [decoded.data]
        if not points:
            raise Refused("missing_field", "a message without readings", "readings")
        if len(points) > MANY:
            raise Refused("too_large", f"{len(points)} readings in one message, at most {MANY} are taken", "readings")
        place, found = (tenant, backfill), []
        for nth, point in enumerate(points):
            where = f"readings[{nth}]." if many else ""
            self._judge(point, where, record.timestamp, backfill)
            e, c, m, value, unit, flag, at = [point[name] for name in _SAID]
            found.append(Reading(*place, e, c, m, value, unit, flag in _GOOD, at, record.timestamp, record.offset, nth))
        return found

    def _judge(self, point: Mapping[str, Any], where: str, recorded: int, backfill: bool) -> None:
        for name in ("equipment_id", "component_id", "metric", "value", "at"):
            if point[name] in (None, ""):
                raise Refused("missing_field", f"a reading needs {name}", where + name)
        for name in _SAID[:3]:
            if len(point[name]) > _NAME:
                raise Refused("too_large", f"{where}{name} has more than {_NAME} characters", where + name)
        if not math.isfinite(point["value"]) or abs(point["value"]) >= BOUND:
            raise Refused("domain", f"{point['value']} is no value below 10^9", where + "value")
        low, high = self._moments(recorded, backfill)
        if not low <= point["at"] <= high:
            raise Refused("bad_time", f"{point['at']} ms is implausible at {recorded} ms", where + "at")

    def _moments(self, recorded: int, backfill: bool) -> tuple[int, int]:
        return (0 if backfill else recorded - self._past), recorded + self._future

    def _context(self, headers: Iterable[tuple[str, Any]]) -> tuple[str, bool]:
        """Tenant, and whether it is settled history. Raises Refused for a tenant's name that nobody can have."""
        if not headers:
            return self._tenant, False
        said = read_headers(headers)
        name = said.tenant or self._tenant
        if len(name) > 128 or not name.isprintable() or name.startswith("_"):
            raise Refused("bad_header", "a tenant's name has 1 to 128 printable characters, no leading _", "ce_tenant")
        return name, said.backfill

    # -- closed ----------------------------------------------------------------------------------------------

    def _unlike(self, shape: Shape | None, some: Sequence[tuple[Batch, bytes]], found: Slice) -> Sequence[Batch]:
        """Read batches whose first records are of one shape, together or else each; those that must be opened.

        What is small is opened without a try: a try costs as much as opening a thousand records.
        """
        batches, runs = [batch for batch, _ in some], [run for _, run in some]
        if shape is None or sum(map(len, runs)) < self._large:
            return batches
        if self._closed(shape, batches, runs, found):
            return []
        if len(some) == 1:
            return batches
        return [
            batch for batch, run in some if len(run) < self._large or not self._closed(shape, [batch], [run], found)
        ]

    def _closed(self, shape: Shape, batches: Sequence[Batch], runs: Sequence[bytes], found: Slice) -> bool:
        """Read batches of one shape as they are, if nothing about their bytes is in doubt."""
        reader = self._reader(shape)
        read = reader.read(batches, runs, MAX_VALUE) if reader else None
        if reader is None or read is None:
            return False
        try:
            tenant, backfill = self._context(shape.headers)
        except Refused:
            return False
        about = pl.DataFrame({"recorded": read.time, "offset": read.offset}).with_columns(
            tenant=pl.lit(tenant), backfill=pl.lit(backfill)
        )
        self._take(read.frame, about, [], lambda: [one for batch in batches for one in batch.records()], found)
        return True

    def _reader(self, shape: Shape) -> Reader | None:
        """How batches of this shape are read, made when it is first met; a few are kept."""
        if shape not in self._readers:
            vector = self._vector(shape.schema_id)
            if vector is None:
                return None
            if len(self._readers) >= _SHAPES:
                self._readers.clear()
            self._readers[shape] = Reader(shape, vector, self._codec.writer(shape.schema_id)[1])
        return self._readers[shape]

    # -- whole -----------------------------------------------------------------------------------------------

    def _vector(self, schema_id: int) -> Vector | None:
        """How this schema is read at once, found out when it is first met."""
        if schema_id not in self._vectors:
            try:
                kind, writer = self._codec.writer(schema_id)
            except Refused:
                return None  # rows say why, and ask the registry again
            fit = kind.topic == TOPIC and _fits(writer)
            self._vectors[schema_id] = probe(writer) if fit else None
        return self._vectors[schema_id]

    def _whole(self, vector: Vector, records: Sequence[Record], found: Slice) -> bool:
        """Read `records` at once if nothing about their bytes is in doubt; what is wrong in them is told by rows."""
        read = vector.frame([record.value or b"" for record in records])
        if read is None:
            return False
        self._take(read, *self._about(records), lambda: records, found)
        return True

    def _about(self, records: Sequence[Record]) -> tuple[pl.DataFrame, list[int]]:
        """Whose each record is and where it lies; and those whose headers are wrong."""
        tenants, backfills, refused = [self._tenant] * len(records), [False] * len(records), []
        for nth, record in enumerate(records):
            if record.headers:
                try:
                    tenants[nth], backfills[nth] = self._context(record.headers)
                except Refused:
                    refused.append(nth)
        about = {
            "tenant": tenants, "backfill": backfills,
            "recorded": [record.timestamp for record in records], "offset": [record.offset for record in records],
        }  # fmt: skip
        return pl.DataFrame(about), refused

    def _take(
        self, read: pl.DataFrame, about: pl.DataFrame, refused: list[int],
        records: Callable[[], Sequence[Record]], found: Slice,
    ) -> None:  # fmt: skip
        """Add what was read of the records that `about` tells of; what is wrong in it, or refused, is told by rows."""
        placed = _placed(read, about)
        moments = pl.col("recorded") - pl.when("backfill").then(pl.col("recorded")).otherwise(self._past)
        names = [(pl.col(n) == "") | (pl.col(n).str.len_bytes() > _NAME) for n in _SAID[:3]]
        value, at = pl.col("value"), pl.col("at")
        right = value.is_finite() & (value.abs() < BOUND) & at.is_between(moments, pl.col("recorded") + self._future)
        good = ~pl.any_horizontal(names) & right.fill_null(False) & (pl.col("nth") < MANY)
        bad = set(placed.filter(~good)[RECORD].unique()) | set(refused)
        if not _single(read, about):
            bad.update(set(range(about.height)).difference(placed[RECORD].unique()))
        if bad:
            ones = records()
            self._by_rows([ones[nth] for nth in sorted(bad)], found)
            placed = placed.filter(~pl.col(RECORD).is_in(sorted(bad)))
        found.frames.append(placed.select(*SCHEMA))


def _single(read: pl.DataFrame, about: pl.DataFrame) -> bool:
    """Whether each record is one row."""
    return read.height == about.height and bool((read[RECORD] == pl.int_range(read.height, eager=True)).all())


def _placed(read: pl.DataFrame, about: pl.DataFrame) -> pl.DataFrame:
    """The frame in our columns, beside whose it is and where it lies."""
    columns = [
        (pl.col(name) if name in read.columns else pl.lit(None)).cast(kind).alias(name) for name, kind in _TYPES.items()
    ]
    flag, single = pl.col("quality_flag"), _single(read, about)
    nth = pl.lit(0, pl.Int64) if single else pl.int_range(pl.len()).over(RECORD)
    said = read.select(RECORD, *columns).with_columns(good=flag.is_null() | flag.is_in(["", "OK"]), nth=nth)
    return pl.concat([said, about if single else about[read[RECORD]]], how="horizontal")


def _by_schema(records: Iterable[Record]) -> dict[int, list[Record]]:
    """Records by the schema that their frame names; -1: rows say what is wrong with it."""
    found: dict[int, list[Record]] = {}
    for record in records:
        value = record.value
        framed = value is not None and value[:1] == b"\0" and FRAME < len(value) <= MAX_VALUE
        schema_id = int.from_bytes(value[1:FRAME], "big") if framed and value else -1
        found.setdefault(schema_id, []).append(record)
    return found


def _fits(writer: Mapping[str, Any]) -> bool:
    """Whether its fields have our names and kinds, so that casting resolves them as Avro does."""
    fields = {each["name"]: each["type"] for each in writer["fields"]}
    if "readings" in fields:
        items = fields["readings"].get("items") if isinstance(fields["readings"], dict) else None
        if not isinstance(items, dict):
            return False
        fields = {each["name"]: each["type"] for each in items.get("fields", ())}
    kinds = {"value": {"double", "float", "int", "long"}, "at": {"long", "int"}}
    return {"equipment_id", "component_id", "metric"} <= fields.keys() and all(
        _kind(fields[name]) in kinds.get(name, {"string"}) for name in _SAID if name in fields
    )


def _kind(node: Any) -> str:
    """`double` of `double`, `["null", "double"]` and `{"type": "double"}`."""
    if isinstance(node, list):
        return next((_kind(branch) for branch in node if branch != "null"), "")
    return str(node.get("type")) if isinstance(node, dict) else str(node)
