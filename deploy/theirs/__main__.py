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
        while not stop.wait(1.0) and not cluster.dead():
            pass
        for name in cluster.dead():
            print(f"{name} ended; see {cluster.folder}/log/{name}.log", file=sys.stderr)
        return 0 if stop.is_set() else 1
    except SharedChainError as problem:
        print(problem, file=sys.stderr)
        return 1
    finally:
        cluster.down()


if __name__ == "__main__":
    sys.exit(main())
