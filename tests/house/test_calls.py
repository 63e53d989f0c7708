"""Functions judge, edges act: what may be called where. And what is never called at all."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.tree import PACKAGES, ROOT, ending, text, tree

# Clocks, chance and the environment belong to the edges; time and identity reach the judging code as arguments.
EDGE = {
    "time.time", "time.time_ns", "time.monotonic", "time.perf_counter", "time.sleep", "datetime.datetime.now",
    "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today", "datetime.now", "datetime.utcnow",
    "date.today", "uuid.uuid1", "uuid.uuid4", "uuid4", "secrets.token_hex", "secrets.token_bytes",
    "secrets.token_urlsafe", "random.random", "random.randint", "random.choice", "random.Random", "os.urandom",
    "os.environ", "os.getenv",
}  # fmt: skip
PURE = [
    *(f for f in ending(".py") if f.parts[:2] == ("sharedchain", "core")),
    *(Path("streams/ingest") / f"{name}.py" for name in (
        "book", "breaker", "cascade", "config", "decide", "fold", "identity", "judge", "parked", "record", "refuse",
        "scopes", "ticks", "timers", "turn",
    )),
    *(f for f in ending(".py") if f.parts[:3] == ("streams", "ingest", "lifecycle")),
    *(Path("sharedchain") / f"{name}.py" for name in (
        "canonical", "contract", "dictionary", "envelope", "evolution", "fact", "links", "schemas", "scope",
        "soundness", "spine", "topicfile", "yamlfile",
    )),
    *(Path("sinks") / name for name in (
        "batch.py", "clickhouse/rows.py", "clickhouse/letters.py", "notify/stages.py", "notify/texts.py",
        "notify/policy.py", "notify/outcome.py",
    )),
    *(Path("gateway") / f"{name}.py" for name in ("cloudevents", "confirm", "policy", "queries", "strict_json", "sse")),
    Path("streams/snapshot.py"),
]  # fmt: skip
# Code from data, and shells: nowhere (research: reliability §6.14).
NEVER = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "yaml.load", "yaml.unsafe_load",
         "yaml.full_load", "pickle.load", "pickle.loads", "marshal.loads", "shelve.open"}  # fmt: skip
NEVER_IMPORTED = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "jsonpickle", "imp", "xml"}
# Asked of a coordinator by an admin client: librdkafka 2.x aborts the whole process when the coordinator is lost
# meanwhile (its issues 3663, 4605). A consumer of the group answers the same (`sharedchain/lag.py`).
ABORTS = {"describe_consumer_groups", "list_consumer_group_offsets", "alter_consumer_group_offsets",
          "delete_consumer_groups", "delete_consumer_group_offsets"}  # fmt: skip
MAY_IMPORT = {"tests/sharedchain/test_errors.py": {"pickle"}}  # an error must survive the pickling of others


def name_of(node: ast.AST) -> str:
    """`a.b.c` of a chain of names; «» of anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (left := name_of(node.value)):
        return f"{left}.{node.attr}"
    return ""


def banned_names(module: ast.Module, banned: set[str]) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.expr) and name_of(node) in banned:
            yield f"{node.lineno}: {name_of(node)}"


def forbidden(module: ast.Module, may: set[str]) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            yield from _calls(node, may)
        elif isinstance(node, ast.Import):
            yield from (f"{node.lineno}: import {a.name}" for a in node.names if _root(a.name) in NEVER_IMPORTED - may)
        elif isinstance(node, ast.ImportFrom) and _root(node.module or "") in NEVER_IMPORTED - may:
            yield f"{node.lineno}: from {node.module} import"


def _calls(node: ast.Call, may: set[str]) -> Iterator[str]:
    name = name_of(node.func)
    if name in NEVER and _root(name) not in may:
        yield f"{node.lineno}: {name}()"
    if any(k.arg == "shell" and not (isinstance(k.value, ast.Constant) and not k.value.value) for k in node.keywords):
        yield f"{node.lineno}: shell="


def _root(name: str) -> str:
    return name.partition(".")[0]


def test_the_list_of_pure_modules_is_not_stale() -> None:
    assert [str(f) for f in PURE if not (ROOT / f).exists()] == []
    assert len([f for f in PURE if f.parts[:2] == ("sharedchain", "core")]) > 20


def test_what_judges_reads_no_clock_no_chance_no_environment() -> None:
    assert [f"{file}:{found}" for file in PURE for found in banned_names(tree(file), EDGE)] == []


def test_no_code_comes_from_data() -> None:
    words = {name.rpartition(".")[2] for name in NEVER} | NEVER_IMPORTED | {"shell"}
    said = re.compile(rf"\b({'|'.join(sorted(words))})\b")  # a file that says none of them needs no parsing
    suspects = [f for f in ending(".py") if said.search(text(f))]
    found = [f"{f}:{what}" for f in suspects for what in forbidden(tree(f), MAY_IMPORT.get(str(f), set()))]
    assert found == []


def test_no_program_asks_a_coordinator_as_an_administrator() -> None:
    said = re.compile("|".join(sorted(ABORTS)))
    assert [str(f) for f in ending(".py", under=PACKAGES) if said.search(text(f))] == []


@pytest.mark.parametrize(
    "bad",
    ["import pickle", "from pickle import loads", "x = eval('1')", "yaml.load(f)", "run('ls', shell=True)", "exec(s)"],
)
def test_it_would_be_found(bad: str) -> None:
    assert list(forbidden(ast.parse(bad), set()))


@pytest.mark.parametrize("bad", ["now = time.time()", "f(datetime.now())", "x(clock=time.time)", "os.environ['A']"])
def test_a_clock_would_be_found(bad: str) -> None:
    assert list(banned_names(ast.parse(bad), EDGE))
