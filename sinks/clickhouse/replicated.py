"""The very same numbered migrations for a replicated cluster: their text rewritten, nothing else.

The database becomes `Replicated`: it carries every later statement to every replica, also to one that joins next
year. Each MergeTree in it becomes a ReplicatedMergeTree, and the window in which a token is recognised becomes the
replicated one: forgetting that would let a repeated batch in twice.
"""

from __future__ import annotations

import re

from sharedchain.errors import ConfigError

# One machine remembers tokens by count alone. A cluster forgets them after an hour too, unless told otherwise: a
# sink that stood still overnight would then insert its pending batch a second time. Ten years are «never».
_KEPT_SECONDS = 10 * 365 * 86_400
_ENGINE = re.compile(r"\bENGINE\s*=\s*(?P<engine>\w+)")
_WINDOW = re.compile(r"\bnon_replicated_deduplication_window\s*=\s*(?P<blocks>\d+)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def replicated(sql: str) -> str:
    """One migration as a cluster runs it. Raises ConfigError where rows could not be recognised there."""
    engine = _ENGINE.search(sql)
    if engine is None:  # a view, an ALTER: the database replicates it as it is
        return sql
    if not engine["engine"].endswith("MergeTree") or engine["engine"].startswith("Replicated"):
        raise ConfigError([f"engine {engine['engine']} has no replicated form: use a MergeTree in migrations"])
    if _WINDOW.search(sql) is None:
        raise ConfigError(
            ["a table without non_replicated_deduplication_window would take a repeated batch twice: set it"]
        )
    sql = _ENGINE.sub(r"ENGINE = Replicated\g<engine>", sql, count=1)
    kept = rf"replicated_deduplication_window = \g<blocks>, replicated_deduplication_window_seconds = {_KEPT_SECONDS}"
    return _WINDOW.sub(kept, sql)


def create_database(name: str, cluster: str) -> str:
    """The database on every node of `cluster`. Raises ConfigError for a name that would need quoting."""
    for told in (name, cluster):
        if not _NAME.fullmatch(told):
            raise ConfigError([f"{told!r} cannot name a database or a cluster here: use letters, digits and _"])
    place = f"/clickhouse/databases/{name}"
    return (
        f"CREATE DATABASE IF NOT EXISTS {name} ON CLUSTER {cluster} "
        f"ENGINE = Replicated('{place}', '{{shard}}', '{{replica}}')"
    )
