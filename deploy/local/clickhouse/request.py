"""What one HTTP request asks for, before any of it runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from deploy.local.clickhouse import lex
from deploy.local.clickhouse.body import Part
from deploy.local.clickhouse.errors import ClickHouseError
from deploy.local.clickhouse.users import User

# Parameters that the transport consumes; every other one is an engine setting.
_TRANSPORT = """
    query database default_format session_id session_timeout session_check query_id user password quota_key compress
    decompress buffer_size wait_end_of_query client_protocol_version role stacktrace enable_http_compression
    send_progress_in_http_headers http_headers_progress_interval_ms cancel_http_readonly_queries_on_client_close
    http_zlib_compression_level http_response_buffer_size log_comment readonly
"""
TRANSPORT = frozenset(_TRANSPORT.split())
_TABLE_WORDS = ("format", "structure", "types")


@dataclass(frozen=True)
class Table:
    """External data: a temporary table `name` for one statement; `columns` as in CREATE TABLE."""

    name: str
    columns: str
    format: str
    data: bytes


@dataclass(frozen=True)
class Request:
    """`headers` have lower-case names; `body` is decoded and capped, and may be read once."""

    method: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    user: User
    query_id: str
    body: Iterator[bytes]
    tables: tuple[Table, ...] = ()

    @property
    def database(self) -> str | None:
        return self.headers.get("x-clickhouse-database") or self.params.get("database") or None

    @property
    def format(self) -> str:
        """What a statement without a FORMAT of its own answers in."""
        name = self.headers.get("x-clickhouse-format") or self.params.get("default_format") or "TabSeparated"
        if not re.fullmatch(r"\w+", name):
            raise ClickHouseError(73, f"Unknown format {name!r}")
        return name

    @property
    def readonly(self) -> int:
        """0, 1 or 2 as ClickHouse has them; a GET writes nothing, a reader never does."""
        if self.user.readonly:
            return 2
        asked = self.params.get("readonly", "0" if self.method == "POST" else "2")
        if asked not in ("0", "1", "2"):
            raise ClickHouseError(36, f"readonly must be 0, 1 or 2, not {asked!r}")
        return int(asked) if self.method == "POST" else int(asked) or 2

    @property
    def query_params(self) -> dict[str, str]:
        """Server-side parameters; their values are TSV-escaped text, passed on untouched."""
        found = {name[6:]: value for name, value in self.params.items() if name.startswith("param_")}
        for name in found:
            if not re.fullmatch(r"\w+", name):
                raise ClickHouseError(36, f"{name!r} cannot be the name of a query parameter")
        return found

    @property
    def settings(self) -> dict[str, str]:
        """Engine settings of this one statement. Raises 115 on a name that cannot be one."""
        own = {f"{table.name}_{word}" for table in self.tables for word in _TABLE_WORDS}
        found = {
            name: value
            for name, value in self.params.items()
            if name not in TRANSPORT and name not in own and not name.startswith("param_")
        }
        for name in found:
            if not re.fullmatch(r"\w+", name):
                raise ClickHouseError(115, f"Setting {name} is neither a builtin setting nor a user-defined one.")
        return found

    def flag(self, name: str) -> bool:
        return self.params.get(name, "0").lower() in ("1", "true")


def refuse_unsupported(params: Mapping[str, str]) -> None:
    """What the protocol has and this server has not. Raises 48."""
    for name in ("compress", "decompress"):
        if params.get(name, "0") not in ("0", "false", ""):
            raise ClickHouseError(
                48, f"{name}=1 (ClickHouse's own frames) is not supported: use Content-Encoding and Accept-Encoding"
            )
    if params.get("role"):
        raise ClickHouseError(48, "Roles are not supported: the embedded engine has no access control")


def split_form(parts: list[Part], params: dict[str, str]) -> tuple[dict[str, str], tuple[Table, ...]]:
    """`query` and `param_*` fields join the parameters; every other part is an external table."""
    merged, tables = dict(params), []
    for part in parts:
        if part.filename is None and (part.name == "query" or part.name.startswith("param_")):
            merged[part.name] = part.data.decode("utf-8", "surrogateescape")
        else:
            tables.append(part)
    return merged, tuple(_table(part, merged) for part in tables)


def _table(part: Part, params: Mapping[str, str]) -> Table:
    if not re.fullmatch(r"[A-Za-z_]\w*", part.name):
        raise ClickHouseError(36, f"{part.name!r} cannot be the name of an external table")
    types = params.get(f"{part.name}_types", "")
    columns = params.get(f"{part.name}_structure") or ", ".join(
        f"_{i + 1} {kind}" for i, kind in enumerate(types.split(",")) if kind.strip()
    )
    if not columns:
        raise ClickHouseError(36, f"External table {part.name} has neither {part.name}_structure nor {part.name}_types")
    if any(token.depth < 0 or token.text == b";" for token in lex.tokens(columns.encode())):
        raise ClickHouseError(36, f"The columns of external table {part.name} cannot be read: {columns}")
    return Table(part.name, columns, params.get(f"{part.name}_format", "TabSeparated"), part.data)
