"""Target prices: whose they are, and in which money."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from screener.domain.listing import Currency
from screener.domain.report import Claim, ClaimUnit
from screener.language import say
from screener.reports.claims.sentences.figure_runs import SEPARATORS
from screener.reports.claims.sentences.subjects import Company, same_company
from screener.reports.claims.surroundings import Surroundings
from screener.reports.claims.targets.figures import Cue, TargetFigures, TargetReading, Value
from screener.reports.claims.targets.tables import TargetTables
from screener.reports.claims.vocabulary import TARGET, Token, Vocabulary
from screener.reports.text.found import FoundClaim, Spotted
from screener.reports.text.text import Place, Text

__all__ = ["Targets"]

_UNITS = {
    **dict.fromkeys(("人民币", "RMB", "Rmb", "CNY", "¥"), Currency.CNY),
    **dict.fromkeys(("港元", "港币", "HK$", "HKD"), Currency.HKD),
}
_LOOSE = frozenset({"元", "yuan", "$", ""})  # which money they mean, the market tells
_CLAIM_UNITS = {Currency.CNY: ClaimUnit.CNY, Currency.HKD: ClaimUnit.HKD}
_ENDS = "。!?;"
_REACH = 400  # characters before a target in which its company stands
_SENTENCES = 3  # without a name, before one
_BESIDE = re.compile(r"(?:[(【\[]?[A-Z\d.:]{0,12}[)】\]]?)?(?:的|[AH]股)?(?:[(,:]|12个月)?")
_JOINED = re.compile(r"(?:[(（]?[A-Z\d.:]{0,12}[)）])?(?:、|及|和|与|以及)")
_NEAR = 7  # characters around a name in which a word makes it a customer
_HONG_KONG = re.compile(r"港元|港币|HK\$|HKD|港股|恒生|恒指|H股|\.HK")
_DOLLARS = re.compile(r"美元|US\$|USD|ADR|ADS")
_H_LINE, _A_LINE = re.compile(r"H股$"), re.compile(r"A股$")
_OF = {"A": Currency.CNY, "H": Currency.HKD}


class Targets:
    """The target prices of a document.

    Parameters
    ----------
    text
        The document.
    names
        Its names, as from `name_tokens`.
    told
        Tells whom the text is about.
    words
        The vocabulary.
    breaks
        Where one number ends and another begins, as from `number_breaks`.
    """

    def __init__(
        self,
        text: Text,
        names: Sequence[Token],
        told: Surroundings,
        words: Vocabulary,
        breaks: Sequence[int],
    ) -> None:
        self.text, self.clean, self.names = text, text.clean, names
        self.starts = [name.start for name in names]
        self.told, self.words = told, words
        self.figures = TargetFigures(text, breaks)
        self.tables = TargetTables(text, names, breaks)
        self.hong_kong = _first(_HONG_KONG, self.clean)
        self.dollars = _first(_DOLLARS, self.clean)
        self.lines: dict[str, dict[Currency, Spotted]] = {}
        for name in names:
            for one in name.spotted:
                self.lines.setdefault(one.name, {}).setdefault(one.listing.currency, one)
        self._open: list[tuple[Company | None, str]] = []
        self._settled: set[str] = set()

    def claims(self) -> Iterator[FoundClaim]:
        """Read the whole document."""
        cues = list(self.figures.cues())
        heads: list[tuple[Cue, str]] = []
        for cue in cues:
            if not cue.old:
                yield from self._behind(cue, heads)
        ends = [cue.start for cue, _ in heads[1:]] + [len(self.clean)]
        for (cue, label), end in zip(heads, ends, strict=False):
            yield from self._column(cue, label, end)
        for name, value in self.tables.sums(cues[0].start) if cues else ():
            yield from self._claim(name.spotted, value, name.start, "", "")

    def _behind(self, cue: Cue, heads: list[tuple[Cue, str]]) -> Iterator[FoundClaim]:
        """Read what stands behind a cue; where no figure does, it may head a column."""
        if values := self.figures.listed(cue.end):
            yield from self._several(cue, values)
            return
        reading = self.figures.read(cue.end)
        if reading.old:
            return
        if not reading.values and not cue.weak:
            reading = self.figures.before(cue)
        if reading.values:
            yield from self._prose(cue, reading)
        elif not cue.weak:
            heads.append((cue, reading.label))

    def _several(self, cue: Cue, values: Sequence[Value]) -> Iterator[FoundClaim]:
        """Read the targets of names enumerated right before the words, one figure for each."""
        number = bisect_left(self.starts, cue.start) - 1
        group: list[Company] = []
        end = cue.start
        while number >= 0 and len(group) <= len(values):
            name = self.names[number]
            gap = self.clean[name.end : end]
            if group and same_company(name.spotted, group[0]) and len(gap) <= 1:
                end = name.start  # the name before its code
            elif _BESIDE.fullmatch(gap) if not group else _JOINED.fullmatch(gap):
                group.insert(0, name.spotted)
                end = name.start
            else:
                break
            number -= 1
        if len(group) != len(values):
            self._ask(cue, values[-1].end, None)
            return
        for company, value in zip(group, values, strict=True):
            money = value.money or values[-1].money
            yield from self._claim(company, value, cue.start, money, "")

    def _ask(self, cue: Cue, end: int, company: Company | None) -> None:
        shown = self.text.printed(Place(cue.end, end)).lstrip(":")
        self._open.append((company, shown))

    def questions(self) -> tuple[str, ...]:
        """Return the targets that were not taken, but those of a company that has one."""
        return tuple(
            say(
                "a target price is not taken, for it is not clear which or whose: {price}",
                price=shown,
            )
            for company, shown in self._open
            if company is None or company[0].name not in self._settled
        )

    def _column(self, head: Cue, label: str, end: int) -> Iterator[FoundClaim]:
        for cell in self.tables.column(head, end):
            values = self.figures.read(cell.start, cell.end).told()
            if len(values) == 1:
                money = values[0].money or label if label in _LOOSE else label
                yield from self._claim(cell.name.spotted, values[0], cell.name.start, money, "")

    def _prose(self, cue: Cue, reading: TargetReading) -> Iterator[FoundClaim]:
        values = reading.told()
        ends: tuple[str, ...] = ("",) * len(values)
        if not values:
            values, ends = reading.range(), (", low end", ", high end")
        last = reading.values[-1].money
        if cue.weak and not any(value.money for value in reading.values):
            return
        company = self._company(cue.start)
        if not values or company is None:
            self._ask(cue, reading.values[-1].end, company)
            return
        for value, end in zip(values, ends, strict=True):
            money = value.money or last or reading.label
            yield from self._claim(company, value, cue.start, money, end)

    # --- whose ---------------------------------------------------------------------------------

    def _company(self, at: int) -> Company | None:
        """Return whose a target is that stands at a place; `None` if that is not clear."""
        start = self._sentence_before(at)
        named = self._named(start, at)
        if len(named) == 1:
            return named[0]
        if named:
            return self._nearest(start, at, named)
        return self.told.about(at) or self.told.only(at) or self._named_before(start)

    def _named_before(self, at: int) -> Company | None:
        """Return the only company of the last sentence that names any, if that is not far."""
        start = at
        for _ in range(_SENTENCES - 1):
            end, start = start, self._sentence_before(start - 1)
            named = self._named(start, end)
            if named:
                return named[0] if len(named) == 1 else None
            if at - start > _REACH or not start:
                break
        return None

    def _nearest(self, start: int, at: int, named: Sequence[Company]) -> Company | None:
        number = bisect_left(self.starts, at) - 1
        last = self.names[number]
        beside = _BESIDE.fullmatch(self.clean, last.end, at)
        enumerated = number and self.clean[self.names[number - 1].end : last.start] in SEPARATORS
        apart = beside and beside[0].endswith(",") and enumerated
        if beside and not apart and not self._is_object(last):
            return last.spotted
        clause = max(self.clean.rfind(mark, start, at) for mark in ",:") + 1
        near = self._named(max(start, clause), at)
        if len(near) == 1:
            return near[0]
        about = self.told.about(at)
        known = about is not None and any(same_company(about, one) for one in named)
        return about if known else None

    def _named(self, start: int, end: int) -> list[Company]:
        """Return the companies that a stretch speaks of, each once; those quoted left out."""
        first, last = bisect_left(self.starts, start), bisect_left(self.starts, end)
        found: list[Company] = []
        for name in self.names[first:last]:
            known = any(same_company(name.spotted, other) for other in found)
            if not known and not self._is_object(name):
                found.append(name.spotted)
        others = [one for one in found if not one[0].name.endswith("证券")]
        return others or found

    def _is_object(self, name: Token) -> bool:
        """Tell whether words beside a name make it a customer, a supplier or a party."""
        if self.words.begins_with("object_after", self.clean[name.end : name.end + _NEAR]):
            return True
        near = self.clean[max(0, name.start - _NEAR) : name.start]
        words = self.words.words
        return any(word in near for word in words["object_near"]) or near.endswith(
            tuple(word for word in words["target_object_before"])
        )

    def _sentence_before(self, at: int) -> int:
        least = max(0, at - _REACH)
        for place in range(at - 1, least - 1, -1):
            mark = self.clean[place]
            if mark in _ENDS or (mark == "." and self._ends_here(place)):
                return place + 1
        return least

    def _ends_here(self, place: int) -> bool:
        before = self.clean[place - 1 : place]
        return self.text.blank_before(place + 1) and not before.isupper()

    # --- in which money ------------------------------------------------------------------------

    def _claim(
        self, company: Company, value: Value, start: int, money: str, end: str
    ) -> Iterator[FoundClaim]:
        line = self._line(company, start, money, value.line)
        if line is None or not value.number:
            return
        self._settled.add(line.name)
        yield FoundClaim(
            claim=Claim(
                subject=line.name,
                listing=line.listing,
                measure=f"{TARGET}{end}",
                value=float(value.number),
                unit=_CLAIM_UNITS[line.listing.currency],
            ),
            place=Place(start, value.end),
        )

    def _line(self, company: Company, start: int, money: str, said: str) -> Spotted | None:
        """Return the line whose money a target is in; `None` if that is not told."""
        lines = {
            currency: one
            for currency, one in self.lines.get(company[0].name, {}).items()
            if one.place.start <= start
        } | _by_currency(company)
        before = self.clean[max(0, start - 2) : start]
        wanted = _OF.get(said)
        if _H_LINE.search(before):
            wanted = Currency.HKD
        elif _A_LINE.search(before):
            wanted = Currency.CNY
        unit = _UNITS.get(money)
        if unit is not None:
            return lines.get(unit) if wanted in (None, unit) else None
        if money not in _LOOSE:
            return None
        # Money that is not told is that of the line, where one alone is meant.
        own = wanted or (next(iter(_by_currency(company))) if len(company) == 1 else None)
        if own is None:
            own = Currency.CNY if money == "元" else None
        if own is Currency.HKD and not self._means_hong_kong(money, start):
            return None
        if own is Currency.CNY and money == "$":
            return None
        return lines.get(own) if own else None

    def _means_hong_kong(self, money: str, start: int) -> bool:
        if money == "元":
            return 0 <= self.hong_kong < start
        return not 0 <= self.dollars < start


def _first(pattern: re.Pattern[str], clean: str) -> int:
    match = pattern.search(clean)
    return match.start() if match else -1


def _by_currency(company: Company) -> dict[Currency, Spotted]:
    return {one.listing.currency: one for one in company}
