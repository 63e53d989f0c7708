"""A pytest plugin: which tests ran on the real parts, and was anything left out for a bad reason?

A suite that skipped everything would be green. So the closing lines count what ran on real Kafka,
registry and ClickHouse; `--require-real` (make test) fails a run in which one of them saw no test;
and a skip for any reason but those below always fails the run.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Generator, Iterable

import pytest

REAL = ("kafka", "registry", "clickhouse")
ALLOWED_SKIPS = (
    r"no docker",
    r"docker is not available",
    r"no \.\./shared/data",
    r"promtool is not installed",
)  # the engine, the data, a Debian package: not ours to provide

_PARTS = pytest.StashKey[set[str]]()


def used(request: pytest.FixtureRequest, parts: Iterable[str]) -> None:
    """Called by the fixtures: the tests that asked for them run on these parts."""
    request.node.stash.setdefault(_PARTS, set()).update(parts)


class Census:
    """Counts outcomes as they come."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self.bad_skips: list[str] = []

    def passed_on(self, parts: Iterable[str]) -> None:
        parts = set(parts)
        self.seen.update(parts & set(REAL))
        self.seen["all"] += set(REAL) <= parts

    def skipped(self, test: str, reason: str) -> None:
        if not any(re.search(allowed, reason, re.IGNORECASE) for allowed in ALLOWED_SKIPS):
            self.bad_skips.append(f"{test}: {reason}")

    def findings(self, require_real: bool) -> list[str]:
        """Why this run must not count as green."""
        found = [f"skipped for a reason that is not allowed: {line}" for line in self.bad_skips]
        if require_real:
            found += [f"no test ran on real {part}" for part in REAL if not self.seen[part]]
        return found

    def line(self) -> str:
        counts = " · ".join(f"{part} {self.seen[part]}" for part in REAL)
        return f"tests passed on real parts: {counts} · on all three {self.seen['all']}"


def parts_of(item: pytest.Item) -> set[str]:
    """The parts of the fixtures that this test, its class, module or session asked for."""
    names = set(getattr(item, "fixturenames", ()))
    fixed = {
        "stack": set(REAL),
        "stage": set(REAL),
        "broker": {"kafka", "registry"},
        "own_broker": {"kafka", "registry"},
        "store": {"clickhouse"},
    }
    parts: set[str] = set().union(*(fixed[name] for name in fixed.keys() & names))
    more: set[str] = item.stash.get(_PARTS, set())
    return parts | more


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--require-real", action="store_true", help="fail if no test ran on real Kafka, registry, ClickHouse"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_Hooks(config), "sharedchain-census")


class _Hooks:
    def __init__(self, config: pytest.Config) -> None:
        self._census = Census()
        self._require = bool(config.getoption("--require-real"))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if report.when == "call" and report.passed:
            self._census.passed_on(parts_of(item))
        if report.skipped and not hasattr(report, "wasxfail"):
            self._census.skipped(item.nodeid, str(report.longrepr))
        return report

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:  # a module that skips itself
            self._census.skipped(report.nodeid, str(report.longrepr))

    @pytest.hookimpl(tryfirst=True)  # before -m selects
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            if {"stack", "stage", "broker", "own_broker", "fresh_stack"} & set(getattr(item, "fixturenames", ())):
                item.add_marker("stack")

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._census.findings(self._require) and session.exitstatus in (0, 5):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.write_line(self._census.line())
        for finding in self._census.findings(self._require):
            terminalreporter.write_line(f"FAILED: {finding}", red=True)
