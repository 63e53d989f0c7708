"""What a text of a rule may ask for: decided at load, because not everything that grows is counted while it runs.

CEL stops an expression after 10,000 steps of its macros and 32 levels, and its patterns are RE2. It does not stop one
whose values double at every step (`[s].map(x, x + x).map(x, x + x)…` has 28 steps and 5 GB). Templates have no loops,
no calls and no attributes of Python, and nothing in them is larger than what is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from jinja2 import nodes

EXPRESSION = 2_000  # characters of a condition or computed value
CONDITIONS = 40  # of one rule: each may use CEL's whole budget
TEMPLATE = 4_000  # characters of a title or text
NODES = 400  # of its tree
GROWTH = 6  # places in arguments where a value may become twice as large: 64 times at most
FILTERS = {"money", "pct", "percent", "number", "localtime", "join", "default", "d", "upper", "lower", "trim"}
FILTERS |= {"capitalize", "title", "length", "count", "first", "last", "round", "int", "float", "abs"}
TESTS = {"defined", "undefined", "none", "number", "string", "true", "false", "boolean"}
TESTS |= {"eq", "ne", "lt", "le", "gt", "ge", "in", "divisibleby"}
_WORD = re.compile(r"[A-Za-z_]")
_BUILDS = re.compile(r"\.(replace|join|format)\s*\(")
_MATCHES = re.compile(r"(\.)?\bmatches\s*\(")
_LITERAL = re.compile(r"""\s*r?(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')\s*\)""")
_ALLOWED: tuple[type[nodes.Node], ...] = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr, nodes.Getitem,
    nodes.Filter, nodes.Test, nodes.If, nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not,
    nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.Neg, nodes.Pos, nodes.Concat, nodes.List, nodes.Tuple,
)  # fmt: skip


def excess(source: str, blanked: str) -> tuple[int, str] | None:
    """What an expression asks for that nothing would stop: column from 1, and how to mend it; None = nothing.

    `blanked` is the source with the insides of its string literals blanked.
    """
    if len(source) > EXPRESSION:
        return EXPRESSION, f"has {len(source)} characters, at most {EXPRESSION}: split it into several conditions"
    builds = _BUILDS.search(blanked)
    if builds:
        return builds.start() + 1, f"`{builds[1]}` builds texts of any length; what people read stands under `texts`"
    for match in _MATCHES.finditer(blanked):
        if not match[1] or not _LITERAL.match(source, match.end()):
            return match.start() + 1, "a pattern stands in the rule itself: text.matches('…')"
    grows = list(_growing(blanked))
    if len(grows) > GROWTH:
        return grows[GROWTH], f"values may grow at {len(grows)} places inside arguments, at most {GROWTH}: compute less"
    return None


def _growing(blanked: str) -> Iterator[int]:
    """Columns, inside the arguments of any call, of `+` and of each element of a list or map that is computed."""
    stack: list[tuple[str, int]] = []
    inside = 0  # calls around
    for at, char in enumerate(blanked):
        if char in "([{":
            kind = _kind(blanked, at)
            stack.append((kind, at))
            inside += kind == "call"
        elif char in ")]}" and stack:
            kind, start = stack.pop()
            inside -= kind == "call"
            if kind in "[{" and inside and _WORD.search(blanked, start, at):
                yield start + 1
        elif char == "+" and inside and not re.search(r"\d[eE]$", blanked[:at]):
            yield at + 1
        elif char == "," and inside and stack and stack[-1][0] in "[{":
            start = stack[-1][1]
            if _WORD.search(blanked, start, _closing(blanked, start)):
                yield at + 1


def _kind(text: str, at: int) -> str:
    """What the bracket at `at` opens: the arguments of a call, an index, or as it looks."""
    before = text[:at].rstrip()[-1:]
    if before.isalnum() or before == "_":
        return {"(": "call", "[": "index"}.get(text[at], text[at])
    return "index" if text[at] == "[" and before and before in ")]\"'" else text[at]


def _closing(text: str, start: int) -> int:
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] in "([{") - (text[at] in ")]}")
        if not depth:
            return at
    return len(text)


def refused(tree: nodes.Template) -> tuple[int, str] | None:
    """What a template must not ask for: line, and how to mend it; None = nothing."""
    for count, node in enumerate(_walk(tree), 1):
        if count > NODES:
            return node.lineno, f"has more than {NODES} parts; say less"
        found = _refused(node)
        if found:
            return node.lineno, found
    return None


def _walk(node: nodes.Node) -> Iterator[nodes.Node]:
    for child in node.iter_child_nodes():
        yield child
        yield from _walk(child)


def _refused(node: nodes.Node) -> str:
    match node:
        case nodes.Getattr(attr=name) if name.startswith("_"):
            return f"{name} is no field"
        case nodes.Filter(name=name) if name not in FILTERS:
            return f"no filter {name}; there are {', '.join(sorted(FILTERS))}"
        case nodes.Filter(name="join", args=args, kwargs=kwargs) if kwargs or not all(map(_short, args)):
            return "join takes a short text between quotes"
        case nodes.Filter(name=name, kwargs=kwargs) if kwargs:
            return f"{name} takes no named argument"
        case nodes.Test(name=name) if name not in TESTS:
            return f"no test `is {name}`; there are {', '.join(sorted(TESTS))}"
        case nodes.Const(value=value) if isinstance(value, int) and abs(value) > 10**15:
            return f"{str(value)[:20]}… is too large a number"
    return "" if isinstance(node, _ALLOWED) else _WORDS.get(type(node), f"{type(node).__name__} is not for texts")


def _short(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Const) and isinstance(node.value, str) and len(node.value) <= 20


_WORDS: dict[type[nodes.Node], str] = {
    nodes.Call: "a text calls nothing; use a filter",
    nodes.For: "a text has no loops; use join",
    nodes.Assign: "a text sets no variables; compute them under `let`",
    nodes.AssignBlock: "a text sets no variables; compute them under `let`",
    nodes.Macro: "a text has no macros",
    nodes.Pow: "a text has no powers; compute them under `let`",
    nodes.Mod: "a text has no %; compute it under `let`",
    nodes.FloorDiv: "a text has no //; compute it under `let`",
}
