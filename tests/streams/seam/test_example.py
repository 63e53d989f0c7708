"""The example of the package: what the README prints, stopped and killed on a real broker; the package stands alone."""

from __future__ import annotations

import ast
import os
import re
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka.cimpl import NewTopic

from sharedchain.endpoints import Endpoints
from sharedchain.kafka import make_topics, producer
from tests.house.tree import ROOT
from tests.sinks.rig import wait_for

FOLDER = ROOT / "streams" / "seam"
PARTITIONS, EVERY, BYTES = 4, 3000, 10
_SUM = re.compile(r"sum (\d+) (\d+) (\d+)\b")


def test_the_readme_prints_the_example() -> None:
    assert f'```python title="example.py"\n{(FOLDER / "example.py").read_text("utf-8")}```' in (
        FOLDER / "README.md"
    ).read_text("utf-8")


def test_the_package_imports_nothing_but_faust_and_the_client_that_it_stands_on() -> None:
    trees = [ast.walk(ast.parse(file.read_text("utf-8"))) for file in FOLDER.glob("*.py")]
    named = {n for tree in trees for node in tree for n in _imported(node)}
    assert {n.split(".")[0] for n in named} - set(sys.stdlib_module_names) == {"faust", "aiokafka", "streams"}
    assert {n for n in named if n.startswith("streams")} == {"streams.seam", "streams.seam.batch"}


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [one.name for one in node.names]
    if isinstance(node, ast.ImportFrom):
        return [f"streams.{one.name}" for one in node.names] if node.module == "streams" else [str(node.module)]
    return []


@pytest.mark.stack
@pytest.mark.parametrize("way", [signal.SIGTERM, signal.SIGKILL])
def test_stopped_or_killed_its_table_goes_on_from_its_changelog(
    broker: Endpoints, tmp_path: Path, way: signal.Signals
) -> None:
    """Many records an event; a stop counts each byte once. A kill counts none less: Faust commits behind its Tables."""
    names = Names(f"example-{secrets.token_hex(3)}")
    make_topics(broker, [NewTopic(names.readings, PARTITIONS, 1), NewTopic(names.sums, PARTITIONS, 1)])
    for life, half in enumerate((range(EVERY // 2), range(EVERY // 2, EVERY))):
        out = tmp_path / f"out-{life}"
        with running(broker, names, tmp_path, out) as worker:
            publish(broker, names, half)
            least = BYTES * (half.stop // PARTITIONS) if life or way is signal.SIGTERM else BYTES
            wait_for("its sums", lambda: reached(out, least) or worker.poll() is not None)  # noqa: B023
            assert worker.poll() is None, out.read_text()[-3000:]
            worker.send_signal(signal.SIGTERM if life else way)
            worker.wait(60)
    events, last = [(int(p), int(n)) for p, n, _ in sums(out)], totals(out)
    assert sum(n for _, n in events) > 10 * len(events)
    whole = BYTES * EVERY // PARTITIONS
    if way is signal.SIGTERM:
        assert last == dict.fromkeys(range(PARTITIONS), whole)
    else:
        assert min(last.values()) >= whole


class Names:
    """What the example calls its own, made ours."""

    def __init__(self, tag: str) -> None:
        self.app, self.readings, self.sums, self.table = tag, f"{tag}.readings", f"{tag}.sums", f"{tag}.total"

    def text(self) -> str:
        said = (FOLDER / "example.py").read_text("utf-8").replace('"slices-example"', f'"{self.app}"')
        return (
            said.replace("example.readings", self.readings)
            .replace("example.sums", self.sums)
            .replace("example.total", self.table)
        )


@contextmanager
def running(broker: Endpoints, names: Names, folder: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The example as the README starts it, its topics renamed."""
    module = names.app.replace("-", "_")
    (folder / f"{module}.py").write_text(names.text())
    command = ["-m", "faust", "--datadir", str(folder), "-A", module, "worker", "--without-web", "-l", "warn"]
    with log.open("wb") as out:
        env = {**os.environ, "KAFKA": broker.kafka, "PYTHONPATH": f"{folder}:{ROOT}"}
        worker = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=env, stdout=out, stderr=out)
        try:
            yield worker
        finally:
            worker.kill()
            worker.wait()


def publish(broker: Endpoints, names: Names, numbers: range) -> None:
    client = producer(broker)
    for n in numbers:
        client.produce(names.readings, b"0" * BYTES, None, n % PARTITIONS)
    assert client.flush(60) == 0


def sums(log: Path) -> list[tuple[str, str, str]]:
    return _SUM.findall(log.read_text())


def totals(log: Path) -> dict[int, int]:
    """The last sum told of each partition."""
    return {int(partition): int(total) for partition, _, total in sums(log)}


def reached(log: Path, least: int) -> bool:
    found = totals(log)
    return len(found) == PARTITIONS and min(found.values()) >= least
