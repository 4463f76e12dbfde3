"""What an update did, on the terminal: counted by hand."""

from __future__ import annotations

import io

import pytest
from rich.console import Console, RenderableType

from screener.data.sources.online.transport.protocol import Need
from screener.data.update.session import NeedCount, Outcome, UpdateReport
from screener.errors import SourceBlocked, SourceChanged
from screener.render.data.update import plan_page, update_page

CHANGED = SourceChanged("no column 日期", fix="tell the authors")
OUTCOMES = (
    Outcome(need=Need.BARS, subject="300857.SZ", source="sina", rows=1200),
    Outcome(need=Need.BARS, subject="601899.SH", source="tencent", rows=800),
    Outcome(need=Need.BARS, subject="000630.SZ", source="tencent", rows=100),
    Outcome(need=Need.ACTIONS, subject="300857.SZ", error=CHANGED),
    Outcome(need=Need.BARS, subject="688256.SH", error=SourceBlocked("refused")),
)
PAGE = """\
asked for  answered  unanswered   rows  answered by
─────────────────────────────────────────────────────────
bars              3           1  2,100  tencent 2, sina 1
actions           0           1      0  -
2 not answered
  300857.SZ actions: no column 日期
  688256.SH bars: refused
· 1 row rejected or doubtful: `screener data export DIR --table quarantine` tells why
· a remark
sina rests until 12:00
requests: a.example 12, b.example 2
1,234 answers were up to date; stored as data version 4."""


def report(outcomes: tuple[Outcome, ...] = (), **given: object) -> UpdateReport:
    told: dict[str, object] = {
        "up_to_date": 0,
        "before": 3,
        "after": 4,
        "noted": 0,
        "remarks": (),
        "requests": {},
        "open_circuits": (),
    }
    return UpdateReport(outcomes=outcomes, **{**told, **given})  # type: ignore[arg-type]


def show(page: RenderableType) -> str:
    file = io.StringIO()
    Console(file=file, width=100, highlight=False).print(page)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


def test_answers_are_counted_by_need() -> None:
    bars, actions = report(OUTCOMES).by_need
    assert bars == NeedCount(
        need=Need.BARS,
        answered=3,
        failed=1,
        rows=2100,
        sources=(("tencent", 2), ("sina", 1)),
    )
    assert actions == NeedCount(need=Need.ACTIONS, answered=0, failed=1, rows=0, sources=())
    assert report().by_need == ()


def test_the_page() -> None:
    told = report(
        OUTCOMES,
        up_to_date=1234,
        noted=1,
        remarks=("a remark",),
        requests={"b.example": 2, "a.example": 12},
        open_circuits=("sina rests until 12:00",),
    )
    assert show(update_page(told)) == PAGE
    assert show(update_page(report(after=3))) == "nothing new; data version 3."


def test_long_lists_are_cut_and_say_so() -> None:
    failed = tuple(
        Outcome(need=Need.BARS, subject=f"{600000 + at}.SH", error=SourceBlocked("refused"))
        for at in range(17)
    )
    lines = show(update_page(report(failed, remarks=tuple(f"r{at}" for at in range(16)))))
    assert "17 not answered" in lines
    assert lines.count(": refused") == 15
    assert "  and 2 more" in lines
    assert "· and 1 further remarks" in lines


def test_a_plan_tells_how_many_questions() -> None:
    text = show(plan_page([(Need.BARS, 1200), (Need.ACTIONS, 3)]))
    assert text.endswith("1,203 questions; nobody was asked.")
    assert "1,200" in text
    assert show(plan_page([])) == "Nothing to ask: all of it is up to date."


def test_it_ends_with_an_error_that_says_how_to_go_on() -> None:
    assert report(OUTCOMES[:3]).failure is None
    changed = report(OUTCOMES[3:4]).failure
    with pytest.raises(SourceBlocked, match="1 question was not answered") as raised:
        raise changed or AssertionError
    assert raised.value.fix == "tell the authors"
    both = report(OUTCOMES).failure
    assert both is not None
    assert "2 questions were not answered about 2 listings or markets" in both.what
    assert "again later" in str(both.fix)
