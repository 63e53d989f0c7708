"""Published event → decided fact: ingest and engine, exact, against plain Faust counting into a Table."""

from __future__ import annotations

from bench import load
from bench.chain import Chain
from bench.meter import Run, metered, ratio, side, spread
from bench.table import Row

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
    chain.decided()
    pids = [chain.stack.pid("ingest-0"), chain.stack.pid("engine-0")]

    def work() -> None:
        load.send(chain.endpoints, messages)
        chain.decided()

    ours = metered(pids, events, work)
    found = chain.facts_of(scopes)
    assert found == events, f"{events} published, {found} facts"
    topic = chain.topic(f"bench.count.{number}")
    load.send(chain.endpoints, messages, topic)

    def check(said: dict[str, float]) -> None:
        assert said["events"] == events, f"Faust counted {said['events']} of {events}"

    theirs = chain.told(check, "bench.peer", "count", str(chain.endpoints.home), topic, str(events))
    return ours, theirs, scopes


def row(ours: list[Run], theirs: list[Run]) -> Row:
    ingest, engine = (spread([r.each[i] / r.count * 1e6 for r in ours], ".0f") for i in (0, 1))
    split = f" (ingest {ingest}, engine {engine})"
    return Row(WORK, side(ours) + split, f"plain Faust, Table: {side(theirs)}", ratio(ours, theirs), "20× (5×)", UNLIKE)
