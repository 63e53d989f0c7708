"""Who an event is, and what it says: 128-bit digests by which a repetition is known."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sharedchain.envelope import Envelope
from sharedchain.errors import Refused

MOST = 500  # characters of an identity
_FRAME = 5  # magic byte and schema id: not content, two registries number differently


@dataclass(frozen=True, slots=True)
class Identity:
    """`source` and `id` are what the spine says. `named` is the digest of source + id where the
    publisher gave both, `told` that of the payload's identity fields where the type has them."""

    source: str
    id: str
    named: bytes | None
    told: bytes | None


class Known(NamedTuple):
    """What the book remembers of an accepted event: digests of both its identities and its content."""

    named: bytes
    told: bytes | None
    content: bytes


def identify(
    said: Envelope, scope: str, topic: str, type_name: str, data: Mapping[str, Any], fields: Sequence[str]
) -> Identity:
    """First that applies: `ce_source` + `ce_id`; the payload's `fields`; `ce_id` alone.

    Raises Refused(no_identity) when none does, Refused(too_large) for one that nobody can carry about.
    """
    told, text = told_by(scope, type_name, data, fields)
    if len(text) > MOST or len(said.id) > MOST:
        where = fields[0] if len(text) > MOST else "ce_id"
        raise Refused("too_large", f"an identity has at most {MOST} characters, {where} makes it longer", where)
    if said.source and said.id:
        return Identity(said.source, said.id, digest("named", scope, said.source, said.id), told)
    source = said.source or f"kafka:{topic}"
    if told:
        return Identity(source, text, None, told)
    if said.id:
        return Identity(source, said.id, digest("named", scope, source, said.id), None)
    missing = next((f for f in fields if data.get(f) in (None, "")), "")
    instead = f", or the field {missing}" if missing else f": a {type_name} has no other name"
    raise Refused("no_identity", f"give the headers ce_source and ce_id{instead}", missing or "ce_id")


def told_by(scope: str, type_name: str, data: Mapping[str, Any], fields: Sequence[str]) -> tuple[bytes | None, str]:
    """Digest and readable form of the payload's identity; (None, "") when a field is empty."""
    values = [data.get(f) for f in fields]
    if not values or any(v is None or v == "" for v in values):
        return None, ""
    words = [str(v) for v in values]
    return digest("told", scope, type_name, *words), f"{type_name}/{'/'.join(words)}"


def content_of(value: bytes) -> bytes:
    """Digest of a framed value: what it says, in our schema, after synonyms became codes."""
    return hashlib.blake2b(value[_FRAME:], digest_size=16).digest()


def digest(*parts: str) -> bytes:
    """128 bits over parts whose borders count: ("a", "bc") differs from ("ab", "c")."""
    return hashlib.blake2b(
        "".join(f"{len(p)}:{p}" for p in parts).encode(errors="surrogatepass"), digest_size=16
    ).digest()
