"""Verdicts that a study found before, kept in the workspace with the data that they rest on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from screener.domain.basket import Event
from screener.errors import InputError, StorageError
from screener.language import say
from screener.workflows.study.verdict import Verdict
from screener.workspace.locate import Workspace
from screener.workspace.runs import rebuilt
from screener.workspace.sealed import keep_state, kept_state

__all__ = ["keep_verdicts", "known_verdicts"]

_NAME = "verdicts"


def keep_verdicts(
    workspace: Workspace, data_version: int, verdicts: Sequence[Verdict]
) -> tuple[str, ...]:
    """Keep verdicts on some data; those on other data are forgotten, those of more draws stay.

    Returns
    -------
    tuple
        A remark if they could not be kept; no result depends on it.
    """
    try:
        known = _kept(workspace, data_version)
        for item in verdicts:
            key = _key(item.basket, item.report)
            if _draws(asdict(item)) >= _draws(known.get(key, {})):
                known[key] = asdict(item)
        keep_state(workspace, _NAME, {"data_version": data_version, "verdicts": known})
    except StorageError as error:
        return (say("The verdicts were not kept: {error}.", error=error),)
    return ()


def known_verdicts(
    workspace: Workspace, data_version: int, events: Iterable[Event]
) -> tuple[tuple[Verdict, ...], tuple[str, ...]]:
    """Return the verdicts on some events that a study found in the very same data.

    Returns
    -------
    tuple of two tuples
        The verdicts, and a remark if what is kept cannot be read.
    """
    keys = dict.fromkeys(_key(event.basket, event.report) for event in events)
    where = say("the verdicts that are kept")
    try:
        known = _kept(workspace, data_version)
        found = [rebuilt(Verdict, known[key], where=where) for key in keys if key in known]
    except (StorageError, InputError) as error:
        return (), (say("No verdict is shown: {error}.", error=error),)
    return tuple(found), ()


def _kept(workspace: Workspace, data_version: int) -> dict[str, Mapping[str, Any]]:
    state = kept_state(workspace, _NAME)
    held = state.get("verdicts")
    if state.get("data_version") != data_version or not isinstance(held, dict):
        return {}
    return dict(held)


def _key(basket: str, report: str) -> str:
    return f"{basket} {report}"


def _draws(verdict: Mapping[str, Any]) -> int:
    """Return how many random baskets a verdict rests on."""
    placebo = verdict.get("placebo")
    draws = placebo.get("draws", 0) if isinstance(placebo, dict) else -1
    return draws if isinstance(draws, int) else -1
