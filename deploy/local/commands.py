"""`sharedchain up | down | status | doctor`, loaded through the entry points `sharedchain.commands`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import psutil
import typer

from deploy.local import state
from deploy.local.home import open_home
from deploy.local.plan import ALL, TELEMETRY, Plan
from deploy.local.progress import text
from deploy.local.status import look
from deploy.local.supervisor import supervise
from sharedchain import canonical
from sharedchain.cli import language
from sharedchain.cli.options import Home, Json
from sharedchain.display import Language
from sharedchain.endpoints import default_home

_PATIENCE = 300.0  # seconds: a first start fetches the Java parts


def up(
    home: Home = None,
    detach: Annotated[bool, typer.Option("-d", "--detach", help="return when all is ready; it runs on")] = False,
    engines: Annotated[int, typer.Option(min=1, max=8, help="how many engine workers")] = 1,
    ingests: Annotated[int, typer.Option(min=1, max=8, help="how many lanes of ingest")] = 1,
    telemetry: Annotated[
        bool, typer.Option("--telemetry", help="what reads readings by the hundred thousand too (docs/telemetry.md)")
    ] = False,
    connect: Annotated[
        Path | None,
        typer.Option(envvar="SHAREDCHAIN_CONNECT", help="YAML: parts that somebody else runs (docs/connect.md)"),
    ] = None,
) -> None:
    """Start the whole chain on this machine, but for what an endpoints file names. Ctrl-C stops it.

    Exit 2 if it runs already, or if the file is wrong.
    """
    place = open_home(home or default_home())
    now = state.load(place)
    if now is not None and now.alive():
        typer.echo(text("running", place, now.pid), err=True)
        raise typer.Exit(2)
    parts = (*ALL, *TELEMETRY) if telemetry else ALL
    Plan.of(connect, parts=parts, engines=engines, ingests=ingests).save(place)
    raise typer.Exit(_detached(place) if detach else supervise(place))


def down(home: Home = None) -> None:
    """Stop the chain of this home, and what a killed supervisor left behind."""
    place = (home or default_home()).resolve()
    begun = time.monotonic()
    now = state.load(place)
    if now is not None and now.alive():
        os.kill(now.pid, signal.SIGTERM)
        psutil.wait_procs([psutil.Process(now.pid)], timeout=60)
        typer.echo(text("stopped", place, time.monotonic() - begun))
    elif left := state.kill_leftovers(place):
        typer.echo(f"{text('leftovers')}: {', '.join(left)}")
    else:
        typer.echo(text("nothing", place))


def status(home: Home = None, json: Json = False) -> None:
    """Each process with its memory. Exit 1 if the chain of this home is not ready."""
    place = (home or default_home()).resolve()
    seen = look(place, time.time())
    typer.echo(canonical.dumps(seen.record()) if json else seen.table())
    raise typer.Exit(0 if seen.ready else 1)


def doctor(home: Home = None, json: Json = False) -> None:
    """Check the machine, the home and every connection; say how to mend what is wrong. Exit 1 if something is."""
    from deploy.local.doctor import examine  # late: it imports every client

    lang: Language = "zh" if language() == "zh" else "en"
    findings = []
    for finding in examine((home or default_home()).resolve(), alone=home is None):
        findings.append(finding)
        if not json:
            typer.echo(finding.line(lang))
    if json:
        typer.echo(canonical.dumps([finding.record(lang) for finding in findings]))
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)


def _detached(home: Path) -> int:
    """Start the supervisor in a session of its own and show its progress until it is ready or gone."""
    file = home / "log" / "supervisor.log"
    with file.open("ab") as log:
        command = [sys.executable, "-m", "deploy.local.supervisor", "--home", str(home)]
        started = subprocess.Popen(
            command,
            cwd=Path(__file__).parents[2],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        deadline = time.monotonic() + _PATIENCE
        with file.open() as progress:
            progress.seek(log.tell())
            while time.monotonic() < deadline:
                sys.stdout.write(progress.read())
                sys.stdout.flush()
                now = state.load(home)
                if now is not None and now.pid == started.pid and now.ready:
                    sys.stdout.write(progress.read())
                    return 0
                if (code := started.poll()) is not None:
                    sys.stdout.write(progress.read())
                    return code
                time.sleep(0.1)
    return 1
