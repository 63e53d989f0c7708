"""Which alert a person means: its id, or RULE/SUBJECT as `sharedchain alerts` shows them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sharedchain.cli import language
from sharedchain.errors import SharedChainError

if TYPE_CHECKING:
    from sharedchain.endpoints import Endpoints

HELP = "its id, or RULE/SUBJECT as `sharedchain alerts` shows them: R-20/AR-0001"
_NAME = re.compile(r"(R-\d\d[a-z]?)/(.+)")
_WORDS = {
    "zh": {
        "none": "{tenant} 没有告警 {said}；列出全部：sharedchain alerts --tenant {tenant}",
        "many": "{said} 有 {n} 条未解除的告警，请写明编号：{ids}",
    },
    "en": {
        "none": "{tenant} has no alert {said}; all of them: sharedchain alerts --tenant {tenant}",
        "many": "{said} has {n} open alerts; name one by its id: {ids}",
    },
}


def which(endpoints: Endpoints, said: str, tenant: str) -> str:
    """The id: of RULE/SUBJECT the open alert, else the newest. Raises SharedChainError if there is none, or several."""
    from sharedchain.reader import read

    named = _NAME.fullmatch(said)
    if named is None:
        return said
    asked = {"rule": named[1], "subject": named[2], "state": "all", "tenant": tenant}
    items = read(endpoints, "/v1/alerts", asked)["items"]
    standing = [one["alert_id"] for one in items if one["state"] != "resolved"]
    if len(standing) > 1:
        raise SharedChainError(_said("many", said=said, n=len(standing), ids=", ".join(standing)))
    if not items:
        raise SharedChainError(_said("none", said=said, tenant=tenant))
    return str((standing or [items[0]["alert_id"]])[0])


def look(endpoints: Endpoints, alert: str, tenant: str, part: str = "") -> Any:
    """What the gateway knows of the alert (`part`: `/explain`). Raises SharedChainError if there is none."""
    from sharedchain.reader import NotThere, read

    try:
        return read(endpoints, f"/v1/alerts/{quote(alert, safe='')}{part}", {"tenant": tenant})
    except NotThere:
        raise SharedChainError(_said("none", said=alert, tenant=tenant)) from None


def _said(name: str, **values: object) -> str:
    return _WORDS[language()][name].format(**values)
