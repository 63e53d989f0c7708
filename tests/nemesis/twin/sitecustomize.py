"""Imported by the interpreter of a program whose clock may jump (`tests/nemesis/clock.py`), or that shall be without
one mechanism (`tests/nemesis/unarmed.py`)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

if os.environ.get("NEMESIS_CLOCK") and "--home" in sys.orig_argv:
    from tests.nemesis.clock import bend

    bend(Path(os.environ["NEMESIS_CLOCK"]))

if os.environ.get("NEMESIS_TWIN") and "--home" in sys.orig_argv:
    from tests.nemesis.unarmed import TWINS

    TWINS[os.environ["NEMESIS_TWIN"]].take(Path(sys.orig_argv[sys.orig_argv.index("--home") + 1]))
