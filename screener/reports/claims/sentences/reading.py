"""Reading the figures of one sentence: whose they are, of what, of which period."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date

from screener.reports.claims.numbers import FigureKind, Figures
from screener.reports.claims.periods import Period, read_day, read_periods
from screener.reports.claims.sentences.bindings import Bound, Stated
from screener.reports.claims.sentences.figure_runs import SEPARATORS, figure_run, passing
from screener.reports.claims.sentences.subjects import Company, SubjectOf, Subjects
from screener.reports.claims.vocabulary import TARGET, Kind, Measure, MeasureKind, Token
from screener.reports.text.text import Place

__all__ = ["Reading"]

_OF_FIGURE = {
    MeasureKind.PRICE: FigureKind.MONEY,
    MeasureKind.AMOUNT: FigureKind.MONEY,
    MeasureKind.MULTIPLE: FigureKind.MULTIPLE,
    MeasureKind.SHARE: FigureKind.FRACTION,
}
_APPROXIMATE = {Kind.ABOUT: "about", Kind.MORE: "more than", Kind.LESS: "less than"}
_KEEP_LOOSE = frozenset({Kind.FILLER, Kind.PERIOD})
_IN_HEADING = frozenset({Kind.NAME, Kind.CODE, Kind.OPEN, Kind.CLOSE, Kind.COLON})
_LONGEST_ROW = 200  # periods or measures; no row of figures is as long
_BOUNDARY = frozenset({Kind.COMMA, Kind.SEMICOLON, Kind.STOP, Kind.MARKER, Kind.COLON})
_STRANGER = re.compile(
    r"[A-Z][A-Za-z]{0,20}[a-z]{2}|[A-Z]{5}|[\u4e00-\u9fff]{2,6}(?:集团|股份|科技|控股|实业)"
)
"""How a clause begins that speaks of a company which is not known."""
_CODE = re.compile(r"0\d{4}|\d{6}")
_FOOTNOTE = 2  # digits: a bare number of so few is that of a footnote or a page


@dataclass(slots=True)
class Reading:
    """State while the tokens of a sentence are read from left to right.

    Parameters
    ----------
    subjects
        Whom it speaks of.
    today
        Day of publication, `None` if not known.
    """

    subjects: Subjects
    today: date | None
    headed: Company | None = None
    at: int = 0
    gap: str = ""
    clause: int = 0
    periods: tuple[Period, ...] = ()
    period_clause: int = -1
    day: date | None = None
    forecast: bool = False
    against: bool = False
    assumed: bool = False
    bound: Bound = field(default_factory=Bound)
    loose: tuple[Figures, int, bool] | None = None  # figures before their measure
    brackets: list[tuple[Bound, bool, tuple[Company, ...]]] = field(default_factory=list)
    stated: list[Stated] = field(default_factory=list)
    open: list[Place] = field(default_factory=list)  # figures in doubt, with their measure

    def read(self) -> Iterator[Stated]:
        """Read the sentence and yield what it states."""
        found, clean = self.subjects.found, self.subjects.clean
        end = self.subjects.start
        while self.at < len(found):
            self.gap = clean[end : found[self.at].start]
            if self.gap and not passing(self.gap):
                self._interrupt()
                if self._begins_clause() and _STRANGER.match(self.gap):
                    self.subjects.lose()
            self._take(found[self.at])
            end = found[self.at].end
            self.at += 1
        yield from self.stated

    @property
    def token(self) -> Token:
        """Token that is read."""
        return self.subjects.found[self.at]

    @property
    def before(self) -> Token | None:
        """Token before it."""
        return self.subjects.found[self.at - 1] if self.at else None

    def _begins_clause(self) -> bool:
        before = self.before
        return before is None or before.kind in _BOUNDARY

    def _take(self, token: Token) -> None:
        kind = token.kind
        if kind not in _IN_HEADING and not self.brackets:
            self.subjects.tail = -1
        if kind is Kind.FIGURE:
            self._figure()
            return
        handler = _HANDLERS.get(kind)
        if handler is not None:
            handler(self)
        if kind not in _KEEP_LOOSE:
            self.loose = None

    def _interrupt(self) -> None:
        self.subjects.interrupt()
        if not self.brackets:
            self.subjects.tail = -1
        self.loose = None
        self._unbind()

    def _unbind(self) -> None:
        self.bound = Bound()

    # --- whose, and the structure of the sentence ----------------------------------------------

    def _name(self) -> None:
        if not self.subjects.name(self.at, self.gap, inside=bool(self.brackets)):
            self._unbind()

    def _refer(self) -> None:
        if self.subjects.refer(self.at, self.gap):
            self._unbind()

    def _meet(self) -> None:
        self.subjects.other(self.at, self.gap)
        self._unbind()

    def _other_time(self) -> None:
        self._interrupt()
        self.periods = ()

    def _comma(self) -> None:
        self.clause += 1
        self.subjects.clear = True
        self.against = self.assumed = False
        kept = self.bound
        self.bound = Bound(kept.measures, kept.label, kept.cue, kept.done, loss=kept.loss)

    def _semicolon(self) -> None:
        self._comma()
        self._unbind()

    def _colon(self) -> None:
        if self.subjects.tail >= 0 and not self.brackets:
            self.headed = self.subjects.group[0]
            self.periods = ()
        self.subjects.clear, self.subjects.tail = True, -1

    def _open(self) -> None:
        if self.token.text == "(":
            self.brackets.append((self.bound, self.subjects.clear, self.subjects.group))
            kept = self.bound
            self.bound = Bound(kept.measures, kept.label, kept.cue, kept.done)
        self.subjects.clear = True

    def _close(self) -> None:
        if self.token.text == ")" and self.brackets:
            self.bound, self.subjects.clear, group = self.brackets.pop()
            self.subjects.group = group or self.subjects.group

    def _restart(self) -> None:
        self._unbind()
        self.subjects.restart()
        self.headed, self.periods, self.brackets = None, (), []

    def _section(self) -> None:
        self._restart()
        if self.token.text in self.subjects.words.words["ends"]:
            self.subjects.inherited = SubjectOf()

    # --- of what -------------------------------------------------------------------------------

    def _period(self) -> None:
        found = read_periods(self.token.text, self.today)
        before = self.before
        joined = before is not None and before.kind is Kind.PERIOD and self.gap in SEPARATORS
        self.periods = (*self.periods[-_LONGEST_ROW:], *found) if joined else found
        self.period_clause = self.clause
        if not found:
            self.subjects.clear = False

    def _day(self) -> None:
        before, end = self.before, self.token.end
        since = before is not None and before.kind is Kind.SINCE and not self.gap
        marked = self.subjects.words.begins_with("day_marks", self.subjects.clean[end : end + 4])
        if since or marked or self.brackets or (before is None and not self.gap):
            self.day = read_day(self.token.text, self.today)

    def _measure(self) -> None:
        token, before = self.token, self.before
        found = self.subjects.words.measures[token.text]
        if self._of_the_figures_before(found):
            return
        joined = before is not None and before.kind is Kind.MEASURE and self.gap in SEPARATORS
        if joined and self.bound.measures:
            self.bound.measures = (*self.bound.measures[-_LONGEST_ROW:], found)
            self.bound.label = token.label
            return
        named = before is not None and before.kind is Kind.NAME
        if found.name == TARGET or (self.assumed and found.flow):
            self._unbind()
            return
        heads = before is not None and before.kind is Kind.MEASURE and bool(before.label)
        cell = bool(token.label) and not self.assumed and not named and not heads
        stands = (self.subjects.clear and not heads) or cell
        self.bound = Bound((found,), token.label, token.start) if stands else Bound()

    def _of_the_figures_before(self, found: Measure) -> bool:
        """State figures that stand before their measure: 15倍PE."""
        if self.loose is None or found.kind is not MeasureKind.MULTIPLE or self.gap:
            return False
        figures, start, clear = self.loose
        if clear and not self.assumed:
            self.bound = Bound((found,), cue=start)
            self._state(figures, self.token.end)
        self._unbind()
        self.subjects.clear = False
        return True

    def _lose(self) -> None:
        profit = self.subjects.words.measures["净利润"]
        if self.bound.measures != (profit,):
            stands = self.subjects.clear
            self.bound = Bound((profit,), cue=self.token.start) if stands else Bound()
        self.bound.loss = True

    def _grow(self) -> None:
        text = self.token.text
        self.bound.growth, self.bound.other_growth = True, False
        self.bound.direction = 1 if text.endswith("增") else -1 if text.endswith("降") else 0

    def _grow_otherwise(self) -> None:
        self.bound.growth, self.bound.other_growth = False, True

    def _turn(self) -> None:
        self.bound.direction = 1 if self.token.kind is Kind.UP else -1
        self.bound.onward = False

    def _go_on(self) -> None:
        self.bound.onward, self.bound.origin = True, False

    def _begin_at(self) -> None:
        self.bound.origin = True

    def _approximate(self) -> None:
        self.bound.approximate = _APPROXIMATE[self.token.kind]

    def _expect(self) -> None:
        self.forecast = True

    def _correspond(self) -> None:
        self.against = True

    def _assume(self) -> None:
        self.assumed = True
        self.subjects.clear = False
        self._unbind()

    def _list(self) -> None:
        self.bound.listed = True

    # --- figures -------------------------------------------------------------------------------

    def _figure(self) -> None:
        first, clean = self.at, self.subjects.clean
        if self.bound.label and _CODE.fullmatch(self.token.text):
            self._unbind()  # the label heads a column, and this is the code of its first row
        if not self.bound.measures and not self._may_lead():
            self.subjects.clear = self.subjects.clear and len(self.token.text) <= _FOOTNOTE
            return
        figures, self.at = figure_run(
            clean, self.subjects.found, first, label=self.bound.label, commas=self.bound.listed
        )
        begun, text = self.subjects.found[first].start, self.subjects.found[first].text
        bare = figures is not None and figures.kind is FigureKind.PLAIN
        if bare and len(text) <= _FOOTNOTE:
            return
        if figures is None or bare:
            beside = figures is None and self.token.text[-1:].isdigit()
            if beside and self.bound.measures and self.subjects.companies(labelled=False):
                self._ask(Place(self.bound.cue, self.token.end))
            self._unbind()
        elif self.bound.measures:
            self._bind(figures, begun)
            self.bound.approximate = ""
        else:
            self.loose = (figures, begun, self.subjects.clear)
        self.subjects.clear = False

    def _may_lead(self) -> bool:
        """Tell whether a figure without a measure may be one that stands before it: 15倍PE."""
        found = self.subjects.found
        listed = self.at + 1 < len(found) and found[self.at + 1].kind is Kind.FIGURE
        return listed or self.token.text[-1] in "倍xX"

    def _bind(self, figures: Figures, begun: int) -> None:
        bound = self.bound
        if bound.origin:
            bound.origin = False
        elif (bound.growth or bound.other_growth) and self._changes(figures):
            flows = all(item.flow for item in bound.measures)
            if bound.growth and flows and not figures.is_range:
                self._state(figures, self.token.end, growth_from=begun)
            bound.growth = bound.other_growth = False
            bound.direction = 0
        else:
            self._bind_level(figures)
            bound.onward = False
            bound.direction = 0

    def _changes(self, figures: Figures) -> bool:
        times = figures.kind is FigureKind.MULTIPLE and self.bound.direction > 0
        return (figures.kind is FigureKind.FRACTION or times) and not self.bound.onward

    def _bind_level(self, figures: Figures) -> None:
        bound = self.bound
        increment = bound.direction != 0 and not bound.onward
        again = bound.done and not bound.onward
        if increment or again or self.assumed or not self._fits(figures):
            return
        self._take_after()
        self._state(figures, self.token.end)
        bound.done = True

    def _fits(self, figures: Figures) -> bool:
        scaled = all(item.scaled for item in figures.items)
        for measure in self.bound.measures:
            if figures.kind is not _OF_FIGURE[measure.kind]:
                return False
            if measure.kind is MeasureKind.AMOUNT and not (scaled or self.bound.label):
                return False
            if measure.kind is MeasureKind.PRICE and scaled:
                return False
        return True

    def _take_after(self) -> None:
        """Take the words after a figure that qualify it: 左右, 以上, (4月28日收盘价)."""
        following = self.subjects.found[self.at + 1 : self.at + 4]
        if not following or following[0].start != self.token.end:
            return
        self.bound.approximate = _APPROXIMATE.get(following[0].kind, self.bound.approximate)
        if following[0].kind is Kind.OPEN:
            for token in following[1:]:
                if token.kind is Kind.DAY:
                    self.day = read_day(token.text, self.today)

    def _state(self, figures: Figures, end: int, *, growth_from: int | None = None) -> None:
        bound, growth = self.bound, growth_from is not None
        companies = self.subjects.companies(labelled=bool(bound.label))
        own = not self.subjects.diverted or all(item.flow for item in bound.measures)
        if not companies or not own:
            if self.subjects.doubtful:
                self._ask(Place(bound.cue if growth_from is None else growth_from, end))
            return
        negative = bound.direction < 0 if growth else bound.loss
        self.stated.append(
            Stated(
                companies=companies,
                measures=bound.measures,
                periods=self._periods(len(figures.items)),
                figures=figures,
                growth=growth,
                sign=-1 if negative else 1,
                remark=bound.approximate,
                day=self.day,
                forecast=self.forecast,
                place=Place(bound.cue if growth_from is None else growth_from, end),
            )
        )

    def _ask(self, place: Place) -> None:
        self.open.append(place)

    def _periods(self, count: int) -> tuple[Period, ...]:
        if all(item.flow for item in self.bound.measures):
            return self.periods
        if any(item.undated for item in self.bound.measures):
            return ()
        near = self.period_clause == self.clause or self.against
        paired = count > 1 and len(self.periods) == count
        years = all(item.is_year for item in self.periods)
        return self.periods if years and (near or paired) else ()


_HANDLERS: dict[Kind, Callable[[Reading], None]] = {
    Kind.NAME: Reading._name,
    Kind.PRONOUN: Reading._refer,
    Kind.OTHER_COMPANY: Reading._meet,
    Kind.OTHER_SPAN: Reading._other_time,
    Kind.NOT_THE_COMPANY: Reading._interrupt,
    Kind.INDEX: Reading._interrupt,
    Kind.NO_MOVE: Reading._interrupt,
    Kind.COMMA: Reading._comma,
    Kind.SEMICOLON: Reading._semicolon,
    Kind.COLON: Reading._colon,
    Kind.OPEN: Reading._open,
    Kind.CLOSE: Reading._close,
    Kind.MARKER: Reading._restart,
    Kind.SECTION: Reading._section,
    Kind.PERIOD: Reading._period,
    Kind.DAY: Reading._day,
    Kind.MEASURE: Reading._measure,
    Kind.LOSS: Reading._lose,
    Kind.GROWTH: Reading._grow,
    Kind.OTHER_GROWTH: Reading._grow_otherwise,
    Kind.UP: Reading._turn,
    Kind.DOWN: Reading._turn,
    Kind.TO: Reading._go_on,
    Kind.FROM: Reading._begin_at,
    Kind.ABOUT: Reading._approximate,
    Kind.MORE: Reading._approximate,
    Kind.LESS: Reading._approximate,
    Kind.FORECAST: Reading._expect,
    Kind.AGAINST: Reading._correspond,
    Kind.ASSUMED: Reading._assume,
    Kind.RESPECTIVELY: Reading._list,
}
