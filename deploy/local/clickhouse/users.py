"""Who may ask, and with which defaults. Passwords are compared in constant time."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from deploy.local.clickhouse.errors import ClickHouseError

_MIB = 1 << 20
OWNER_DEFAULTS: Mapping[str, str] = MappingProxyType(
    {"max_memory_usage": str(1024 * _MIB), "max_execution_time": "600", "max_result_rows": "50000000"}
)
READER_DEFAULTS: Mapping[str, str] = MappingProxyType(
    {"max_memory_usage": str(512 * _MIB), "max_execution_time": "60", "max_result_rows": "5000000"}
)


@dataclass(frozen=True)
class User:
    """`defaults` are engine settings that every handle of the user starts with."""

    name: str
    password: str = field(repr=False)
    defaults: Mapping[str, str]
    readonly: bool = False


def authenticate(users: Mapping[str, User], headers: Mapping[str, str], params: Mapping[str, str]) -> User:
    """The user of one request: basic auth, X-ClickHouse-User/-Key or ?user=&password=. Raises 516, 48."""
    name, password = credentials(headers, params)
    user = users.get(name)
    wanted = user.password if user else ""
    if hmac.compare_digest(password.encode("utf-8", "surrogateescape"), wanted.encode()) and user is not None:
        return user
    raise ClickHouseError(
        516, f"{name}: Authentication failed: password is incorrect, or there is no user with such name."
    )


def credentials(headers: Mapping[str, str], params: Mapping[str, str]) -> tuple[str, str]:
    given = headers.get("authorization", "")
    if "x-clickhouse-ssl-certificate-auth" in headers or given.lower().startswith("bearer "):
        raise ClickHouseError(48, "Only user and password are supported here, no certificates and no tokens")
    if given.lower().startswith("basic "):
        try:
            name, _, password = base64.b64decode(given[6:], validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise ClickHouseError(516, "The Authorization header is not base64 of user:password") from None
        return name or "default", password
    name = headers.get("x-clickhouse-user") or params.get("user") or "default"
    return name, headers.get("x-clickhouse-key") or params.get("password") or ""
