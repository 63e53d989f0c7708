"""Reading Kafka's segment files just enough to count: which offset comes next, and how many records there are."""

from __future__ import annotations

import struct

_HEAD = struct.Struct(">qiibIhiqqqhii")  # of a record batch, magic 2: KIP-98
_CONTROL = 0x20  # commit and abort markers
_FRAME = 12  # bytes before what `length` counts


class Batches:
    """Fed with the bytes of one partition's segments in order; a batch counts when all of it was there."""

    def __init__(self) -> None:
        self.end = 0  # the next offset
        self.records = 0  # without markers; aborted ones count
        self._head = bytearray()
        self._left = 0  # bytes of the present batch that are still to come
        self._batch = (0, 0)  # (next offset, records) of it
        self._torn = False

    def segment(self, base: int) -> None:
        """A new file begins at offset `base`; what was torn stays uncounted."""
        self._head.clear()
        self._left, self._torn = 0, False
        self.end = max(self.end, base)

    def feed(self, data: bytes) -> None:
        at = 0
        while at < len(data) and not self._torn:
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
            else:
                step = min(_HEAD.size - len(self._head), len(data) - at)
                self._head += data[at : at + step]
                if len(self._head) < _HEAD.size:
                    return
                self._begin()
            at += step
            if not self._left and not self._head and not self._torn:
                self.end = self._batch[0]
                self.records += self._batch[1]

    def _begin(self) -> None:
        base, length, _, magic, _, attributes, delta, *_, count = _HEAD.unpack(self._head)
        self._head.clear()
        self._left = length + _FRAME - _HEAD.size
        self._torn = magic != 2 or self._left < 0
        self._batch = (base + delta + 1, 0 if attributes & _CONTROL else count)
