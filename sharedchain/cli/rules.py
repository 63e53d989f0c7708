"""`sharedchain rules check | test | explain`, and those that need a checkout: `backtest`, …"""

from __future__ import annotations

import dataclasses
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any

import typer

from sharedchain import canonical, derivationcheck, rulecheck, rulecount
from sharedchain.cli import language
from sharedchain.cli.explain import explain
from sharedchain.cli.options import Json
from sharedchain.core.trial import Outcome
from sharedchain.errors import ConfigError, SharedChainError
from sharedchain.schemas import Catalog

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Check rules, run the cases at the bottom of each, and try them on what the log holds.",
    no_args_is_help=True,
)
_ALL = {"allow_extra_args": True, "ignore_unknown_options": True}
Root = Annotated[
    Path | None, typer.Option("--root", help="the folder that holds rules/ and schemas/ (default: our own)")
]
_WORDS = {
    "zh": (
        "条规则，{measures} 个指标，{findings} 处问题",
        "{passed}/{all} 个用例通过",
        "预期",
        "实际",
        "没有与 {path} 相符的规则",
        "触发 {firing} · 安静 {quiet} · 边界 {edge} 个用例",
        "规则包内生效 {live} · 仅观察 {observed} · 等待事件源 {waiting}{ids}",
        " · 不在任何规则包 {n}（{ids}）：请加入一个",
    ),
    "en": (
        "rules, {measures} measures, {findings} findings",
        "{passed} of {all} cases pass",
        "expected",
        "found",
        "no rule matches {path}; name a file, a folder or an id such as R-03",
        "{firing} firing · {quiet} quiet · {edge} edge cases",
        "live in a pack {live} · observe-only {observed} · waiting for an event source {waiting}{ids}",
        " · in no pack {n} ({ids}): add them to one",
    ),
}


@app.command()
def check(root: Root = None, json: Json = False) -> None:
    """Does every rule, measure, pack and route load, and does each name and type in it exist? Exit 1 if not."""
    book = rulecheck.check(root)
    rules, measures = len(book.models["rule"]), len(book.models["measure"])
    if json:
        said = {"ok": not book.findings, "findings": book.findings, "rules": rules, "measures": measures}
        typer.echo(canonical.dumps(said))
    else:
        for line in book.findings:
            typer.echo(line)
        summary = _WORDS[language()][0].format(measures=measures, findings=len(book.findings))
        typer.echo(f"{rules} {summary}")
    if book.findings:
        raise typer.Exit(1)


@app.command("test")
def run(
    path: Annotated[str, typer.Argument(help="a rule file, a folder, or an id such as R-03 (default: all)")] = "",
    root: Root = None,
    json: Json = False,
) -> None:
    """Run the `tests:` of the rules through the code that judges facts. Exit 1 if one ends otherwise."""
    catalog = Catalog.load(root)
    book = rulecheck.check(root, catalog)
    if book.findings:
        raise ConfigError(book.findings)
    results: dict[str, list[Outcome]] = {}
    for rule, document in book.rules():
        if not path or rule.id == path or document.path.resolve().is_relative_to(Path(path).resolve()):
            results[rule.id] = rulecheck.outcomes(book, rule, catalog)
    for one, document in book.derivations():
        if not path or one.id == path or document.path.resolve().is_relative_to(Path(path).resolve()):
            results[one.id] = derivationcheck.outcomes(book, one, catalog)
    if not results:
        raise ConfigError([_WORDS[language()][4].format(path=path)])
    every = [outcome for found in results.values() for outcome in found]
    counted = rulecount.count(book)
    if json:
        said = {"ok": all(o.ok for o in every), "rules": _plain(results), "count": dataclasses.asdict(counted)}
        typer.echo(canonical.dumps(said))
    else:
        _print(results)
        if not path:
            _summary(counted)
    if not all(outcome.ok for outcome in every):
        raise typer.Exit(1)


app.command("explain")(explain)


def _elsewhere(name: str, text: str) -> None:
    """A command whose code the wheel does not hold: the checkout registers it among the entry points."""

    @app.command(name, help=text, add_help_option=False, context_settings=_ALL)
    def command(context: typer.Context) -> None:
        found = list(entry_points(group="sharedchain.rules", name=name))
        if not found:
            raise SharedChainError(f"`sharedchain rules {name}` needs a checkout or the image")
        behind = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
        behind.command(help=text)(found[0].load())
        behind(args=context.args, prog_name=f"sharedchain rules {name}")


_elsewhere("backtest", "Fold the log with other rules: what would have rung, to whom, how long. Nobody is told.")
_elsewhere("diff", "Which alerts NEW would add to those of OLD, take away, or ring at another time. Exit 1 if any.")
_elsewhere("shadow", "Run a version of a rule beside the live one: it judges everything and tells no one.")
_elsewhere("promote", "The version in the shadow becomes the live one; what is open goes on under it.")
_elsewhere("rollback", "The version before the one in force comes back, as the log holds it.")


def _print(results: dict[str, list[Outcome]]) -> None:
    words = _WORDS[language()]
    for rule_id, found in results.items():
        for outcome in found:
            typer.echo(f"{'✓' if outcome.ok else '✗'} {rule_id}  {outcome.name}")
            if not outcome.ok:
                typer.echo(f"    {words[2]}: {_said(outcome.expected)}\n    {words[3]}: {_said(outcome.found)}")
    every = [outcome for found in results.values() for outcome in found]
    typer.echo(words[1].format(passed=sum(outcome.ok for outcome in every), all=len(every)))


def _summary(count: rulecount.Count) -> None:
    words = _WORDS[language()]
    typer.echo(words[5].format(firing=count.firing, quiet=count.quiet, edge=count.edge))
    ids = f" ({', '.join(count.waiting)})" if count.waiting else ""
    sizes = {"live": len(count.live), "observed": len(count.observed), "waiting": len(count.waiting)}
    idle = words[7].format(n=len(count.idle), ids=", ".join(count.idle)) if count.idle else ""
    typer.echo(words[6].format(**sizes, ids=ids) + idle)


def _plain(results: dict[str, list[Outcome]]) -> dict[str, Any]:
    return {
        rule_id: [{"name": o.name, "ok": o.ok, "expected": _said(o.expected), "found": _said(o.found)} for o in found]
        for rule_id, found in results.items()
    }


def _said(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(value)
