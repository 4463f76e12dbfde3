"""The command `screener study`."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from screener.api import Workspace
from screener.cli.common import (
    ClusterOption,
    CsvOption,
    ExcelOption,
    ForceOption,
    HeadersOption,
    HtmlOption,
    JsonOption,
    VersionOption,
    WorkspaceOption,
    check_excel,
    console,
    ends_lacking,
    given,
    messages,
    sharing,
    tell_broken,
    titles_of,
    working,
    workspace_of,
)
from screener.cli.study_calibration import CalibrationPart, share_of
from screener.cli.study_verdicts import VerdictPart
from screener.cli.trading_options import ExitOption
from screener.errors import InputError
from screener.language import say

__all__ = ["study"]

_WINDOW = re.compile(r"\s*([+-]?\d{1,6})\s*\.\.\s*([+-]?\d{1,6})\s*")


def study(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]…", help="Baskets to study together."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every basket.")] = False,
    report: Annotated[
        str | None, typer.Option("--report", metavar="ID", help="Only the events of this report.")
    ] = None,
    window: Annotated[
        str,
        typer.Option("--window", metavar="A..B", help="Sessions to judge; 0 is the entry session."),
    ] = "-20..20",
    estimation: Annotated[
        str,
        typer.Option(
            "--estimation",
            metavar="A..B",
            help="Sessions from which the expected return is learned.",
        ),
    ] = "-250..-30",
    least: Annotated[
        int,
        typer.Option(
            "--least",
            metavar="N",
            help="Fewest returns to learn from (default: half of the estimation window, 30 or "
            "more).",
        ),
    ] = 0,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            metavar="M",
            help="market, market-adjusted, mean-adjusted, factors or matched (default: market, "
            "or what the given table is for).",
        ),
    ] = None,
    unit: Annotated[
        str,
        typer.Option("--unit", metavar="U", help="What counts as one event: basket or listing."),
    ] = "basket",
    by: Annotated[
        str,
        typer.Option("--by", metavar="G", help="Study each basket or report apart, too."),
    ] = "none",
    benchmark: Annotated[
        str,
        typer.Option(
            "--benchmark",
            metavar="ID",
            help="One index for all names "
            "(default: CSI 300 on the mainland, Hang Seng in Hong Kong).",
        ),
    ] = "",
    factors: Annotated[
        str | None,
        typer.Option(
            "--factors",
            metavar="FILE",
            help="CSV of daily factor returns as fractions: date, one column a factor; a column "
            "rf is the riskless return.",
        ),
    ] = None,
    matched: Annotated[
        str | None,
        typer.Option(
            "--matched",
            metavar="FILE",
            help="CSV of the daily returns of each listing's matched portfolio: date, one column "
            "a listing id; or one of the words industry, size and size-industry for portfolios "
            "made from the tables.",
        ),
    ] = None,
    convention: Annotated[
        str,
        typer.Option(
            "--convention",
            metavar="C",
            help="textbook, or estudy2 for the errors of that R package (model market).",
        ),
    ] = "textbook",
    max_wait: Annotated[
        int,
        typer.Option(
            "--max-wait",
            metavar="N",
            help="Sessions that a reader's purchase may wait when suspended or locked at the "
            "upper limit.",
        ),
    ] = 10,
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", help="Seed of the bootstrap.")
    ] = 20260514,
    draws: Annotated[
        int, typer.Option("--draws", metavar="N", help="Samples of the bootstrap.")
    ] = 2_000,
    winsor: Annotated[
        str,
        typer.Option(
            "--winsor",
            metavar="P",
            help="Share of the events in each tail that is set to the next one, like 1%.",
        ),
    ] = "0",
    calibrate: Annotated[
        int,
        typer.Option(
            "--calibrate",
            metavar="N",
            help="Draw the events N times among all stocks and dates of the tables, and show how "
            "often each test errs there.",
        ),
    ] = 0,
    planted: Annotated[
        str,
        typer.Option(
            "--planted",
            metavar="R",
            help="With --calibrate: also plant this return on session 0, like 1%, and show how "
            "often each test finds it.",
        ),
    ] = "",
    calibration: Annotated[
        str | None,
        typer.Option("--calibration", metavar="FILE", help="Write the calibration as CSV."),
    ] = None,
    jobs: Annotated[
        int, typer.Option("--jobs", metavar="N", help="Workers that share the events; -1 for all.")
    ] = 1,
    cluster: ClusterOption = None,
    exit_: ExitOption = None,
    placebo: Annotated[
        int,
        typer.Option(
            "--placebo",
            metavar="N",
            help="Compare with N random baskets matched on size, industry, momentum and "
            "volatility, and say the verdict on each report's basket.",
        ),
    ] = 0,
    hold: Annotated[
        str,
        typer.Option("--hold", metavar="H,…", help="Sessions that random baskets are held."),
    ] = "5,20",
    placebos: Annotated[
        str | None,
        typer.Option(
            "--placebos", metavar="FILE", help="Write the comparison with random baskets as CSV."
        ),
    ] = None,
    controls: Annotated[
        str | None,
        typer.Option("--controls", metavar="FILE", help="Write every control of every name."),
    ] = None,
    verdicts: Annotated[
        str | None,
        typer.Option("--verdicts", metavar="FILE", help="Write what the verdicts rest on as CSV."),
    ] = None,
    events: Annotated[
        str | None,
        typer.Option("--events", metavar="FILE", help="Write every event with its returns as CSV."),
    ] = None,
    sessions: Annotated[
        str | None,
        typer.Option(
            "--sessions", metavar="FILE", help="Write AR, CAAR and tests by session as CSV."
        ),
    ] = None,
    ledger: Annotated[
        str | None,
        typer.Option(
            "--ledger", metavar="FILE", help="Write every name, kept or dropped and why, as CSV."
        ),
    ] = None,
    csv: CsvOption = None,
    json: JsonOption = None,
    html: HtmlOption = None,
    excel: ExcelOption = False,
    headers: HeadersOption = None,
    force: ForceOption = False,
    data_version: VersionOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Ask whether baskets returned more than expected, before, on and after session 0.

    Run-up, entry session and drift are told apart, and whether the drift takes back what came
    before it. Windows that the data do not reach yet are pending and never counted.

    Example: screener study --all --by basket --csv tests.csv
    """
    from screener.files.writing import check_targets, write_json, write_text
    from screener.render.study.results import study_page
    from screener.results.files import write_rows
    from screener.results.study import NAMES, SESSIONS, TESTS
    from screener.workflows.kept_runs import save_run
    from screener.workflows.study.rows import (
        day_rows,
        name_rows,
        study_document,
        test_rows,
        unit_table,
    )

    tables = (csv, events, sessions, ledger, placebos, controls, verdicts, calibration)
    check_targets(*tables, json, html, force=force)
    check_excel(excel, *tables)
    _check_read(context, placebo=placebo, model=model, matched=factors or matched)
    erring = CalibrationPart(calibrate, planted, calibration)
    part = VerdictPart(placebo, hold, placebos=placebos, controls=controls, verdicts=verdicts)
    if bool(names) == every:
        raise InputError(
            say("name the baskets to study, or ask for --all"),
            fix=say("`{command}` shows them", command="screener basket list"),
        )
    place = workspace_of(workspace)
    desk = Workspace(place, broken=tell_broken)
    with working(say("studying")):
        found = desk.study(
            names,
            report=report,
            placebo=placebo,
            hold=part.horizons,
            data_version=data_version,
            **sharing(context, jobs, cluster),
            window=_window(window, "--window"),
            estimation=_window(estimation, "--estimation"),
            least=least,
            model=model,
            unit=unit,
            by=by,
            benchmark=benchmark,
            factors=factors,
            matched=matched,
            convention=convention,
            max_wait=max_wait,
            seed=seed,
            draws=draws,
            exit=tuple(exit_ or ()),
            winsor=share_of(winsor, "--winsor"),
            calibrate=erring.draws,
            planted=erring.planted,
        )
    run = found.run
    part.found, erring.found = found.beside, found.calibrated
    units = unit_table(run)
    for target, spec, rows in (
        (csv, TESTS, test_rows(run)),
        (events, units.spec, units.rows),
        (sessions, SESSIONS, day_rows(run)),
        (ledger, NAMES, name_rows(run)),
    ):
        if target is not None:
            write_rows(target, spec, rows, excel=excel, headers=headers)
    if json is not None:
        write_json(json, study_document(run))
    if html is not None:
        write_text(html, found.to_html())
    part.write(excel=excel, headers=headers)
    erring.write(excel=excel, headers=headers)
    remarks = [*run.remarks, *save_run(place, run.run_id, study_document(run))]
    remarks += [*erring.remarks(place), *part.remarks(place, jobs)]
    if "-" not in (*tables, json, html):
        titles = titles_of(place)
        console().print(study_page(run, titles))
        part.show(console(), titles)
        erring.show(console())
    for line in dict.fromkeys(remarks):
        messages().print(line, markup=False)
    ends_lacking(found.lacking)


def _check_read(
    context: typer.Context, *, placebo: int, model: str | None, matched: str | None
) -> None:
    """Refuse options that nothing would read."""
    if placebo:
        return
    unread = given(context, "hold")
    if unread:
        raise InputError(
            say("{option} is read with --placebo alone", option=unread[0]),
            fix=say(
                "write --placebo 2000 beside it, or leave {option} out; the sessions that are "
                "judged are those of --window",
                option=unread[0],
            ),
        )
    without_index = matched or model == "mean-adjusted"
    if without_index and given(context, "benchmark"):
        raise InputError(
            say(
                "--benchmark is read by no part of --model {model}",
                model=model or say("factors or matched"),
            ),
            fix=say("leave --benchmark out, or take --model market"),
        )


def _window(text: str, parameter: str) -> tuple[int, int]:
    found = _WINDOW.fullmatch(text)
    if found is None:
        raise InputError(
            say("{option} {text} is no range of sessions", option=parameter, text=repr(text)),
            fix=say("write it like {example}", example=parameter + "=-20..20"),
        )
    return int(found[1]), int(found[2])
