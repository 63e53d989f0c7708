"""What the engine tells Prometheus; counters count committed slices only."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from prometheus_client import Counter, Gauge, Histogram

from sharedchain.fact import Derived, Fact
from sharedchain.scope import EVERY_WALL_SCOPE

FACTS = Counter(
    "sharedchain_engine_facts_total",
    "已判定的主链记录,含时钟 / Spine records decided, ticks too",
    ["partition"],
)
DERIVED = Counter("sharedchain_engine_derived_total", "由此产生的事件 / Events made of them", ["type"])
SEQ = Gauge(
    "sharedchain_engine_last_seq",
    "最后判定的主链记录的序号 / Number of the last decided spine record",
    ["partition"],
)
TICK_AGE = Gauge(
    "sharedchain_engine_tick_age_seconds",
    "距最后判定的墙钟时钟有多久;计时规则最多晚这么久 / "
    "Since the last wall tick that was decided: timers are late by as much",
    ["partition"],
)
RULE_ERRORS = Counter(
    "sharedchain_rule_errors_total",
    "出错或无法加载的规则,每个版本计一次 / Rules that erred or do not load, once a version",
    ["rule"],
)
UNWRITTEN = Counter(
    "sharedchain_engine_unwritten_total",
    "规则动作的内容不符合其类型的模式,未写出 / What actions of rules said and the schema of its type does not hold",
    ["type"],
)
# An alert takes some 10 ms where nothing waits, the promise is 5 s, and past a minute it is an outage.
EVENT_TO_ALERT = Histogram(
    "sharedchain_event_to_alert_seconds",
    "从事件被接受到预警提交;仅墙钟租户 / "
    "From the acceptance of an event to its committed alert; tenants on the wall clock",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
_PLAUSIBLE = 3600.0  # seconds; beyond it the scope's clock is driven (a story, a replay) and says nothing of speed
_ABOUT_RULES = "R-00"  # sharedchain.core.notice: the alert about a rule itself; its subject is the rule
_TICKED: dict[int, float] = {}  # partition → recorded time of its last wall tick


def decided(
    partition: int, facts: Sequence[Fact], derived: Iterable[Derived], seq: int, now: Callable[[], float] = time.time
) -> None:
    """A slice was committed."""
    FACTS.labels(str(partition)).inc(len(facts))
    SEQ.labels(str(partition)).set(seq)
    ticks = (f.recorded for f in reversed(facts) if f.kind == "tick" and f.scope == EVERY_WALL_SCOPE)
    if (ticked := next(ticks, None)) is not None:
        if partition not in _TICKED:
            TICK_AGE.labels(str(partition)).set_function(_age(partition))
        _TICKED[partition] = ticked / 1000
    for one in derived:
        DERIVED.labels(one.type).inc()
        if one.type == "alert.raised":
            _alert(one, now() - one.recorded / 1000)


def left(partition: int) -> None:
    """The partition is another worker's now: its tick is no longer ours to tell."""
    if _TICKED.pop(partition, None) is not None:
        TICK_AGE.remove(str(partition))


def about_rule(one: Derived) -> bool:
    """Whether this is the alert about a rule that erred."""
    return one.type == "alert.raised" and one.data.get("rule_id") == _ABOUT_RULES


def _alert(one: Derived, took: float) -> None:
    if about_rule(one):
        RULE_ERRORS.labels(one.subject).inc()
    if 0 <= took <= _PLAUSIBLE and not one.backfill:
        EVENT_TO_ALERT.observe(took)


def _age(partition: int) -> Callable[[], float]:
    return lambda: max(time.time() - _TICKED.get(partition, time.time()), 0.0)
