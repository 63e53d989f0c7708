"""Gates: which evidence a step asks for and did not get."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sharedchain.errors import Refused


def check(step: str, asked: Iterable[str], given: Sequence[Mapping[str, Any]] | None) -> None:
    """Raises Refused(evidence) that names what `step` lacks; only the kind of evidence counts."""
    have = {piece["kind"] for piece in given or ()}
    if lacking := [kind for kind in asked if kind not in have]:
        told = ", ".join(lacking)
        raise Refused("evidence", f"{step} needs evidence of kind {told}", "evidence", f"{step} without {told}")
