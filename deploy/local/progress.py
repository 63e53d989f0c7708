"""What a start tells the person who waits: one line an event, seconds first, in Chinese or English."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Literal

from sharedchain.cli import language

Event = Literal[
    "fetch", "start", "ready", "done", "died", "stop", "up", "down",
    "failed", "stuck", "leftovers", "running", "stopped", "nothing",
]  # fmt: skip

_TEXT: dict[Event, tuple[str, str]] = {
    "fetch": ("正在检查程序文件(首次需下载)", "checking its files (the first time they are fetched)"),
    "start": ("启动中 …", "starting …"),
    "ready": ("就绪 {}", "ready {}"),
    "done": ("完成", "done"),
    "died": ("已退出({}),稍后重启;日志 {}", "ended ({}), restarts soon; log {}"),
    "stop": ("停止中 …", "stopping …"),
    "up": ("全部就绪;停止:Ctrl-C 或 sharedchain down;地址 {}", "all ready; stop: Ctrl-C or sharedchain down; see {}"),
    "down": ("已全部停止", "all stopped"),
    "failed": ("启动失败:{}", "start given up: {}"),
    "stuck": ("{:.0f} 秒仍未就绪,重新启动", "not ready after {:.0f} s, is started again"),
    "leftovers": ("清理上次遗留的进程", "ended, left over from a former run"),
    "running": ("{} 已在运行(进程 {});查看:sharedchain status", "{} runs already (pid {}): see sharedchain status"),
    "stopped": ("{} 已停止,用时 {:.1f} 秒", "{} stopped in {:.1f} s"),
    "nothing": ("{} 没有在运行", "nothing runs in {}"),
}


def text(event: Event, *details: object) -> str:
    return _TEXT[event][0 if language() == "zh" else 1].format(*details)


def teller() -> Callable[..., None]:
    """A function (event, part name, details…) that prints a line; its clock starts now."""
    start = time.monotonic()

    def tell(event: Event, name: str, *details: object) -> None:
        sys.stdout.write(f"{time.monotonic() - start:6.1f} s  {name:<11} {text(event, *details)}\n")
        sys.stdout.flush()

    return tell
