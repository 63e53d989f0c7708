"""How many examples a property is tried on: few, and the same ones every time, in `make check`; many, and others each
time, in `make test`, which asks for the profile `deep`.
"""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings

DEEP = "deep"
_CALM: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}  # the machine may be busy
for name in ("default", DEEP):
    settings.register_profile(name, settings.get_profile("default"), **_CALM)


def examples(deep: int, quick: int = 0, **more: Any) -> settings:
    """So many of them, a fifth where nobody waits for more."""
    calm = _CALM | more
    if settings.get_current_profile_name() == DEEP:
        return settings(max_examples=deep, **calm)
    return settings(max_examples=quick or max(deep // 5, 4), derandomize=True, **calm)
