"""`python -m bench.memory [--records N]`: what each program holds while a backlog of a million records waits for it.

The backlog lies in Kafka before a program starts: on the domain topics for ingest, then on the spine for the engine,
then for the sink, whose ClickHouse is ten times too slow at first. Printed: the most memory that each process ever had
(VmHWM), records in memory, what waited in Kafka meanwhile, and the whole embedded stack. Exit 1 beyond a limit.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from bench import load
from bench.chain import Chain
from bench.slow import Slow
from deploy.local.meters import resident
from deploy.local.plan import ALL
from sharedchain.barrier import CLICKHOUSE
from sharedchain.codec import Codec
from sharedchain.kafka import admin
from sharedchain.lag import Follower, ends_of
from sharedchain.scope import PARTITIONS, SPINE

MIB = 1 << 20
LIMIT, STACK = 400, 2560  # MiB: a program under a backlog; everything on one machine
BATCH = 10_000  # records that the sink reads at once
HELD = 3 * BATCH  # and may have in memory at most
TIMES = 10.0  # how much too slow ClickHouse is
PATIENCE = 3600.0  # seconds until a backlog that is not worked off is a failure
_LEADS = 2_000  # the state does not grow with the backlog: what waits is what would
_HELD = re.compile(r"^sharedchain_sink_held_records (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Peak:
    """One program and its backlog: `waited`, records that Kafka kept for it at least while it was watched;
    `held`, the most that it had in memory at once, where it says so."""

    program: str
    records: int
    seconds: float
    mib: int
    waited: int = 0
    held: int = 0

    @property
    def within(self) -> bool:
        return self.mib <= LIMIT and self.held <= HELD

    def line(self) -> str:
        rate = f"{self.records:>9,} records in {self.seconds:6.1f} s ({self.records / self.seconds:8,.0f}/s)"
        more = f"; in memory ≤ {self.held:,}, in Kafka ≥ {self.waited:,}" if self.held else ""
        return f"{self.program:24} {rate}: {self.mib:4} MiB{'' if self.within else ' !'}{more}"


def backlog(codec: Codec, scopes: list[str], count: int) -> Iterator[load.Message]:
    """`count` events about a few thousand leads and forty forecasts, made as they are asked for."""
    now = time.time_ns() // 1_000_000
    for n in range(count):
        lead = {"lead_id": f"L-{n % _LEADS}"}
        if n < _LEADS:
            kind, data = "lead.captured", load._lead(lead["lead_id"])
        elif n % 10:
            kind, data = "lead.contact.logged", lead | {"contact_id": f"C-{n}", "at": now, "channel": "TEL"}
        else:
            kind, data = "forecast.published", load._forecast(n // 10 % 40, n // 400 + 1)
        scope = scopes[n % _LEADS % len(scopes)]
        yield load._framed(codec, kind, data, scope, str(n), now, n % _LEADS % load.PARTITIONS)


def measure(chain: Chain, count: int, slowly: int, tell: Callable[[str], None]) -> list[Peak]:
    """Each program in turn, alone with its backlog of `count`; the sink first with `slowly` records and a ClickHouse
    that is too slow. All that was published must be decided and stored in the end."""
    scopes = load.tenants(f"memory-{count}")
    chain.decided()
    for name in ("sink", "engine-0", "ingest-0"):
        chain.stack.stop(name)
    load.send(chain.endpoints, backlog(chain.codec, scopes, count))
    found = []
    for name, done in (("ingest-0", chain.ingested), ("engine-0", chain.judged)):
        began = time.monotonic()
        chain.stack.start(name)
        done(PATIENCE)
        found.append(Peak(name, count, time.monotonic() - began, peak(chain.stack.pid(name))))
        tell(found[-1].line())
    assert chain.facts_of(scopes) == count, "not every event is a fact"
    found.append(_throttled(chain, slowly))
    tell(found[-1].line())
    left = _waiting(chain)
    began = time.monotonic()
    chain.stack.start("sink")
    chain.stored(PATIENCE)
    found.append(Peak("sink", left, time.monotonic() - began, peak(chain.stack.pid("sink"))))
    tell(found[-1].line())
    return found


def _throttled(chain: Chain, enough: int) -> Peak:
    """The sink as it is deployed, behind a ClickHouse that takes ten times as long, until `enough` is written."""
    slow = Slow(urlsplit(chain.endpoints.clickhouse.url).port or 8123, TIMES)
    where = chain.endpoints.clickhouse.model_copy(update={"url": f"http://127.0.0.1:{slow.port}"})
    home = chain.folder / "slow"
    home.mkdir(exist_ok=True)
    chain.endpoints.model_copy(update={"home": home, "clickhouse": where}).save()
    env = {**os.environ, "SHAREDCHAIN_PROGRAM": "sink", "SHAREDCHAIN_AUDIT_SECONDS": "0"}
    first, held = _waiting(chain), 0
    assert first >= enough, f"only {first} of the spine's offsets wait for the sink: {enough} can't be seen written"
    with (home / "sink.log").open("w") as log:
        command = [sys.executable, "-m", "sinks.clickhouse", "--home", str(home)]
        sink = subprocess.Popen(command, stdout=log, stderr=log, env=env, cwd=Path(__file__).parents[1])
        began = time.monotonic()
        try:
            while (left := _waiting(chain)) > first - enough:
                alive = sink.poll() is None and time.monotonic() - began < PATIENCE
                assert alive, (home / "sink.log").read_text()
                held = max(held, _held(chain))
                time.sleep(0.2)
            return Peak(
                f"sink, {TIMES:.0f}× too slow", first - left, time.monotonic() - began, peak(sink.pid), left, held
            )
        finally:
            sink.send_signal(signal.SIGKILL)
            sink.wait()
            slow.close()


def _held(chain: Chain) -> int:
    """Records that the sink has in memory; 0 while it starts."""
    try:
        page = httpx2.get(f"{chain.endpoints.metrics['sink']}/metrics", timeout=10).text
    except httpx2.HTTPError:
        return 0
    said = _HELD.search(page)
    return int(float(said[1])) if said else 0


def _waiting(chain: Chain) -> int:
    """Offsets of the spine that the sink has not written: all of a partition in which it has no position yet."""
    follower, log = Follower(chain.endpoints, CLICKHOUSE, 30.0), admin(chain.endpoints)
    try:
        written = {at.partition: at.committed for at in follower.positions() if at.topic == SPINE}
        ends = ends_of(log, [(SPINE, partition) for partition in range(PARTITIONS)], 30.0)
    finally:
        follower.close()
    return sum(end - written.get(partition, 0) for (_, partition), end in ends.items())


def peak(pid: int) -> int:
    """The most resident memory that a process ever had, in MiB."""
    said = Path(f"/proc/{pid}/status").read_text()
    return int(said.split("VmHWM:")[1].split()[0]) // 1024


def whole(chain: Chain) -> dict[str, int]:
    """Resident MiB of every process of the stack and its children, now."""
    return {part.name: resident(part.pid) // MIB for part in chain.stack.state().parts if part.pid is not None}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.memory", description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000, help="that wait for each program")
    parser.add_argument("--slowly", type=int, default=50_000, help="that are written while ClickHouse is too slow")
    asked = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        chain = Chain(Path(folder), ALL)
        try:
            found = measure(chain, asked.records, asked.slowly, lambda line: print(line, flush=True))
            parts = whole(chain)
        finally:
            chain.close()
    print(f"{'the whole stack':24} {sum(parts.values())} MiB: {', '.join(f'{n} {m}' for n, m in parts.items())}")
    print(f"limits: a program {LIMIT} MiB, records in the sink {HELD:,}, the stack {STACK} MiB")
    return 0 if all(one.within for one in found) and sum(parts.values()) <= STACK else 1


if __name__ == "__main__":
    sys.exit(main())
