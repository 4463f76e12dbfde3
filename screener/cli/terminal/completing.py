"""What a shell offers when one presses the tab key: baskets, reports, fields, closed choices.

Only a shell that asks for it loads this. Nothing here may fail: a workspace that cannot be read
offers nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screener.errors import ScreenerError

if TYPE_CHECKING:
    from screener.workspace.locate import Workspace

__all__ = ["add_completion"]

_CHOICES = re.compile(r"[a-z]+([|,][a-z]+)+")


def add_completion(command: Any, words: str = "") -> None:
    """Let every option and argument of a command and of those below it offer its values."""
    for item in command.params:
        offered = _offered(words, item)
        if offered is not None:
            item._custom_shell_complete = partial(_complete, offered)
    for name, inner in getattr(command, "commands", {}).items():
        add_completion(inner, f"{words} {name}".strip())


def _complete(
    offered: Callable[[], Iterable[str]], _ctx: Any, _param: Any, typed: str
) -> list[str]:
    """Return what begins as the last part of a list does, the parts before it kept."""
    kept, comma, last = typed.rpartition(",")
    with suppress(ScreenerError, OSError, ValueError):
        return [f"{kept}{comma}{value}" for value in offered() if value.startswith(last)]
    return []


def _offered(words: str, item: Any) -> Callable[[], Iterable[str]] | None:
    if item.param_type_name == "argument":
        return _ARGUMENTS.get((words, item.name))
    found = _OPTIONS.get(item.opts[0])
    if found is None and item.metavar and _CHOICES.fullmatch(item.metavar):
        return partial(re.split, "[|,]", item.metavar)
    return found


def _place() -> Workspace:
    from screener.workspace.settings import named_workspace

    typed = os.environ.get("_TYPER_COMPLETE_ARGS", os.environ.get("COMP_WORDS", ""))
    found = named_workspace(typed.split(), os.environ, Path.cwd())
    if found is None:
        raise ValueError("no workspace here")
    return found


def _baskets() -> Iterable[str]:
    from screener.workflows.report.catalog import list_baskets

    return [item.name for item in list_baskets(_place())]


def _reports() -> Iterable[str]:
    from screener.workflows.report.catalog import list_reports

    return [item.id for item in list_reports(_place())]


def _themes() -> Iterable[str]:
    from screener.workflows.report.catalog import list_reports

    return sorted({item.theme for report in list_reports(_place()) for item in report.securities})


def _brokers() -> Iterable[str]:
    from screener.workflows.report.catalog import list_reports

    return sorted({note.broker for report in list_reports(_place()) for note in report.notes})


def _screens() -> Iterable[str]:
    from screener.workspace.screens import list_screens

    return [name for name, _, _ in list_screens(_place())]


def _fields() -> Iterable[str]:
    from screener.screen.fields import FIELDS

    return FIELDS


def _settings() -> Iterable[str]:
    from screener.workflows.settings import held_settings

    return held_settings(None, {})


def _tables() -> Iterable[str]:
    from screener.data.lake.schema import TABLES

    return TABLES


def _weightings() -> Iterable[str]:
    from screener.domain.basket import Weighting

    return [str(item) for item in Weighting]


def _needs() -> Iterable[str]:
    from screener.data.sources.online.transport.protocol import Need

    return [str(item) for item in Need]


_ARGUMENTS: Mapping[tuple[str, str], Callable[[], Iterable[str]]] = {
    ("backtest", "names"): _baskets,
    ("follow", "names"): _baskets,
    ("study", "names"): _baskets,
    ("score", "names"): _baskets,
    ("basket show", "name"): _baskets,
    ("basket rm", "names"): _baskets,
    ("screen", "saved"): _screens,
    ("config", "key"): _settings,
    **{(f"report {name}", "report"): _reports for name in ("show", "check", "edit", "rm")},
}

_OPTIONS: Mapping[str, Callable[[], Iterable[str]]] = {
    "--basket": _baskets,
    "--report": _reports,
    "--theme": _themes,
    "--broker": _brokers,
    "--fields": _fields,
    "--sort": _fields,
    "--rank": _fields,
    "--where": _fields,
    "--allow-missing": _fields,
    "--table": _tables,
    "--only": _needs,
    "--weighting": _weightings,
    "--entry": lambda: ("open", "vwap", "close"),
    "--rebalance": lambda: ("none", "monthly", "quarterly", "daily"),
    "--rights": lambda: ("take-up", "lapse"),
    "--hk-account": lambda: ("southbound", "direct"),
}
