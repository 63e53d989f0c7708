"""`thaw.py PID SECONDS`: PID goes on when the pipe closes, at the latest after SECONDS. Runs on a bare interpreter."""

import contextlib
import os
import select
import signal
import sys

if __name__ == "__main__":
    print("ready", flush=True)
    select.select([sys.stdin], [], [], float(sys.argv[2]))  # readable at its end: whoever held the pipe is gone
    with contextlib.suppress(ProcessLookupError):
        os.kill(int(sys.argv[1]), signal.SIGCONT)
