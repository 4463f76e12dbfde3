"""What the system, TOML, JSON, pydantic and the command framework say: in English as they say it,
in Chinese without a word of theirs left."""

from __future__ import annotations

import errno
import json
import os
import tomllib
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from typer.testing import CliRunner

from screener.cli.main import app
from screener.domain.basket import Weighting
from screener.language import Language, speaking
from screener.language.outside import fault_of, value_fault
from tests.support.latin import stray

BAD_TOML = (
    "a",
    "a = ",
    "a = 'x",
    'a = "x',
    "a = [1",
    "a = {b = 1",
    "[a",
    "[[a]",
    "a = 1 b = 2",
    "a = 1\na = 2",
    "[a]\n[a]",
    "a = {b = 1}\n[a.c]",
    "a = {b = 1, b = 2}",
    'a = "\\q"',
    'a = "\\u12"',
    'a = "\\ud800"',
    "a = 2026-13-40",
    "a = x",
    "= 1",
    "a = 'x\ty\x01'",
    "a = 1 \x01",
    "a = [1]\na.b = 2",
    "a.b = 1\n[a]\nb.c = 2",
)
BAD_JSON = (
    "",
    "{",
    "{'a': 1}",
    '{"a" 1}',
    '{"a": 1 "b"}',
    "[1] 2",
    '"a',
    '"\\q"',
    '"\\uZZ"',
    '"\x01"',
)


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    """Speak English after commands that were typed in Chinese."""
    with speaking(Language.EN):
        yield


def told(fault: Callable[[], str]) -> tuple[str, str]:
    with speaking(Language.EN):
        english = fault()
    with speaking(Language.ZH):
        return english, fault()


@pytest.mark.parametrize("text", BAD_TOML)
def test_what_toml_says(text: str) -> None:
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads(text)
    english, chinese = told(lambda: fault_of(caught.value))
    assert english == str(caught.value)
    assert not stray(chinese), chinese


@pytest.mark.parametrize("text", BAD_JSON)
def test_what_json_says(text: str) -> None:
    with pytest.raises(json.JSONDecodeError) as caught:
        json.loads(text)
    english, chinese = told(lambda: fault_of(caught.value))
    assert english == str(caught.value)
    assert not stray(chinese), chinese


@pytest.mark.parametrize(
    "number",
    [
        *(errno.EACCES, errno.EEXIST, errno.EIO, errno.EISDIR, errno.ELOOP, errno.EMFILE),
        *(errno.ENAMETOOLONG, errno.ENOENT, errno.ENOSPC, errno.ENOTDIR, errno.EPERM, errno.EROFS),
    ],
)
def test_what_the_system_says(number: int) -> None:
    english, chinese = told(lambda: fault_of(OSError(number, os.strerror(number))))
    assert english == os.strerror(number)
    assert not stray(chinese), chinese


def test_what_is_not_known_is_told_as_it_came() -> None:
    assert told(lambda: fault_of(ValueError("odd (at line x)"))) == ("odd (at line x)",) * 2
    assert told(lambda: value_fault({"type": "odd", "msg": "odd"})) == ("odd", "odd")


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(UnicodeDecodeError) as caught:
        b"ab\xff".decode()
    english, chinese = told(lambda: fault_of(caught.value))
    assert english == "byte 0xff at position 2 is not text in UTF-8"
    assert not stray(chinese), chinese


class Whole(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    text: Annotated[str, Field(min_length=2, max_length=3, pattern="^[a-z]+$")] = "ab"
    number: Annotated[float, Field(gt=0)] = 1.0
    whole: Annotated[int, Field(ge=0, le=9)] = 1
    below: Annotated[float, Field(lt=1)] = 0.0
    flag: bool = True
    several: Annotated[list[int], Field(min_length=1)] = [1]
    held: dict[str, int] = {}
    chosen: Weighting = Weighting.EQUAL


@pytest.mark.parametrize(
    "values",
    [
        {"text": 1},
        {"text": "a"},
        {"text": "abcd"},
        {"text": "AB"},
        {"number": "x"},
        {"number": 0},
        {"number": float("inf")},
        {"whole": "x"},
        {"whole": 1.5},
        {"whole": -1},
        {"whole": 10},
        {"below": 2},
        {"flag": 1},
        {"several": 1},
        {"several": []},
        {"held": 1},
        {"odd": 1},
    ],
    ids=str,
)
def test_what_pydantic_says(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        Whole(**values)
    (detail,) = caught.value.errors(include_url=False)
    english, chinese = told(lambda: value_fault(detail))
    shortened = (
        detail["msg"].replace("List should", "Input should").replace(" after validation", "")
    )
    assert english == shortened
    assert not stray(chinese), chinese


@pytest.mark.parametrize(
    "typed",
    [
        "screen --top x",
        "backtest copper --participation x",
        "backtest copper --delay",
        "backtest copper --paper=1",
        "report show",
        "rules 300857 --date 2026-05-14",
        "config one two three",
        "--nosuch",
        "basket new --nosuch",
    ],
)
def test_what_the_command_framework_says(typed: str) -> None:
    english = CliRunner().invoke(app, typed.split(), env={"COLUMNS": "200"})
    chinese = CliRunner().invoke(app, [*typed.split(), "--lang", "zh"], env={"COLUMNS": "200"})
    assert english.exit_code == chinese.exit_code == 2
    (line,) = (text for text in english.output.splitlines() if text.startswith("│"))
    (said,) = (text for text in chinese.output.splitlines() if text.startswith("│"))
    assert line != said
    assert not stray(said, ["ID", "three", "two"]), said
