"""Target prices: what stands behind the words for one, whose it is, and in which money."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

from screener.domain.listing import Currency
from screener.domain.report import Claim, ClaimUnit
from screener.reports.claims.numbers import NUMBER
from screener.reports.claims.subjects import Company, same_company
from screener.reports.claims.surroundings import Surroundings
from screener.reports.claims.vocabulary import TARGET, Token
from screener.reports.text.found import FoundClaim, Spotted
from screener.reports.text.text import Place, Text

__all__ = ["Targets"]

_CURRENCIES = r"人民币|RMB|Rmb|CNY|¥|港元|港币|HK\$|HKD|美元|US\$|USD|欧元|日元|元|yuan|\$"
_UNITS = {
    **dict.fromkeys(("人民币", "RMB", "Rmb", "CNY", "¥"), Currency.CNY),
    **dict.fromkeys(("港元", "港币", "HK$", "HKD"), Currency.HKD),
}
_LOOSE = frozenset({"元", "yuan", "$", ""})  # which money they mean, the market tells
_CLAIM_UNITS = {Currency.CNY: ClaimUnit.CNY, Currency.HKD: ClaimUnit.HKD}
_CUE = re.compile(
    r"(?P<old>原|前|此前|先前|旧|[Pp]revious|[Pp]rior|Old)?"
    r"(?P<cue>(?:目标价(?:格|位)?|合理(?:股价|价格|价值区间|价))"
    r"|(?:Target|target)(?:Price|price)?|[Pp]rice[Tt]arget|TP|PT)"
)
_NUMBER = rf"(?:{NUMBER})(?!\.?\d)"
_FIGURE = re.compile(
    rf"(?P<before>{_CURRENCIES})?(?P<number>{_NUMBER})(?![%‰倍xX亿万千百个月年日点号家])"
    rf"(?P<after>{_CURRENCIES})?(?:/股)?(?:\((?P<line>[AH])股?\))?"
)
_CHANGE = re.compile(rf"[+-]?{_NUMBER}(?:%|个百分点)")
_LABEL = re.compile(rf"\([^()\d]{{0,12}}\)|\((?:12|6)个月\)|\((?:{_CURRENCIES})\)")
_MONEY = re.compile(_CURRENCIES)
_TO = re.compile(
    r"-{0,2}>|→|⇒|➔|(?:上调|下调|调升|调降|调高|调低|提升|提高|升|降|加|减|涨)?[至到]|to"
)
_FROM = re.compile(r"由|从|自|from")
_RANGE = re.compile(r"[-~]")
_SLASH = re.compile(r"/")
_FILLER = re.compile(
    r"为|是|[:)|=]|仍|均|分别|约|近|上调|下调|调升|调降|调高|调低|提升|提高|升|降|微幅|轻微|大幅|小幅|"
    r"再|亦|也|给予|设定|设|定|上看|看|维持|保持|不变|在|于|达|每股|区间|的|我们|目前|原来|最新|"
    r"moved?|moves|goes|edge[sd]|raised|lifted|cut|lowered|trimmed|remains?|unchanged|up|down|is|was|"
    r"of|at|by|set|our|new|the"
)
_STEPS = (
    ("label", _LABEL), ("change", _CHANGE), ("figure", _FIGURE), ("to", _TO), ("from", _FROM),
    ("range", _RANGE), ("slash", _SLASH), ("filler", _FILLER),
)  # fmt: skip
_MOST_STEPS = 16
_ENDS = "。!?;"
_REACH = 400  # characters before a target in which its company stands
_SENTENCES = 3  # without a name, before one
_HONG_KONG = re.compile(r"港元|港币|HK\$|HKD|港股|恒生|恒指|H股")
_DOLLARS = re.compile(r"美元|US\$|USD|ADR|ADS")
_H_LINE, _A_LINE = re.compile(r"H股$"), re.compile(r"A股$")
_NAME_CELLS = re.compile(r"股份|股票|公司|名称|简称|证券|标的|Stock|Company|Name")
_CODE_CELLS = re.compile(r"代码|Ticker|Code")
_LONGEST_HEAD, _LONGEST_CELL, _LONGEST_ROW = 12, 24, 240
_CLOSE_TO = Decimal("0.006")
_OF = {"A": Currency.CNY, "H": Currency.HKD}


@dataclass(frozen=True, slots=True)
class _Value:
    number: Decimal
    money: str
    line: str
    end: int


@dataclass(slots=True)
class _Reading:
    """What stands behind a cue: figures, and what leads from one to the next."""

    values: list[_Value] = field(default_factory=list)
    links: list[str] = field(default_factory=list)  # before each value
    label: str = ""
    started: str = ""

    def told(self) -> tuple[_Value, ...]:
        """Return the target, or both ends of a range, or one for each line; else nothing."""
        if not self.values:
            return ()
        if len(self.values) == 1:
            return () if self.links[0] == "from" else (self.values[0],)
        if all(value.line for value in self.values):
            return tuple(self.values)
        if len(self.values) == 2 and self.links[1] == "to":
            return (self.values[1],)
        return ()

    def range(self) -> tuple[_Value, ...]:
        """Return both ends of a range; nothing if it is none."""
        if len(self.values) != 2 or self.links[1] != "range":
            return ()
        return tuple(self.values) if self.values[0].number < self.values[1].number else ()


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
    breaks
        Where one number ends and another begins, as from `number_breaks`.
    """

    def __init__(
        self, text: Text, names: Sequence[Token], told: Surroundings, breaks: Sequence[int]
    ) -> None:
        self.text, self.clean, self.names = text, text.clean, names
        self.starts = [name.start for name in names]
        self.told = told
        self.breaks = breaks
        self.hong_kong = _first(_HONG_KONG, self.clean)
        self.dollars = _first(_DOLLARS, self.clean)
        self.lines: dict[str, dict[Currency, Spotted]] = {}
        for name in names:
            for one in name.spotted:
                self.lines.setdefault(one.name, {}).setdefault(one.listing.currency, one)
        self._open: list[tuple[Company | None, str]] = []
        self._settled: set[str] = set()
        self._borders: list[int] | None = None
        self._following = list(_next_companies(names, len(self.clean)))

    def claims(self) -> Iterator[FoundClaim]:
        """Read the whole document."""
        cues = [match for match in _CUE.finditer(self.clean) if self._stands(match)]
        heads: list[tuple[re.Match[str], str]] = []
        for match in cues:
            if match["old"]:
                continue
            reading = self._read(match.end())
            if reading.values:
                yield from self._prose(match, reading)
            else:
                heads.append((match, reading.label))
        ends = [match.start() for match, _ in heads[1:]] + [len(self.clean)]
        for (match, label), end in zip(heads, ends, strict=False):
            yield from self._column(match, label, end)
        if cues:
            yield from self._rows_that_add_up(cues[0].start())

    def _stands(self, match: re.Match[str]) -> bool:
        """Tell whether a Latin cue is a word of its own, as printed."""
        start, end = match.span("cue")
        if not match["cue"].isascii():
            return True
        before = self.clean[start - 1 : start]
        apart = self.text.blank_before(start) or not (before.isascii() and before.isalpha())
        following = self.clean[end : end + 1]
        whole = not (following.isascii() and following.isalpha()) or self.text.blank_before(end)
        return (apart or bool(match["old"])) and (whole or bool(_MONEY.match(self.clean, end)))

    # --- what stands behind the words ----------------------------------------------------------

    def _read(self, at: int, limit: int | None = None) -> _Reading:
        found, link = _Reading(), ""
        limit = len(self.clean) if limit is None else limit
        for _ in range(_MOST_STEPS):
            kind, match = self._step(at, limit)
            if match is None:
                break
            if kind == "figure":
                if found.values and not link:
                    found.values.append(found.values[-1])  # side by side: not told which is meant
                    found.links.append("")
                    break
                number = Decimal(match["number"].replace(",", ""))
                money = match["before"] or match["after"] or ""
                found.values.append(_Value(number, money, match["line"] or "", match.end()))
                found.links.append(found.started if len(found.values) == 1 else link)
                link = ""
            elif kind == "label":
                found.label = _last(_MONEY.findall(match[0])) or found.label
            elif kind in ("to", "range", "slash") and found.values:
                link = "range" if kind == "to" and self._spans(found, match) else kind
            elif kind == "from" and not found.values:
                found.started = "from"
            elif kind == "filler" and found.values:
                break
            at = match.end()
        return found

    def _step(self, at: int, limit: int) -> tuple[str, re.Match[str] | None]:
        cut = bisect_right(self.breaks, at)
        end = min(self.breaks[cut] if cut < len(self.breaks) else limit, limit)
        for kind, pattern in _STEPS:
            if match := pattern.match(self.clean, at, end):
                return kind, match
        return "", None

    def _spans(self, found: _Reading, match: re.Match[str]) -> bool:
        """Tell whether 至 joins two ends, as in 28至30元, and leads not from old to new."""
        return match[0] in ("至", "到") and found.links[0] != "from"

    # --- whose ---------------------------------------------------------------------------------

    def _prose(self, match: re.Match[str], reading: _Reading) -> Iterator[FoundClaim]:
        values = reading.told()
        ends: tuple[str, ...] = ("",) * len(values)
        if not values:
            values, ends = reading.range(), (", low end", ", high end")
        start = match.start("cue")
        company = self._company(start)
        if not values or company is None:
            self._ask(match.end(), reading, company)
            return
        last = reading.values[-1].money
        for value, end in zip(values, ends, strict=True):
            yield from self._claim(company, value, start, value.money or last or reading.label, end)

    def _ask(self, at: int, reading: _Reading, company: Company | None) -> None:
        shown = self.text.printed(Place(at, reading.values[-1].end)).lstrip(":")
        self._open.append((company, shown))

    def questions(self) -> tuple[str, ...]:
        """Return the targets that were not taken, but those of a company that has one."""
        return tuple(
            f"a target price is not taken, for it is not clear which or whose: {shown}"
            for company, shown in self._open
            if company is None or company[0].name not in self._settled
        )

    def _company(self, at: int) -> Company | None:
        """Return whose a target is that stands at a place; `None` if that is not clear."""
        start = at
        for back in range(_SENTENCES):
            end, start = start, self._sentence_before(start - (back > 0))
            named = self._named(start, end)
            if len(named) == 1:
                return named[0]
            if named:
                return self._nearest(start, at, named) if not back else None
            if at - start > _REACH or not start:
                break
        return self.told.about(at) or self.told.only(at)

    def _nearest(self, start: int, at: int, named: Sequence[Company]) -> Company | None:
        clause = max(self.clean.rfind(mark, start, at) for mark in ",:(") + 1
        near = self._named(max(start, clause), at)
        if len(near) == 1:
            return near[0]
        about = self.told.about(at)
        known = about is not None and any(same_company(about, one) for one in named)
        return about if known else None

    def _named(self, start: int, end: int) -> list[Company]:
        """Return the companies named in a stretch, each once; those quoted left out."""
        first, last = bisect_left(self.starts, start), bisect_left(self.starts, end)
        found: list[Company] = []
        for name in self.names[first:last]:
            if not any(same_company(name.spotted, other) for other in found):
                found.append(name.spotted)
        others = [one for one in found if not one[0].name.endswith("证券")]
        return others or found

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

    # --- tables --------------------------------------------------------------------------------

    def _column(self, match: re.Match[str], label: str, end: int) -> Iterator[FoundClaim]:
        """Read the column under a head: as many borders behind each name as behind the names'."""
        bars = self._bars()
        at = bisect_left(bars, match.start("cue") + 1)
        cells = self._heads(bars, at, match.start("cue"))
        away = next((n for n, cell in enumerate(cells, 1) if _NAME_CELLS.search(cell)), 0)
        away = away or next((n for n, cell in enumerate(cells, 1) if _CODE_CELLS.search(cell)), 0)
        if not away:
            return
        first, last = bisect_left(self.starts, match.end()), bisect_left(self.starts, end)
        for number in range(first, last):
            name, following = self.names[number], self._following[number]
            bar = bisect_left(bars, name.end) + away - 1
            if bar >= len(bars) or not name.end <= bars[bar] < min(
                following, name.end + _LONGEST_ROW
            ):
                continue
            cell = bars[bar + 1] if bar + 1 < len(bars) else None
            reading = self._read(bars[bar] + (self.clean[bars[bar]] == "|"), cell)
            values = reading.told()
            if len(values) == 1:
                money = values[0].money or label if label in _LOOSE else label
                yield from self._claim(name.spotted, values[0], name.start, money, "")

    def _heads(self, bars: Sequence[int], at: int, cue: int) -> list[str]:
        """Return the heads left of a head, the nearest first."""
        cells = []
        end = cue
        for number in range(at - 1, max(-1, at - _LONGEST_HEAD), -1):
            bar = bars[number]
            if number < at - 1:
                cells.append(self.clean[bar:end].strip("|"))
            elif end - bar > _LONGEST_CELL:
                return []
            if number < at - 1 and end - bar > _LONGEST_CELL:
                break
            end = bar
        if at:
            cells.append(self.clean[max(0, end - _LONGEST_CELL) : end])
        return cells

    def _bars(self) -> list[int]:
        """Return where cells end: at a printed border, or before a tab's next character."""
        if self._borders is None:
            tabs = (
                bisect_left(self.text.starts, match.end())
                for match in re.finditer("\t", self.text.original)
            )
            printed = (match.start() for match in re.finditer(r"\|", self.clean))
            self._borders = sorted({*tabs, *printed})
        return self._borders

    def _rows_that_add_up(self, first: int) -> Iterator[FoundClaim]:
        """Read rows of price, target and the change from one to the other, behind a head."""
        edges = [*self.starts, len(self.clean)]
        for number, (name, edge) in enumerate(zip(self.names, edges[1:], strict=True)):
            last = self.names[number + 1 : number + 2]
            if name.start < first:
                continue
            if last and same_company(last[0].spotted, name.spotted):
                continue  # its code stands behind its name
            found = self._sum(name.end, min(edge, name.end + _LONGEST_ROW))
            if found is not None:
                yield from self._claim(name.spotted, found, name.start, "", "", traded=True)

    def _sum(self, start: int, end: int) -> _Value | None:
        cuts = self.breaks[bisect_left(self.breaks, start) : bisect_right(self.breaks, end)]
        for first, second in pairwise(cuts):
            price = re.search(rf"{_NUMBER}$", self.clean[max(start, first - 12) : first])
            target = re.fullmatch(_NUMBER, self.clean[first:second])
            change = _CHANGE.match(self.clean, second)
            if price is None or target is None or change is None:
                continue
            paid, aimed = (Decimal(one[0].replace(",", "")) for one in (price, target))
            told = Decimal(change[0].rstrip("%")) / 100 if change[0].endswith("%") else None
            if told and paid and abs(aimed / paid - 1 - told) <= _CLOSE_TO:
                return _Value(aimed, "", "", second)
        return None

    # --- in which money ------------------------------------------------------------------------

    def _claim(
        self,
        company: Company,
        value: _Value,
        start: int,
        money: str,
        end: str,
        *,
        traded: bool = False,
    ) -> Iterator[FoundClaim]:
        line = self._line(company, start, money, value.line, traded=traded)
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

    def _line(
        self, company: Company, start: int, money: str, said: str, *, traded: bool
    ) -> Spotted | None:
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
        if money not in _LOOSE or (not money and not traded):
            return None
        own = wanted or (next(iter(_by_currency(company))) if len(company) == 1 else None)
        if own is None:
            own = Currency.CNY if money == "元" else None
        if own is Currency.HKD and not self._means_hong_kong(money, start):
            return None
        if own is Currency.CNY and money == "$":
            return None
        return lines.get(own) if own else None

    def _means_hong_kong(self, money: str, start: int) -> bool:
        if money == "$":
            return not 0 <= self.dollars < start
        return 0 <= self.hong_kong < start or not money


def _next_companies(names: Sequence[Token], end: int) -> list[int]:
    """Return for each name where the next one of another company stands."""
    found = [end] * len(names)
    for number in range(len(names) - 2, -1, -1):
        following = names[number + 1]
        same = same_company(following.spotted, names[number].spotted)
        found[number] = found[number + 1] if same else following.start
    return found


def _first(pattern: re.Pattern[str], clean: str) -> int:
    match = pattern.search(clean)
    return match.start() if match else -1


def _by_currency(company: Company) -> dict[Currency, Spotted]:
    return {one.listing.currency: one for one in company}


def _last(found: Sequence[str]) -> str:
    return found[-1] if found else ""
