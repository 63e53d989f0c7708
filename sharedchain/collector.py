"""Python's garbage collector, set for programs that hold many records and leave few cycles.

As it comes it looks at the youngest objects each 700 new ones: beside ten thousand records that wait, half of the time
it takes to read one is spent looking at the others. `docs/bench.md` says what this gives.
"""

from __future__ import annotations

import gc

_YOUNG, _MIDDLE, _OLD = 20_000, 20, 100  # new objects, and times, until each generation is looked at


def rest() -> None:
    """Look seldom, and never again at what is there by now: modules, schemas, rules. For a program that is ready."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
