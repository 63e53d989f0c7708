"""The schema registry, by its Confluent-compatible HTTP API. Ids and schemas never change, so both are kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2

from sharedchain.endpoints import Endpoints, Login
from sharedchain.errors import ConfigError, ConnectionFailed, Refused
from sharedchain.tls import trust

_RETRIES = (0.02, 0.08, 0.2)  # seconds between asks for an unknown id: the registry may lag behind the producer
_UNKNOWN_FOR = 5.0  # seconds for which an id stays unknown without asking again
_KEPT = 4096  # ids remembered; far above any honest number of schemas


class Registry:
    """One registry at `url`, the base of the Confluent-compatible API. Safe to share by threads."""

    def __init__(
        self,
        url: str,
        *,
        ca: Path | None = None,
        login: Login | None = None,
        now: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        auth = (login.user, login.password.get_secret_value()) if login else None
        more: dict[str, Any] = {"verify": trust(ca)} if ca else {}
        self._http = httpx2.Client(timeout=5.0, transport=transport, trust_env=False, auth=auth, **more)
        self._now, self._pause = now, pause
        self._schemas: dict[int, str] = {}
        self._ids: dict[tuple[str, str], int] = {}
        self._unknown: dict[int, float] = {}

    @classmethod
    def of(cls, endpoints: Endpoints) -> Registry:
        """The registry of these endpoints, entered as they say."""
        said = endpoints.registry_access
        return cls(endpoints.registry, ca=said.ca, login=said.login)

    def schema_by_id(self, schema_id: int) -> str:
        """The Avro schema text of an id.

        Raises Refused(unknown_schema) after three more asks, Refused(undeclared_type) for a schema
        that is not Avro, ConnectionFailed when the registry does not answer.
        """
        if known := self._schemas.get(schema_id):
            return known
        if self._now() < self._unknown.get(schema_id, 0.0):
            raise _unknown(schema_id)
        for wait in (*_RETRIES, None):
            found = self._ask("GET", f"/schemas/ids/{schema_id}")
            if found is not None:
                return self._keep(schema_id, found)
            if wait is not None:
                self._pause(wait)
        if len(self._unknown) >= _KEPT:
            self._unknown.clear()
        self._unknown[schema_id] = self._now() + _UNKNOWN_FOR
        raise _unknown(schema_id)

    def register(self, subject: str, schema: str) -> int:
        """The id of `schema` under `subject`, registering it if it is new.

        Raises ConfigError when the registry refuses it (incompatible, or not a schema).
        """
        known = self._ids.get((subject, schema))
        if known is None:
            answer = self._ask("POST", f"/subjects/{quote(subject, safe='')}/versions", {"schema": schema})
            if answer is None:
                raise ConfigError([f"{self.url}: the registry does not know subject {subject} and takes no new one"])
            known = self._ids[subject, schema] = int(answer["id"])
        return known

    def versions(self, subject: str) -> dict[int, tuple[int, str]]:
        """Id and schema text of a subject by version number; empty when there is no such subject."""
        path = f"/subjects/{quote(subject, safe='')}/versions"
        numbers = (self._ask("GET", path) or {"list": []})["list"]
        found = {number: self._ask("GET", f"{path}/{number}") for number in numbers}
        return {number: (int(answer["id"]), str(answer["schema"])) for number, answer in found.items() if answer}

    def subjects(self) -> set[str]:
        """Every subject that has a version."""
        return set((self._ask("GET", "/subjects") or {"list": []})["list"])

    def require_compatibility(self, subject: str, level: str, *, fresh: bool = False) -> None:
        """See that a subject has this compatibility, setting it if not; of a `fresh` one it is not asked before.

        Raises ConfigError if it does not take.
        """
        path = f"/config/{quote(subject, safe='')}"
        if not fresh and (self._ask("GET", path) or {}).get("compatibilityLevel") == level:
            return
        self._ask("PUT", path, {"compatibility": level})
        echoed = (self._ask("GET", path) or {}).get("compatibilityLevel")
        if echoed != level:
            raise ConfigError([f"{self.url}: subject {subject} answers compatibility {echoed}, not {level}"])

    def answers(self, wait: float) -> None:
        """Return when it answers within `wait` seconds. Raises ConnectionFailed."""
        try:
            self._http.get(f"{self.url}/config", timeout=wait).raise_for_status()
        except httpx2.HTTPError as error:
            why = str(error) or type(error).__name__
            raise ConnectionFailed(f"the schema registry at {self.url} does not answer: {why}") from None

    def close(self) -> None:
        self._http.close()

    def _keep(self, schema_id: int, found: dict[str, Any]) -> str:
        if found.get("schemaType", "AVRO") != "AVRO":
            raise Refused("undeclared_type", f"schema {schema_id} is {found['schemaType']}, not Avro")
        if len(self._schemas) >= _KEPT:
            self._schemas.clear()
        text = self._schemas[schema_id] = str(found["schema"])
        return text

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any] | None:
        """The answer as JSON, None for «not found». Raises ConnectionFailed, ConfigError."""
        try:
            answer = self._http.request(method, self.url + path, json=body)
        except httpx2.TransportError as error:
            raise ConnectionFailed(f"the schema registry at {self.url} does not answer: {error}") from None
        if answer.status_code in (401, 403):
            raise ConfigError([f"{self.url}: refused with {answer.status_code}: user or password are not right there"])
        try:
            said = answer.json()
        except ValueError:
            raise ConnectionFailed(f"{self.url}{path} answers {answer.status_code} without JSON: no registry") from None
        if answer.status_code == 404:
            return None
        if answer.status_code >= 500 or answer.status_code in (408, 429):
            raise ConnectionFailed(f"the schema registry at {self.url} answers {answer.status_code}: {said}")
        if answer.status_code >= 400:
            message = said.get("message", said) if isinstance(said, dict) else said
            raise ConfigError([f"{self.url}{path}: refused with {answer.status_code}: {message}"])
        return said if isinstance(said, dict) else {"list": said}


def _unknown(schema_id: int) -> Refused:
    return Refused("unknown_schema", f"the registry has no schema {schema_id}: register it, then publish again")
