"""The `sharedchain` command. A command's module is loaded when the command is called.

To add one: a line in COMMANDS, and `sharedchain/cli/<name>.py` with a function `<name>` whose
parameters are typer annotations (a `typer.Typer` named `app` for a group). It prints its findings,
raises SharedChainError for what cannot be done (one line on stderr, exit 2) and typer.Exit(1) when
the thing it checked failed. Common options: sharedchain.cli.options.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple


class Command(NamedTuple):
    """One line of help in both languages; `checkout` = its code is not in the wheel."""

    zh: str
    en: str
    checkout: bool = False


COMMANDS: dict[str, Command] = {
    "up": Command("启动整条链（本机）", "start the whole chain on this machine", True),
    "down": Command("停止", "stop it", True),
    "status": Command("各部分状态与内存", "the state and memory of each part", True),
    "doctor": Command("逐项检查环境与连接", "check the machine and every connection", True),
    "endpoints": Command("各部分的地址", "where each part listens"),
    "demo": Command("演示故事：预期与实际对照", "play the story, expected against found", True),
    "publish": Command("发布事件（JSON、JSONL、CSV）", "publish events from JSON, JSONL or CSV"),
    "import": Command("导入外部系统的数据", "bring in the export of another system", True),
    "tenant": Command("租户设置：流程、规则包、时区", "a tenant's settings: flow, rule packs, zone"),
    "settle": Command("等待此前事件全部处理完", "wait until everything published before is decided"),
    "watch": Command("实时查看预测、告警、事实", "watch forecasts, alerts or facts live"),
    "alerts": Command("告警列表", "list alerts"),
    "ack": Command("确认告警", "answer for an alert"),
    "inbox": Command("收件箱", "what a person or role was told"),
    "forecasts": Command("预测现况", "forecasts as they stand"),
    "metric": Command("查询分钟指标", "the value of a measure at a minute"),
    "trace": Command("从线索到回款的每一步", "every step from lead to cash, by any id"),
    "rules": Command("规则检查与测试", "check and test rules"),
    "schema": Command("模式检查与注册", "check and register schemas"),
    "dlq": Command("死信列表与查看", "list and show dead letters"),
    "whatif": Command("假设推演：加、改、去事实", "branch the log with hypothetical facts", True),
    "replay": Command("重放日志并比较", "fold the log again and compare", True),
    "audit": Command("核对存储与日志", "see that the store is what the log says", True),
    "backup": Command("备份（可在运行中）", "save a home, running or not", True),
    "restore": Command("由备份恢复", "make a home of a backup", True),
    "rebuild": Command("由日志重建其余一切", "make everything else anew from the log", True),
}
_WORDS = {
    "zh": ("用法", "命令", "每个命令都有 --help。通用选项", "语言", "安装目录", "机器可读输出"),
    "en": ("usage", "commands", "each command has --help. common options", "language", "home", "output for machines"),
}


def main() -> None:
    """Entry point of `sharedchain`. Exit codes: 0 ok, 1 the checked thing failed, 2 bad input."""
    try:
        code = run(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of the overview has seen enough
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  (nothing is left to be written at exit)
        code = 0
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and give its exit code."""
    try:
        rest = _take_language(list(arguments))
    except ValueError as error:
        return _complain(str(error))
    if not rest or rest[0] in ("-h", "--help", "help"):
        print(help_text(language()))
        return 0
    if rest[0] == "--version":
        from importlib.metadata import version

        print(f"sharedchain {version('sharedchain')}")
        return 0
    name = rest[0]
    if name not in COMMANDS:
        return _complain(_unknown(name))
    return _call(name, rest[1:])


def language() -> str:
    """`zh` or `en`, by LC_ALL, else LANG."""
    said = os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return "zh" if said.lower().startswith("zh") else "en"


def help_text(lang: str) -> str:
    """The overview: one line a command, at most 80 columns."""
    usage, commands, options, tongue, home, machine = _WORDS[lang]
    lines = [f"sharedchain  {'共享数据链' if lang == 'zh' else 'one event log from lead to cash'}", ""]
    lines += [f"{usage}: sharedchain COMMAND [...]", "", f"{commands}:"]
    lines += [f"  {name:<10} {command.zh if lang == 'zh' else command.en}" for name, command in COMMANDS.items()]
    lines += ["", f"{options}:", f"  --home DIR    {home} (SHAREDCHAIN_HOME, ./.sharedchain)"]
    return "\n".join([*lines, f"  --json        {machine}", f"  --lang zh|en  {tongue} (LANG)"])


def _take_language(arguments: list[str]) -> list[str]:
    """The arguments without `--lang`; what it said becomes this process's LANG."""
    rest: list[str] = []
    said = iter(arguments)
    for word in said:
        if word == "--":
            return [*rest, word, *said]
        if word != "--lang" and not word.startswith("--lang="):
            rest.append(word)
            continue
        tongue = word.partition("=")[2] or next(said, "")
        if tongue not in ("zh", "en"):
            raise ValueError(f"--lang {tongue}: choose zh or en")
        os.environ["LANG"] = os.environ["LC_ALL"] = {"zh": "zh_CN.UTF-8", "en": "en_US.UTF-8"}[tongue]
    return rest


def _call(name: str, arguments: list[str]) -> int:
    from sharedchain.errors import SharedChainError

    try:
        import typer

        target = _target(name)
        if not isinstance(target, typer.Typer):
            app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
            app.command(help=target.__doc__ or COMMANDS[name].en)(target)
            target = app
        target(args=arguments, prog_name=f"sharedchain {name}")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except SharedChainError as error:
        return _complain(_kind_of(error) + str(error))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output has seen enough
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  (nothing is left to be written at exit)
        return 0
    return 0


def _target(name: str) -> Any:
    from importlib import import_module
    from importlib.metadata import entry_points

    from sharedchain.errors import SharedChainError

    if not COMMANDS[name].checkout:
        module = import_module(f"sharedchain.cli.{name}")
        return getattr(module, "app", None) or getattr(module, name)
    found = list(entry_points(group="sharedchain.commands", name=name))
    try:
        return found[0].load()
    except IndexError:
        raise SharedChainError(f"`sharedchain {name}` needs a checkout or the image") from None
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("deploy", "streams", "sinks", "gateway"):
            raise SharedChainError(f"`sharedchain {name}` misses the package {error.name}: install .[chain]") from None
        raise SharedChainError(f"`sharedchain {name}` needs a checkout or the image") from None


def _unknown(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, COMMANDS, n=1)
    if language() == "zh":
        return f"没有命令 {name!r}" + (f"：是不是 {near[0]}？" if near else "：见 `sharedchain --help`")
    return f"no command {name!r}" + (f": did you mean {near[0]}?" if near else ": see `sharedchain --help`")


def _kind_of(error: Exception) -> str:
    """For a Chinese reader, what kind of fault it is; the text itself names files, fields and commands."""
    from sharedchain.errors import ConfigError, ConnectionFailed, Fenced, Refused

    if language() != "zh":
        return ""
    words = {ConnectionFailed: "连接不上：", ConfigError: "文件有误：", Refused: "被拒：", Fenced: "已被接管："}
    return next((word for kind, word in words.items() if isinstance(error, kind)), "")


def _complain(text: str) -> int:
    print(f"sharedchain: {text}", file=sys.stderr)
    return 2
