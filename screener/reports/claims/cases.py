"""Worked cases: what an investment costs, how it is paid, what it brings, when it is paid back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from screener.domain.report import Claim, ClaimUnit
from screener.reports.text.found import FoundClaim
from screener.reports.text.text import Place

__all__ = ["PAYBACK", "cases_in", "pays_back"]

PAYBACK = "payback, in years of rent"
"""Measure of a case's printed payback, which its own figures can contradict."""

_N = r"\d{1,6}(?:\.\d{1,4})?"
_ABOUT = r"(?:约|近|大约|约为|约需)?"
_MONEY = rf"{_ABOUT}(?P<a>{_N})(?P<scale>亿|万)元?(?!美元|港元|港币|欧元)(?:人民币)?"
_PAYBACK = re.compile(
    rf"(?:回报期|回本期|回本周期|回收期|投资回收期|静态回收期)(?:为|是)?(?P<about>{_ABOUT})(?:为)?"
    rf"(?P<a>{_N})年"
)
_SUBJECT = re.compile(
    r"(?P<count>\d{1,3}(?:,\d{3}){1,3}|\d{3,9})(?:个|张|块|卡)?(?:GPU)?(?:卡)?(?:的)?(?:[\u4e00-\u9fff]{0,6})集群"
)
_INVESTMENT = re.compile(rf"总?投资(?:总?额|规模)(?:为|需|约需|约)?{_MONEY}")
_PART = re.compile(
    rf"{_MONEY}用于(?:[^。,;]|(?<=\d),(?=\d)){{0,20}}?(?P<what>服务器|伺服器|基础设施)"
)
_SHARE = re.compile(
    rf"{_ABOUT}(?P<a>{_N})%(?:为|来自|是)(?P<what>股权资本|自有资金|资本金|股权|银行贷款|贷款|债务|融资租赁)"
)
_INTEREST = re.compile(rf"(?:借款|融资|贷款)(?:成本|利率)(?:假设)?(?:为)?{_ABOUT}(?P<a>{_N})%")
_TERM = re.compile(r"(?P<a>\d{1,2})年(?:期)?合[约同]")
_RENT = re.compile(
    rf"每年(?:的)?(?:租赁|租金)?(?:现金流|收入|租金)?(?:可达|约为|约|为|达)?"
    rf"(?P<a>{_N})(?:[-~至到](?P<b>{_N}))?(?P<scale>亿|万)元"
)
_SCALE = {"亿": 8, "万": 4}
_DEBT = frozenset({"银行贷款", "贷款", "债务", "融资租赁"})
_WHAT = {"服务器": "servers", "伺服器": "servers", "基础设施": "infrastructure"}
_REACH = 600  # characters before a payback in which its case stands
_SLACK = 0.1


def cases_in(clean: str) -> Iterator[FoundClaim]:
    """Find the figures of worked cases: of those alone whose payback is printed.

    The payback is held against the case's own figures; where the investment divided by the rent
    of a year is more than a tenth away from it, the remark says so.
    """
    end = 0
    for payback in _PAYBACK.finditer(clean):
        start = max(end, payback.start() - _REACH)
        end = payback.end()
        yield from _Case(clean, start, payback).claims()


class _Case:
    """One case, from its subject to its payback."""

    def __init__(self, clean: str, start: int, payback: re.Match[str]) -> None:
        self.clean, self.payback = clean, payback
        found = list(_SUBJECT.finditer(clean, start, payback.start()))
        self.start = found[0].start() if found else -1
        count = int(found[0]["count"].replace(",", "")) if found else 0
        self.subject = f"GPU cluster of {count:,} cards"

    def claims(self) -> Iterator[FoundClaim]:
        """Yield its figures in the order of the table of a card."""
        if self.start < 0:
            return
        investment, rent = self._first(_INVESTMENT), self._first(_RENT)
        if investment is None or rent is None:
            return
        cost = _money(investment, "a")
        yield self._claim(investment, "investment", cost, ClaimUnit.CNY)
        for part in _PART.finditer(self.clean, self.start, self.payback.start()):
            measure = f"investment in {_WHAT[part['what']]}"
            yield self._claim(part, measure, _money(part, "a"), ClaimUnit.CNY)
        for share in _SHARE.finditer(self.clean, self.start, self.payback.start()):
            measure = "share of debt" if share["what"] in _DEBT else "share of equity"
            yield self._claim(share, measure, _fraction(share), ClaimUnit.FRACTION)
        if interest := self._first(_INTEREST):
            yield self._claim(interest, "interest on debt", _fraction(interest), ClaimUnit.FRACTION)
        yield from self._rents(rent)
        yield self._claim(
            self.payback, PAYBACK, Decimal(self.payback["a"]), ClaimUnit.MULTIPLE,
            remark=_held_against(self.payback, cost, _rents(rent)),
        )  # fmt: skip

    def _rents(self, rent: re.Match[str]) -> Iterator[FoundClaim]:
        term = self._first(_TERM)
        remark = f"{term['a']}-year contract" if term else ""
        ends = ((", low end", "a"), (", high end", "b")) if rent["b"] else (("", "a"),)
        for end, group in ends:
            value = _money(rent, group)
            yield self._claim(rent, f"rent a year{end}", value, ClaimUnit.CNY, remark=remark)

    def _first(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        return pattern.search(self.clean, self.start, self.payback.start())

    def _claim(
        self, match: re.Match[str], measure: str, value: Decimal, unit: ClaimUnit, remark: str = ""
    ) -> FoundClaim:
        return FoundClaim(
            claim=Claim(
                subject=self.subject, measure=measure, value=float(value), unit=unit, remark=remark
            ),
            place=Place(*match.span()),
        )


def _money(match: re.Match[str], group: str) -> Decimal:
    return Decimal(match[group]).scaleb(_SCALE[match["scale"]])


def _rents(match: re.Match[str]) -> Decimal:
    low = _money(match, "a")
    return (low + _money(match, "b")) / 2 if match["b"] else low


def _fraction(match: re.Match[str]) -> Decimal:
    return Decimal(match["a"]).scaleb(-2)


def _held_against(payback: re.Match[str], cost: Decimal, rent: Decimal) -> str:
    printed = f"{'about ' if payback['about'] else ''}{payback['a']} as printed"
    if not rent:
        return printed
    years = cost / rent
    sum_ = f"{cost.scaleb(-9):.1f} / {rent.scaleb(-9):.3g} is {years:.1f}"
    if pays_back(float(years), float(payback["a"])):
        return printed
    return f"{printed}; {sum_}: to be checked"


def pays_back(years: float, printed: float) -> bool:
    """Tell whether the years that a case's figures give are those printed, but for a tenth."""
    return abs(years - printed) <= _SLACK * printed
