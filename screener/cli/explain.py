"""The command `screener explain`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from screener.cli.common import (
    ForceOption,
    JsonOption,
    WorkspaceOption,
    console,
    titles_of,
    working,
    workspace_of,
)
from screener.files.program import program_version
from screener.language import say

__all__ = ["explain"]


def explain(
    source: Annotated[
        str,
        typer.Argument(
            metavar="RUN_OR_FILE",
            help="Id of a stored run, or a CSV or JSON that a command wrote.",
        ),
    ],
    row: Annotated[int, typer.Argument(metavar="ROW", help="Row, counted from 1.")] = 1,
    json: JsonOption = None,
    force: ForceOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Show where a result came from: prices, weights, orders, rules, statements, sources.

    Rows of backtests, studies, random baskets, followed streams, scores and screens are told, with
    the sentence of the report where its text is kept on this machine. The run is evaluated again
    at its data version; what comes out otherwise is told.

    Example: screener explain returns.csv 2

    Example: screener explain calls.csv 17 --json -
    """
    from screener.data.lake.store import Store
    from screener.data.panels.calendar_cache import recorded_sessions
    from screener.files.writing import check_targets, write_json
    from screener.render.explain.number import explanation_page
    from screener.render.explain.row import traced_page
    from screener.results.explained import explained_columns
    from screener.workflows.explain.explain import explain as explained
    from screener.workflows.explain.explain import explanation_document
    from screener.workflows.explain.kinds import kind_of
    from screener.workflows.explain.rows import check_explainable
    from screener.workflows.explain.traced import trace, traced_document
    from screener.workspace.runs import load_run, result_row, stored_row

    check_targets(json, force=force)
    place = workspace_of(workspace)
    path = Path(source)
    if path.suffix in (".csv", ".json") or path.is_file():
        wanted = result_row(path, row, explained_columns)
        stored = load_run(place, wanted["run_id"])
        kind = kind_of(stored)
        if kind.name == "backtest":
            check_explainable(wanted, source)
    else:
        stored = load_run(place, source)
        kind = kind_of(stored)
        wanted = stored_row(stored, row, kind.main)
    with (
        working(say("evaluating it again")),
        Store.open(place.lake, version=stored.data_version) as store,
        recorded_sessions(place.data_cache),
    ):
        if kind.name != "backtest":
            traced = trace(place, store, stored, wanted, program_version=program_version())
            if json is not None:
                write_json(json, traced_document(traced))
            if json != "-":
                console().print(traced_page(traced))
            return
        found = explained(store, stored, wanted, program_version=program_version())
    if json is not None:
        write_json(json, explanation_document(found))
    if json != "-":
        console().print(explanation_page(found, titles_of(place)))
