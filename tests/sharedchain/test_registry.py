"""How the registry's answers are understood; the real one is asked in test_registration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from sharedchain.errors import ConfigError, ConnectionFailed, Refused
from sharedchain.registry import Registry

NOT_FOUND = httpx2.Response(404, json={"error_code": 40403, "message": "Schema not found"})


class Script:
    """Answers given one after the other, and a clock that moves when somebody waits."""

    def __init__(self, *answers: httpx2.Response | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.clock = 0.0
        self.waits: list[float] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(f"{request.method} {request.url.path}")
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def pause(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.clock += seconds

    def registry(self) -> Registry:
        return Registry("http://r/api/", now=lambda: self.clock, pause=self.pause, transport=httpx2.MockTransport(self))


def schema(text: str = '"string"', **more: Any) -> httpx2.Response:
    return httpx2.Response(200, json={"schema": text, **more})


def test_a_schema_is_asked_for_once() -> None:
    script = Script(schema())
    registry = script.registry()
    assert registry.schema_by_id(7) == registry.schema_by_id(7) == '"string"'
    assert script.asked == ["GET /api/schemas/ids/7"]


def test_an_unknown_id_is_asked_for_again_because_the_registry_may_be_behind() -> None:
    script = Script(NOT_FOUND, NOT_FOUND, NOT_FOUND, schema())
    assert script.registry().schema_by_id(7) == '"string"'
    assert len(script.waits) == 3


def test_an_unknown_id_stays_unknown_for_a_while_then_is_asked_for_again() -> None:
    script = Script(*[NOT_FOUND] * 4, schema())
    registry = script.registry()
    for _ in range(2):
        with pytest.raises(Refused, match="no schema 7"):
            registry.schema_by_id(7)
    assert len(script.asked) == 4
    script.clock += 6
    assert registry.schema_by_id(7) == '"string"'


def test_a_schema_that_is_not_avro_is_no_declared_type() -> None:
    with pytest.raises(Refused) as caught:
        Script(schema("syntax", schemaType="PROTOBUF")).registry().schema_by_id(7)
    assert caught.value.reason == "undeclared_type"


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.ConnectError("refused"),
        httpx2.ReadTimeout("slow"),
        httpx2.Response(500, json={"error_code": 50001}),
        httpx2.Response(503, json={}),
        httpx2.Response(429, json={}),
        httpx2.Response(404, text="<html>no such page</html>"),
    ],
    ids=["refused", "timeout", "500", "503", "429", "not a registry"],
)
@pytest.mark.parametrize(
    "ask",
    [lambda r: r.schema_by_id(7), lambda r: r.register("s", '"string"'), lambda r: r.versions("s")],
    ids=["schema_by_id", "register", "versions"],
)
def test_a_registry_that_does_not_answer_is_a_connection_that_failed(
    ask: Callable[[Registry], object], answer: httpx2.Response | Exception
) -> None:
    with pytest.raises(ConnectionFailed, match="http://r/api"):
        ask(Script(answer).registry())


def test_registering_is_asked_once_and_its_refusal_is_told() -> None:
    script = Script(httpx2.Response(200, json={"id": 3}), httpx2.Response(409, json={"message": "incompatible: x"}))
    registry = script.registry()
    assert registry.register("t-a.B", '"string"') == registry.register("t-a.B", '"string"') == 3
    assert script.asked == ["POST /api/subjects/t-a.B/versions"]
    with pytest.raises(ConfigError, match="incompatible: x"):
        registry.register("t-a.B", '"int"')


def test_a_compatibility_that_does_not_take_is_told() -> None:
    none = httpx2.Response(200, json={"compatibilityLevel": "NONE"})
    answers = (none, httpx2.Response(200, json={}), none)
    with pytest.raises(ConfigError, match="NONE"):
        Script(*answers).registry().require_compatibility("s", "FULL_TRANSITIVE")


def test_versions_of_an_unknown_subject_are_none() -> None:
    assert Script(NOT_FOUND).registry().versions("s") == {}
    script = Script(httpx2.Response(200, json=[1, 2]), schema("1", id=5), schema("2", id=6))
    assert script.registry().versions("s") == {1: (5, "1"), 2: (6, "2")}
