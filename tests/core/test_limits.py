"""Hostile texts of rules: refused at load or stopped by a budget, whichever way they reach the engine.

Nothing here is asserted by the clock: a text is refused before it runs, or CEL's own count of steps ends it.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharedchain.core import limits, texts
from sharedchain.core.cel import CelError, Condition, compile_condition
from sharedchain.core.cel import excess as excess_of
from sharedchain.core.typed import Types, check
from tests.core.sample import alerts, lead, rule, with_rules
from tests.depth import examples

ANY = Types({"message.text": None, "message.many": None}, {})
MAP = ".map(x, x + x)"
# expression → what the refusal says
REFUSED = {
    "size('" + "a" * 2_000 + "') > 0": "at most 2000",
    "['aaaaaaaaaa']" + MAP * 28 + ".all(x, size(x) > 0)": "values may grow at 28 places",  # 5 GB in 28 steps
    "[[1]]" + MAP * 28 + ".all(x, size(x) > 0)": "values may grow",
    "[[1]]" + ".map(x, [x, x])" * 28 + ".all(x, x == x)": "values may grow",
    "[message.text]" + ".map(x, {'a': x, 'b': x})" * 28 + ".all(x, x == x)": "values may grow",
    "optional.of(message.text)" + ".optMap(x, x + x)" * 28 + ".hasValue()": "values may grow",
    "'a'" + ".replace('a', 'aaaaaaaaaa')" * 9 + ".size() > 0": "`replace` builds texts",
    "message.text.replace('a', message.text).size() > 0": "`replace` builds texts",
    "message.many.map(x, message.text).join(message.text) == ''": "`join` builds texts",
    "'%s'.format([message.text]) == ''": "`format` builds texts",
    "message.text.matches(message.pattern)": "a pattern stands in the rule itself",
    "matches(message.text, 'a')": "a pattern stands in the rule itself",
    "message.text.matches('(a')": "invalid regular expression: missing )",
    "message.text.matches('(((a{1,100}){1,100}){1,100})')": "invalid repetition size",
    "message.text.matches('a{1000}{1000}')": "bad repetition operator",
    "message.text.matches('(?=a)a')": "invalid perl operator",  # RE2: neither looks ahead nor back
    "(" * 500 + "true" + ")" * 500: "recursion",
    "+".join(["1"] * 500) + " > 1": "recursion",
    "().__class__.__bases__[0].__subclasses__()": "",
    "__import__('os').system('true')": "",
    "lists.range(1000000000).size() > 0": "",
}
STEPS = "[" + ", ".join("1" * 60) + "]"
# Expressions that load, and that only CEL's count of steps ends.
ENDLESS = [
    f"{STEPS}.all(a, {STEPS}.all(b, {STEPS}.all(c, a > 0)))",
    "message.many.all(a, message.many.all(b, a + b >= 0))",
    "message.many.map(a, message.many.filter(b, b >= 0)).size() > 0",
    "message.many.exists_one(a, message.many.exists(b, b < 0))",
]
ERRING = [
    "1 / int(message.zero) > 0",
    "9223372036854775807 + message.one > 0",
    "message.absent.startsWith('a')",
    "message.text > 3",
    "message.text",
    "message.text.__class__.__mro__",
    "message.many[1000000] == 1",
    "int(message.text) == 1",
    "message.huge > 1",
]
SEEN: dict[str, Any] = {
    "message": {"text": "a" * 50, "many": list(range(200)), "zero": 0, "one": 1, "huge": 2**70, "price": 1.5}
}


@pytest.mark.parametrize("source", REFUSED, ids=itertools.count())
def test_what_no_budget_would_stop_is_refused_at_load(source: str) -> None:
    with pytest.raises(ValueError, match=r".") as refusal:
        compile_condition(source)
    said = str(refusal.value)
    assert REFUSED[source] in said


@pytest.mark.parametrize("source", [s for s in REFUSED if excess_of(s)], ids=itertools.count())
def test_the_check_before_publishing_says_it_with_its_column(source: str) -> None:
    (finding,) = check(source, ANY)
    assert REFUSED[source] in finding.text
    assert 1 <= finding.column <= len(source)


@pytest.mark.parametrize("source", ENDLESS)
def test_what_runs_too_long_is_stopped_by_the_budget_of_cel(source: str) -> None:
    found = compile_condition(source).truth(SEEN)
    assert isinstance(found, CelError)
    assert "Iteration budget exceeded" in found.text


@pytest.mark.parametrize("source", ERRING)
def test_what_goes_wrong_is_an_outcome_and_never_raised(source: str) -> None:
    assert isinstance(compile_condition(source).truth(SEEN), CelError)


@pytest.mark.parametrize("source", [s for s in REFUSED if "__" not in s][:12] + ENDLESS, ids=itertools.count())
def test_a_hostile_rule_that_reaches_the_log_all_the_same_is_one_alert_and_nobody_else_notices(source: str) -> None:
    line = with_rules(rule("R-90", when={"all": [source]}), rule("R-91", one_shot=True))
    line.tick("2026-04-01 08:01")
    for n in range(3):
        lead(line, f"L-{n}", many=list(range(200)), text="a" * 50)
    assert len(alerts(line.said, "R-00")) == 1
    assert alerts(line.said, "R-91") == [f"raised L-{n} YELLOW" for n in range(3)]


@pytest.mark.parametrize(
    "source",
    [
        'message.lines.exists(l, l.unit in ["kg", "g", "t", "lb", "oz", "st", "ct", "gr"])',
        "message.lines.all(l, l.quantity * l.price + l.freight - l.discount + l.tax > 0.0)",
        "message.a + message.b + message.c + message.d + message.e + message.f + message.g + message.h > 1.0",
        'message.text.matches("^[A-Z]{2}-[0-9]{4,8}$") && message.text.contains("a+b+c+d+e+f+g+h+i")',
        "message.lines[0].quantity > 1e+6",
        "message.lines.map(l, l.quantity).size() > 3",
    ],
)
def test_what_rules_really_say_is_allowed(source: str) -> None:
    assert excess_of(source) is None


TEMPLATES = {
    "{{ ''.__class__.__mro__ }}": "__mro__ is no field",
    "{{ message._private }}": "_private is no field",
    "{{ message['__class__'] | attr('x') }}": "no filter attr",
    "{% for a in range(10**9) %}a{% endfor %}": "no loops",
    "{% for a in message.many %}{% for b in message.many %}x{% endfor %}{% endfor %}": "no loops",
    "{{ range(10**9) }}": "calls nothing",
    "{{ message.text.upper() }}": "calls nothing",
    "{{ '%1000000000d' % 1 }}": "no %",
    "{{ 9 ** 999999 }}": "no powers",
    "{% set a = 'aaaa' %}{{ a ~ a }}": "sets no variables",
    "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}": "has no macros",
    "{{ 'a'|center(1000000000) }}": "no filter center",
    "{{ 'a'|format }}": "no filter format",
    "{{ message.text|replace('a', message.text) }}": "no filter replace",
    "{{ message.many|join(message.text) }}": "join takes a short text",
    "{{ message.many|map('center', 999999) }}": "no filter map",
    "{{ 1|round(9999999999999999) }}": "too large a number",
    "{{ 3 is foo }}": "mend the template",
    "{% include 'x' %}": "Include is not for texts",
    "{% import 'os' as os %}": "Import is not for texts",
    "{% extends message.text %}": "Extends is not for texts",
    "a" * 4_001: "at most 4000",
    "{{ a }}" * 500: "more than 400 parts",
    "{{ " + "(" * 900 + "1" + ")" * 900 + " }}": "",
    "{{ " + "-" * 2_000 + "1 }}": "nested too deep",
    "{{ unclosed": "mend the template",
}


@pytest.mark.parametrize("source", TEMPLATES, ids=itertools.count())
def test_a_template_says_fields_and_nothing_else(source: str) -> None:
    if not TEMPLATES[source]:  # parentheses alone leave no trace in the tree
        return
    with pytest.raises(ValueError, match=r".") as refusal:
        texts.compile_text(source)
    assert TEMPLATES[source] in str(refusal.value)


@pytest.mark.parametrize("source", ["{{ message.text * 1000000 }}", "{{ 1000000 * message.text }}", "{{ 1 / 0 }}"])
def test_what_a_template_does_wrong_at_run_time_is_a_value_error(source: str) -> None:
    with pytest.raises(ValueError, match="text: "):
        texts.render(texts.compile_text(source), SEEN, "en")


def test_a_part_is_no_longer_than_a_whole_text_however_long_the_payload_is() -> None:
    said = texts.render(texts.compile_text("{{ message.text }}" * 100), {"message": {"text": "a" * 250_000}}, "en")
    assert len(said) == 2_000


# A grammar of expressions that all load or are refused: whatever it makes, only outcomes come out.
FIELDS = ("message.text", "message.many", "message.zero", "message.absent", "message.price")
WORDS = ("'é'", "1", "1.0", "null", "true", "[1, 2]", "{'a': 1}", "x", "b'a'", "-9223372036854775808", "duration('1s')")
OPERATORS = ("+", "-", "*", "/", "%", "<", "==", "&&", "||", "in")
MACROS = ("all", "exists", "map", "filter", "exists_one")
CALLS = ("size", "int", "string", "double", "!", "-", "type")


def larger(part: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} {} {})".format, part, st.sampled_from(OPERATORS), part),
        st.builds("{}.{}(x, {})".format, part, st.sampled_from(MACROS), part),
        st.builds("{}({})".format, st.sampled_from(CALLS), part),
        st.builds("({} ? {} : {})".format, part, part, part),
        st.builds("{}[{}]".format, part, part),
    )


@examples(50)
@given(st.recursive(st.sampled_from(FIELDS + WORDS), larger, max_leaves=12))
def test_whatever_loads_gives_true_false_or_an_error_and_never_raises(source: str) -> None:
    try:
        condition = compile_condition(source)
    except ValueError:
        return
    assert isinstance(condition, Condition)
    assert isinstance(condition.truth(SEEN), bool | CelError)


@examples(50)
@given(st.text(alphabet="(){}[].,'\"+*-/%|~ abx_19\\é\n", max_size=60))
def test_any_characters_load_or_are_refused_as_expression_and_as_template(source: str) -> None:
    for load in (compile_condition, texts.compile_text):
        try:
            load(source)
        except ValueError:
            continue
    try:
        texts.render(texts.compile_text("{{ " + source + " }}"), SEEN, "zh")
    except ValueError:
        return


def test_growth_is_counted_where_an_argument_may_be_bound_again() -> None:
    assert limits.excess("a + b + c + d + e + f + g + h + i", "a + b + c + d + e + f + g + h + i") is None
    inside = "m.all(x, " + " + ".join("x" * (limits.GROWTH + 1)) + " > 0)"
    assert limits.excess(inside, inside) is None
    assert limits.excess(inside.replace("x +", "x + x +", 1), inside.replace("x +", "x + x +", 1)) is not None


def test_a_rule_has_so_many_expressions_and_no_more() -> None:
    line = with_rules(rule("R-90", when={"all": ["message.region == 'DE'"] * (limits.CONDITIONS + 1)}))
    line.tick("2026-04-01 08:01")
    (told,) = [one.data for one in line.said if one.data.get("rule_id") == "R-00"]
    assert "41 expressions, at most 40: shorten `when`" in told["text_en"]
