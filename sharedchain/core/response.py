"""What people answer: `alert.acknowledged` ends an alert that nothing else can end, and marks any other."""

from __future__ import annotations

from sharedchain.core import notice
from sharedchain.core.alerts import announce, answered
from sharedchain.core.desk import Desk
from sharedchain.core.state import Episode
from sharedchain.fact import Fact

ACKNOWLEDGED = "alert.acknowledged"
_OPEN = 2_000  # one-shot alerts of a scope that wait for an answer; of more, the oldest can be answered no more


def remember(desk: Desk, episode: Episode) -> None:
    """Keep a one-shot alert until it is acknowledged."""
    shots = desk.scope.shots
    shots[episode.alert_id] = episode
    while len(shots) > _OPEN:
        del shots[next(iter(shots))]


def on_fact(desk: Desk, fact: Fact) -> None:
    """Take one `alert.acknowledged`; about an alert that is over it says nothing new."""
    alert_id, by = str(fact.data["alert_id"]), str(fact.data.get("by") or "")
    if notice.acknowledge(desk, alert_id, by):
        return
    episode = desk.scope.shots.pop(alert_id, None)
    if episode is None:
        open_ = (one for one in desk.scope.episodes.values() if one.alert_id == alert_id and one.status == "firing")
        for one in open_:
            one.acknowledged = by
        return
    ready = desk.enabled.by_id.get(episode.rule)
    if ready is None:
        notice.withdraw(desk, episode)
    else:
        announce(desk, answered(ready, episode, fact, by), "resolved", episode)
