"""What a user asks to hold of a screen, as a checked request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from inspect import signature
from typing import Any

from screener.domain.basket import Event
from screener.domain.choices import choice
from screener.errors import InputError
from screener.language import say
from screener.workflows.backtest.options import BacktestOptions
from screener.workflows.report.catalog import BasketEvents, basket_events, needed_events
from screener.workflows.screen.backtest.dates import Every
from screener.workflows.screen.backtest.run import ScreenBacktestRequest
from screener.workflows.screen.requests import screen_request
from screener.workspace.broken import Readable
from screener.workspace.locate import Workspace
from screener.workspace.screens import saved_screen

__all__ = ["held_screen_request"]

_UNREAD = {"hold", "paper", "cost_bps", "weighting", "entry", "rebalance"}
_TRADING = {item.name for item in fields(BacktestOptions)} - _UNREAD
_ASKED = set(signature(screen_request).parameters) - {"place", "as_of", "ranges", "top"}
_NOTHING: Mapping[str, Any] = {
    **dict.fromkeys(("universe", "basket", "where", "sort")),
    "allow_missing": (),
    "currency": "CNY",
}


def held_screen_request(
    place: Workspace,
    saved: str | None,
    *,
    first: date,
    last: date,
    every: str,
    top: int | None,
    benchmark: str,
    biases: bool,
    asked: Mapping[str, Any],
    defaults: Mapping[str, Any],
) -> tuple[ScreenBacktestRequest, Readable[BasketEvents]]:
    """Make the request of a screen that is held, with the basket's events that it rests on.

    Parameters
    ----------
    place
        The workspace.
    saved
        Name of a saved screen, if one is asked.
    first, last, every, top, benchmark, biases
        As in `ScreenBacktestRequest`.
    asked
        What `screen_request` takes, ranges by field, and options of trading.
    defaults
        Options of trading that the settings say.

    Raises
    ------
    InputError
        If an option is none, or out of its bounds.
    NotFoundError
        If there is no such saved screen, or basket.
    """
    unread = sorted(_UNREAD & asked.keys())
    if unread:
        raise InputError(
            say("{option} is not read: names are held in equal parts", option=unread[0]),
            fix=say("leave out {option}", option=unread[0]),
        )
    trading = {name: value for name, value in asked.items() if name in _TRADING}
    typed = {name: value for name, value in asked.items() if name not in _TRADING}
    options = BacktestOptions.of(
        **{name: value for name, value in defaults.items() if name in _TRADING}, **trading
    )
    if len(options.delay) > 1:
        raise InputError(say("--{option}: one value is followed", option="delay"))
    known = {**_NOTHING, **(saved_screen(place, saved).arguments() if saved else {})}
    if {"universe", "basket", "listings"} & typed.keys():
        known |= dict.fromkeys(("universe", "basket", "listings"))
    if {"sort", "rank"} & typed.keys():
        known |= dict.fromkeys(("sort", "rank"))
    known |= typed
    held = top if top is not None else known.pop("top", None)
    known.pop("top", None)
    groups: Readable[BasketEvents] = Readable(())
    events: tuple[Event, ...] = ()
    if known["basket"] is not None:
        groups = basket_events(place, (known["basket"],), None)
        events = needed_events(groups)
    request, _ = screen_request(
        place,
        as_of=last,
        top=held,
        ranges={name: value for name, value in known.items() if name not in _ASKED},
        **{name: value for name, value in known.items() if name in _ASKED},
    )
    return (
        ScreenBacktestRequest(
            name=saved or "",
            screen=request,
            events=events,
            settings=options.settings(),
            every=choice(Every, every, parameter="--every"),
            first=first,
            last=last,
            benchmark=benchmark,
            biases=biases,
        ),
        groups,
    )
