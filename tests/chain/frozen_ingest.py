"""`python -m streams.ingest` that can freeze itself in the middle of its work, and be without its fence.

FREEZE: a file; the process touches it and stops itself (SIGSTOP) in its first transaction with records.
ANONYMOUS: red twin: a transactional id of its own in every process, so that nothing fences anybody.
"""

from __future__ import annotations

import os
import signal
import sys
import uuid
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sharedchain import kafka
from streams.ingest import writer
from streams.ingest.__main__ import main


def _stop(name: str) -> None:
    flag = Path(os.environ["FREEZE"])
    if name == "ingest.after_begin" and not flag.exists():
        flag.touch()
        os.kill(os.getpid(), signal.SIGSTOP)


def _anonymous(endpoints: Any, transactional_id: str, **overrides: Any) -> Any:
    return kafka.transactional_producer(endpoints, f"{transactional_id}.{uuid.uuid4()}", **overrides)


if __name__ == "__main__":
    if os.environ.get("FREEZE"):
        writer.failpoint = _stop  # type: ignore[attr-defined]
    if os.environ.get("ANONYMOUS"):
        writer.transactional_producer = _anonymous  # type: ignore[attr-defined]
    code = main()
    sys.stderr.flush()
    os._exit(code)
