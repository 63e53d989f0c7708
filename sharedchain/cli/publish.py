"""`sharedchain publish TYPE`: events from files or standard input; each bad row is told, the others go."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any, TextIO, get_args

import typer

from sharedchain import canonical
from sharedchain.chain import ChainSync, Position
from sharedchain.cli import language
from sharedchain.cli.options import Home, Json
from sharedchain.cli.rows import Form, Row, read_rows
from sharedchain.contract import Broken, map_terms, read_excused
from sharedchain.dictionary import Dictionary, load_dictionaries
from sharedchain.envelope import parse_time
from sharedchain.errors import Refused, SharedChainError
from sharedchain.events import Event
from sharedchain.schemas import Catalog, EventType
from sharedchain.tracewords import word

_UNDER_WAY = 1000  # records handed over before their answers are heard
_WORDS = {
    "zh": {
        "row": "第 {row} 行：{field}：{word} {reason}：{text}",
        "good": "{good} 条可用，{refused} 条拒绝",
        "published": "已发布 {good} 条，拒绝 {refused} 条",
        "later": "能否推进、有无权限由链上判定：被拒的见 sharedchain dlq list",
    },
    "en": {
        "row": "row {row}: {field}: {reason}: {text}",
        "good": "{good} good, {refused} refused",
        "published": "{good} published, {refused} refused",
        "later": "moves and rights are judged in the chain: see `sharedchain dlq list`",
    },
}
_ATTRIBUTES = ("id", "source", "time", "tenant", "subject", "actor", "correlationid", "causationid", "backfill")


@dataclass(frozen=True, slots=True)
class Good:
    """A row that may go: its event, and what its `ce_…` columns say of the envelope."""

    number: int
    event: Event
    said: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bad:
    """A row that may not go, and everything that is wrong with it."""

    number: int
    faults: list[Refused]


def publish(
    event_type: Annotated[str, typer.Argument(metavar="TYPE", help="event type, e.g. lead.captured")],
    file: Annotated[Path | None, typer.Option("--file", "-f", help=".json, .jsonl or .csv; default: stdin")] = None,
    form: Annotated[str | None, typer.Option("--format", help="json, jsonl, csv (default: by name, jsonl)")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="judge the rows as the strictest flow does, send nothing, ask nobody")
    ] = False,
    source: Annotated[str, typer.Option(help="who publishes (ce_source)")] = "sharedchain.cli",
    tenant: Annotated[str | None, typer.Option(help="for rows that name none")] = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Publish events. Good rows go, bad rows are told by number, field and reason: then exit 1.

    Columns ce_id, ce_time, ce_tenant … speak of the envelope, all others are the payload.
    """
    kind = _kind(Catalog.load(), event_type)
    with _opened(file) as text:
        rows, words = read_rows(text, _form(file, form)), load_dictionaries()
        defaults = {"source": source, "tenant": tenant}
        report = Report(json, check, follows=kind.parent is not None)
        if check:
            for one in judge_rows(kind, rows, words, source):
                report.tell(one)
        else:
            with ChainSync(home=home) as chain:

                def excused(whose: str) -> Collection[str]:
                    return chain.excused(kind.name, whose or tenant or "default")

                _send(chain, judge_rows(kind, rows, words, source, excused), defaults, report)
    report.end()
    if report.refused:
        raise typer.Exit(1)


def judge_rows(
    kind: EventType,
    rows: Iterable[Row],
    dictionaries: Mapping[str, Dictionary],
    source: str,
    excused: Callable[[str], Collection[str]] = lambda _: (),
) -> Iterator[Good | Bad]:
    """Each row as an event or its faults: the checks that ingest will make, made before. What a tenant's flow
    lets a record lack (`excused`, by its name or "") is asked only where one lacks something."""
    for row in rows:
        try:
            if row.fault:
                raise row.fault
            said = {name[3:]: value for name, value in row.fields.items() if name.startswith("ce_")}
            payload = {name: value for name, value in row.fields.items() if not name.startswith("ce_")}
            event = read_excused(kind, payload, partial(excused, str(said.get("tenant", ""))))
            map_terms(kind, event.to_avro(), dictionaries, str(said.get("source", source)))
            yield Good(row.number, event, _envelope(said))
        except Broken as broken:
            yield Bad(row.number, broken.faults)
        except Refused as fault:
            yield Bad(row.number, [fault])


def _envelope(said: dict[str, Any]) -> dict[str, Any]:
    """`ce_…` columns as arguments of Chain.publish. Raises Refused(bad_header)."""
    for name in said:
        if name not in _ATTRIBUTES:
            raise Refused("bad_header", f"no attribute ce_{name}; known: {', '.join(_ATTRIBUTES)}", f"ce_{name}")
    found = {name.removesuffix("id") if name.endswith("ationid") else name: str(v) for name, v in said.items()}
    if "time" in found:
        found["time"] = parse_time(found["time"])  # type: ignore[assignment]
    if "backfill" in found:
        found["backfill"] = found["backfill"].lower() == "true"  # type: ignore[assignment]
    return found


class Report:
    """What is printed: refusals as they come, a count at the end (or all of it as one JSON)."""

    def __init__(self, json: bool, check: bool, *, follows: bool) -> None:
        """`follows`: events of this type are judged once more, against what went before."""
        self._json, self._check, self._follows = json, check, follows
        self.good = self.refused = 0
        self._rows: list[dict[str, Any]] = []

    def tell(self, one: Good | Bad, position: Position | None = None) -> None:
        if isinstance(one, Bad):
            self.refused += 1
            for fault in one.faults:
                told = {"row": one.number, "field": fault.field, "reason": fault.reason, "text": fault.text}
                self._rows.append(told) if self._json else typer.echo(_line(told), err=True)
            return
        self.good += 1
        if self._json and position:
            place = {"topic": position.topic, "partition": position.partition, "offset": position.offset}
            self._rows.append({"row": one.number, "id": position.id, **place})

    def end(self) -> None:
        name = "good" if self._check else "published"
        if self._json:
            typer.echo(canonical.dumps({name: self.good, "refused": self.refused, "rows": self._rows}))
        else:
            typer.echo(_WORDS[language()][name].format(good=self.good, refused=self.refused))
            if self.good and self._follows and not self._check:
                typer.echo(_WORDS[language()]["later"], err=True)


def _line(told: Mapping[str, Any]) -> str:
    """`row 3: expected_amount: missing_field: …`, in Chinese with the reason's word."""
    lang: Any = language()
    said = {**told, "field": told["field"] or "-", "word": word(told["reason"], lang)}
    return _WORDS[lang]["row"].format(**said)


def _send(chain: ChainSync, judged: Iterable[Good | Bad], defaults: dict[str, Any], report: Report) -> None:
    waiting: list[tuple[Good, Future[Position]]] = []
    for one in judged:
        if isinstance(one, Bad):
            report.tell(one)
            continue
        try:
            waiting.append((one, chain.send(one.event, **{**defaults, **one.said})))
        except Refused as fault:
            report.tell(Bad(one.number, [fault]))
        if len(waiting) >= _UNDER_WAY:
            _hear(waiting, report)
    _hear(waiting, report)


def _hear(waiting: list[tuple[Good, Future[Position]]], report: Report) -> None:
    for one, answer in waiting:
        try:
            report.tell(one, answer.result())
        except Refused as fault:
            report.tell(Bad(one.number, [fault]))
    waiting.clear()


def _kind(catalog: Catalog, name: str) -> EventType:
    doors = {
        n: k for n, k in catalog.types.items() if catalog.topics[k.topic].ingest or catalog.topics[k.topic].telemetry
    }
    if name in doors:
        return doors[name]
    if name in catalog.types:
        raise SharedChainError(f"{name} is derived by the chain itself; nobody publishes it")
    near = get_close_matches(name, doors, n=1)
    known = f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(doors))}"
    raise SharedChainError(f"no event type {name!r}: {known}")


def _form(file: Path | None, said: str | None) -> Form:
    form = said or (file.suffix.lstrip(".") if file and str(file) != "-" else "jsonl")
    if form not in get_args(Form):
        raise SharedChainError(f"format {form!r} of {file or 'stdin'}: say --format json, jsonl or csv")
    return form  # type: ignore[return-value]


def _opened(file: Path | None) -> TextIO:
    if file is None or str(file) == "-":
        if isinstance(sys.stdin, TextIOWrapper):
            sys.stdin.reconfigure(encoding="utf-8-sig", errors="surrogateescape", newline="")
        return sys.stdin
    try:
        return file.open(encoding="utf-8-sig", errors="surrogateescape", newline="")
    except OSError as error:
        raise SharedChainError(f"{file}: {error.strerror}") from None
