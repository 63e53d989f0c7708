"""Says what happens and who is told, as it happens, in 80 columns, in the reader's language."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from clickhouse_connect.driver.client import Client
from rich.cells import cell_len

from deploy.demo import lines
from deploy.demo.found import local
from deploy.demo.story import Step, Text
from deploy.demo.subscriber import received
from sharedchain.dictionary import load_dictionaries

WIDTH = 80
_SIGN = {"raised": "▲", "escalated": "▲▲", "eased": "▼", "resolved": "✓"}
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

    def __init__(self, store: Client, home: Path, tenant: str, zone: ZoneInfo, zh: bool) -> None:
        self._store, self._home, self._tenant, self._zone, self._zh = store, home, tenant, zone, zh
        self._stages = load_dictionaries()["opportunity_stage"]
        self._alerts = self._facts = (-1, -1)
        self._heard = 0

    def saw(self, instant: datetime, steps: list[tuple[str, Step]]) -> None:
        """Called when all that happened at `instant` is settled."""
        mine = [step for tenant, step in steps if tenant == self._tenant]
        told = [line for step in mine for line in self._step(step)]
        stamp = local(instant, self._zone)
        for n, line in enumerate(told + self._followed() + self._received() + self._transitions()):
            for m, piece in enumerate(_wrapped(line, WIDTH - 18)):
                print(f"{stamp if n == m == 0 else '':16}  {piece}", flush=True)

    def _step(self, step: Step) -> list[str]:
        if step.say is None:
            return []
        what = step.say.zh if self._zh else step.say.en
        return [what + (f" ({len(step.publish)})" if len(step.publish) > 1 else "")]

    def _followed(self) -> list[str]:
        """What the chain made of it since the last instant."""
        rows = self._store.query(
            "SELECT seq, n, type, data FROM facts WHERE tenant = {t:String} AND type IN {types:Array(String)} "
            "AND (seq, n) > ({s:Int64}, {n:Int64}) ORDER BY seq, n",
            parameters={"t": self._tenant, "types": list(lines.TOLD), "s": self._facts[0], "n": self._facts[1]},
        ).result_rows
        if rows:
            self._facts = (int(rows[-1][0]), int(rows[-1][1]))
        return [f"  → {lines.line(kind, json.loads(data), self._stages, self._zh)}" for _, _, kind, data in rows]

    def _received(self) -> list[str]:
        """What subscribers received since the last instant."""
        rows = received(self._home, self._tenant)
        new, self._heard = rows[self._heard :], len(rows)
        told = [row for row in new if row["type"] == "forecast.live.updated"]
        return [f"  ⇢ {lines.update(row['data'], row['consumer'], self._zh)}" for row in told]

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
