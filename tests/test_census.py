"""The plugin turns runs red that would look green."""

import pytest

from tests.census import Census

PLUGIN = ("-p", "tests.census", "-p", "no:cacheprovider")
STORY = """
    import pytest

    @pytest.fixture
    def stack():
        return None

    def test_real(stack): ...
    def test_pure(): ...
"""


def run(pytester: pytest.Pytester, text: str, *options: str) -> pytest.RunResult:
    pytester.makepyfile(text)
    pytester.makeini("[pytest]\nmarkers = stack: x\nasyncio_default_fixture_loop_scope = function\n")
    return pytester.runpytest_inprocess(*PLUGIN, *options)


def test_counts_the_tests_on_real_parts(pytester: pytest.Pytester) -> None:
    result = run(pytester, STORY, "--require-real")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*kafka 1 · registry 1 · clickhouse 1 · on all three 1"])


def test_marks_them_for_selection(pytester: pytest.Pytester) -> None:
    run(pytester, STORY, "-m", "not stack").assert_outcomes(passed=1, deselected=1)


@pytest.mark.parametrize(("option", "code"), [((), 0), (("--require-real",), 1)])
def test_a_full_run_without_real_parts_fails(pytester: pytest.Pytester, option: tuple[str, ...], code: int) -> None:
    assert run(pytester, "def test_pure(): ...", *option).ret == code


@pytest.mark.parametrize("text", ["def test_one(): pytest.skip('later')", "pytest.skip('later', True)"])
def test_a_skip_without_an_allowed_reason_fails(pytester: pytest.Pytester, text: str) -> None:
    pytester.makepyfile(test_other="def test_pure(): ...")
    assert run(pytester, f"import pytest\n{text.replace('True', 'allow_module_level=True')}").ret == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("reason", "allowed"),
    [
        ("no Docker engine here", True), ("no ../shared/data", True), ("promtool is not installed (Debian)", True),
        ("Kafka does not start", False), ("later", False),
    ],
)  # fmt: skip
def test_the_allowed_reasons_are_three(reason: str, allowed: bool) -> None:
    census = Census()
    census.skipped("a test", reason)
    assert (census.findings(require_real=False) == []) is allowed
