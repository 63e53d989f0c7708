"""A rule file that does not load says where, and how to mend it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sharedchain.rulefiles import load

RULE = """\
id: R-90
version: 1
title: {zh: z, en: e}
on: {event: [x]}
subject: message.x
value: message.x
bands:
  - {severity: RED, over: 5}
to: {RED: [owner]}
owner: role:ops
mode: suggest
runbook: r.md
texts: {zh: {title: t, text: t}, en: {title: t, text: t}}
"""


def findings(root: Path, text: str) -> list[str]:
    (root / "rules/x").mkdir(parents=True)
    (root / "rules/x/R-90.yaml").write_text(text)
    return [finding.removeprefix("rules/x/R-90.yaml:") for finding in load(root).findings]


@pytest.mark.parametrize(
    ("stands", "spoilt", "found"),
    [
        ("on: {event: [x]}", "on: {clock: {strat: [x]}}", "4:21: unknown key strat; did you mean start?"),
        ("on: {event: [x]}", "on: {clock: {start: [x], stop: [{event: y}]}}", "4:41: Input should be a valid tuple"),
        ("value:", "let: {x: {cel: a, sclae: 2}}\nvalue:", "6:26: unknown key sclae; did you mean scale?"),
        ("value:", "let: {x: {cel: a, fn: exp}}\nvalue:", "6:10: no function exp; there are logistic"),
        ("value:", "seen: {n: {cuont: true}}\nvalue:", "6:19: unknown key cuont; did you mean count?"),
        ("value:", "seen: {n: {sum_in: {of: a}}}\nvalue:", "6:20: key span is missing; add it"),
        ("value:", "of: {n: 2}\nvalue:", "6:5: key m is missing; add it"),
        ("value:", "of: {n: 5, m: 2}\nvalue:", "6:5: `of` asks for 5 out of the last 2: n is at most m"),
        ("value:", "consecutive: 0\nvalue:", "6:14: Input should be greater than or equal to 1"),
        ("value:", "cooldown: soon\nvalue:", "6:11: 'soon' is no duration: write a number with s, m, h or d, as 10m"),
        ("value:", "action: [{derive: X}]\nvalue:", "6:19: String should match pattern"),
        ("value:", "rollout: 101\nvalue:", "6:10: Input should be less than or equal to 100"),
        ("over: 5}", "over: 5, release: 6}", "8:5: `release` 6 lies in the band itself: it must be at or below 5"),
        ("value: message.x\n", "", "7:3: `bands` with thresholds need `value`, a path to a number"),
        (
            "value:",
            "one_shot: true\ncooldown: 1h\nvalue:",
            "7:11: a one-shot rule rings for each fact: drop `cooldown`",
        ),
    ],
)
def test_a_key_that_is_wrong_is_named_with_its_place(tmp_path: Path, stands: str, spoilt: str, found: str) -> None:
    assert stands in RULE
    said = findings(tmp_path, RULE.replace(stands, spoilt))
    assert any(finding.startswith(found) for finding in said), said


def test_the_unspoilt_rule_loads(tmp_path: Path) -> None:
    assert findings(tmp_path, RULE) == []
