"""Encodings go both ways in any pieces, and a small body cannot fill the memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.clickhouse.codec import choose, unpack
from deploy.local.clickhouse.errors import ClickHouseError

NAMES = ["gzip", "deflate", "zstd", "lz4"]


def pack(name: str, parts: list[bytes]) -> bytes:
    chosen = choose(name)
    assert chosen is not None
    _, packer = chosen
    return b"".join([*map(packer.compress, parts), packer.flush()])


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


@given(st.sampled_from(NAMES), st.lists(st.binary(max_size=2000), max_size=5), st.integers(1, 300))
def test_both_ways_in_any_pieces(name: str, parts: list[bytes], size: int) -> None:
    packed = pack(name, parts)
    assert b"".join(unpack(name, pieces(packed, size))) == b"".join(parts)


@pytest.mark.parametrize("name", NAMES)
def test_several_frames_follow_one_another(name: str) -> None:
    packed = pack(name, [b"one "]) + pack(name, [b"two"])
    assert b"".join(unpack(name, pieces(packed, 7))) == b"one two"


@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_or_cut_body_is_refused(name: str) -> None:
    packed = pack(name, [bytes(range(256)) * 100])
    for wrong in (packed[: len(packed) // 2], b"not " + packed):
        with pytest.raises(ClickHouseError) as refused:
            b"".join(unpack(name, iter([wrong])))
        assert refused.value.code == 117


@pytest.mark.parametrize("name", NAMES)
def test_unpacking_yields_small_pieces(name: str) -> None:
    packed = pack(name, [bytes(1 << 20)] * 64)
    sizes = [len(piece) for piece in unpack(name, iter([packed]))]
    assert sum(sizes) == 64 << 20
    assert max(sizes) <= 4 << 20


def test_the_choice() -> None:
    names = {word: (choose(word) or ("none",))[0] for word in ("gzip, deflate", "br;q=1.0, gzip;q=0.8", "identity", "")}
    assert names == {"gzip, deflate": "gzip", "br;q=1.0, gzip;q=0.8": "gzip", "identity": "none", "": "none"}
    chosen = choose("gzip")
    assert chosen is not None
    assert zlib.decompress(chosen[1].compress(b"x") + chosen[1].flush(), 31) == b"x"


def test_an_unknown_encoding_is_48() -> None:
    with pytest.raises(ClickHouseError) as refused:
        b"".join(unpack("br", iter([b"x"])))
    assert refused.value.code == 48
