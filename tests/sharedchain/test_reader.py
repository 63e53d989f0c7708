"""Reading over HTTP: answers through, refusals in the gateway's words, silence with how to mend."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from sharedchain.endpoints import ClickHouse, Endpoints, Notify
from sharedchain.errors import ConnectionFailed, SharedChainError
from sharedchain.reader import NotThere, read

ENDS = Endpoints(
    home=Path("/nowhere"),
    kafka="127.0.0.1:1",
    registry="http://127.0.0.1:1",
    clickhouse=ClickHouse(url="http://127.0.0.1:1", user="u", password=SecretStr("p")),
    gateway="http://127.0.0.1:1",
    notify=Notify(smtp="127.0.0.1:1", webhook="http://127.0.0.1:1", webhook_secret=SecretStr("whsec_x")),
    link_secret=SecretStr("x"),
)


def ask(answer: Callable[[httpx2.Request], httpx2.Response], **params: Any) -> Any:
    return read(ENDS, "/v1/alerts", params, transport=httpx2.MockTransport(answer))


def test_parameters_that_are_none_are_left_out() -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json={"query": request.url.query.decode()})

    assert ask(answer, a="1", b=None, c=["x", "y"]) == {"query": "a=1&c=x&c=y"}


def test_a_refusal_is_told_in_the_gateways_words_with_how_to_mend() -> None:
    body = {"detail": "at 'x' is not a moment", "errors": [{"field": "at", "mend": "send RFC 3339"}]}
    with pytest.raises(SharedChainError, match=r"^at 'x' is not a moment: send RFC 3339$"):
        ask(lambda _: httpx2.Response(422, json=body))


def test_what_is_not_there_brings_what_looks_alike() -> None:
    body = {"detail": "no id OPP-001", "near": ["OPP-0001"]}
    with pytest.raises(NotThere, match="no id OPP-001") as caught:
        ask(lambda _: httpx2.Response(404, json=body))
    assert caught.value.near == ["OPP-0001"]


def test_a_peer_behind_the_gateway_that_is_away_is_told() -> None:
    with pytest.raises(ConnectionFailed, match="cannot read now: ClickHouse"):
        ask(lambda _: httpx2.Response(503, json={"detail": "ClickHouse is away"}))


@pytest.mark.parametrize("status", [200, 500])
def test_somebody_else_on_the_port_is_no_gateway(status: int) -> None:
    with pytest.raises(ConnectionFailed, match="sharedchain up"):
        ask(lambda _: httpx2.Response(status, text="<html>"))


def test_silence_says_how_to_start_it() -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused", request=request)

    with pytest.raises(ConnectionFailed, match="does not answer: see `sharedchain status`"):
        ask(refuse)
