"""Says what happens and who is told, as it happens, in 80 columns, in the reader's language."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from clickhouse_connect.driver.client import Client
from rich.cells import cell_len

from deploy.demo.found import local
from deploy.demo.story import Step, Text

WIDTH = 80
_SIGN = {"raised": "▲", "escalated": "▲▲", "resolved": "✓"}
_SEVERITY = {
    "INFO": Text(zh="提醒", en="INFO"),
    "YELLOW": Text(zh="预警", en="YELLOW"),
    "RED": Text(zh="红线", en="RED"),
}
_TRANSITION = {
    "raised": Text(zh="", en=""),
    "escalated": Text(zh="升级", en="escalated"),
    "resolved": Text(zh="解除", en="resolved"),
}


class Narrator:
    """Prints each instant's steps and what came of them since the last instant."""

    def __init__(self, store: Client, tenant: str, zone: ZoneInfo, zh: bool) -> None:
        self._store, self._tenant, self._zone, self._zh = store, tenant, zone, zh
        self._alerts = self._live = (-1, -1)

    def saw(self, instant: datetime, steps: list[tuple[str, Step]]) -> None:
        """Called when all that happened at `instant` is settled."""
        mine = [step for tenant, step in steps if tenant == self._tenant]
        lines = [line for step in mine for line in self._step(step)] + self._forecasts() + self._transitions()
        stamp = local(instant, self._zone)
        for n, line in enumerate(lines):
            for m, piece in enumerate(_wrapped(line, WIDTH - 18)):
                print(f"{stamp if n == m == 0 else '':16}  {piece}", flush=True)

    def _step(self, step: Step) -> list[str]:
        what = step.say.zh if self._zh else step.say.en
        return [what + (f" ({len(step.publish)})" if len(step.publish) > 1 else "")]

    def _forecasts(self) -> list[str]:
        rows = self._store.query(
            "SELECT seq, n, JSONExtractString(data, 'forecast_id'), JSONExtractInt(data, 'version'), "
            "JSONExtractString(data, 'new_total'), JSONExtractString(data, 'period_total') FROM facts "
            "WHERE tenant = {t:String} AND type = 'forecast.live.updated' AND (seq, n) > ({s:Int64}, {n:Int64}) "
            "ORDER BY seq, n",
            parameters={"t": self._tenant, "s": self._live[0], "n": self._live[1]},
        ).result_rows
        if rows:
            self._live = (int(rows[-1][0]), int(rows[-1][1]))
        period = "期合计" if self._zh else "period total"
        return [
            f"  → {forecast} v{version} {_money(total)} · {period} {_money(all_)}"
            for _, _, forecast, version, total, all_ in rows
        ]

    def _transitions(self) -> list[str]:
        rows = self._store.query(
            "SELECT seq, n, transition, rule_id, subject, severity, title_zh, title_en, recipients FROM alerts "
            "WHERE tenant = {t:String} AND (seq, n) > ({s:Int64}, {n:Int64}) ORDER BY seq, n",
            parameters={"t": self._tenant, "s": self._alerts[0], "n": self._alerts[1]},
        ).result_rows
        if rows:
            self._alerts = (int(rows[-1][0]), int(rows[-1][1]))
        return [line for row in rows for line in self._transition(*row[2:])]

    def _transition(
        self, transition: str, rule: str, subject: str, severity: str, zh: str, en: str, recipients: list[str]
    ) -> list[str]:
        level, move = _SEVERITY[severity], _TRANSITION[transition]
        words = [_SIGN[transition], level.zh if self._zh else level.en, move.zh if self._zh else move.en, rule]
        title = zh if self._zh else en
        head = "  " + " ".join(w for w in words if w) + " " + (title if subject in title else f"{subject} {title}")
        if transition == "resolved":  # the title tells what rang; what matters now is that it stopped
            return ["  " + " ".join(w for w in words if w) + " " + subject]
        return [head, f"     {'告知' if self._zh else 'told'}: {', '.join(recipients)}"]


def _wrapped(text: str, width: int) -> list[str]:
    """`text` in pieces of at most `width` terminal cells (a Chinese character takes two), the later
    ones indented; broken at a space where one is near."""
    pieces, indent = [], " " * (len(text) - len(text.lstrip()) + 2)
    while cell_len(text) > width:
        fits = next(i for i in range(len(text), 0, -1) if cell_len(text[:i]) <= width)
        space = text.rfind(" ", len(indent), fits + 1)
        cut = space if space > fits - 16 else fits
        pieces.append(text[:cut].rstrip())
        text = indent + text[cut:].lstrip()
    return [*pieces, text]


def _money(amount: str) -> str:
    return f"{Decimal(amount):,.0f}"
