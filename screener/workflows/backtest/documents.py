"""What a stored run of a backtest keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from screener.backtest.run import EventResult
from screener.errors import OutOfMemory
from screener.language import in_english
from screener.paths.workers.parallel import in_parts, mapped
from screener.workflows.backtest.order_rows import order_rows
from screener.workflows.backtest.rows import ledger_rows, result_rows
from screener.workflows.backtest.run import BacktestRun
from screener.workspace.plain import plain_of
from screener.workspace.sealed import Encoded, encoded, strung

__all__ = ["encoded_document", "run_document"]

_MOST, _LEAST = 250, 100
"""Results whose rows are made and encoded together."""


def _gaps(run: BacktestRun) -> list[dict[str, float]]:
    return [dict(result.shortfall) for result in run.results]


_KEPT: Mapping[str, Callable[[BacktestRun], Sequence[object]]] = {
    "results": result_rows,
    "ledger": ledger_rows,
    "orders": order_rows,
    "gaps": _gaps,
}
"""Lists of a stored run, those of some results after those of others."""


def run_document(run: BacktestRun) -> dict[str, object]:
    """Return all that a stored run keeps: its inputs, results and ledger."""
    return _document(run, plain_of(run.request), {name: of(run) for name, of in _KEPT.items()})


def encoded_document(run: BacktestRun, *, jobs: int = 1) -> dict[str, object]:
    """Return the same to be stored, its long lists as JSON in English that workers make.

    Parameters
    ----------
    run
        The run.
    jobs
        Workers that share its results; -1 for one per processor.
    """
    request: list[Encoded] = []

    def meanwhile() -> None:
        request.append(encoded(in_english(plain_of(run.request))))

    shell = replace(run, results=(), price_basis=(), panels=(), capacities=())
    work = partial(_encoded, shell=shell)
    both = list(zip(run.results, run.price_basis, strict=True))
    parts = in_parts(both, jobs=jobs, most=_MOST, least=_LEAST)
    try:
        found = mapped(work, parts, jobs=jobs, meanwhile=meanwhile)
    except (OutOfMemory, OSError):  # a finished run is not lost for want of workers
        found = [work(part) for part in parts]
    if not request:
        meanwhile()
    lists = {name: strung(part[name] for part in found) for name in _KEPT}
    return _document(run, request[0], lists)


def _encoded(some: Sequence[tuple[EventResult, str]], *, shell: BacktestRun) -> dict[str, Encoded]:
    results, basis = zip(*some, strict=True)
    own = replace(shell, results=results, price_basis=basis)
    return {name: encoded(in_english(of(own))) for name, of in _KEPT.items()}


def _document(run: BacktestRun, request: object, lists: Mapping[str, object]) -> dict[str, object]:
    return {
        "run_id": run.run_id,
        "data_version": run.data_version,
        "simulated": run.simulated,
        "request": request,
        **lists,
        "remarks": list(run.remarks),
    }
