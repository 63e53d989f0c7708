"""How each kind of fault is done, and healed: steps that say what they wait for, so that many go on at once.

One place (the brokers together, a link, the store, a program) suffers one fault at a time; what is done to others
meanwhile, overlaps. Everything happens on the main thread: processes end with the thread that started them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from confluent_kafka import KafkaException

from deploy.theirs import brokers
from sharedchain.errors import ConnectionFailed
from tests.chain.crew import state
from tests.nemesis.arena import Arena
from tests.nemesis.proxy import Mode
from tests.nemesis.schedule import Fault, place
from tests.nemesis.storm import Storm

POISON = 300
_PATIENCE = 300.0  # seconds for what a fault waits for
_BEAT = 0.05
_JUMPS = (3.0, -3600.0, -3.0, 3600.0)  # seconds of a clock


@dataclass
class Strike:
    """A fault that was done: whom it met, and when (milliseconds of the wall clock)."""

    fault: Fault
    whom: str
    began: int
    over: int = 0


class Until(NamedTuple):
    """What must hold before a fault goes on, and what is wrong if it never does."""

    holds: Callable[[], object]
    otherwise: str


Steps = Generator[Until, None, None]


@dataclass
class _Going:
    """A fault in the middle of its steps."""

    fault: Fault
    steps: Steps
    until: Until
    deadline: float

    def on(self) -> bool:
        """Go as far as it can; whether it goes on."""
        while self.until.holds():
            until = next(self.steps, None)
            if until is None:
                return False
            self.until, self.deadline = until, time.monotonic() + _PATIENCE
        assert time.monotonic() < self.deadline, f"{self.until.otherwise} after {_PATIENCE:.0f} s: {self.fault.line()}"
        return True


@dataclass
class Nemesis:
    """Does the faults of a schedule and remembers them."""

    arena: Arena
    storm: Storm
    tell: Callable[[str], None]
    strikes: list[Strike] = field(default_factory=list)

    def run(self, faults: list[Fault], seconds: float) -> None:
        """Each at its time, or when its place is free again; none begins after so many seconds, and all are healed."""
        begun = time.monotonic()
        waiting, going = list(faults), dict[str, _Going]()
        while waiting or going:
            now = time.monotonic() - begun
            assert self.storm.failed() is None, self.storm.failed()
            waiting = self._begun(waiting, going, now) if now < seconds else []
            for where, one in list(going.items()):
                if not one.on():
                    del going[where]
                    self._told(one.fault, time.monotonic() - begun, len(faults))
            time.sleep(_BEAT)

    def _begun(self, waiting: list[Fault], going: dict[str, _Going], now: float) -> list[Fault]:
        """Who must wait longer: its time has not come, or its place suffers another."""
        late = list[Fault]()
        for fault in waiting:
            where = place(fault)
            if fault.at > now or where in going:
                late.append(fault)
                continue
            act: Callable[[Fault], Steps] = getattr(self, f"_{fault.kind.replace('-', '_')}")
            going[where] = _Going(fault, act(fault), Until(lambda: True, ""), 0.0)
        return late

    def _told(self, fault: Fault, now: float, of: int) -> None:
        (strike,) = [s for s in self.strikes if s.fault is fault]
        strike.over = _now()
        told = f"{fault.line()} ({strike.whom})" if strike.whom != fault.target else fault.line()
        self.tell(f"{now:7.1f} s  {len(self.strikes)}/{of}  {told}")

    def _met(self, fault: Fault, whom: str) -> None:
        self.strikes.append(Strike(fault, whom, _now()))

    def _hold(self, fault: Fault) -> Steps:
        """Stay in the middle of it; somebody else may be killed there."""
        began = time.monotonic()
        if fault.meanwhile:
            yield _passed(began + fault.hold / 2)
            try:
                self.arena.stack.kill(fault.meanwhile)
            except (ConnectionFailed, ProcessLookupError):
                self.tell(f"         {fault.meanwhile} did not run just then")
        yield _passed(began + fault.hold)

    # -- programs of ours ------------------------------------------------------------------------------------

    def _up(self, name: str) -> Steps:
        yield Until(lambda: self.arena.ready(name), f"{name} is not ready")

    def _kill(self, fault: Fault) -> Steps:
        yield from self._signalled(fault, signal.SIGKILL)

    def _terminate(self, fault: Fault) -> Steps:
        yield from self._signalled(fault, signal.SIGTERM)

    def _signalled(self, fault: Fault, sig: signal.Signals) -> Steps:
        yield from self._up(fault.target)
        self._met(fault, fault.target)
        self.arena.send(fault.target, sig)

    def _freeze(self, fault: Fault) -> Steps:
        yield from self._up(fault.target)
        self._met(fault, fault.target)
        pid = self.arena.send(fault.target, signal.SIGSTOP)
        yield from self._hold(fault)
        _wake(pid)

    def _clock_jump(self, fault: Fault) -> Steps:
        """A little, which is borne, or an hour, with which nobody may write."""
        yield from self._up(fault.target)
        by = _JUMPS[fault.n % len(_JUMPS)]
        self._met(fault, f"{fault.target} by {by:+.0f} s")
        self.arena.turn_clock(fault.target, by)
        yield from self._hold(fault)
        self.arena.turn_clock(fault.target, 0)

    def _rival(self, fault: Fault) -> Steps:
        """Who came last writes; the other is fenced and ends; its supervisor starts it again, which ends the rival."""
        yield from self._up(fault.target)
        self._met(fault, fault.target)
        rival = self.arena.rival(fault.target)
        try:
            yield Until(lambda: rival.poll() is not None, "the rival is not fenced")
        finally:
            rival.kill()
            rival.wait()

    # -- brokers ---------------------------------------------------------------------------------------------

    def _whole(self) -> Steps:
        yield Until(lambda: not self.arena.short(), "replicas do not come back")

    def _chosen(self, fault: Fault) -> str:
        """The broker with the role, once all replicas are in sync: a third that is lost would only stop the chain."""
        try:
            return self.arena.broker(fault.target, fault.n)
        except (KafkaException, TimeoutError):
            return self.arena.broker("any", fault.n)

    def _back(self, name: str) -> Steps:
        """Start a part that was ended, and wait until it answers."""
        self.arena.cluster.start(name)
        yield Until(lambda: self.arena.cluster.ready(name), f"{name} does not answer again")

    def _stopped(self, name: str) -> Steps:
        """Ask a broker to go, and see it gone; what holds it up holds up nobody else here."""
        os.kill(self.arena.cluster.pid(name), signal.SIGTERM)
        yield from self._gone(name)

    def _gone(self, name: str) -> Steps:
        yield Until(lambda: name in self.arena.cluster.dead(), f"{name} does not end")
        self.arena.cluster.kill(name)

    def _broker_kill(self, fault: Fault) -> Steps:
        yield from self._whole()
        name = self._chosen(fault)
        self._met(fault, name)
        self.arena.cluster.kill(name)
        yield from self._hold(fault)
        yield from self._back(name)

    def _broker_stop(self, fault: Fault) -> Steps:
        yield from self._whole()
        name = self._chosen(fault)
        self._met(fault, name)
        yield from self._stopped(name)
        yield from self._hold(fault)
        yield from self._back(name)

    def _broker_freeze(self, fault: Fault) -> Steps:
        yield from self._whole()
        name = self._chosen(fault)
        self._met(fault, name)
        yield from self._frozen(fault, name)

    def _broker_cut(self, fault: Fault) -> Steps:
        """Nobody of the cluster reaches it any more; clients do, and it reaches the others."""
        yield from self._whole()
        name = self._chosen(fault)
        self._met(fault, name)
        for link in (f"{name}.internal", f"{name}.controller"):
            self.arena.proxy.turn(link, "blackhole")
        yield from self._hold(fault)
        for link in (f"{name}.internal", f"{name}.controller"):
            self.arena.proxy.turn(link, "pass")

    def _broker_full(self, fault: Fault) -> Steps:
        """No file may grow: the next record takes its log offline, and with it the broker, as a full disk does."""
        yield from self._whole()
        name = self._chosen(fault)
        self._met(fault, name)
        self.arena.fill(name)
        yield from self._hold(fault)
        yield from self._gone(name)
        yield from self._back(name)

    def _rolling(self, fault: Fault) -> Steps:
        yield from self._whole()
        self._met(fault, "all brokers")
        for number in brokers.NUMBERS:
            yield from self._whole()
            yield from self._stopped(brokers.name(number))
            yield from self._back(brokers.name(number))

    def _two_brokers(self, fault: Fault) -> Steps:
        """Nobody can write: whoever says otherwise lies."""
        yield from self._whole()
        first = fault.n % len(brokers.NUMBERS)
        pair = [brokers.name(brokers.NUMBERS[(first + k) % len(brokers.NUMBERS)]) for k in (0, 1)]
        self._met(fault, " ".join(pair))
        for name in pair:
            self.arena.cluster.kill(name)
        yield from self._hold(fault)
        for name in pair:
            self.arena.cluster.start(name)
        yield Until(lambda: all(map(self.arena.cluster.ready, pair)), "two brokers do not answer again")

    # -- links -----------------------------------------------------------------------------------------------

    def _blackhole(self, fault: Fault) -> Steps:
        yield from self._turned(fault, "blackhole")

    def _reset(self, fault: Fault) -> Steps:
        yield from self._turned(fault, "reset")

    def _slow(self, fault: Fault) -> Steps:
        yield from self._turned(fault, "slow")

    def _turned(self, fault: Fault, mode: Mode) -> Steps:
        self._met(fault, fault.target)
        self.arena.proxy.turn(fault.target, mode)
        yield from self._hold(fault)
        self.arena.proxy.turn(fault.target, "pass")

    # -- store and registry ----------------------------------------------------------------------------------

    def _store_kill(self, fault: Fault) -> Steps:
        yield from self._down(fault)

    def _registry_kill(self, fault: Fault) -> Steps:
        yield from self._down(fault)

    def _down(self, fault: Fault) -> Steps:
        self._met(fault, fault.target)
        self.arena.cluster.kill(fault.target)
        yield from self._hold(fault)
        yield from self._back(fault.target)

    def _store_freeze(self, fault: Fault) -> Steps:
        self._met(fault, fault.target)
        yield from self._frozen(fault, fault.target)

    def _frozen(self, fault: Fault, name: str) -> Steps:
        pid = self.arena.cluster.pid(name)
        stopped(pid)
        yield from self._hold(fault)
        _wake(pid)

    def _poison(self, fault: Fault) -> Steps:
        self._met(fault, fault.target)
        self.storm.poison(POISON)
        yield from ()


def _passed(moment: float) -> Until:
    return Until(lambda: time.monotonic() >= moment, "time stands still")


def stopped(pid: int) -> None:
    """Freeze a process; it stands when this returns."""
    os.kill(pid, signal.SIGSTOP)
    deadline = time.monotonic() + 10
    while state(pid) != "T" and time.monotonic() < deadline:
        time.sleep(0.01)


def _wake(pid: int) -> None:
    if Path(f"/proc/{pid}").exists():
        os.kill(pid, signal.SIGCONT)


def _now() -> int:
    return time.time_ns() // 1_000_000
