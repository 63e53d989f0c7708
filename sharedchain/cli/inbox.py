"""`sharedchain inbox RECIPIENT`: what one person was told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from sharedchain.cli import language
from sharedchain.cli.options import Home, Json

_WORDS = {
    "zh": {
        "head": "{recipient} 的收件箱 · {tenant} · 截至 {now} · {count} 条",
        "empty": "{tenant} 的 {recipient} 没有消息（别的公司：--tenant）。\n看全部告警：sharedchain alerts",
        "raised": "新告警",
        "escalated": "升级",
        "eased": "降级",
        "resolved": "解除",
    },
    "en": {
        "head": "Inbox of {recipient} · {tenant} · as of {now} · {count}",
        "empty": "{recipient} of {tenant} has no messages (another company: --tenant).\nAll alerts: sharedchain alerts",
        "raised": "raised",
        "escalated": "escalated",
        "eased": "eased",
        "resolved": "resolved",
    },
}


def inbox(
    recipient: Annotated[str, typer.Argument(help="employee id, e.g. E002")],
    limit: Annotated[int, typer.Option(help="how many at most", min=1, max=1000)] = 50,
    tenant: Annotated[str, typer.Option(help="whose data")] = "default",
    home: Home = None,
    json: Json = False,
) -> None:
    """Show one person's messages, newest first."""
    from sharedchain.canonical import dumps
    from sharedchain.endpoints import Endpoints
    from sharedchain.reader import read

    params = {"recipient": recipient, "tenant": tenant, "limit": str(limit)}
    found = read(Endpoints.load(home), "/v1/inbox", params)
    if json:
        typer.echo(dumps(found))
        return
    print_inbox(found, recipient, language())


def print_inbox(found: Mapping[str, Any], recipient: str, lang: str) -> None:
    """The listing of GET /v1/inbox: a head and the whole text of each message in 80 columns, links unbroken."""
    from sharedchain.display import local_time
    from sharedchain.table import folded, say

    words: Any = _WORDS[lang]
    whose = found["tenant"]
    if not found["items"]:
        say(words["empty"].format(recipient=recipient, tenant=whose["name"]))
        return
    now, count = local_time(found["as_of"], whose["timezone"]), len(found["items"])
    lines = list(folded(words["head"].format(recipient=recipient, tenant=whose["name"], now=now, count=count)))
    for item in found["items"]:
        at = local_time(item["at"], whose["timezone"])
        what = words.get(item["transition"], item["transition"])
        lines += ["", *folded(item["subject"], f"{at}  {what}  ", "  ")]
        for line in item["text"].splitlines():
            lines += folded(line, "  ", "  ")
    for line in lines:
        say(line)
