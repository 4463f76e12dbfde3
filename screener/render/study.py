"""Event studies on the terminal: what was counted, the parts of the window, tests, events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from screener.render.backtest import sparkline
from screener.render.tables import (
    UNDEFINED,
    Column,
    banner,
    facts,
    heads,
    number,
    or_dash,
    percent,
    plain_table,
    points,
)
from screener.results.study import TESTS, UNITS
from screener.results.tables import Row
from screener.study.evaluating import FEW_DATES, FEW_UNITS, PartResult
from screener.study.results import Statistic, TestResult
from screener.study.reversal import Reversal
from screener.study.statistics.parametric import CONFIDENCE
from screener.study.units import State, UnitKind
from screener.study.windows import Part
from screener.workflows.study.rows import name_rows, unit_rows
from screener.workflows.study.run import ALL, StudyGroup, StudyRun

__all__ = ["study_page"]

_EVENTS_SHOWN = 40
_NAMES_TOLD = 6
_PATH = 50
_SHORT = {
    Statistic.CROSS_SECTION: "t",
    Statistic.PATELL: "Patell",
    Statistic.BMP: "BMP",
    Statistic.KOLARI_PYNNONEN: "Kolari-P.",
    Statistic.RANK: "rank",
    Statistic.SIGN: "sign",
    Statistic.BOOTSTRAP: "bootstrap",
    Statistic.CALENDAR_TIME: "cal. time",
}
_SHOWN = (Part.RUN_UP, Part.DAY, Part.DRIFT, Part.READER)


def study_page(run: StudyRun) -> RenderableType:
    """Return a study as one page."""
    parts = banner(simulated=run.simulated)
    parts += [*(Text(line) for line in _header(run)), Text()]
    for group in run.groups:
        parts += [*_group(run, group), Text()]
    parts += [*_units(run), *(Text(f"  {note}") for note in _left_out(run)), Text()]
    parts.append(Text("how each test is computed", style="bold"))
    parts.append(facts((_SHORT[item], item.brief) for item in Statistic))
    footer = (
        f"returns in %, in CNY · intervals of {100 * CONFIDENCE:.0f} %, widened by r · "
        f"seed {run.request.settings.seed} · data version {run.data_version} · run {run.run_id}"
    )
    return Group(*parts, Text(), Text(footer, style="dim"))


def _header(run: StudyRun) -> tuple[str, ...]:
    settings = run.request.settings
    windows = settings.windows
    explained = " + ".join(run.benchmarks) or run.request.table.split(" ")[0]
    kind = "baskets, names in equal parts" if run.request.unit is UnitKind.BASKET else "listings"
    return (
        f"model {settings.model}: {settings.model.meaning}"
        + (f" ({explained})" if explained else ""),
        f"learned in {windows.estimation[0]}..{windows.estimation[1]} (at least {windows.needed} "
        f"returns), judged in {windows.event[0]}..{windows.event[1]}; 0 is the entry",
        f"observations: {kind} · errors by the {settings.convention} convention",
    )


def _group(run: StudyRun, group: StudyGroup) -> Iterator[RenderableType]:
    evaluation = group.evaluation
    yield Text(f"{group.name}: {_counts(run, group)}", style="bold")
    yield _means(evaluation.parts)
    yield _tests(group)
    path, first = evaluation.path, run.request.settings.windows.event[0]
    if len(path) > 1:
        line = f"{first}..{first + len(path) - 1} {sparkline(path, width=_PATH)}"
        yield Text(f"  CAAR {line} {points(path[-1], signed=True)} %")
    yield Text(f"  {_reversal(evaluation.reversal)}")
    for note in _warnings(group):
        yield Text(f"  {note}")


def _counts(run: StudyRun, group: StudyGroup) -> str:
    n = len(group.units)
    told = ", ".join(f"{count} {state}" for state, count in run.counts(group).items())
    return f"{n} {'event' if n == 1 else 'events'}: {told}"


def _means(parts: Sequence[PartResult]) -> RenderableType:
    columns: list[Column | str] = [
        *heads(TESTS, "part"),
        "sessions",
        *heads(TESTS, "n", "n_dates", "mean_car"),
        *(Column(header=name, numeric=True) for name in ("from", "to")),
        *heads(TESTS, "mean_bhar", "n_positive", "correlation"),
    ]
    return plain_table(
        columns,
        [
            [
                str(part.window.part),
                f"{part.window.first}..{part.window.last}",
                str(part.n),
                str(part.n_dates),
                *(points(value, signed=True) for value in (part.mean, part.low, part.high)),
                points(part.bhar, signed=True),
                f"{part.positive}/{part.n}",
                number(part.correlation),
            ]
            for part in parts
        ],
    )


def _tests(group: StudyGroup) -> RenderableType:
    """Show what each test says: its value, and its p beneath it."""
    parts = group.evaluation.parts
    names = [str(part.window.part) for part in parts]
    columns = [*heads(TESTS, "statistic"), *(Column(header=name, numeric=True) for name in names)]
    rows = [
        [_SHORT[statistic], *(_value_and_p(part.tests[at]) for part in parts)]
        for at, statistic in enumerate(Statistic)
    ]
    adjusted = (("KP p, Holm", group.holm), ("KP p, B-H", group.benjamini_hochberg))
    for name, found in adjusted:
        rows.append([name, *(_p_value(found[part, Statistic.KOLARI_PYNNONEN]) for part in names)])
    return plain_table(columns, rows)


def _value_and_p(test: TestResult) -> str:
    if test.p is None:
        return UNDEFINED
    return _p_value(test.p) if test.value is None else f"{number(test.value)} {_p_value(test.p)}"


def _p_value(p: float | None) -> str:
    if p is None:
        return UNDEFINED
    return "<.001" if p < 0.001 else f"{p:.3f}".removeprefix("0")


def _reversal(found: Reversal) -> str:
    if not found.n or found.taken_back is None:
        return "reversal: no event has finished run-up, day and drift"
    share = percent(abs(found.taken_back), digits=0)
    verb = "took back" if found.taken_back > 0 else "went on by"
    told_p = "" if found.test.p is None else f", p {found.test.p:.3f}"
    return (
        f"reversal: the drift {verb} {share} of run-up and day, against them in "
        f"{found.n_against} of {found.n} events{told_p}"
    )


def _warnings(group: StudyGroup) -> Iterator[str]:
    """Tell what keeps the numbers from meaning much."""
    evaluation = group.evaluation
    few = ", ".join(str(part.window.part) for part in evaluation.parts if part.says_little)
    if few:
        yield f"too few to say much ({FEW_UNITS} events and {FEW_DATES} dates are little): {few}"
    if evaluation.n_unfinished:
        yield (
            f"{evaluation.n_unfinished} of {evaluation.n} events have parts to finish; each counts "
            "in those that it has finished"
        )
    for note, names in _silent(evaluation.parts).items() if group.name == ALL else ():
        yield f"no answer of {names}: {note}"
    trials = group.trials[Statistic.KOLARI_PYNNONEN]
    yield f"Holm and Benjamini-Hochberg (B-H) over {trials} questions of the same test"


def _silent(parts: Sequence[PartResult]) -> dict[str, str]:
    """Return why tests have no answer, with the tests and parts concerned."""
    found: dict[str, dict[str, list[str]]] = {}
    for part in parts:
        for test in part.tests:
            if test.p is None:
                tests = found.setdefault(test.note, {})
                tests.setdefault(_SHORT[test.statistic], []).append(str(part.window.part))
    told = {}
    for note, tests in found.items():
        by_parts: dict[tuple[str, ...], list[str]] = {}
        for name, where in tests.items():
            by_parts.setdefault(tuple(where), []).append(name)
        told[note] = "; ".join(
            f"{', '.join(names)} ({', '.join(where)})" for where, names in by_parts.items()
        )
    return told


def _units(run: StudyRun) -> Iterator[RenderableType]:
    rows = unit_rows(run)
    alone = any(row["listing"] for row in rows)
    parts = [item.part for item in run.request.settings.windows.parts() if item.part in _SHOWN]
    returns = [f"car_{part.column}" for part in parts]
    columns: list[Column | str] = [
        *heads(UNITS, "basket", "report", *(["listing"] if alone else []), "entry_session"),
        UNITS["status" if alone else "n_kept"].label(),
        *heads(UNITS, *returns),
    ]
    shown = [_unit(row, returns, alone=alone) for row in rows[:_EVENTS_SHOWN]]
    yield plain_table(columns, shown, title="events, CAR")
    if len(rows) > len(shown):
        yield Text(f"  and {len(rows) - len(shown)} more: --events FILE writes them all")


def _unit(row: Row, returns: Sequence[str], *, alone: bool) -> list[str]:
    values = [row.get(name) for name in returns]
    return [
        str(row["basket"]),
        or_dash(str(row["report"])),
        *([str(row["listing"])] if alone else []),
        str(row["entry_session"]),
        str(row["status"]) if alone else _kept(row),
        *(points(item if isinstance(item, float) else None, signed=True) for item in values),
    ]


def _kept(row: Row) -> str:
    kept = f"{row['n_kept']}/{row['n_named']}"
    return kept if row["status"] == State.FINISHED else f"{kept} {row['status']}"


def _left_out(run: StudyRun) -> Iterator[str]:
    """Tell which names are left out, once for each event and reason."""
    found: dict[tuple[str, object], list[str]] = {}
    for row in name_rows(run):
        if row["reason"]:
            whose = f"{row['basket']} {row['report']}".strip()
            found.setdefault((whose, row["reason"]), []).append(str(row["listing"]))
    for (whose, reason), names in found.items():
        some = ", ".join(names) if len(names) <= _NAMES_TOLD else f"{len(names)} names"
        yield f"left out of {whose}: {some}: {reason}"
