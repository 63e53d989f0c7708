"""The plugin turns runs red that would look green."""

import pytest

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
    pytester.makeini("[pytest]\nmarkers = stack: x\n")
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


@pytest.mark.parametrize(
    ("reason", "code"),
    [("no Docker engine here", 0), ("no ../shared/data", 0), ("Kafka does not start", 1), ("later", 1)],
)
@pytest.mark.parametrize("where", ["test", "module"])
def test_a_skip_needs_an_allowed_reason(pytester: pytest.Pytester, reason: str, code: int, where: str) -> None:
    module = f"import pytest; pytest.skip({reason!r}, allow_module_level=True)"
    single = f"import pytest\ndef test_one(): pytest.skip({reason!r})\n"
    text = module if where == "module" else single
    pytester.makepyfile(test_other="def test_pure(): ...")
    assert run(pytester, text).ret == code
