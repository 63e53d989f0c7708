"""Reads process groups from a pipe; at its end (the supervisor is gone) kills them. Runs on a bare interpreter."""

import contextlib
import os
import signal
import sys

if __name__ == "__main__":
    groups = [int(line) for line in sys.stdin]
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
