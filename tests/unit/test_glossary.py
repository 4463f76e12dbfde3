"""Sentences, labels and help use the words of the glossary."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from screener.results.tables import every_declared
from screener.screen.fields import FIELDS
from tests.support.each import of_each
from tests.unit.test_catalogs import catalog

PATH = Path(__file__).resolve().parents[2] / "screener/language/glossary.toml"
KEYS = {"en", "zh", "or", "unless", "meaning", "meaning_zh"}


@dataclass(frozen=True, slots=True)
class Term:
    forms: tuple[str, ...]
    words: tuple[str, ...]
    unless: tuple[str, ...]


def entries() -> list[dict[str, object]]:
    found: list[dict[str, object]] = tomllib.loads(PATH.read_text(encoding="utf-8"))["term"]
    return found


def terms() -> list[Term]:
    return [
        Term(
            forms=tuple(item["en"]),  # type: ignore[arg-type]
            words=(str(item["zh"]), *item.get("or", ())),  # type: ignore[misc]
            unless=tuple(item.get("unless", ())),  # type: ignore[arg-type]
        )
        for item in entries()
    ]


def disagreements(english: str, chinese: str, known: list[Term]) -> list[str]:
    """Return the terms of an English text whose Chinese is not in the other one."""
    forms = {form: term for term in known for form in term.forms}
    longest = sorted(forms, key=len, reverse=True)
    pattern = "|".join(re.escape(form) for form in longest)
    by_lower = {form.lower(): term for form, term in forms.items()}
    found = re.findall(rf"(?<![\w-])(?:{pattern})(?!\w)", english, re.IGNORECASE)
    return [
        f"{form}: {term.words[0]}"
        for form in dict.fromkeys(found)
        if english not in (term := by_lower[form.lower()]).unless
        and not any(word in chinese for word in term.words)
    ]


def pairs() -> Iterator[tuple[str, str]]:
    for message in catalog():
        if message.id:
            one = message.id if isinstance(message.id, str) else message.id[-1]
            yield one, message.string if isinstance(message.string, str) else message.string[0]
    for table in every_declared():
        yield from ((column.en, column.zh) for column in table.columns)


def test_every_sentence_and_label_uses_the_words_of_the_glossary() -> None:
    known = terms()
    found = {
        english: told
        for english, chinese in pairs()
        if (told := disagreements(english, chinese, known))
    }
    assert not found


@of_each(entries(), lambda item: str(item["en"][0]))
def test_a_term_is_said_and_explained_in_both_languages(item: dict[str, object]) -> None:
    assert set(item) <= KEYS
    assert re.search("[\u4e00-\u9fff]", str(item["zh"]))
    assert re.fullmatch(r"[A-Z].*\.", str(item["meaning"]))
    assert re.fullmatch(r".*[\u4e00-\u9fff].*。", str(item["meaning_zh"]))
    assert any(str(item["zh"]) in chinese for _, chinese in pairs())


def test_no_form_belongs_to_two_terms() -> None:
    forms = [form for term in terms() for form in term.forms]
    assert len(forms) == len(set(forms))


def test_fields_of_a_screen_are_called_as_brokers_call_them() -> None:
    assert {name: field.title_zh for name, field in FIELDS.items() if field.stored} == {
        "pe_ttm": "市盈率TTM",
        "pe_static": "静态市盈率",
        "pb": "市净率",
        "ps_ttm": "市销率TTM",
        "pcf_ttm": "市现率TTM",
        "market_cap": "总市值",
        "float_cap": "流通市值",
        "dividend_yield": "股息率",
    }


@pytest.mark.parametrize(
    ("english", "chinese", "told"),
    [
        ("Its base rates", "其基准胜率", []),
        ("Its base rate", "其随机水平", ["base rate: 基准胜率"]),
        ("Sum of abnormal returns", "累计异常收益", []),
        ("Mean abnormal return", "平均超额收益", ["abnormal return: 异常收益"]),
        ("dividend yield", "分红率", ["dividend yield: 股息率"]),
        ("a database rate", "数据库速率", []),
    ],
)
def test_a_wrong_word_is_found(english: str, chinese: str, told: list[str]) -> None:
    assert disagreements(english, chinese, terms()) == told
