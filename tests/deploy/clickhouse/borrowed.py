"""The real engine, without a server: chDB in a process of its own reads the very files of deploy/clickhouse.

It is always the user `default`, so whoever's rights are to be seen lends them to it. Of the cluster there is one node
and a keeper in memory, and nobody listens for peers: statements are judged there, replicated tables take no insert.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from shutil import copytree
from typing import Any

from tests.house.tree import ROOT

PROFILE = ROOT / "deploy" / "clickhouse"
_ALONE = """<clickhouse><logger replace="replace"><level>none</level></logger><listen_host remove="remove"/>
<zookeeper replace="replace"><implementation>testkeeper</implementation></zookeeper>
<default_replica_path>/tables/{{database}}/{{table}}</default_replica_path><storage_configuration><disks><cold>
<path replace="replace">{folder}/cold/</path></cold></disks></storage_configuration></clickhouse>"""
_BASE = "<clickhouse><profiles><default/></profiles><quotas><default/></quotas></clickhouse>"
_SECRETS = ("INTERSERVER", "PREPARE", "SINK", "GATEWAY", "GRAFANA")
_RUN = """
import json, os, sys
from chdb import session
path, statements = sys.argv[1], json.load(sys.stdin)
opened = session.Session(path)
said = []
for sql in statements:
    try:
        said.append([json.loads(line) for line in str(opened.query(sql, "JSONCompactEachRow")).splitlines()])
    except Exception as error:
        said.append(str(error))
print("\\n" + json.dumps(said), flush=True)
os._exit(0)  # the replicas would go on trying to reach each other
"""


def ask(folder: Path, statements: list[str], lender: str | None = None) -> list[Any]:
    """The rows of each statement, or the words of its error. `lender`: the user whose profile and grants hold;
    without one, everything is allowed."""
    place = folder / "server"
    place.mkdir(exist_ok=True)
    for name in ("config.d", "users.d"):
        copytree(PROFILE / name, place / name, dirs_exist_ok=True)
    users = place / "users.xml"
    directories = f"<user_directories><users_xml><path>{users}</path></users_xml></user_directories>"
    (place / "config.xml").write_text(f"<clickhouse><users_config>{users}</users_config>{directories}</clickhouse>")
    (place / "config.d" / "zz.xml").write_text(_ALONE.format(folder=folder))
    users.write_text(_BASE)
    (place / "users.d" / "zz.xml").write_text(_default(lender))
    env = os.environ | {f"CLICKHOUSE_{name}_PASSWORD": "secret" for name in _SECRETS}
    env |= {"SHAREDCHAIN_REPLICA": "clickhouse-0", "SHAREDCHAIN_REPLICA_HOST": "clickhouse-0.clickhouse"}
    command = [sys.executable, "-c", _RUN, f"{folder / 'data'}?config-file={place / 'config.xml'}"]
    done = subprocess.run(
        command, input=json.dumps(statements), capture_output=True, text=True, env=env, timeout=120, check=True
    )
    answers: list[Any] = json.loads(done.stdout.splitlines()[-1])
    return answers


def _default(lender: str | None) -> str:
    lent = "<profile>default</profile><access_management>1</access_management>"
    if lender is not None:
        said = (PROFILE / "users.d" / "sharedchain.xml").read_text("utf-8")
        (user,) = re.findall(rf"<{lender}>(.*)</{lender}>", said, re.DOTALL)
        lent = "".join(
            re.search(rf"<{part}>.*</{part}>", user, re.DOTALL)[0]  # type: ignore[index]
            for part in ("profile", "grants")
        )
    own = f"<password/><networks><ip>::/0</ip></networks><quota>default</quota>{lent}"
    return f"<clickhouse><users><default>{own}</default></users></clickhouse>"
