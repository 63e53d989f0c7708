"""Published event → decided fact: ingest and engine, exact, against plain Faust counting into a Table."""

from __future__ import annotations

from bench import load
from bench.chain import Chain
from bench.meter import Run, metered, ratio, side, spread, times
from bench.table import Row, distance

WORK = "business: ingest, lifecycle, 5 rules, measures, exactly once; published event → decided fact"
UNLIKE = (
    "ours: two processes (ingest, engine) from the first publish on, every fact checked, deduplicated, on the spine, "
    "with its live updates, minute rows and alerts; Faust: one process from 5 % on, its Table in memory, only counts; "
    "5 rules of 31"
)


def round_(chain: Chain, number: int, events: int) -> tuple[Run, Run, list[str]]:
    """Ours, Faust's, and the tenants whose facts lie on the spine now."""
    scopes = load.tenants(f"b{number}")
    messages = load.business(chain.codec, scopes, events)
    return ours(chain, scopes, messages), fausts(chain, number, messages), scopes


def ours(chain: Chain, scopes: list[str], messages: list[load.Message]) -> Run:
    """From the first publish until the engine has decided all; every event must be one fact."""
    chain.decided()

    def work() -> None:
        load.send(chain.endpoints, messages)
        chain.decided()

    measured = metered([chain.stack.pid("ingest-0"), chain.stack.pid("engine-0")], len(messages), work)
    found = chain.facts_of(scopes)
    assert found == len(messages), f"{len(messages)} published, {found} facts"
    return measured


def fausts(chain: Chain, number: int, messages: list[load.Message]) -> Run:
    """The same bytes on a topic of its own."""
    topic, events = chain.topic(f"bench.count.{number}"), len(messages)
    load.send(chain.endpoints, messages, topic)

    def check(said: dict[str, float]) -> None:
        assert said["events"] == events, f"Faust counted {said['events']} of {events}"

    schemas = chain.schemas(message.value for message in messages)
    words = ("count", chain.endpoints.kafka, topic, str(events), schemas)
    return chain.told(check, *chain.peer("faust", "events_faust.py", *words))


def row(own: list[Run], theirs: list[Run]) -> Row:
    ingest, engine = (spread([r.each[i] / r.count * 1e6 for r in own], ".0f") for i in (0, 1))
    split = f" (ingest {ingest}, engine {engine})"
    return Row(
        WORK,
        side(own) + split,
        f"plain Faust at its best, Table: {side(theirs)}",
        ratio(own, theirs),
        "20× (5×)",
        UNLIKE,
        distance(times(own, theirs), 5, 20),
    )
