"""Errors as the caller sees them: RFC 9457 `application/problem+json`, with stable codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing wrong in a request: where (a path like `data.lines[0].amount`), what, how to mend."""

    field: str
    code: str
    text: str
    mend: str = ""


class Problem(Exception):
    """Ends a request with `status` and a problem body. `code` is stable: programs may switch on it."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        findings: Sequence[Finding] = (),
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.findings = tuple(findings)
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})

    def body(self) -> dict[str, Any]:
        """The problem as JSON data; `errors` only when there are findings."""
        said: dict[str, Any] = {
            "type": f"urn:sharedchain:problem:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }
        if self.findings:
            said["errors"] = [asdict(one) for one in self.findings]
        return said | self.extra


def unavailable(peer: str, detail: str) -> Problem:
    """503 with Retry-After: `peer` does not answer; repeating the same request is safe."""
    return Problem(503, f"{peer}_unavailable", detail, headers={"Retry-After": "2"})
