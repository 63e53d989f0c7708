"""`leash.py SIGNAL PARENT COMMAND…`: becomes COMMAND, which the kernel signals when the thread that started it ends.

A program of its own and not a preexec_fn: that one runs Python between fork and exec, which may hang
in a process with threads. Runs on a bare interpreter; costs some 20 ms.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1

if __name__ == "__main__":
    signal, parent, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal)
    if os.getppid() != parent:  # it died before we could say so
        sys.exit(1)
    os.execvp(command[0], command)
