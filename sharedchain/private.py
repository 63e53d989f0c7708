"""Files that are their owner's alone: what others may not read, and nobody may find half written."""

from __future__ import annotations

from pathlib import Path


def write(file: Path, text: str) -> None:
    """Write `file` atomically, readable by its owner only. One writer at a time: it grows beside it, as `.new`."""
    fresh = file.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(text)
    fresh.replace(file)
