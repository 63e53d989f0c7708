"""`sharedchain rules shadow`, `promote` and `rollback`: another version, first beside the live one, then instead.

Each is one config item in the log; the engine tells `rule.changed` of it. The files under rules/ stay as they are, and
`prepare` leaves alone what was put in force after its file: until the file changes.
"""

from __future__ import annotations

import getpass
import json as json_
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from deploy.backtest import candidates
from sharedchain.canonical import dumps
from sharedchain.chain import ChainSync
from sharedchain.cli import language
from sharedchain.cli.options import Home, Json
from sharedchain.config import ConfigItem, item
from sharedchain.configlog import TOPIC, ConfigLog
from sharedchain.errors import ConfigError
from sharedchain.events import ConfigDefined
from sharedchain.kafka import consumer
from sharedchain.table import say
from sharedchain.tail import READER, records

_By = Annotated[str, typer.Option("--by", help="who answers for it (default: you)")]
_Rule = Annotated[str, typer.Argument(help="the rule's id")]
_NOTHING = "null"  # the body of an item that was withdrawn
_WORDS = {
    "zh": {
        "shadow": "{id} 第 {new} 版在影子中运行：照常判断，不通知任何人（事实 shadow.decided）",
        "off": "{id} 的影子版本已停",
        "promote": "{id}：第 {old} 版 → 第 {new} 版",
        "rollback": "{id}：第 {old} 版 → 第 {new} 版",
        "no_shadow": "{id} 没有影子版本：先 `sharedchain rules shadow FILE`",
        "no_before": "日志里没有 {id} 的其他版本，无可退回",
    },
    "en": {
        "shadow": "{id} version {new} runs in the shadow: it judges and tells no one (facts shadow.decided)",
        "off": "{id} runs in the shadow no more",
        "promote": "{id}: version {old} → {new}",
        "rollback": "{id}: version {old} → {new}",
        "no_shadow": "{id} has no version in the shadow: `sharedchain rules shadow FILE` first",
        "no_before": "the log holds no other version of {id} to go back to",
    },
}


def shadow(
    what: Annotated[str, typer.Argument(help="the rule file that runs beside the live one, or an id with --off")],
    off: Annotated[bool, typer.Option("--off", help="end it")] = False,
    by: _By = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """Run a version of a rule beside the live one: it judges everything and tells no one."""
    if off:
        _publish([item("shadow", what, None)], by, home)
        _say("off", json, id=what)
        return
    if not Path(what).is_file():
        raise ConfigError([f"{what}: no such file; name the file that holds the version to try"])
    (rule,) = candidates.named(what).items
    _publish([replace(rule, kind="shadow")], by, home)
    _say("shadow", json, id=rule.name, new=version(rule))


def promote(rule_id: _Rule, by: _By = "", home: Home = None, json: Json = False) -> None:
    """The version in the shadow becomes the live one; what is open goes on under it."""
    with ChainSync(home=home, source="sharedchain.cli") as chain:
        log = ConfigLog.read(chain.endpoints, chain.codec)
    tried, live = log.items.get(("shadow", rule_id)), log.items.get(("rule", rule_id))
    if tried is None or tried.body == _NOTHING:
        raise ConfigError([_WORDS[language()]["no_shadow"].format(id=rule_id)])
    _publish([replace(tried, kind="rule"), item("shadow", rule_id, None)], by, home)
    _say("promote", json, id=rule_id, old=version(live), new=version(tried))


def rollback(rule_id: _Rule, by: _By = "", home: Home = None, json: Json = False) -> None:
    """The version before the one in force comes back, as the log holds it."""
    told = history(rule_id, home)
    if not told:
        raise ConfigError([_WORDS[language()]["no_before"].format(id=rule_id)])
    now = told[-1]
    before = next((one for one in reversed(told) if one.body != _NOTHING and one.hash != now.hash), None)
    if before is None:
        raise ConfigError([_WORDS[language()]["no_before"].format(id=rule_id)])
    _publish([before], by, home)
    _say("rollback", json, id=rule_id, old=version(now), new=version(before))


def version(one: ConfigItem | None) -> int | None:
    """The version that a rule's item says; None for none."""
    return json_.loads(one.body)["version"] if one and one.body != _NOTHING else None


def history(rule_id: str, home: Path | None) -> list[ConfigItem]:
    """Everything that the log said of one rule, oldest first."""
    found = []
    with ChainSync(home=home, source="sharedchain.cli") as chain:
        reader = consumer(chain.endpoints, "sharedchain.rules", **READER)
        try:
            for seen in records(reader, TOPIC, 0, None):
                said = chain.codec.decode(TOPIC, seen.value).data
                if (said["kind"], said["name"]) == ("rule", rule_id):
                    found.append(ConfigItem("rule", rule_id, said["hash"], said["body"]))
        finally:
            reader.close()
    return found


def _publish(items: Sequence[ConfigItem], by: str, home: Path | None) -> None:
    """Into the log, and until the engine has taken them."""
    who = by or getpass.getuser()
    with ChainSync(home=home, source="sharedchain.cli") as chain:
        for one in items:
            said = ConfigDefined(**one.said, changed_by=who)
            chain.publish(said, tenant="_system", actor=who)
        chain.settle()


def _say(what: str, json: bool, **said: Any) -> None:
    if json:
        typer.echo(dumps({"done": what, **said}))
    else:
        say(_WORDS[language()][what].format(**said))
