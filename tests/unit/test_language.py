"""Which language is spoken, and how a sentence is said in it."""

from __future__ import annotations

import gc
import json
import pickle
import subprocess
import sys
import weakref
from copy import deepcopy
from datetime import date

import pytest

from screener.errors import DataError, InputError
from screener.files.writing import csv_text
from screener.language import (
    Language,
    Said,
    again,
    bound,
    check_choice,
    in_english,
    is_lacking,
    language_of,
    say,
    say_all,
    say_count,
    speaking,
    split_option,
)
from screener.language.lists import clauses, listed
from screener.paths.workers.parallel import mapped
from screener.results.backtest import RETURNS

ZH, EN = Language.ZH, Language.EN


@pytest.mark.parametrize(
    ("option", "environ", "language"),
    [
        (None, {}, EN),
        (None, {"LANG": "C.UTF-8"}, EN),
        (None, {"LANG": "zh_CN.UTF-8"}, ZH),
        (None, {"LANG": "zh_TW"}, ZH),
        (None, {"LC_MESSAGES": "zh_CN.UTF-8", "LANG": "en_US.UTF-8"}, ZH),
        (None, {"LC_ALL": "C", "LC_MESSAGES": "zh_CN", "LANG": "zh_CN"}, EN),
        (None, {"LC_ALL": "", "LANG": "zh_CN"}, ZH),
        (None, {"SCREENER_LANG": "en", "LC_ALL": "zh_CN"}, EN),
        (None, {"SCREENER_LANG": "zh", "LC_ALL": "en_US"}, ZH),
        (None, {"SCREENER_LANG": "auto", "LC_ALL": "zh_CN"}, ZH),
        (None, {"SCREENER_LANG": "", "LC_ALL": "zh_CN"}, ZH),
        (None, {"SCREENER_LANG": "fr", "LC_ALL": "zh_CN"}, ZH),
        ("en", {"SCREENER_LANG": "zh", "LC_ALL": "zh_CN"}, EN),
        ("zh", {"SCREENER_LANG": "en"}, ZH),
        ("auto", {"SCREENER_LANG": "en", "LANG": "zh_CN"}, ZH),
    ],
)
def test_the_option_then_the_variable_then_the_locale(
    option: str | None, environ: dict[str, str], language: Language
) -> None:
    assert language_of(option, environ) is language


@pytest.mark.parametrize(
    ("option", "environ", "words"),
    [
        ("fr", {}, "--lang 'fr' is not one of en, zh, auto"),
        ("", {}, "--lang ''"),
        ("ZH", {"SCREENER_LANG": "zh"}, "--lang 'ZH'"),
        (None, {"SCREENER_LANG": "zh_CN"}, "SCREENER_LANG 'zh_CN' is not one of en, zh, auto"),
    ],
)
def test_what_is_no_language_is_refused(
    option: str | None, environ: dict[str, str], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        check_choice(option, environ)


def test_a_good_option_holds_whatever_the_variable_says() -> None:
    check_choice("zh", {"SCREENER_LANG": "fr"})
    check_choice(None, {"SCREENER_LANG": ""})
    check_choice(None, {})


@pytest.mark.parametrize(
    ("arguments", "option", "rest"),
    [
        ("study copper", "", "study copper"),
        ("--lang zh study copper", "--lang zh", "study copper"),
        ("study --lang=zh copper", "--lang zh", "study copper"),
        ("study copper --lang zh", "--lang zh", "study copper"),
        ("--lang en study --lang zh", "--lang zh", "study"),
        ("study --lang", "--lang", "study"),
        ("study --lang=", "--lang ", "study"),
        ("study --language zh", "", "study --language zh"),
        ("study -- --lang zh", "", "study -- --lang zh"),
    ],
)
def test_the_option_is_found_wherever_it_stands(arguments: str, option: str, rest: str) -> None:
    found, left = split_option(arguments.split(" "))
    assert (" ".join(found), " ".join(left)) == (option, rest)


def test_a_sentence_in_both_languages() -> None:
    values = {"name": "R1 · copper", "paper": "+1 %"}
    one, many = (
        "{name} returned {paper} on paper in {n} session",
        "{name} returned {paper} on paper in {n} sessions",
    )
    with speaking(EN):
        assert say("required") == "required"
        assert (
            say_count(one, many, 1, **values) == "R1 · copper returned +1 % on paper in 1 session"
        )
        assert say_count(one, many, 5, **values).endswith("in 5 sessions")
    with speaking(ZH):
        assert bound() is ZH
        assert say("required") == "必填"
        assert say_count(one, many, 5, **values) == "R1 · copper：5 个交易日账面收益 +1 %"
        with speaking(EN):
            assert say("required") == "required"
        assert bound() is ZH
    assert bound() is EN


def test_what_was_said_is_said_again_with_all_that_was_said_in_it() -> None:
    with speaking(ZH):
        inner = say("no data")
        listed = say_all("; ", [inner, "300857.SZ", say("delisted")])
        said = say("not bought: {why}", why=listed)
        error = InputError(say("required"), where="row 3", fix=say("no data"))
        nested = say("{line}; logarithmic", line=error)
    assert (inner, listed) == ("无数据", "无数据; 300857.SZ; 已退市")
    with speaking(EN):
        assert again(listed) == "no data; 300857.SZ; delisted"
        assert again(said) == "not bought: no data; 300857.SZ; delisted"
        assert again(nested) == "required / row 3 / no data; logarithmic"
        assert error.told(again) == "required / row 3 / no data"
        assert again(again(said)) == again(said)
        assert again("plain") == "plain"
    with speaking(ZH):
        assert again(in_english(said)) == "not bought: no data; 300857.SZ; delisted"
        counted = say_count("{n} page", "{n} pages", 2)
    with speaking(EN):
        assert again(counted) == "2 pages"


def test_what_was_said_is_a_text_like_any_other() -> None:
    with speaking(ZH):
        said = say("last bar {day}", day=date(2026, 5, 27))
        text = "".join(said)
        lost = say("{line}; logarithmic", line=OSError("gone"))
    assert type(said) is Said
    assert (said == text, hash(said) == hash(text), {said: 1}[text]) == (True, True, 1)
    assert json.dumps({said: said}) == json.dumps({text: text})
    assert csv_text(["a"], [{"a": said}]) == csv_text(["a"], [{"a": text}])
    assert type(str(said)) is str
    for copy in (pickle.loads(pickle.dumps(said)), deepcopy(said)):
        assert copy == text
        with speaking(EN):
            assert again(copy) == "last bar 2026-05-27"
    with speaking(EN):
        assert again(pickle.loads(pickle.dumps(lost))) == "gone; logarithmic"


def test_what_is_stored_is_in_english() -> None:
    with speaking(ZH):
        told = [{"why": say("delisted"), "n": 1, "more": (say("no data"), None)}]
        stored = in_english(told)
        assert bound() is ZH
    assert stored == [{"why": "delisted", "n": 1, "more": ["no data", None]}]
    assert type(stored[0]["why"]) is str


@pytest.mark.parametrize("language", Language)
def test_braces_are_only_read_where_values_are_given(language: Language) -> None:
    with speaking(language):
        assert say("{not translated} 1 % {}") == "{not translated} 1 % {}"
        assert say("{a} and {b}", a="{b}", b="x") == "{b} and x"
        with pytest.raises(KeyError):
            say("{a} and {b}", a=1)


def test_a_language_that_is_not_built_is_told(
    tmp_path: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not is_lacking(EN)
    assert not is_lacking(ZH)
    monkeypatch.setattr("screener.language.reader._FOLDER", str(tmp_path))
    assert is_lacking(ZH)
    assert not is_lacking(EN)
    with speaking(ZH):
        assert say("required") == "required"


@pytest.mark.parametrize(("locale", "told"), [("zh_CN.UTF-8", "zh 必填"), ("C", "en required")])
def test_a_program_that_binds_nothing_speaks_as_its_environment(locale: str, told: str) -> None:
    script = (
        "import os\n"
        "from screener.language import bound, say\n"
        "print(bound(), say('required'), os.environ.get('LANGUAGE'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", script],
        env={"LC_ALL": locale, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout.strip() == f"{told} None"


def test_labels_of_results_are_in_the_readers_language() -> None:
    column = RETURNS["active_return"]
    assert (column.label(), column.label(ZH)) == ("active", "超额")
    with speaking(ZH):
        assert (column.label(), column.label(EN)) == ("超额", "active")


def test_workers_speak_as_the_program_does() -> None:
    with speaking(ZH):
        assert mapped(say, ["required", "Options"], jobs=2) == ["必填", "选项"]
        assert mapped(say, ["required", "Options"], jobs=2, threads=True) == ["必填", "选项"]


def test_lists_and_clauses_as_each_language_puts_them() -> None:
    with speaking(EN):
        assert listed(["a", 1, "c"]) == "a, 1, c"
        assert clauses(["a", "", "b"]) == "a; b"
        assert (listed([]), clauses([""]), listed(["{a}"])) == ("", "", "{a}")
    with speaking(ZH):
        assert listed("abcde") == "a、b、c、d、e"
        assert clauses(["甲", "", "乙"]) == "甲；乙"
        assert listed(["{a}", "{b}"]) == "{a}、{b}"


class Panel:
    """Something large that is at hand where an error is raised."""


def failing(held: list[weakref.ref[Panel]]) -> None:
    panel = Panel()
    held.append(weakref.ref(panel))
    raise DataError("nothing holds", where="table fx", fix="look")


def test_a_message_keeps_nothing_alive_that_was_at_hand_where_its_error_was_raised() -> None:
    held: list[weakref.ref[Panel]] = []
    told = ""
    try:
        failing(held)
    except DataError as error:
        told = say("not valued: {why}", why=error)
    gc.collect()
    assert held[0]() is None
    assert told == "not valued: nothing holds / table fx / look"
    with speaking(ZH):
        assert again(told).endswith("nothing holds / table fx / look")
