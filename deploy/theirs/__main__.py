"""`python -m deploy.theirs DIR`: a cluster to try `sharedchain up --connect` with, until Ctrl-C; DIR is kept."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time
from pathlib import Path

from deploy.theirs.cluster import Cluster
from sharedchain.cli import language
from sharedchain.errors import SharedChainError

_READY = (
    "就绪;在另一个终端运行: sharedchain up --connect {}",
    "ready; in another terminal: sharedchain up --connect {}",
)
_ENDED = ("已退出,其余继续;日志", "ended, the others go on; see")


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m deploy.theirs", description=__doc__)
    options.add_argument("folder", type=Path, metavar="DIR")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    began = time.monotonic()
    cluster = Cluster(options.parse_args().folder, lambda line: print(line, flush=True))
    try:
        file = cluster.up()
        print(f"{time.monotonic() - began:.1f} s  {_READY[language() == 'en'].format(file)}", flush=True)
        told: set[str] = set()
        while not stop.wait(1.0):
            for name in sorted({*cluster.dead()} - told):
                told.add(name)
                print(f"{name} {_ENDED[language() == 'en']} {cluster.folder}/log/{name}.log", flush=True)
        return 0
    except SharedChainError as problem:
        print(problem, file=sys.stderr)
        return 1
    finally:
        cluster.down()


if __name__ == "__main__":
    sys.exit(main())
