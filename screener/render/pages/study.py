"""The page of a study: abnormal returns around the events, their tests, and random baskets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from screener.language import say
from screener.render.pages.cells import fraction
from screener.render.pages.charts.bars import Interval, intervals
from screener.render.pages.charts.lines import Band, Line, line_chart
from screener.render.pages.document import Page, document, section
from screener.render.pages.markup import Child, Node, node
from screener.render.pages.random_baskets import placebo_histogram
from screener.render.pages.tables import result_table
from screener.render.pages.words import told, word
from screener.render.study.verdict import verdict_text
from screener.results.placebo import PLACEBOS
from screener.results.study import CALIBRATION, NAMES, SESSIONS, TESTS
from screener.results.tables import Row, Table
from screener.workflows.page.sessions import session_interval
from screener.workflows.study.calibration import CalibrationRun, calibration_rows
from screener.workflows.study.placebo.rows import placebo_rows
from screener.workflows.study.placebo.run import PlaceboResult
from screener.workflows.study.rows import day_rows, name_rows, test_rows, unit_table
from screener.workflows.study.run import StudyRun
from screener.workflows.study.verdicts import VerdictRun

__all__ = ["study_document"]

_TESTS = (
    "part",
    "statistic",
    "n",
    "n_dates",
    "mean_car",
    "value",
    "p",
    "p_holm",
    "low",
    "high",
    "band_low",
    "band_high",
    "n_winsorised",
    "note",
)
_CALIBRATION = (
    "part",
    "statistic",
    "planted",
    "n_answered",
    "n_rejected",
    "n_above",
    "rate",
    "low",
    "high",
    "holds",
)
_UNITS = ("basket", "report", "listing", "entry_session", "status", "n_kept", "reason")
_PLACEBOS = (
    "basket",
    "report",
    "horizon",
    "status",
    "paper_return",
    "placebo_mean",
    "placebo_sd",
    "excess",
    "quantile",
    "p_two_sided",
    "matched_on",
)


def study_document(
    run: StudyRun,
    beside: VerdictRun | None = None,
    calibration: CalibrationRun | None = None,
) -> str:
    """Return the page of a study, with random baskets and calibration, as one HTML file."""
    tests, days = test_rows(run), day_rows(run)
    units, names = unit_table(run), name_rows(run)
    groups = [group.name for group in run.groups]

    def build() -> Page:
        title = say("Abnormal returns around the events")
        return Page(
            title=title,
            under=[
                say(
                    "model {model}, index {index} · data version {version} · run {run}",
                    model=word(str(run.request.settings.model)),
                    index=" + ".join(run.benchmarks) or "-",
                    version=run.data_version,
                    run=run.run_id,
                )
            ],
            simulated=run.simulated,
            parts=(
                *_verdicts(beside),
                *(part for name in groups for part in _group(name, tests, days)),
                *([] if beside is None else _placebos(beside)),
                *([] if calibration is None else [_calibration(calibration)]),
                _events(units),
                section(
                    say("Names, kept and left out"),
                    result_table(
                        NAMES, names, name="names", caption=say("Names, kept and left out")
                    ),
                    name="names",
                ),
                section(
                    say("Remarks"),
                    node("ul", (node("li", told(line)) for line in run.remarks)),
                    name="remarks",
                ),
            ),
        )

    return document(build)


def _verdicts(beside: VerdictRun | None) -> Iterator[Node]:
    for found in () if beside is None else beside.verdicts:
        yield node("p", verdict_text(found), class_="verdict")


def _group(name: str, tests: Sequence[Row], days: Sequence[Row]) -> Iterator[Node]:
    own = [row for row in days if row["group"] == name]
    label = say("all events") if name == "all" else name
    drawn = [row for row in own if row["caar"] is not None]
    charts: list[Child] = []
    if drawn:
        charts = [_cumulative(drawn), _daily(drawn)]
    title = say("{group}: AR and CAAR by session", group=label)
    rows = [row for row in tests if row["group"] == name]
    yield section(
        title,
        charts or node("p", say("Not enough data to draw."), class_="note"),
        _parts(rows, label),
        result_table(
            TESTS,
            rows,
            name=f"tests-{name}",
            caption=say("{group}: tests", group=label),
            columns=_TESTS,
        ),
        node(
            "details",
            node("summary", say("{group}: every session", group=label)),
            result_table(SESSIONS, own, name=f"sessions-{name}", caption=title),
        ),
        name=f"group-{name}",
    )


def _cumulative(rows: Sequence[Row]) -> Node:
    values = [_number(row["caar"]) for row in rows]
    caption = say("CAAR: mean sum of abnormal returns; session 0 is the entry")
    line = Line(column="caar", label="CAAR", look="paper", values=values)
    return line_chart(
        [line],
        [str(row["session"]) for row in rows],
        caption=caption,
        told=f"{caption}: {fraction(values[-1], signed=True)}",
        start=0.0,
        marks=_entry(rows),
    )


def _daily(rows: Sequence[Row]) -> Node:
    """Return the mean abnormal return of each session, with its interval where there is one."""
    values = [_number(row["mean_ar"]) for row in rows]
    sides = [session_interval(row) or (None, None) for row in rows]
    caption = say("AR: mean abnormal return of each session")
    bands: list[Band] = []
    if any(low is not None for low, _ in sides):
        label = say("interval of 95 %, events taken as independent")
        bands = [
            Band(look="inner", label=label, low=[a for a, _ in sides], high=[b for _, b in sides])
        ]
    line = Line(column="mean_ar", label="AR", look="paper", values=values)
    return line_chart(
        [line],
        [str(row["session"]) for row in rows],
        caption=caption,
        told=caption,
        start=0.0,
        bands=bands,
        marks=_entry(rows),
        height=140,
    )


def _entry(rows: Sequence[Row]) -> dict[int, str]:
    return {at: say("entry") for at, row in enumerate(rows) if row["session"] == 0}


def _parts(rows: Sequence[Row], label: str) -> Node | None:
    """Return the mean CAR of each part, with the interval of the test that has one."""
    items = []
    for name in dict.fromkeys(str(row["part"]) for row in rows):
        own = [row for row in rows if row["part"] == name]
        best = next((row for row in own if row["low"] is not None and _is_car(row)), own[0])
        part = word(name)
        whole = f"{part} [{best['first_session']}, {best['last_session']}]"
        value = _number(best["mean_car"])
        shown: Child = fraction(value, signed=True)
        if value is None:
            shown = node("span", say("not enough data"), class_="tag")
        low, high = (_number(best[end]) if _is_car(best) else None for end in ("low", "high"))
        items.append(Interval(label=whole, value=value, low=low, high=high, shown=shown))
    if not items:
        return None
    caption = say("{group}: mean CAR of each part, with intervals of 95 %", group=label)
    return node(
        "div",
        node("h3", caption),
        intervals(items, caption=caption, heads=(say("part"), "CAR", "%")),
    )


def _is_car(row: Row) -> bool:
    """Tell whether a test's interval is of the mean CAR."""
    value, estimate = _number(row["mean_car"]), _number(row["estimate"])
    return value is not None and estimate is not None and abs(value - estimate) <= 1e-12


def _placebos(beside: VerdictRun) -> Iterator[Node]:
    title = say("Among random baskets")
    rows = placebo_rows(beside.placebo)
    yield section(
        title,
        [chart for item in beside.placebo.results if (chart := _placebo(item)) is not None],
        result_table(PLACEBOS, rows, name="placebos", caption=title, columns=_PLACEBOS),
        name="placebos",
    )


def _placebo(item: PlaceboResult) -> Node | None:
    real, placebo = item.real.paper_return, item.placebo
    if real is None or placebo is None:
        return None
    event = f"{item.real.window.event.basket} {item.real.window.event.report}".strip()
    caption = say(
        "{event}, {n} sessions, and random baskets", event=event, n=item.real.window.horizon
    )
    return placebo_histogram(placebo.returns.tolist(), real, caption)


def _calibration(run: CalibrationRun) -> Node:
    title = say("How often each test errs on this market")
    return section(
        title,
        node("p", told(run.told), class_="note"),
        result_table(
            CALIBRATION,
            calibration_rows(run),
            name="calibration",
            caption=title,
            columns=_CALIBRATION,
        ),
        name="calibration",
    )


def _events(table: Table) -> Node:
    title = say("Events, their CAR by part")
    columns = [*_UNITS, *(item for item in table.spec.names if item.startswith("car_"))]
    return section(
        title,
        result_table(table.spec, table.rows, name="events", caption=title, columns=columns),
        name="events",
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None
