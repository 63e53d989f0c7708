"""The live stream: frames, resumption, keep-alive, how many at once."""

from __future__ import annotations

from decimal import Decimal

import pytest
from starlette.testclient import TestClient

from gateway.feed import Update
from gateway.positions import read_positions, write_positions
from gateway.problem import Problem
from gateway.routes.forecasts import frames
from gateway.sse import KEEP_ALIVE, RETRY
from sharedchain.errors import ConnectionFailed
from tests.gateway.fake_door import Fakes


def update(partition: int, offset: int) -> Update:
    data = {"forecast_id": "FC-BR", "region": "巴西", "new_total": Decimal("1.00"), "refreshed_at": 0}
    return Update(positions={partition: offset}, type="forecast.live.updated", id="x", data=data)


async def test_frames_carry_type_position_and_readable_data(fakes: Fakes) -> None:
    fakes.feed.updates = [update(3, 7), update(3, 9)]
    told = [text async for text in frames(fakes.door(), "acme", {1: 5}, beginning=False)]
    assert told[0] == RETRY
    assert told[1] == (
        "event: forecast.live.updated\nid: 1=5,3=7\n"
        'data: {"forecast_id":"FC-BR","new_total":"1.00","refreshed_at":"1970-01-01T00:00:00.000Z","region":"巴西"}\n\n'
    )
    assert "id: 1=5,3=9\n" in told[2]


async def test_silence_is_kept_alive(fakes: Fakes) -> None:
    fakes.feed.updates = [None] * 40
    told = [text async for text in frames(fakes.door(), "acme", {}, beginning=False)]
    assert told == [RETRY, KEEP_ALIVE, KEEP_ALIVE]


async def test_a_peer_that_goes_away_ends_the_stream_and_frees_its_slot(fakes: Fakes) -> None:
    fakes.feed.updates, fakes.feed.error = [update(0, 1)], ConnectionFailed("gone")
    door = fakes.door()
    assert len([text async for text in frames(door, "acme", {}, beginning=False)]) == 2
    assert b"sharedchain_gateway_open_streams 0.0" in door.meters.text()


def test_last_event_id_resumes_where_the_client_stood(client: TestClient, fakes: Fakes) -> None:
    answer = client.get("/v1/forecasts/stream?tenant=acme", headers={"last-event-id": "0=128,3=97"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert fakes.feed.followed == [("acme", {0: 128, 3: 97}, False)]


def test_all_slots_taken_is_503(fakes: Fakes, client: TestClient) -> None:
    slots = client.app.state.door.streams  # type: ignore[attr-defined]
    with slots, slots:
        answer = client.get("/v1/forecasts/stream")
    assert (answer.status_code, answer.json()["code"]) == (503, "too_many_streams")


@pytest.mark.parametrize("text", ["x", "0=", "=1", "0=1,", "0=1;1=2", "-1=2", "0=٣", "0=" + "9" * 19, "0=1\n"])
def test_a_position_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(Problem) as caught:
        read_positions(text)
    assert caught.value.code == "bad_position"


def test_positions_round_trip() -> None:
    assert read_positions(write_positions({3: 97, 0: 128})) == {0: 128, 3: 97}
    assert read_positions("") == {}
