"""A test stands where one looks for it: `streams/ingest/judge.py` ⇄ `tests/streams/ingest/test_judge.py`."""

from __future__ import annotations

from pathlib import Path

from tests.house.tree import PACKAGES, ROOT, files

FREE = ("chain", "containers", "data", "docs", "house", "nemesis", "stories")  # stories of many modules; data; pages; …
# Test folder → the folders it mirrors, where there is more to say than the name.
PLACES = {
    "core": ("sharedchain/core",),
    "rules": ("sharedchain",),
    "deploy": ("deploy", "deploy/local"),
    "gateway": ("gateway", "gateway/routes"),
}
# Tests of a whole room over its public face, and of the data: "path" → what they hold.
WHOLE = {
    "tests/core/test_golden.py": "what the whole core derives, line by line",
    "tests/rules/test_rules.py": "the rule files through the whole core",
    "tests/sharedchain/cli/test_main.py": "the command itself: sharedchain/cli/__init__.py",
    "tests/sharedchain/cli/test_read_commands.py": "the commands over the gateway, as a group",
    "tests/streams/ingest/test_lead_to_cash.py": "the whole lifecycle against a model of its contract",
    "tests/streams/ingest/test_foreign.py": "records of strangers' clients, through the whole lane",
    "tests/gateway/test_hostile_requests.py": "every route, under fire",
    "tests/gateway/test_stream.py": "server-sent events: the route, the feed and its positions",
    "tests/gateway/test_reads.py": "the reading routes, as a group",
    "tests/deploy/test_chain.py": "the whole embedded chain",
    "tests/deploy/clickhouse/test_client_contract.py": "what clickhouse-connect expects of a server",
    "tests/deploy/clickhouse/test_client_formats.py": "what it reads and writes",
    "tests/deploy/clickhouse/test_durability.py": "the whole server, killed",
    "tests/deploy/clickhouse/test_profile.py": "deploy/clickhouse, as the engine reads it",
    "tests/deploy/test_compose.py": "deploy/compose.yaml, deploy/Dockerfile and what they mount",
    "tests/deploy/test_grafana.py": "deploy/grafana, on the real engine",
    "tests/deploy/test_prometheus.py": "deploy/prometheus, and what every process exposes",
    "tests/bench/test_bench.py": "the whole bench, tiny",
    "tests/test_census.py": "the plugin tests/census.py",
}


def modules_of_tests() -> list[Path]:
    return [f for f in files() if f.parts[0] == "tests" and f.name.startswith("test_") and f.suffix == ".py"]


def mirrors(test: Path) -> bool:
    """Whether a module of its package is named `x`, or begins the name `test_x_aspect.py`."""
    inner = test.parts[1:-1]
    if not inner:
        return False
    rooms = [ROOT / place / Path(*inner[1:]) for place in PLACES.get(inner[0], (inner[0],))]
    words = test.stem.removeprefix("test_").split("_")
    names = ["_".join(words[:n]) for n in range(len(words), 0, -1)]
    return any((room / f"{n}.py").exists() or (room / n / "__init__.py").exists() for room in rooms for n in names)


def test_every_test_mirrors_a_module_or_is_named_here() -> None:
    astray = {str(t) for t in modules_of_tests() if t.parts[1] not in FREE and not mirrors(t)}
    assert astray - WHOLE.keys() == set(), "name it after the module it tests, or add it to WHOLE with a reason"
    assert WHOLE.keys() - astray == set(), "gone, or mirroring by now: take it off the list"


def test_there_is_no_package_under_tests() -> None:
    assert [str(f) for f in files() if f.parts[0] == "tests" and f.name == "__init__.py"] == []


def test_every_package_has_its_init() -> None:
    folders = {f.parent for f in files() if f.parts[0] in PACKAGES and f.suffix == ".py"}
    assert [str(d) for d in sorted(folders) if not (ROOT / d / "__init__.py").exists()] == []
