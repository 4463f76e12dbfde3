"""Event studies on the terminal: what was counted, the parts of the window, tests, events."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from screener.language import say, say_count
from screener.language.lists import clauses, listed
from screener.render.backtest.blocks import n_names, sparkline
from screener.render.local import told, word
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
from screener.results.study import CALIBRATION, TESTS, UNITS
from screener.results.tables import Row
from screener.study.calibration import Rejections
from screener.study.evaluating import FEW_DATES, FEW_UNITS, PartResult
from screener.study.results import Statistic, TestResult
from screener.study.reversal import Reversal
from screener.study.statistics.parametric import CONFIDENCE
from screener.study.units import State, UnitKind
from screener.study.windows import Part
from screener.workflows.study.calibration import CalibrationRun
from screener.workflows.study.rows import name_rows, unit_rows
from screener.workflows.study.run import ALL, StudyGroup, StudyRun

__all__ = ["calibration_page", "study_page"]

_EVENTS_SHOWN = 40
_NAMES_TOLD = 6
_PATH = 50
_SHORT: Mapping[Statistic, Callable[[], str]] = {
    Statistic.CROSS_SECTION: lambda: "t",
    Statistic.PATELL: lambda: "Patell",
    Statistic.BMP: lambda: "BMP",
    Statistic.KOLARI_PYNNONEN: lambda: "Kolari-P.",
    Statistic.RANK: lambda: say("rank"),
    Statistic.SIGN: lambda: say("sign"),
    Statistic.BOOTSTRAP: lambda: say("bootstrap"),
    Statistic.CALENDAR_TIME: lambda: say("cal. time"),
    Statistic.SKEWNESS: lambda: say("BHAR t"),
    Statistic.SKEWNESS_BOOTSTRAP: lambda: say("BHAR boot."),
}
_SHOWN = (Part.RUN_UP, Part.DAY, Part.DRIFT, Part.READER)


def study_page(run: StudyRun, titles: Mapping[str, str] | None = None) -> RenderableType:
    """Return a study as one page; `titles` are what to call baskets instead of their names."""
    called = titles or {}
    parts = banner(simulated=run.simulated)
    parts += [*(Text(line) for line in _header(run)), Text()]
    for group in run.groups:
        parts += [*_group(run, group, called), Text()]
    parts += [*_units(run, called), *(Text(f"  {note}") for note in _left_out(run, called)), Text()]
    parts.append(Text(say("how each test is computed"), style="bold"))
    parts.append(facts((_SHORT[item](), told(item.brief)) for item in Statistic))
    footer = say(
        "returns in %, in CNY · intervals of {level:.0f} %, widened by r · seed {seed} · data "
        "version {version} · run {run}",
        level=100 * CONFIDENCE,
        seed=run.request.settings.seed,
        version=run.data_version,
        run=run.run_id,
    )
    return Group(*parts, Text(), Text(footer, style="dim"))


def _header(run: StudyRun) -> tuple[str, ...]:
    settings = run.request.settings
    windows = settings.windows
    explained = " + ".join(run.benchmarks) or run.request.table.split(" ")[0]
    model = say(
        "model {model}: {meaning}",
        model=word(str(settings.model)),
        meaning=told(settings.model.meaning),
    )
    of_baskets = run.request.unit is UnitKind.BASKET
    return (
        say("{model} ({index})", model=model, index=explained) if explained else model,
        say(
            "learned in {first}..{last} (at least {least} returns), judged in {begin}..{end}; 0 is "
            "the entry",
            first=windows.estimation[0],
            last=windows.estimation[1],
            least=windows.needed,
            begin=windows.event[0],
            end=windows.event[1],
        ),
        say(
            "observations: {kind} · errors by the {convention} convention",
            kind=say("baskets, names in equal parts") if of_baskets else say("listings"),
            convention=word(str(settings.convention)),
        ),
    )


def _group(run: StudyRun, group: StudyGroup, titles: Mapping[str, str]) -> Iterator[RenderableType]:
    evaluation = group.evaluation
    heading = say(
        "{group}: {counts}",
        group=titles.get(group.name) or word(group.name),
        counts=_counts(run, group),
    )
    yield Text(heading, style="bold")
    yield _means(evaluation.parts)
    yield _tests(group)
    path, first = evaluation.path, run.request.settings.windows.event[0]
    if len(path) > 1:
        line = f"{first}..{first + len(path) - 1} {sparkline(path, width=_PATH)}"
        yield Text(f"  CAAR {line} {points(path[-1], signed=True)} %")
    yield from (Text(f"  {line}") for line in _bands(run, group))
    yield Text(f"  {_reversal(evaluation.reversal)}")
    for note in _warnings(group):
        yield Text(f"  {note}")


def _counts(run: StudyRun, group: StudyGroup) -> str:
    n = len(group.units)
    states = listed(
        say("{n} {state}", n=count, state=word(state)) for state, count in run.counts(group).items()
    )
    return say_count("{n} event: {states}", "{n} events: {states}", n, states=states)


def _means(parts: Sequence[PartResult]) -> RenderableType:
    columns: list[Column | str] = [
        *heads(TESTS, "part"),
        say("sessions"),
        *heads(TESTS, "n", "n_dates", "mean_car"),
        *(
            Column(header=name, numeric=True)
            for name in (TESTS["low"].label(), TESTS["high"].label())
        ),
        *heads(TESTS, "mean_bhar", "n_positive", "correlation"),
    ]
    return plain_table(
        columns,
        [
            [
                word(str(part.window.part)),
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
    columns = [
        *heads(TESTS, "statistic"),
        *(Column(header=word(name), numeric=True) for name in names),
    ]
    rows = [
        [_SHORT[statistic](), *(_value_and_p(part.tests[at]) for part in parts)]
        for at, statistic in enumerate(Statistic)
    ]
    adjusted = (
        (say("KP p, Holm"), group.holm),
        (say("KP p, B-H"), group.benjamini_hochberg),
    )
    for name, found in adjusted:
        rows.append([name, *(_p_value(found[part, Statistic.KOLARI_PYNNONEN]) for part in names)])
    return plain_table(columns, rows)


def _bands(run: StudyRun, group: StudyGroup) -> Iterator[str]:
    """Tell between what the means lie over every entry that estimated dates allow."""
    told = []
    for part in group.evaluation.parts:
        band = run.band(group, part.window)
        if band is not None:
            low, high = (points(value, signed=True) for value in band)
            told.append(f"{word(str(part.window.part))} {low}..{high}")
    if told:
        yield say(
            "CAAR over every entry that estimated dates allow, %: {bands}", bands=listed(told)
        )
    elif np.isin(group.units, run.bands.estimated).any():
        yield say("band over the estimated dates not final: not every allowed entry has finished")


def calibration_page(run: CalibrationRun) -> RenderableType:
    """Return how often each test errs as one page, in % of the draws with an answer."""
    parts = list(dict.fromkeys(item.part for item in run.found.rejections))
    columns = [
        *heads(CALIBRATION, "statistic"),
        *(Column(header=word(str(part)), numeric=True) for part in parts),
    ]
    shown: list[RenderableType] = [
        *banner(simulated=run.simulated),
        Text(say("how often each test errs on this market"), style="bold"),
        Text(f"  {run.told}"),
    ]
    for planted in dict.fromkeys(item.planted for item in run.found.rejections):
        some = {(i.part, i.statistic): i for i in run.found.rejections if i.planted == planted}
        rows = [[_SHORT[s](), *(_rate(some[p, s]) for p in parts)] for s in Statistic]
        title = (
            say("rejections in %, with {effect} % on session 0", effect=points(planted))
            if planted
            else say("rejections in %, where nothing is to be found")
        )
        shown.append(plain_table(columns, rows, title=title))
    shown.append(Text("  " + say("* 5 % lies outside Wilson's interval of the rate, of 95 %")))
    return Group(*shown)


def _rate(item: Rejections) -> str:
    if item.rate is None:
        return UNDEFINED
    return f"{100 * item.rate:.1f}" + ("*" if item.holds is False else " ")


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
        return say("reversal: no event has finished run-up, day and drift")
    values = {
        "share": percent(abs(found.taken_back), digits=0),
        "against": found.n_against,
        "n": found.n,
    }
    line = (
        say(
            "reversal: the drift took back {share} of run-up and day, against them in {against} of "
            "{n} events",
            **values,
        )
        if found.taken_back > 0
        else say(
            "reversal: the drift went on by {share} of run-up and day, against them in {against} "
            "of {n} events",
            **values,
        )
    )
    return line if found.test.p is None else say("{line}, p {p:.3f}", line=line, p=found.test.p)


def _warnings(group: StudyGroup) -> Iterator[str]:
    """Tell what keeps the numbers from meaning much."""
    evaluation = group.evaluation
    few = ", ".join(word(str(part.window.part)) for part in evaluation.parts if part.says_little)
    if few:
        yield say(
            "too few to say much ({units} events and {dates} dates are little): {parts}",
            units=FEW_UNITS,
            dates=FEW_DATES,
            parts=few,
        )
    if evaluation.n_unfinished:
        yield say(
            "{unfinished} of {n} events have parts to finish; each counts in those that it has "
            "finished",
            unfinished=evaluation.n_unfinished,
            n=evaluation.n,
        )
    for note, names in _silent(evaluation.parts).items() if group.name == ALL else ():
        yield say("no answer of {tests}: {why}", tests=names, why=told(note))
    yield say(
        "Holm and Benjamini-Hochberg (B-H) over {n} questions of the same test",
        n=group.trials[Statistic.KOLARI_PYNNONEN],
    )


def _silent(parts: Sequence[PartResult]) -> dict[str, str]:
    """Return why tests have no answer, with the tests and parts concerned."""
    found: dict[str, dict[str, list[str]]] = {}
    for part in parts:
        for test in part.tests:
            if test.p is None:
                tests = found.setdefault(test.note, {})
                where = word(str(part.window.part))
                tests.setdefault(_SHORT[test.statistic](), []).append(where)
    answers = {}
    for note, tests in found.items():
        by_parts: dict[tuple[str, ...], list[str]] = {}
        for name, parts_of in tests.items():
            by_parts.setdefault(tuple(parts_of), []).append(name)
        answers[note] = clauses(
            say("{tests} ({parts})", tests=listed(names), parts=listed(parts_of))
            for parts_of, names in by_parts.items()
        )
    return answers


def _units(run: StudyRun, titles: Mapping[str, str]) -> Iterator[RenderableType]:
    rows = unit_rows(run)
    alone = any(row["listing"] for row in rows)
    parts = [item.part for item in run.request.settings.windows.parts() if item.part in _SHOWN]
    returns = [f"car_{part.column}" for part in parts]
    columns: list[Column | str] = [
        *heads(UNITS, "basket", "report", *(["listing"] if alone else []), "entry_session"),
        UNITS["status" if alone else "n_kept"].label(),
        *heads(UNITS, *returns),
    ]
    shown = [_unit(row, returns, titles, alone=alone) for row in rows[:_EVENTS_SHOWN]]
    yield plain_table(columns, shown, title=say("events, CAR"))
    if len(rows) > len(shown):
        more = say("and {n} more: --events FILE writes them all", n=len(rows) - len(shown))
        yield Text(f"  {more}")


def _unit(row: Row, returns: Sequence[str], titles: Mapping[str, str], *, alone: bool) -> list[str]:
    values = [row.get(name) for name in returns]
    return [
        titles.get(str(row["basket"])) or str(row["basket"]),
        or_dash(str(row["report"])),
        *([str(row["listing"])] if alone else []),
        str(row["entry_session"]),
        word(str(row["status"])) if alone else _kept(row),
        *(points(item if isinstance(item, float) else None, signed=True) for item in values),
    ]


def _kept(row: Row) -> str:
    kept = f"{row['n_kept']}/{row['n_named']}"
    return kept if row["status"] == State.FINISHED else f"{kept} {word(str(row['status']))}"


def _left_out(run: StudyRun, titles: Mapping[str, str]) -> Iterator[str]:
    """Tell which names are left out, once for each event and reason."""
    found: dict[tuple[str, object], list[str]] = {}
    for row in name_rows(run):
        if row["reason"]:
            basket = titles.get(str(row["basket"])) or row["basket"]
            whose = f"{basket} {row['report']}".strip()
            found.setdefault((whose, row["reason"]), []).append(str(row["listing"]))
    for (whose, reason), names in found.items():
        some = ", ".join(names) if len(names) <= _NAMES_TOLD else n_names(len(names))
        yield say(
            "left out of {event}: {names}: {why}", event=whose, names=some, why=told(str(reason))
        )
