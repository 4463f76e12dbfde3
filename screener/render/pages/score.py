"""The page of a score: who met their own ratings how often, and how each call went."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from screener.files.clean import clean_line
from screener.language import say, say_count
from screener.render.pages.cells import count_text, fraction
from screener.render.pages.charts.bars import Interval, intervals
from screener.render.pages.charts.lines import Band, Line, line_chart
from screener.render.pages.document import Page, Way, document, section, ways
from screener.render.pages.markup import Child, Node, node
from screener.render.pages.tables import result_table
from screener.render.pages.words import told, word
from screener.results.score import CALLS, SCORES
from screener.results.tables import Row
from screener.workflows.page.calls import CallPath, call_paths
from screener.workflows.score.rows import call_rows, score_rows
from screener.workflows.score.run import ScoreRun

__all__ = ["DRAWN", "score_document"]

_SHOWN, _RANKED = 1_000, 60
_ABOUT = ("broker", "rating", "listing", "industry")
_KEYS = ("broker", "analyst", "theme", "rating")

DRAWN = 40
"""Calls that are drawn, the newest."""

_BOARD = (
    "rank",
    "broker",
    "analyst",
    "theme",
    "rating",
    "calls",
    "matured",
    "pending",
    "cannot_be_judged",
    "met",
    "hit_rate",
    "hit_low",
    "hit_high",
    "base_rate",
    "edge",
    "shrunk_rate",
    "p",
    "p_adjusted",
    "tradable_rate",
    "mean_active",
)
_CALLS = (
    "published",
    "broker",
    "listing",
    "industry",
    "rating",
    "due",
    "low",
    "high",
    "active_return",
    "base_rate",
    "status",
    "why",
    "title",
)


def score_document(
    run: ScoreRun,
    *,
    broker: str = "",
    way: Sequence[Way] = (),
    links: Mapping[str, str] | None = None,
    paths: Mapping[str, CallPath] | None = None,
) -> str:
    """Return the page of a score as one HTML file.

    Parameters
    ----------
    run
        The score.
    broker
        The broker whose calls are shown alone; all when empty.
    way
        Links to the pages around it.
    links
        Address of each broker's page, where there are such pages.
    paths
        The calls that are drawn, by id, where they are known already.
    """
    board = [row for row in score_rows(run) if not broker or row["broker"] in (broker, None)]
    calls = [row for row in call_rows(run) if not broker or row["broker"] == broker][::-1]
    known = call_paths(run, most=DRAWN) if paths is None else paths
    drawn = {str(row["call"]): known[str(row["call"])] for row in calls if row["call"] in known}
    by = [str(item) for item in run.board.by]

    def build() -> Page:
        return Page(
            title=broker or say("Do brokers keep what their ratings promise?"),
            under=[say("data version {version}", version=run.data_version)],
            simulated=run.simulated,
            way=ways(way),
            parts=(
                node("p", _headline(run, broker), class_="verdict"),
                _leaderboard(board, by, links or {}),
                *_drawn(calls, drawn),
                _every(calls),
                section(
                    say("Remarks"),
                    node("ul", (node("li", told(line)) for line in run.remarks)),
                    name="remarks",
                ),
            ),
        )

    return document(build)


def _headline(run: ScoreRun, broker: str) -> str:
    """Return how many calls there are and how many were met, of one broker or of all."""
    own = (score for score in run.board.scores if broker and score.key == (broker,))
    total = next(own, run.board.total)
    counted = say(
        "{n} calls: {mature} mature, {pending} pending, {unjudged} cannot be judged.",
        n=count_text(total.n_calls),
        mature=count_text(total.at_end.n),
        pending=count_text(total.n_pending),
        unjudged=count_text(total.n_unjudged),
    )
    score = total.at_end
    if score.rate is None or total.low is None or total.high is None:
        more = say("Not enough data: no call is mature, and nobody can be ranked.")
    else:
        more = say(
            "Met in {rate} of the matured calls [{low} to {high}], against a base rate of {base}.",
            rate=fraction(score.rate),
            low=fraction(total.low),
            high=fraction(total.high),
            base=fraction(score.base_rate),
        )
    return say("{counted} {more}", counted=counted, more=more)


def _leaderboard(board: Sequence[Row], by: Sequence[str], links: Mapping[str, str]) -> Node:
    title = say("Leaderboard: hit rates with intervals against base rates")
    items = [
        Interval(
            label=_label(row, by, links),
            value=_number(row["hit_rate"]),
            low=_number(row["hit_low"]),
            high=_number(row["hit_high"]),
            base=_number(row["base_rate"]),
            shown=_rate(row),
        )
        for row in board[: _RANKED + 1]
    ]
    columns = [
        name
        for name in _BOARD
        if name == "rank" or any(row[name] not in (None, "") for row in board)
    ]
    columns = [name for name in columns if name not in _KEYS]
    heads = (say("who"), say("hit rate, interval and base rate"), say("hit rate"))
    return section(
        title,
        intervals(items, caption=title, heads=heads, signed=False),
        node(
            "p",
            say("Dot: hit rate; bar: its interval; upright line: base rate."),
            class_="note",
        ),
        result_table(
            SCORES,
            board,
            name="board",
            caption=title,
            columns=columns,
            first=[(say("who"), [_label(row, by, links) for row in board])],
        ),
        name="board",
    )


def _label(row: Row, by: Sequence[str], links: Mapping[str, str]) -> Child:
    if row["scope"] == "all":
        return say("all calls")
    text = " · ".join(clean_line(str(row[name])) for name in by if row[name]) or "-"
    address = links.get(str(row.get("broker")))
    return node("a", text, href=address) if address else text


def _rate(row: Row) -> Child:
    if row["hit_rate"] is None:
        return node("span", say("not enough data"), class_="tag")
    n = row["matured"]
    calls = say_count("{n} call", "{n} calls", n if isinstance(n, int) else 0)
    return f"{fraction(row['hit_rate'])} ({calls})"


def _drawn(calls: Sequence[Row], paths: Mapping[str, CallPath]) -> Iterator[Node]:
    charts = [_call(row, paths[str(row["call"])]) for row in calls if str(row["call"]) in paths]
    title = say("Each call against what its rating promises")
    if not charts:
        none = say("Not enough data: no call has begun that can be judged.")
        yield section(title, node("p", none, class_="note"), name="paths")
        return
    newest = say_count("The newest {n} call.", "The newest {n} calls.", len(charts))
    yield section(
        title, node("p", newest, class_="note"), node("div", charts, class_="pair"), name="paths"
    )


def _call(row: Row, path: CallPath) -> Node:
    n = len(path.sessions)
    known = [value for value in path.active if value is not None]
    least, most = min([*known, 0.0]), max([*known, 0.0])
    edge = max(0.05, (most - least) * 0.3)
    low = min(least, path.high or 0.0) - edge if path.low is None else path.low
    high = max(most, path.low or 0.0) + edge if path.high is None else path.high
    about = " ".join(clean_line(str(row[name])) for name in _ABOUT if row[name])
    caption = say(
        "{call}, {day}: {status}, due {due}",
        call=about,
        day=row["published"],
        status=word(str(row["status"])),
        due=path.due,
    )
    line = Line(column="active", label=say("active return"), look="paper", values=path.active)
    band = Band(
        look="inner",
        label=say("promised: {band}", band=_band(path)),
        low=[low] * n,
        high=[high] * n,
    )
    last = known[-1] if known else None
    return line_chart(
        [line],
        [str(day) for day in path.sessions],
        caption=caption,
        told=f"{caption}: {fraction(last, signed=True)}",
        start=0.0,
        bands=[band],
        height=120,
    )


def _band(path: CallPath) -> str:
    low = "" if path.low is None else fraction(path.low, signed=True)
    high = "" if path.high is None else fraction(path.high, signed=True)
    if path.high is None:
        return say("{low} or more", low=low)
    return say("{high} or less", high=high) if path.low is None else f"{low} … {high}"


def _every(calls: Sequence[Row]) -> Node:
    title = say("Calls and how they ended")
    more = len(calls) - _SHOWN
    return section(
        title,
        result_table(CALLS, calls[:_SHOWN], name="calls", caption=title, columns=_CALLS),
        node("p", say("{n} more are in the CSV.", n=count_text(more)), class_="note")
        if more > 0
        else None,
        name="calls",
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None
