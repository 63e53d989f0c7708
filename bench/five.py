"""The same five conditions on the same readings, in process: our core, plain Faust, quixstreams.

`python -m bench.five [--events N] [--rounds N] [--quixstreams PYTHON]`: CPU microseconds a reading, rounds in turns, no
broker and no decoding on any side. The number of alerts is checked equal before a rate is told. quixstreams is not part
of our environment: name the Python of one that has it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.readings import CEL, TYPE, readings
from bench.table import Row, render
from sharedchain.config import ConfigItem, item
from sharedchain.core import fold
from sharedchain.fact import Fact

_HERE, _NOW, _SLICE = Path(__file__).parent, 1_777_000_000_000, 500
_TEXT = {"title": "{{ subject }}", "text": "{{ message.metric }} {{ value|number }}"}
UNLIKE = (
    "ours: CEL out of data files, decimals, each alert with id, texts and explanation, state that dumps; "
    "theirs: five Python lambdas and a counter. In process, no broker, no decoding"
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.five", description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quixstreams", default="", help="a Python that has quixstreams")
    asked = parser.parse_args()
    print(render([row(asked.events, asked.rounds, asked.quixstreams)]))
    return 0


def row(events: int, rounds: int, quixstreams: str = "") -> Row:
    peers = {"plain Faust": (sys.executable, "readings_faust.py")}
    if quixstreams:
        peers["quixstreams"] = (quixstreams, "readings_quixstreams.py")
    mine: list[float] = []
    theirs: dict[str, list[float]] = {name: [] for name in peers}
    for _ in range(rounds):
        alerts, cost = ours(events)
        mine.append(cost)
        for name, (python, script) in peers.items():
            said = peer(python, script, events)
            assert said["alerts"] == alerts, f"{name} found {said['alerts']} alerts, we {alerts}"
            theirs[name].append(said["cpu"] / events * 1e6)
    against = "; ".join(f"{name}: {_told(costs)}" for name, costs in theirs.items())
    ratios = "; ".join(f"{name} {statistics.median(c) / statistics.median(mine):.2f}×" for name, c in theirs.items())
    return Row("five conditions on a reading, in process", _told(mine), against, ratios, "", UNLIKE)


def ours(events: int) -> tuple[int, float]:
    """Alerts, and CPU microseconds a reading, in slices as the engine takes them."""
    state, _ = fold.step(fold.new_state(), list(config()))
    facts = [fact(n, one) for n, one in enumerate(readings(events), 100)]
    state, _ = fold.step(state, facts[:10])  # compiles the rules
    state, _ = fold.step(fold.new_state(), list(config()))
    alerts, began = 0, time.process_time()
    for at in range(0, events, _SLICE):
        state, said = fold.step(state, facts[at : at + _SLICE])
        alerts += sum(one.type == "alert.raised" for one in said)
    return alerts, (time.process_time() - began) / events * 1e6


def peer(python: str, script: str, events: int) -> dict[str, Any]:
    done = subprocess.run(
        [python, str(_HERE / script), str(events)], capture_output=True, text=True, timeout=600, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def config(**more: Any) -> Iterator[Fact]:
    names = [f"R-9{n}" for n in range(len(CEL))]
    items = [item("rule", name, _rule(name, list(cel), more)) for name, cel in zip(names, CEL, strict=True)]
    for n, one in enumerate([*items, item("pack", "default", {"id": "default", "rules": names})], 1):
        yield _config(n, one)


def fact(seq: int, said: dict[str, Any], now: int = _NOW) -> Fact:
    data = {**said, "value": Decimal(str(said["value"]))}
    return _fact(seq, "fact", TYPE, "t", data, now)


def _rule(name: str, conditions: Sequence[str], more: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": name, "version": 1, "title": {"zh": name, "en": name}, "on": {"event": [TYPE]},
        "when": {"all": list(conditions)}, "bands": [{"severity": "YELLOW"}], "subject": "message.equipment_id",
        "value": "message.value", "to": {"YELLOW": ["role:sales"]}, "owner": "role:sales", "mode": "suggest",
        "runbook": "x", "texts": {"zh": _TEXT, "en": _TEXT}, "one_shot": True, **more,
    }  # fmt: skip


def _config(seq: int, one: ConfigItem) -> Fact:
    return _fact(seq, "config", "config.defined", "_system", one.said, _NOW)


def _fact(seq: int, kind: Any, type_: str, scope: str, data: dict[str, Any], now: int) -> Fact:
    plain: dict[str, Any] = {"source": "bench", "subject": "", "time": now, "tenant": scope, "data": data}
    return Fact(partition=3, seq=seq, recorded=now, kind=kind, scope=scope, type=type_, id=str(seq), **plain)


def _told(costs: Sequence[float]) -> str:
    return f"{statistics.median(costs):.1f} ({min(costs):.1f} – {max(costs):.1f}) CPU µs"


if __name__ == "__main__":
    sys.exit(main())
