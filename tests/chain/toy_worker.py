"""The real engine shell around the toy core, as a process: `toy_worker.py HOME RUN SLOT worker …`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sharedchain.endpoints import Endpoints
from streams.worker import Seat, engine_app
from tests.chain import toy

if __name__ == "__main__":
    home, run, slot = Path(sys.argv.pop(1)), toy.Toy(sys.argv.pop(1)), sys.argv.pop(1)
    seat = Seat(slot=slot, home=home, session=6.0)
    engine_app(Endpoints.load(home), toy.CORE, run.words, seat, run.wiring).main()
