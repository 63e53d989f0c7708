"""The real engine shell around the toy core, as a process: `toy_worker.py HOME RUN SLOT worker …`."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sharedchain.endpoints import Endpoints
from sharedchain.fact import Derived
from sharedchain.spine import Record
from streams.engine import Words
from streams.engine_app import engine_app
from streams.worker import Seat
from tests.chain import toy, twins

SESSION = 4.0  # seconds: the broker of the tests allows it, and a takeover is then quick


def main() -> None:
    home, run, slot = Path(sys.argv.pop(1)), toy.Toy(sys.argv.pop(1)), sys.argv.pop(1)

    def signed(derived: Derived) -> Record:  # so that a test can see who decided
        record = run.write(derived)
        return replace(record, headers=[*record.headers, ("by", slot.encode())])

    endpoints = Endpoints.load(home)
    twins.TWINS[os.environ.get("TOY_TWIN", "")](endpoints)
    words = Words(read=toy.read, write=signed)
    app = engine_app(endpoints, toy.CORE, words, Seat(slot=slot, home=home, session=SESSION), run.wiring)

    @app.on_partitions_assigned.connect  # type: ignore[untyped-decorator]
    async def ready(*_: object, **__: object) -> None:
        Path(os.environ["TOY_READY"]).touch()

    app.main()


if __name__ == "__main__":
    main()
