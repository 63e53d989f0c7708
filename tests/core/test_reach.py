"""Whose subjects a rule looks at."""

from __future__ import annotations

from sharedchain.core.reach import share
from tests.core.test_judge import lead, rule, with_rules


def test_shares_are_spread_and_differ_by_rule() -> None:
    shares = [share("R-90", f"L-{n}") for n in range(2_000)]
    assert {*shares} == set(range(100))
    assert 900 < sum(one < 50 for one in shares) < 1_100
    assert shares != [share("R-91", f"L-{n}") for n in range(2_000)]
    assert share("R-90", "L-1") == 15  # the same in every process, for ever


def test_out_of_its_scope_a_rule_neither_rings_nor_ends() -> None:
    line = with_rules(
        rule("R-90", scope={"message.region": ["DE", "BR"]}, when={"all": ["message.owner_id == 'E001'"]})
    )
    lead(line, region="CN")
    lead(line, region="BR")
    lead(line, region="CN", owner_id="E002")
    assert [alert[1] for alert in line.alerts()] == ["raised"]


def test_a_rollout_of_nobody_rings_for_nobody() -> None:
    line = with_rules(rule("R-90", rollout=0))
    lead(line)
    assert line.alerts() == []
