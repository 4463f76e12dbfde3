"""The page of a screen: who passed and who failed, why, and how each field is spread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from screener.language import Language, bound, say
from screener.render.pages.cells import count_text, fraction, money
from screener.render.pages.charts.bars import histogram
from screener.render.pages.document import Page, Way, document, section, ways
from screener.render.pages.markup import Child, Node, node
from screener.render.pages.tables import result_table
from screener.render.pages.words import told, word
from screener.render.tables import number
from screener.screen.evaluate import Check, ScreenedRow
from screener.screen.fields import Field, FieldUnit
from screener.workflows.page.distributions import Distribution, distributions_of
from screener.workflows.screen.run import ScreenResult
from screener.workflows.screen.table import screen_table

__all__ = ["screen_document"]

_SHOWN, _MARKED = 1_500, 400
"""Names that a page lists at most, without checks and with them: a megabyte at most."""
_FIRST = ("rank", "listing", "name", "checks")
_MARKS = {True: ("✓", "yes"), False: ("✗", "no"), None: ("?", "none")}
"""How a check that holds, one that does not and one that nobody can tell are shown."""


def screen_document(result: ScreenResult, *, name: str = "", way: Sequence[Way] = ()) -> str:
    """Return the page of a finished screen as one HTML file; `name` is that of a saved one."""
    names = _names(result)
    shown = names[: _MARKED if result.checks else _SHOWN]
    table = screen_table(result, names=shown)
    spread = distributions_of(result)
    n_passed = len(result.passes)

    def build() -> Page:
        label = told(name or result.label)
        caption = say("Names that passed, then those that failed, each with the reason")
        more = len(names) - len(shown)
        return Page(
            title=say("Screen: {label}", label=label),
            under=tuple(_under(result)),
            simulated=result.simulated,
            way=ways(way),
            parts=(
                node(
                    "p",
                    say(
                        "{passed} of {n} names passed.",
                        passed=count_text(n_passed),
                        n=count_text(len(result.rows)),
                    ),
                    class_="verdict",
                ),
                section(
                    say("How each field is spread, and where the cut is"),
                    [part for item in spread for part in _distribution(item)],
                    name="spread",
                )
                if spread
                else "",
                section(
                    say("Names"),
                    _legend(result.checks) if result.checks else None,
                    result_table(
                        table.spec,
                        table.rows,
                        name="names",
                        caption=caption,
                        columns=sorted(table.spec.names, key=_place),
                        drawn=_drawn(result.checks, shown) if result.checks else None,
                    ),
                    node("p", say("{n} more are not shown.", n=count_text(more)), class_="note")
                    if more > 0
                    else None,
                    name="names",
                ),
                section(
                    say("Sources and versions"),
                    node("p", say("data version {version}", version=result.data_version)),
                    node("ul", (node("li", told(line)) for line in result.remarks)),
                    name="sources",
                ),
            ),
        )

    return document(build)


def _under(result: ScreenResult) -> Iterator[str]:
    yield say("as of {day}", day=result.as_of)
    yield "; ".join(told(line) for line in result.questions)
    snapshots = ", ".join(f"{word(market)} {day}" for market, day in result.sessions.items())
    yield say("snapshots: {snapshots}", snapshots=snapshots)


def _names(result: ScreenResult) -> Sequence[ScreenedRow]:
    """Return the best names, then those that failed: of checks those first that fail the fewest."""
    failures = sorted(result.failures, key=lambda row: -sum(mark is True for mark in row.marks))
    some = failures if result.checks or not result.top else ()
    return (*result.passes[: result.top], *some)


def _place(column: str) -> int:
    """Return where a column stands: who, how the checks went, then the rest in its order."""
    return _FIRST.index(column) if column in _FIRST else len(_FIRST)


def _legend(checks: Sequence[Check]) -> Node:
    """Tell what each mark stands for, and which check stands at which place."""
    told_of = {True: say("holds"), False: say("does not hold"), None: say("cannot be told")}
    keys = [node("li", _mark(mark), " ", text) for mark, text in told_of.items()]
    named = [
        node("li", node("b", told(check.name)), ": ", check.predicate.text) for check in checks
    ]
    return node("div", node("ul", keys, class_="keys"), node("ol", named, class_="note"))


def _drawn(
    checks: Sequence[Check], rows: Sequence[ScreenedRow]
) -> Mapping[str, Sequence[Sequence[Child]]]:
    """Return the marks of the names, and why each one failed: what holds the marks tell."""
    return {
        "checks": [[_marks(checks, row.marks)] for row in rows],
        "reasons": [[node("div", text, class_="why") for text in _failures(row)] for row in rows],
    }


def _failures(row: ScreenedRow) -> Iterator[str]:
    if row.session is None and len(row.reasons) == 1:  # nothing of it is known
        yield told(row.reasons[0])
        return
    n_others = len(row.reasons) - len(row.marks)
    yield from map(told, row.reasons[:n_others])
    for mark, reason in zip(row.marks, row.reasons[n_others:], strict=True):
        if mark is not True:
            yield told(reason)


def _marks(checks: Sequence[Check], marks: Sequence[bool | None]) -> Node:
    """Return the marks of a name, which a pointer that rests on them or a screen reader tells."""
    each = "; ".join(
        f"{_MARKS[mark][0]} {told(check.name)}" for check, mark in zip(checks, marks, strict=True)
    )
    return node("span", map(_mark, marks), class_="marks", title=each, role="img", aria_label=each)


def _mark(mark: bool | None) -> Node:
    sign, look = _MARKS[mark]
    return node("i", sign, class_=look)


def _distribution(item: Distribution) -> Iterator[Child]:
    field = item.field
    label = field.title_zh if bound() is Language.ZH else field.name
    ends = (_written(field, item.low), _written(field, item.high))
    marks = [
        (item.share(cut), _written(field, cut))
        for cut in item.cuts
        if cut is not None and item.low < cut < item.high
    ]
    line = say(
        "{field}: {n} names with a value, {lacking} without",
        field=label,
        n=count_text(sum(item.counts)),
        lacking=count_text(item.lacking),
    )
    if item.logarithmic:
        line = say("{line}; logarithmic", line=line)
    yield histogram(
        item.counts,
        (f"≤ {ends[0]}", f"≥ {ends[1]}"),
        caption=line,
        told=line,
        marks=marks,
        kept=item.kept,
        height=110,
    )


def _written(field: Field, value: float) -> str:
    if field.unit is FieldUnit.MONEY:
        return money(float(f"{value:.3g}"))
    return fraction(value) if field.unit is FieldUnit.FRACTION else number(value)
