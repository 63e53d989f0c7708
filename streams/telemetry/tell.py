"""A reading worth telling → a `sensor.sampled` on the business way."""

from __future__ import annotations

from decimal import Decimal

from sharedchain.codec import Codec
from sharedchain.envelope import Envelope
from sharedchain.spine import BY_KEY, Record
from sharedchain.telemetry import Reading
from streams.telemetry.thin import scaled

TYPE = "sensor.sampled"


class Teller:
    """Writes what is told. Its identity is what it says: equipment, component, metric, moment."""

    def __init__(self, codec: Codec, window: int) -> None:
        self._codec, self._window = codec, window
        self._kind = codec.catalog.types[TYPE]

    def record(self, one: Reading) -> Record:
        """As a publisher would write it. Raises ConnectionFailed: the registry does not answer."""
        data = {
            "equipment_id": one.equipment_id, "component_id": one.component_id, "metric": one.metric,
            "value": Decimal(scaled(one.value)).scaleb(-4), "unit": one.unit,
            "quality_flag": None if one.good else "BAD", "at": one.at, "due_at": one.at + self._window,
        }  # fmt: skip
        said = Envelope(type=TYPE, time=one.at, subject=one.equipment_id, tenant=one.tenant)
        value, key = self._codec.encode(self._kind, data), self._kind.key_of(one.tenant, data)
        return Record(self._kind.topic, BY_KEY, key, value, said.headers())
