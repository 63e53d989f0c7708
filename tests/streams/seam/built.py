"""Record batches as Kafka holds them, built by aiokafka's producer."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c

NOW = 1_777_000_000_000
_ATTRIBUTES, _LATEST, _CRC = 21, 35, 17
_APPENDED, _CONTROL = 1 << 3, 1 << 5


class Said(NamedTuple):
    """What somebody publishes."""

    value: bytes | None
    key: bytes | None = None
    headers: Sequence[tuple[str, bytes | None]] = ()


def built(
    base: int, said: Sequence[Said], *, packed: int = 0, appended: int | None = None, producer: int | None = None
) -> bytes:
    """A batch of format 2 from offset `base` on, a ms between two records. `packed`: the compression's number;
    `appended`: when Kafka took all of them (ms); `producer`: id of one with transactions."""
    builder = DefaultRecordBatchBuilder(
        magic=2, compression_type=packed, is_transactional=int(producer is not None),
        producer_id=-1 if producer is None else producer, producer_epoch=0, base_sequence=0, batch_size=1 << 24,
    )  # fmt: skip
    for nth, one in enumerate(said):
        builder.append(nth, timestamp=NOW + nth, key=one.key, value=one.value, headers=[*one.headers])
    octets = bytearray(builder.build())
    octets[:8] = struct.pack(">q", base)
    if appended is not None:
        octets[_ATTRIBUTES + 1] |= _APPENDED
        octets[_LATEST : _LATEST + 8] = struct.pack(">q", appended)
    return _signed(octets)


def control(base: int, *, producer: int, commit: bool) -> bytes:
    """The marker that ends a transaction."""
    octets = bytearray(built(base, [Said(b"\0" * 6, key=struct.pack(">hh", 0, int(commit)))], producer=producer))
    octets[_ATTRIBUTES + 1] |= _CONTROL
    return _signed(octets)


def _signed(octets: bytearray) -> bytes:
    octets[_CRC:_ATTRIBUTES] = struct.pack(">I", calc_crc32c(octets[_ATTRIBUTES:]))
    return bytes(octets)
