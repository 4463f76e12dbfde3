"""Hong Kong dividends, bonus shares and splits, which come as sentences.

A sentence is read whole or not at all: what it says beyond the words that are known may change
what a holder gets. The words stand in `upstream_tables/hk_actions.toml`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from screener.data.sources.online.action_rows import Action, ActionSource, exchanges_in
from screener.data.sources.online.observed import Row, day_in, text_in
from screener.data.sources.online.transport.protocol import Need
from screener.data.sources.online.transport.upstream import endpoint
from screener.domain.listing import Currency, Listing
from screener.errors import InputError
from screener.language import say

__all__ = ["Dividend", "EastmoneyHkActions", "Plan", "read_plan"]

_UPSTREAM = endpoint("hk_actions", "actions")
_WORDS = _UPSTREAM.extra
_DIGITS = 12
_NUMBER = r"\d+(?:\.\d+)?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dividend:
    """One dividend of a plan: what it is per share held, by currency.

    Parameters
    ----------
    declared
        Currency it is declared in; empty where the plan does not say.
    amounts
        The declared amount, and those that the plan calls its equivalent.
    """

    declared: str
    amounts: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a plan gives per share held; `split` is shares after per share before."""

    dividends: tuple[Dividend, ...] = ()
    bonus: float = 0.0
    split: float = 1.0


class EastmoneyHkActions(ActionSource):
    """Cash, bonus shares and splits of Hong Kong securities, in the listing's currency."""

    name: ClassVar[str] = "eastmoney"
    need: ClassVar[Need] = Need.ACTIONS
    upstream = _UPSTREAM
    exchanges = exchanges_in(upstream)
    hosts = upstream.hosts

    def executed(self, row: Row) -> bool:
        """Tell whether a plan gives anything."""
        return _plain(text_in(row, "plan")) not in _WORDS["nothing"]

    def read(self, row: Row, listing: Listing) -> Action:
        """Read a plan.

        Raises
        ------
        InputError
            If it cannot be read, or pays in another currency than the listing's and does not say
            how much that is in the listing's.
        """
        text = text_in(row, "plan")
        plan = read_plan(text)
        cash = sum(_amount(item, listing.currency, text) for item in plan.dividends)
        converted = any(item.declared != listing.currency for item in plan.dividends)
        return Action(
            cash=round(cash, _DIGITS),
            bonus=plan.bonus,
            split=plan.split,
            announced=day_in(row, "announced"),
            record_date=_last_day(row, "record_date"),
            pay_date=day_in(row, "pay_date"),
            note=_converted() if converted else "",
        )


def read_plan(text: str) -> Plan:
    """Read the sentence of a plan.

    Parameters
    ----------
    text
        Such as `每股派港币3.4元` or `每股派人民币0.5元(相当于港币0.55元),每10股送1股`.

    Raises
    ------
    InputError
        If any part of it is not understood.
    """
    rest = _plain(text)
    for word in _longest_first(_WORDS["fillers"]):
        rest = rest.replace(word, "")
    dividends: list[Dividend] = []
    bonus, split, base = 0.0, 1.0, None
    if not rest:
        raise _unreadable(text)
    while rest:
        if match := _SPLIT.match(rest):
            split *= _ratio(match, text)
        elif match := _BONUS.match(rest):
            bonus += _ratio(match, text)
        elif match := _CASH.match(rest):
            base = _base(match, base, text)
            dividends.append(_dividend(match, base, text))
        elif not (dividends and (match := _OPTION.match(rest))):
            raise _unreadable(text)
        rest = _next_part(rest[match.end() :], text)
    return Plan(dividends=tuple(dividends), bonus=round(bonus, _DIGITS), split=split)


def _any(words: object) -> str:
    return "|".join(re.escape(word) for word in _longest_first(words))


def _longest_first(words: object) -> list[str]:
    return sorted((str(word) for word in words), key=len, reverse=True)  # type: ignore[attr-defined]


def _money(mark: str) -> str:
    return (
        f"(?P<currency{mark}>{_any(_WORDS['currencies'])})?(?P<amount{mark}>{_NUMBER})"
        f"(?P<unit{mark}>{_any(_WORDS['amounts'])})?"
    )


_VERB = f"(?:{_any(_WORDS['verbs'])})"
_SAME = f"(?:{_any(_WORDS['same_as'])})"
_CALCULATED = re.escape(_WORDS["calculated"])
_CASH = re.compile(
    f"{_VERB}?(?:每(?P<base>{_NUMBER})?股|(?P<lot>{_NUMBER})股?(?={_VERB}))?{_VERB}?[为:]?"
    f"{_money('')}"
    rf"(?:\({_SAME}(?P<each>每股)?{_VERB}?{_money('2')}(?P<calculated>{_CALCULATED})?\))?"
)
_BONUS = re.compile(
    f"每?(?P<old>{_NUMBER})股?(?:{_any(_WORDS['bonus'])})(?P<new>{_NUMBER})股?(?:红股|新股)?"
)
_SPLIT = re.compile(
    f"[每将]?(?P<old>{_NUMBER})股(?:{_any(_WORDS['splits'])})[为成]?(?P<new>{_NUMBER})股"
)
_OPTION = re.compile(rf"\((?:{_any(_WORDS['options'])})\)|(?:{_any(_WORDS['options'])})")
_JOINT = re.compile(f"(?:{_any(_WORDS['joints'])})+")


def _converted() -> str:
    return say("dividends in another currency, taken at the amount that the plan states")


def _plain(text: str) -> str:
    """Return a text without blanks, wide forms and thousands' commas."""
    narrow = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
    return re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", narrow)


def _next_part(rest: str, text: str) -> str:
    """Return what follows a part: nothing, an option in brackets, or what a joint leads to."""
    joint = _JOINT.match(rest)
    if joint:
        return rest[joint.end() :]
    if rest and not _OPTION.match(rest):
        raise _unreadable(text)
    return rest


def _ratio(match: re.Match[str], text: str) -> float:
    old, new = float(match["old"]), float(match["new"])
    if not (old > 0 and new > 0):
        raise _unreadable(text)
    return new / old


def _base(match: re.Match[str], before: float | None, text: str) -> float:
    """Return the shares that an amount is told for; the last told ones where it is not."""
    told = match["base"] or match["lot"]
    if told is not None:
        base = float(told)
        if base > 0:
            return base
    elif "每股" in match[0].split("(")[0]:
        return 1.0
    elif before is not None:
        return before
    raise _unreadable(text)


def _dividend(match: re.Match[str], base: float, text: str) -> Dividend:
    declared, amount = _read_money(match, "", text)
    amounts = {declared: amount / base} if declared else {}
    if match["amount2"] and not match["calculated"]:
        currency, other = _read_money(match, "2", text)
        if not currency or currency in amounts:
            raise _unreadable(text)
        amounts[currency] = other if match["each"] else other / base
    if not declared and not amounts:
        raise _unreadable(text)
    return Dividend(declared=declared, amounts=amounts)


def _read_money(match: re.Match[str], mark: str, text: str) -> tuple[str, float]:
    """Return currency and amount; the currency is empty where none is told."""
    before = _WORDS["currencies"].get(match[f"currency{mark}"], "")
    unit = _WORDS["amounts"].get(match[f"unit{mark}"], {})
    after = unit.get("currency", "")
    if (before and after and before != after) or not (unit or before):
        raise _unreadable(text)
    return before or after, float(match[f"amount{mark}"]) * unit.get("value", 1)


def _amount(dividend: Dividend, currency: Currency, text: str) -> float:
    amount = dividend.amounts.get(str(currency))
    if amount is None:
        declared = dividend.declared or ", ".join(dividend.amounts)
        raise InputError(
            say(
                "dividend in {currency}: no rate at the ex-date: {text}",
                currency=declared,
                text=text,
            )
        )
    return amount


def _unreadable(text: str) -> InputError:
    return InputError(say("cannot read the plan: {text}", text=text))


def _last_day(row: Row, field: str) -> date | None:
    """Return a day, or the last of a range of days, as `2025/06/16-2025/06/20`."""
    days = re.findall(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}", text_in(row, field))
    return day_in({field: days[-1]}, field) if days else day_in(row, field)
