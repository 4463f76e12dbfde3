"""The program speaks the reader's language, from its first text on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from screener.cli.main import app

SOURCES = Path(__file__).resolve().parents[2]
NO_LOCALE = {
    name: value
    for name, value in os.environ.items()
    if name not in ("LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE", "SCREENER_LANG")
}


@pytest.fixture(autouse=True)
def _made_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the command line at each call, as a process does: here its language changes."""
    monkeypatch.setattr("typer.testing._get_command", get_command)


def started(
    *arguments: str, env: dict[str, str] | None = None, at: Path = SOURCES
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "screener", *arguments],
        cwd=at,
        env={**NO_LOCALE, "PYTHONPATH": str(at), "COLUMNS": "100", **(env or {})},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "env"),
    [
        (("--lang", "zh", "--help"), {}),
        (("--help", "--lang=zh"), {"LC_ALL": "C", "SCREENER_LANG": "en"}),
        (("--help",), {"LANG": "zh_CN.UTF-8"}),
        (("--help",), {"SCREENER_LANG": "zh", "LC_ALL": "en_US.UTF-8"}),
        (("--lang", "zh"), {}),
    ],
)
def test_the_help_in_chinese(arguments: tuple[str, ...], env: dict[str, str]) -> None:
    told = started(*arguments, env=env)
    text = told.stdout + told.stderr
    for words in (
        "用法：",
        "选项",
        "从这里开始",
        "显示本帮助并退出",
        "把券商研报读成组合",
        "行情数据",
    ):
        assert words in text
    for words in ("Usage", "Options", "Start here", "Show", "Report cards", "OPTIONS"):
        assert words not in text


@pytest.mark.parametrize(
    ("arguments", "env"),
    [
        (("--help",), {}),
        (("--help",), {"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}),
        (("--help", "--lang", "en"), {"LANG": "zh_CN.UTF-8", "LANGUAGE": "zh"}),
    ],
)
def test_the_help_in_english(arguments: tuple[str, ...], env: dict[str, str]) -> None:
    told = started(*arguments, env=env)
    assert told.returncode == 0
    for words in ("Usage: ", "Options", "Start here", "Show this message and exit."):
        assert words in told.stdout
    assert not [sign for sign in told.stdout if "\u4e00" <= sign <= "\u9fff"]


def test_before_or_after_the_command(tmp_path: Path) -> None:
    for arguments in (
        ["--lang", "zh", "basket", "list", "--workspace", str(tmp_path / "none")],
        ["basket", "list", "--workspace", str(tmp_path / "none"), "--lang", "zh"],
        ["basket", "list", "--lang=zh", "--workspace", str(tmp_path / "none")],
    ):
        told = started(*arguments)
        assert told.returncode, told.stdout
        labels = [line.partition(" ")[0] for line in told.stderr.splitlines()]
        assert labels == ["错误:", "位置:", "办法:"], told.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--lang", "fr", "basket", "list"], "--lang 'fr' is not one of en, zh, auto"),
        (["basket", "list", "--lang", "fr"], "--lang 'fr' is not one of en, zh, auto"),
        (["basket", "list", "--lang"], "Option '--lang' requires an argument."),
    ],
)
def test_what_is_no_language_is_refused(arguments: list[str], words: str) -> None:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    assert words in done.stderr


def test_a_variable_that_is_no_language_is_refused_in_the_locale_s() -> None:
    done = started("basket", "list", env={"SCREENER_LANG": "fr", "LANG": "zh_CN.UTF-8"})
    assert done.returncode == 2
    assert done.stderr.startswith("错误: SCREENER_LANG 'fr' 不在可选值之列：en, zh, auto")


def test_one_process_may_be_asked_in_one_language_after_the_other() -> None:
    texts = [
        CliRunner().invoke(app, ["--help", "--lang", language]).stdout
        for language in ("en", "zh", "en")
    ]
    assert texts[0] == texts[2]
    assert "Read broker reports" in texts[0]
    assert "把券商研报读成组合" in texts[1]
    assert CliRunner().invoke(app, ["--help"]).stdout == texts[0]


def test_where_the_catalog_is_not_built_english_is_shown_and_said_why(tmp_path: Path) -> None:
    for name in ("screener", "seeds", "baskets"):
        shutil.copytree(
            SOURCES / name, tmp_path / name, ignore=shutil.ignore_patterns("*.mo", "__pycache__")
        )
    done = started("report", "list", "--lang", "zh", at=tmp_path)
    assert done.returncode == 0
    assert "中文文本尚未生成" in done.stderr
    assert "the Chinese texts are not built here" in done.stderr
    assert done.stdout == started("report", "list", "--lang", "en").stdout
    assert not started("basket", "list", "--lang", "en", at=tmp_path).stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("basket", "list"),
        ("report", "list"),
        ("rules", "--at", "2026-07-06", "--listing", "600745.SH"),
    ],
)
def test_a_pipe_under_a_bare_locale_gets_the_same_text(arguments: tuple[str, ...]) -> None:
    """Columns, Chinese and all: what a pipe is given does not hang on the locale."""
    told = [
        started(*arguments, "--lang", "zh", env=env)
        for env in ({"LC_ALL": "zh_CN.UTF-8"}, {"LC_ALL": "C"}, {"LC_ALL": "C", "PYTHONUTF8": "0"})
    ]
    assert [item.returncode for item in told] == [0, 0, 0]
    assert told[0].stdout == told[1].stdout == told[2].stdout
    assert "─" in told[0].stdout
