"""The stories on the real chain: published in every way, killed in every place, folded again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import yaml
from rich.cells import cell_len

from deploy.demo.command import DONGCHEN, judge
from deploy.demo.compare import Difference
from deploy.demo.found import client, read
from deploy.demo.player import Player
from deploy.demo.story import Row, Story, load
from deploy.local.stack import Stack
from deploy.replay import compare_stores, refold
from sharedchain import yamlfile
from sharedchain.endpoints import Endpoints
from sharedchain.scope import partition_of
from streams.watchdog import STUCK
from tests.census import used
from tests.chain.lives import SECOND_LIGHT, STYLES
from tests.chain.oracle import expect
from tests.chain.siege import FAILPOINTS as DEATHS
from tests.chain.siege import JOIN, LEAVE, WORKERS, Siege

FAILPOINTS = {  # around approvals and signings; each dies at one place, and later, as its own successor, at the other
    "ingest-0": "ingest.after_produce:40,ingest.before_commit:30",
    "engine-0": "engine.before_commit:40,engine.after_outputs:30",
    "sink": "sink.before_insert:30,sink.after_insert:20",
    "notify": "notify.after_send:5",
}

pytestmark = [pytest.mark.stack, pytest.mark.slow]


def differing(verdicts: list[Difference]) -> list[Difference]:
    assert verdicts, "nothing was compared"
    assert sum(v.expected for v in verdicts) > 40, "the expectation is nearly empty"
    return [v for v in verdicts if not v.equal]


def as_the_oracle_says(story: Story, endpoints: Endpoints, tenant: str) -> list[Difference]:
    """The second story holds no expectation: it is worked out for each of its companies."""
    rows = expect(yaml.safe_load(SECOND_LIGHT.read_text()), tenant)
    return judge(story.model_copy(update={"expect": rows}), endpoints, tenant)


@pytest.fixture(scope="module")
def dense(stage: Endpoints) -> Story:
    """An eighth company whose clock ticks every minute of the quarter."""
    story = load(DONGCHEN).as_tenants(["dense"])
    Player(stage, story, dense=True).play()
    return story


@pytest.mark.parametrize("tenant", STYLES)
def test_every_way_of_publishing_gives_the_same_rows(stage: Endpoints, first: Story, tenant: str) -> None:
    assert differing(judge(first, stage, tenant)) == []


def test_a_tick_every_minute_gives_the_same_rows(stage: Endpoints, dense: Story) -> None:
    ticks = len(dense.minutes("dense"))
    assert ticks == 51 * 1440 + 16 * 60  # 15 March 08:00 … 5 May 23:59
    assert differing(judge(dense, stage, "dense")) == []


def test_and_the_same_measures_in_every_series(stage: Endpoints, first: Story, dense: Story) -> None:
    """All rows, not only those of the series that the story names. That a window of minutes has run out is known at
    the next tick, sooner where ticks are dense: of these rows the moment is left out."""
    store = client(stage)
    sparse = _but_when(read(store, "measures", "once", first.zone("once")))
    assert len(sparse) > len(first.expect["measures"])
    assert sum("known" in row for row in sparse) > len(sparse) * 0.9
    assert _but_when(read(store, "measures", "dense", dense.zone("dense"))) == sparse


def _but_when(rows: list[Row]) -> list[Row]:
    said = [{k: v for k, v in row.items() if k != "known" or row["metric"] != "M-53.recent"} for row in rows]
    return sorted(said, key=lambda row: sorted(map(str, row.items())))


def test_a_wrong_amount_is_named(stage: Endpoints, first: Story) -> None:
    wrong = {d.section: d for d in differing(judge(first, stage, "wrong-amount"))}
    assert any(row["forecast"] == "FC-2026Q2-DE" and row["total"] == "69000000.00" for row in wrong["live"].unexpected)


def test_a_wrong_date_is_named(stage: Endpoints, first: Story) -> None:
    wrong = {d.section: d for d in differing(judge(first, stage, "wrong-date"))}
    assert {(row["rule"], row["escalated"]) for row in wrong["alerts"].missing} == {
        ("R-03", "2026-05-02 11:01 RED 0.8000"),
        ("R-06", ""),  # resolved a day later
        ("R-07", ""),
    }
    assert [row["resolved"] for row in wrong["alerts"].unexpected if row["rule"] == "R-06"] == ["2026-05-03 11:00"]


@pytest.mark.parametrize("tenant", ["acme", "nova"])
def test_the_second_story_is_what_the_oracle_says(stage: Endpoints, second: Story, tenant: str) -> None:
    verdicts = as_the_oracle_says(second, stage, tenant)
    assert {v.section for v in verdicts} >= {"alerts", "contracts", "receivables", "overdue", "received", "facts"}
    assert [v for v in verdicts if not v.equal] == []


def test_every_worker_was_killed_twice_and_decided(stage: Endpoints, siege: Siege, first: Story) -> None:
    """The rows above are those of a chain under fire: else they would say less."""
    assert len({partition_of(tenant) for tenant in first.tenants}) >= 3
    assert siege.died_at() == {place.split(":")[0] for place in DEATHS.values()}
    restarts = siege.restarts()
    assert all(restarts[name] >= 2 for name in ("ingest-0", *WORKERS)), restarts
    assert all(siege.rang.values()), siege.rang


def test_two_workers_left_and_joined_under_load_and_decided_again(
    stage: Endpoints, siege: Siege, first: Story, second: Story, dense: Story
) -> None:
    """A slow machine is told the end of the first story before a worker is back: it has its part in the others."""
    siege.look(stage)
    assert siege.again.keys() == set(LEAVE.values()) == set(JOIN.values())
    assert all(siege.again.values()), siege.again
    assert set(siege.left.values()) <= {0, STUCK}, (
        "asked to, and by nothing else; 73: a busy machine let it take too long"
    )


def test_folding_again_gives_the_same_store(stage: Endpoints, first: Story, second: Story, dense: Story) -> None:
    assert refold(stage, "folded_again") > 1000
    verdicts = compare_stores(stage.clickhouse, "folded_again")
    assert {v.table for v in verdicts} == {"facts", "metric_minute", "alerts"}
    assert all(v.live > 20 for v in verdicts)
    assert [v for v in verdicts if not v.equal] == []


def test_a_wrong_threshold_is_named(stage: Endpoints, first: Story, second: Story) -> None:
    """Last in the module: from here on this chain has another R-03."""
    story = load(DONGCHEN).as_tenants(["wrong-threshold"])
    player = Player(stage, story)
    rule = yamlfile.read(Path(__file__).parents[2] / "rules" / "sales" / "R-03.yaml").value
    rule["bands"][0]["under"] = "0.88"
    player.configure("rule", "R-03", rule)
    player.play()
    wrong = {d.section: d for d in differing(judge(story, stage, "wrong-threshold"))}
    assert [row["opened"] for row in wrong["alerts"].missing] == ["2026-04-20 10:01"]
    assert [row["opened"] for row in wrong["alerts"].unexpected] == ["2026-05-01 10:01"]


def test_killed_at_failpoints_in_every_program(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """The second story, because it takes every turn that the first does not, in a tenth of its records."""
    log = tmp_path / "failpoints"
    env = {
        program: {"SHAREDCHAIN_FAILPOINT": points, "SHAREDCHAIN_FAILPOINT_LOG": str(log)}
        for program, points in FAILPOINTS.items()
    }
    stack = Stack(tmp_path / "home", env=env)
    used(request, stack.plan.parts)
    story = load(SECOND_LIGHT)
    with stack as endpoints:
        Player(endpoints, story).play()
        places = {point.split(":")[0] for points in FAILPOINTS.values() for point in points.split(",")}
        assert sorted(log.read_text().split()) == sorted(places)
        for tenant in story.tenants:
            assert differing(as_the_oracle_says(story, endpoints, tenant)) == []
        refold(endpoints, "folded_again")
        assert [v for v in compare_stores(endpoints.clickhouse, "folded_again") if not v.equal] == []


def test_the_command_exits_1_and_names_the_row(tmp_path: Path) -> None:
    """`sharedchain demo` on a story with one other amount; afterwards no process of its home is left."""
    story = tmp_path / "story.yaml"
    text = DONGCHEN.read_text(encoding="utf-8")
    story.write_text(text.replace("amount: '48000000.00'", "amount: '47000000.00'", 1), encoding="utf-8")
    home = tmp_path / "home"
    command = [sys.executable, "-m", "sharedchain", "demo", "--story", str(story), "--home", str(home), "--lang", "en"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    for sign, amount in (("-", "48000000.00"), ("+", "47000000.00")):
        assert f"    {sign} amount={amount} at=2026-04-02 09:00" in done.stdout
    told = [line for line in done.stdout.split("what ")[0].splitlines() if str(home) not in line]
    assert len(told) > 30
    assert max(map(cell_len, told)) <= 80
    assert [p.pid for p in psutil.process_iter(["cmdline"]) if str(home) in " ".join(p.info["cmdline"] or [])] == []
