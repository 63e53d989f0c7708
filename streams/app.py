"""The engine: `faust -A streams.app worker --without-web`, with the home in SHAREDCHAIN_HOME.

SHAREDCHAIN_SLOT (default 0) names the worker: start several with different slots to share the
eight partitions. SHAREDCHAIN_ENGINE_SESSION (seconds, default 8): how long the others wait for a
worker that does not answer before they take its partitions.
"""

from __future__ import annotations

import os

from sharedchain.codec import Codec
from sharedchain.core import fold
from sharedchain.endpoints import Endpoints
from sharedchain.registry import Registry
from sharedchain.schemas import Catalog
from sharedchain.spine import derived_record, read_fact_from
from streams.engine import Core, Words
from streams.engine_app import engine_app
from streams.patience import patient
from streams.worker import Seat

_endpoints = Endpoints.load(program="engine")
_codec = Codec(Registry.of(_endpoints), Catalog.load())
_core = Core(version=fold.CORE_VERSION, new=fold.new_state, step=fold.step, dump=fold.dump, load=fold.load)
_words = Words(
    read=patient(
        lambda partition, record: read_fact_from(
            _codec, partition=partition, offset=record.offset, headers=record.headers, value=record.value
        )
    ),
    write=patient(lambda derived: derived_record(_codec, derived)),
)

app = engine_app(_endpoints, _core, _words, Seat.of(os.environ, _endpoints.home))
