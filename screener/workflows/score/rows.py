"""Rows of a score for CSV and JSON: groups and calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import numpy as np
import numpy.typing as npt

from screener.results.score import PLAIN, SCORES
from screener.scoring.board.calendar_time import CalendarTime
from screener.scoring.board.scores import Score, Share
from screener.workflows.score.run import ScoreRun
from screener.workflows.score.summary import verdict_counts
from screener.workspace.plain import plain_of

__all__ = [
    "call_rows",
    "crowding_rows",
    "persistence_rows",
    "plain_rows",
    "score_document",
    "score_rows",
    "score_run_document",
]


def score_rows(run: ScoreRun) -> list[dict[str, object]]:
    """Return one row for all calls together, then one for each group."""
    total = {"scope": "all", **_score(run, run.board.total)}
    by = [str(item) for item in run.board.by]
    groups = (
        {"scope": "group", **dict(zip(by, item.key, strict=True)), **_score(run, item)}
        for item in run.board.scores
    )
    return [SCORES.row(row) for row in (total, *groups)]


def plain_rows(run: ScoreRun) -> list[dict[str, object]]:
    """Return one row for each horizon of all calls together, then of each group."""
    by = [str(item) for item in run.board.by]
    return [
        PLAIN.row(
            {
                "scope": "group" if key else "all",
                **dict(zip(by, key, strict=bool(key))),
                "sessions": item.sessions,
                "calls": item.n,
                "pending": item.n_pending,
                "mean_active": item.mean,
                "active_low": item.low,
                "active_high": item.high,
                "positive": item.positive,
                "data_version": run.data_version,
            }
        )
        for key, items in run.plain.items()
        for item in items
    ]


def crowding_rows(run: ScoreRun) -> list[dict[str, object]]:
    """Return one row for each span of places on a theme."""
    return [
        {
            "place": bucket.label,
            "matured": score.at_end.n,
            "hit_rate": score.at_end.rate,
            "base_rate": score.at_end.base_rate,
        }
        for bucket, score in run.crowding
    ]


def persistence_rows(run: ScoreRun) -> list[dict[str, object]]:
    """Return one row for each pair of years, then one for all of them together."""
    return [asdict(item) for item in run.persistence]


def call_rows(run: ScoreRun) -> Iterator[dict[str, object]]:
    """Yield one row for each call, by date; undefined cells are `None` or NaN."""
    judged = run.judged
    calls, found = judged.calls, judged.outcomes
    columns: dict[str, list[object]] = {
        "call": calls.id.tolist(),
        "source": calls.source.tolist(),
        "broker": calls.broker.tolist(),
        "analysts": [";".join(item) for item in calls.analysts.tolist()],
        "published": calls.published.astype(str).tolist(),
        "estimated": calls.estimated.tolist(),
        "listing": [None if item is None else item.id for item in calls.listing.tolist()],
        "industry": [text or None for text in calls.industry.tolist()],
        "themes": [";".join(item) for item in calls.themes.tolist()],
        "level": calls.level.tolist(),
        "rating": calls.rating.tolist(),
        "repeated": calls.repeated.tolist(),
        "crowd": [place or None for place in run.crowd.tolist()],
        "due": judged.due.tolist(),
        "benchmark": judged.benchmark.tolist(),
        "benchmark_assumed": _known(judged.assumed, judged.contract >= 0),
        "status": [str(item) for item in found.verdict.tolist()],
        "why": found.why.tolist(),
        "start_session": found.start.tolist(),
        "end_session": found.end.tolist(),
        "stock_return": found.stock_return.tolist(),
        "benchmark_return": found.benchmark_return.tolist(),
        "active_return": found.active_return.tolist(),
        "in_band": _flags(found.in_band),
        "any_time": _flags(found.any_time),
        "base_rate": found.rates.at_end.tolist(),
        "base_listings": _counts(found.rates.n_listings),
        "any_time_base": found.rates.any_time.tolist(),
        "entry_session": found.entry.tolist(),
        "tradable_return": found.tradable_return.tolist(),
        "tradable_met": _flags(found.tradable_met),
        "tradable_base": found.rates.tradable.tolist(),
        "proxy_status": judged.proxy_verdict.tolist(),
        "proxy_return": judged.proxy_active.tolist(),
        "proxy_names": [count or None for count in judged.proxy_names.tolist()],
        "title": calls.title.tolist(),
        "rating_printed": calls.printed.tolist(),
        "risk_grade": calls.risk.tolist(),
        "change": calls.change.tolist(),
        "rating_assumed": judged.ranked.tolist(),
        "benchmark_printed": judged.printed.tolist(),
        "early_session": found.early_end.tolist(),
        "early_stock": found.early_stock.tolist(),
        "early_benchmark": found.early_benchmark.tolist(),
        "industry_base": found.rates.industry.tolist(),
        "target_price": calls.target_price.tolist(),
        "target_upside": judged.targets.upside.tolist(),
        "target_status": [str(item) for item in judged.targets.state.tolist()],
        "target_sessions": _counts(judged.targets.sessions),
        "target_worst": judged.targets.worst.tolist(),
        "target_bias": judged.targets.bias.tolist(),
        **_contract_columns(run),
        "run_id": [run.run_id] * len(calls),
    }
    for cells in zip(*columns.values(), strict=True):
        yield dict(zip(columns, cells, strict=True))


def score_document(run: ScoreRun) -> dict[str, object]:
    """Return a score as one document for JSON."""
    return {
        "by": [str(item) for item in run.board.by],
        "broker": run.request.broker or None,
        "names": list(run.request.names),
        "calls": {str(name): count for name, count in verdict_counts(run.judged).items()},
        "min_calls": run.board.min_calls,
        "trials": run.board.trials,
        "prior_calls": run.board.precision,
        "data_version": run.data_version,
        "simulated": run.simulated,
        "remarks": list(run.remarks),
        "rows": score_rows(run),
        "crowding": crowding_rows(run),
        "persistence": persistence_rows(run),
        "plain": plain_rows(run),
    }


def score_run_document(run: ScoreRun) -> dict[str, object]:
    """Return what a stored run keeps: its inputs and its groups; calls are judged again."""
    return {
        "run_id": run.run_id,
        "data_version": run.data_version,
        "simulated": run.simulated,
        "score": plain_of(run.request),
        "scores": score_rows(run),
        "remarks": list(run.remarks),
    }


def _score(run: ScoreRun, score: Score) -> dict[str, object]:
    return {
        "rank": score.rank,
        "calls": score.n_calls,
        "matured": score.at_end.n,
        "pending": score.n_pending,
        "cannot_be_judged": score.n_unjudged,
        "met": score.n_met,
        "effective_calls": score.n_effective,
        "hit_rate": score.at_end.rate,
        "hit_low": score.low,
        "hit_high": score.high,
        "base_rate": score.at_end.base_rate,
        "edge": score.edge,
        "shrunk_rate": score.shrunk,
        "p": score.p,
        "p_adjusted": score.p_adjusted,
        "any_time_rate": score.any_time.rate,
        "any_time_base": score.any_time.base_rate,
        "in_band_rate": score.in_band.rate,
        "tradable_calls": score.tradable.n,
        "tradable_rate": score.tradable.rate,
        "tradable_base": score.tradable.base_rate,
        "mean_active": score.mean_active,
        "median_active": score.median_active,
        "worst_active": score.worst_active,
        "base_active": score.base_active,
        "mean_tradable": score.mean_tradable,
        **{f"first_{name}": value for name, value in _parts(score.first).items()},
        **{f"repeated_{name}": value for name, value in _parts(score.repeated).items()},
        **{
            f"{kind}_{name}": value
            for kind, share in score.changes.items()
            for name, value in _parts(share).items()
        },
        **{f"assumed_{name}": value for name, value in _parts(score.ranked).items()},
        "industry_calls": score.n_industry,
        "industry_base": score.industry_base,
        "reliably": score.reliably,
        "target_calls": score.targets.n,
        "target_rate": score.targets.reached,
        "sessions_to_target": score.targets.sessions,
        "target_worst": score.targets.worst,
        "target_bias": score.targets.bias,
        **_calendar(run.calendar.get(score.key)),
        "trials": run.board.trials,
        "min_calls": run.board.min_calls,
        "data_version": run.data_version,
        "run_id": run.run_id,
    }


def _calendar(found: CalendarTime | None) -> dict[str, object]:
    if found is None:
        return {}
    return {
        "calendar_alpha": found.alpha,
        "calendar_t": found.t,
        "calendar_p": found.p,
        "calendar_sessions": found.n_sessions,
    }


def _parts(share: Share) -> dict[str, object]:
    return {"calls": share.n, "rate": share.rate, "base": share.base_rate}


def _contract_columns(run: ScoreRun) -> dict[str, list[object]]:
    contracts = run.judged.contracts
    places = run.judged.contract.tolist()
    values: dict[str, list[object]] = {
        "definition_from": [item.since for item in contracts],
        "definition_card": [item.card for item in contracts],
        "months_low": [item.months_low for item in contracts],
        "months_high": [item.months_high for item in contracts],
        "low": [item.band.low for item in contracts],
        "high": [item.band.high for item in contracts],
        "definition_rating": [item.rating for item in contracts],
        "definition_seen": [item.last_seen for item in contracts],
        "definition_former": [item.former or None for item in contracts],
        "absolute": [item.absolute for item in contracts],
        "months_assumed": [item.months_assumed for item in contracts],
    }
    return {
        name: [None if at < 0 else known[at] for at in places] for name, known in values.items()
    }


def _flags(values: npt.NDArray[np.generic]) -> list[object]:
    return [None if value != value else value > 0 for value in values.tolist()]


def _counts(values: npt.NDArray[np.generic]) -> list[object]:
    return [None if value != value else int(value) for value in values.tolist()]


def _known(values: npt.NDArray[np.generic], known: npt.NDArray[np.generic]) -> list[object]:
    pairs = zip(values.tolist(), known.tolist(), strict=True)
    return [value if there else None for value, there in pairs]
