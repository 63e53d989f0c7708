"""One form for people, one for machines; both name what a line is about."""

from __future__ import annotations

import io
import json
import logging
import logging.config
from collections.abc import Iterator

import pytest

from sharedchain import log

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    root.handlers = []
    yield
    root.handlers = before
    root.setLevel(level)


def said(monkeypatch: pytest.MonkeyPatch, form: str) -> str:
    monkeypatch.setenv("SHAREDCHAIN_LOG", form)
    monkeypatch.setenv("SHAREDCHAIN_PROGRAM", "notify")
    out = io.StringIO()
    log.start(out)
    about = log.ids(correlation="LEAD-1", traceparent=TRACE)
    logging.getLogger("sinks.notify").warning("线路 %s\nsecond", "IM", extra=about)
    return out.getvalue()


def test_json_is_one_object_a_line_with_the_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = said(monkeypatch, "json").splitlines()
    told = json.loads(line)
    assert told.pop("time").endswith("+00:00")
    assert told == {
        "level": "WARNING", "logger": "sinks.notify", "program": "notify", "text": "线路 IM\nsecond",
        "correlation": "LEAD-1", "trace": "4bf92f3577b34da6a3ce929d0e0e4736",
    }  # fmt: skip


def test_people_see_the_ids_behind_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    line = said(monkeypatch, "")
    assert line.endswith("second [correlation=LEAD-1 trace=4bf92f3577b34da6a3ce929d0e0e4736]\n")


@pytest.mark.parametrize("text", ["", "00-x", "00-" + "0" * 32 + "-00f067aa0ba902b7-01", "00-" + "Z" * 32 + "-1-01"])
def test_what_is_no_traceparent_has_no_trace(text: str) -> None:
    assert log.trace_id(text) == ""
    assert log.ids(traceparent=text) == {}


def test_a_library_that_wants_settings_logs_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHAREDCHAIN_LOG", "json")
    logging.config.dictConfig(log.settings("engine"))
    out = io.StringIO()
    monkeypatch.setattr(logging.getLogger().handlers[0], "stream", out)
    logging.getLogger("faust.app").info("chatter")
    logging.getLogger("engine").info("ours")
    logging.getLogger("aiokafka").warning("theirs")
    assert [json.loads(line)["text"] for line in out.getvalue().splitlines()] == ["ours", "theirs"]


def test_the_last_words_take_no_lock_and_know_their_event(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHAREDCHAIN_LOG", "json")
    error = ValueError("x")
    error.about = log.ids(event="E-1", traceparent=TRACE)  # type: ignore[attr-defined]
    log.start()
    handler = logging.getLogger().handlers[0]
    handler.acquire()
    try:
        log.last_words("engine", "exit 71: x", error)
    finally:
        handler.release()
    told = json.loads(capfd.readouterr().err)
    assert {"level": "CRITICAL", "logger": "engine", "text": "exit 71: x", "event": "E-1"}.items() <= told.items()
    assert "traceback" not in told
    log.last_words("engine", "exit 70", error, traced=True)
    assert "ValueError: x" in json.loads(capfd.readouterr().err)["traceback"]
