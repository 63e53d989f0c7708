"""The telemetry engine: `faust -A streams.telemetry.app worker --without-web`, with the home in SHAREDCHAIN_HOME.

SHAREDCHAIN_SLOT (default 0) names the worker; SHAREDCHAIN_ENGINE_SESSION as the engine has it.
SHAREDCHAIN_TELEMETRY_WINDOW (seconds, default 60): at least one reading of a metric is told in each, as long as
readings come.
"""

from __future__ import annotations

import os

from sharedchain.endpoints import Endpoints
from streams.telemetry.worker import telemetry_app
from streams.worker import Seat

_endpoints = Endpoints.load(program="telemetry")
_seat = Seat.of(os.environ, _endpoints.home)
app = telemetry_app(_endpoints, _seat, window=round(float(os.environ.get("SHAREDCHAIN_TELEMETRY_WINDOW", "60")) * 1000))
