"""ClickHouse's numbered errors: their text on the wire and their HTTP status."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

NAMES: Mapping[int, str] = MappingProxyType(
    {
        48: "NOT_IMPLEMENTED",
        62: "SYNTAX_ERROR",
        73: "UNKNOWN_FORMAT",
        115: "UNKNOWN_SETTING",
        117: "INCORRECT_DATA",
        164: "READONLY",
        202: "TOO_MANY_SIMULTANEOUS_QUERIES",
        209: "SOCKET_TIMEOUT",
        216: "QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING",
        236: "ABORTED",
        307: "TOO_MANY_BYTES",
        372: "SESSION_NOT_FOUND",
        373: "SESSION_IS_LOCKED",
        374: "INVALID_SESSION_TIMEOUT",
        497: "ACCESS_DENIED",
        516: "AUTHENTICATION_FAILED",
        1002: "UNKNOWN_EXCEPTION",
        36: "BAD_ARGUMENTS",
    }
)

# As ClickHouse's own HTTP handler maps them; every other code is a 500.
_STATUS = {
    **dict.fromkeys((6, 15, 25, 26, 27, 36, 38, 41, 43, 44, 53, 62, 72, 117, 130, 427, 456, 457), 400),
    194: 401,
    **dict.fromkeys((192, 193, 497, 516), 403),
    **dict.fromkeys((46, 47, 50, 56, 60, 63, 73, 81, 115, 372), 404),
    **dict.fromkeys((159, 209), 408),
    307: 413,
    48: 501,
    **dict.fromkeys((202, 236), 503),
}


class ClickHouseError(Exception):
    """One refusal: `code` is ClickHouse's number, `str()` its text «Code: N. DB::Exception: …»."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"Code: {code}. DB::Exception: {text} ({NAMES.get(code, 'UNKNOWN_EXCEPTION')})")
        self.code = code

    @classmethod
    def from_engine(cls, raised: BaseException) -> ClickHouseError:
        """Keep the engine's own words; a text without a number becomes 1002."""
        text = str(raised)
        found = re.search(r"Code: (\d+)", text)
        if found is None:
            return cls(1002, text or type(raised).__name__)
        error = cls(int(found[1]), "")
        error.args = (text[found.start() :].strip(),)
        return error

    @property
    def status(self) -> int:
        return _STATUS.get(self.code, 500)

    def render(self, version: str) -> str:
        """The body of the answer; clients look for the version at its end."""
        text = str(self)
        return text if "(version " in text else f"{text} (version {version})"
