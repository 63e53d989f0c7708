"""Every error of sharedchain, and where it goes.

SharedChainError            base: says what, where, how to mend
├── ConfigError             a file of ours is wrong (all findings told together)
├── ConnectionFailed        a peer does not answer
├── Refused                 one record cannot enter: reason, field, text, value → dead letters
└── Fenced                  another process owns this work now: stop, never retry
"""

from __future__ import annotations

from typing import Literal

Reason = Literal[
    "tombstone",  # no value
    "too_large",  # value or key over the limit
    "bad_frame",  # not 0x00 + schema id + Avro
    "unknown_schema",  # the registry has no such id
    "undeclared_type",  # the schema's full name is not declared for this topic
    "unsafe_schema",  # recursive, or zero-size array items, or too many fields
    "unreadable",  # does not resolve to the reader schema, truncated, bad index, bad UTF-8
    "trailing",  # bytes behind the record
    "bad_header",  # a ce_ header that cannot be read
    "no_identity",  # neither ce_source + ce_id nor the payload's identity fields
    "missing_field",  # a contract field is absent or empty
    "unknown_term",  # a word outside the dictionary
    "bad_time",  # implausible against the scope's clock
    "conflict",  # same identity, other content
    "domain",  # a value that cannot be: negative money, foreign currency, …
    "transition",  # not allowed from the present state
    "evidence",  # a gate or a node asks for evidence that was not given
    "orphan",  # the parent did not come in time
    "permission",
]


class SharedChainError(Exception):
    """Base of all. `str()` is one line a person can act on."""


class ConfigError(SharedChainError):
    """Files of ours are wrong. `findings` are lines «file:line: what; how to mend»."""

    def __init__(self, findings: list[str]) -> None:
        super().__init__("\n".join(findings))
        self.findings = findings

    def __reduce__(self) -> tuple[type[ConfigError], tuple[list[str]]]:
        return ConfigError, (self.findings,)


class ConnectionFailed(SharedChainError):
    """A peer (Kafka, registry, ClickHouse, gateway) does not answer."""


class Fenced(SharedChainError):
    """A successor took over; this process must end without another write."""


class Refused(SharedChainError):
    """One record cannot enter. `value` is what offends, as short text: the unknown word, the move
    that is not allowed. Survives pickling: reason, text, field and value travel together."""

    def __init__(self, reason: Reason, text: str, field: str = "", value: str = "") -> None:
        super().__init__(f"{reason}: {text}" + (f" (field {field})" if field else ""))
        self.reason: Reason = reason
        self.text = text
        self.field = field
        self.value = value

    def __reduce__(self) -> tuple[type[Refused], tuple[Reason, str, str, str]]:
        return Refused, (self.reason, self.text, self.field, self.value)
