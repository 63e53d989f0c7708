"""A schema registry in memory, and ways to write what no honest client would."""

from __future__ import annotations

import io
import json
from typing import Any

import fastavro

from sharedchain.errors import Refused


class Shelf:
    """Ids count from 1; `down` set to an error makes every ask raise it."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.asks = 0
        self.down: Exception | None = None

    def register(self, subject: str, schema: str) -> int:
        if schema not in self.texts:
            self.texts.append(schema)
        return self.texts.index(schema) + 1

    def schema_by_id(self, schema_id: int) -> str:
        self.asks += 1
        if self.down:
            raise self.down
        if schema_id > len(self.texts):
            raise Refused("unknown_schema", f"no schema {schema_id}")
        return self.texts[schema_id - 1]

    def frame(self, schema: Any, body: bytes) -> bytes:
        """`body` behind the prefix of `schema`, which is registered whatever it is."""
        text = schema if isinstance(schema, str) else json.dumps(schema)
        return b"\0" + self.register("foreign-value", text).to_bytes(4, "big") + body

    def write(self, schema: dict[str, Any], data: dict[str, Any]) -> bytes:
        """A foreign client's record."""
        out = io.BytesIO()
        fastavro.schemaless_writer(out, fastavro.parse_schema(schema), data)
        return self.frame(schema, out.getvalue())
