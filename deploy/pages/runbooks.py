"""docs/runbooks.md: what to do when an alert rings, from rules/runbooks/."""

from __future__ import annotations

from pathlib import Path

_HEAD = """# 告警处置 · Runbooks
<!-- Generated from rules/runbooks/ by `make pages`. Do not edit. -->
由 `rules/runbooks/` 生成，请勿手改。规则本身：[指标与规则](measures-and-rules.md)。
Generated from `rules/runbooks/`. The rules themselves: [measures and rules](measures-and-rules.md).
"""


def page(root: Path) -> str:
    """Every runbook, by rule; each has its rule's id as anchor."""
    return "\n".join([_HEAD, *(section(path) for path in sorted((root / "rules" / "runbooks").glob("R-*.md")))])


def section(path: Path) -> str:
    """`# R-01 …` one heading lower, with the rule's id as its anchor, and a line a paragraph."""
    title, *lines = path.read_text("utf-8").strip().splitlines()
    anchor = f'<a id="{path.stem.lower()}"></a>'
    return "\n\n".join([anchor, f"#{title}", *filter(None, lines)]) + "\n"
