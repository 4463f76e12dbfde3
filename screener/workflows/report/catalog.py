"""Reports and baskets of a workspace: list, find, make."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from screener.domain.basket import Basket, Event, Member, OwnEvent, Weighting, events_of
from screener.domain.days import SHANGHAI
from screener.domain.listing import Board, Listing
from screener.domain.report import Moment, Precision, Publication, Report
from screener.errors import (
    AmbiguousMention,
    BasketDefinitionError,
    BasketNotFound,
    DateRangeError,
    ReportNotFound,
)
from screener.language import say
from screener.language.lists import listed
from screener.workflows.report.dating import require_date, undated_card
from screener.workspace.baskets import (
    basket_text,
    delete_basket,
    proposed_basket,
    readable_baskets,
    write_basket,
)
from screener.workspace.broken import Broken, Readable
from screener.workspace.bundled import bundled_workspace
from screener.workspace.cards.reading import readable_cards
from screener.workspace.create import create_workspace
from screener.workspace.locate import Workspace

__all__ = [
    "BasketEvents",
    "basket_events",
    "find_basket",
    "get_report",
    "init_workspace",
    "list_baskets",
    "list_reports",
    "near_names",
    "needed_events",
    "new_basket",
    "new_theme_basket",
    "remove_basket",
]

BasketEvents = tuple[Basket, tuple[Event, ...]]
"""A basket with its events."""

_BASKET_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def list_reports(workspace: Workspace) -> Readable[Report]:
    """List the report cards that can be read, in the natural order of their files."""
    return readable_cards(workspace)


def get_report(workspace: Workspace, report_id: str) -> Report:
    """Return one report card by its id, in any case, or by the beginning of one id.

    Raises
    ------
    ReportNotFound
        If no id begins so.
    AmbiguousMention
        If several do.
    BasketDefinitionError
        If that very card breaks its rules.
    """
    return _find_report(readable_cards(workspace), report_id)


def list_baskets(workspace: Workspace) -> Readable[Basket]:
    """List the baskets that can be read, by name; names of own lists come from the cards."""
    baskets, cards = readable_baskets(workspace), readable_cards(workspace)
    return Readable(_named(baskets, cards), (*baskets.broken, *cards.broken))


def basket_events(
    workspace: Workspace, names: Sequence[str] | None = None, report: str | None = None
) -> Readable[BasketEvents]:
    """List baskets with their events, oldest first, events without a report last.

    Cards and baskets that break their rules are left out and named in what is returned, which is
    lacking if one of them may have fed what was asked for.

    Parameters
    ----------
    workspace
        Where the cards and baskets are.
    names
        Baskets wanted, each once and in this order; `None` for every basket.
    report
        Only the events of this report. Baskets that it does not feed are left out, and naming one
        of those in `names` is an error.

    Raises
    ------
    BasketNotFound, ReportNotFound, AmbiguousMention
        If a name matches nothing, or too much.
    ReportNotFound
        If the report feeds no basket, or not one of those named.
    BasketDefinitionError
        If a basket or the report that is named breaks its rules.
    """
    cards, baskets = readable_cards(workspace), readable_baskets(workspace)
    known = Readable(_named(baskets, cards), baskets.broken)
    wanted = known if names is None else Readable(_wanted(known, names))
    found = _with_events(wanted, cards, chosen=names is not None)
    if report is None:
        themes = {theme for basket, _ in found for theme in basket.themes}
        lost = [*found.broken, *(card for card in cards.broken if card.mentions(themes))]
    else:
        card = _find_report(cards, report)
        require_date(card)
        found = Readable(_of_report(found, card, chosen=names is not None), found.broken)
        lost = [basket for basket in found.broken if basket.mentions(card.themes)]
    undated = [undated_card(card) for card in cards if _would_feed(card, found)]
    # What was asked for comes first.
    every = dict.fromkeys([*lost, *found.broken, *undated, *cards.broken])
    return Readable(found, every, lacking=bool(lost))


def _would_feed(card: Report, found: Iterable[BasketEvents]) -> bool:
    """Tell whether a card would feed a basket if its date were known."""
    themes = {theme for basket, _ in found for theme in basket.themes}
    return not card.published.known and not themes.isdisjoint(card.themes)


def needed_events(groups: Readable[BasketEvents]) -> tuple[Event, ...]:
    """Return the events of some baskets.

    Raises
    ------
    BasketDefinitionError
        If there is none, and a file that breaks its rules may have fed them.
    """
    events = tuple(event for _, found in groups for event in found)
    if not events and groups.lacking:
        raise groups.broken[0].error
    return events


def _with_events(
    baskets: Readable[Basket], cards: Sequence[Report], *, chosen: bool
) -> Readable[BasketEvents]:
    """Join baskets with their events; one whose events break a rule is left out, unless chosen."""
    found: list[BasketEvents] = []
    broken = list(baskets.broken)
    for basket in baskets:
        try:
            found.append((basket, events_of(basket, tuple(cards))))
        except BasketDefinitionError as error:
            if chosen:
                raise
            text = basket_text(basket)
            broken.append(Broken(kind="basket", name=basket.name, text=text, error=error.bare()))
    return Readable(found, broken)


def new_basket(
    workspace: Workspace,
    *,
    name: str,
    listings: Sequence[Listing],
    published: Moment,
    now: datetime,
    title_zh: str = "",
    title_en: str = "",
    weights: Sequence[float] | None = None,
) -> tuple[Basket, Path]:
    """Make a basket of the user's own and write it to the workspace.

    Parameters
    ----------
    workspace
        Where to write it.
    name
        Lowercase letters, digits and hyphens.
    listings
        The names, each once; no index.
    published
        When the list was made: an aware time, or a date, known after that day's close.
    now
        Present moment, aware; a later `published` is refused.
    title_zh, title_en
        Names for people.
    weights
        One positive number for each listing, relative to each other; `None` for equal weights.

    Returns
    -------
    tuple of Basket and Path
        The basket and its file.

    Raises
    ------
    BasketDefinitionError
        If the name, the listings or the weights break a rule, or the basket exists.
    DateRangeError
        If `published` lies in the future.
    StorageError
        If the file cannot be written. In every case nothing is left behind.
    """
    _check_name(name)
    publication = _publication(published)
    _check_past(published, now)
    basket = Basket(
        name=name,
        title_zh=title_zh,
        title_en=title_en,
        weighting=Weighting.EQUAL if weights is None else Weighting.CUSTOM,
        own_events=(OwnEvent(published=publication, members=_members(listings, weights)),),
    )
    events_of(basket, ())  # refuses repeated names and bad weights before anything is written
    path = write_basket(workspace, basket)
    return _named((basket,), readable_cards(workspace))[0], path


def new_theme_basket(
    workspace: Workspace, *, name: str, theme: str, title_zh: str = "", title_en: str = ""
) -> tuple[Basket, Path]:
    """Make a basket that every report on a theme feeds, and write it to the workspace.

    Parameters
    ----------
    workspace
        Where to write it.
    name, theme
        Lowercase letters, digits and hyphens.
    title_zh, title_en
        Names for people.

    Raises
    ------
    BasketDefinitionError
        If the name or the theme breaks a rule, or the basket exists.
    StorageError
        If the file cannot be written.
    """
    _check_name(name)
    if not _BASKET_NAME.fullmatch(theme):
        raise BasketDefinitionError(
            say("theme {theme} is not allowed", theme=repr(theme)),
            where=say("a theme has lowercase letters, digits and hyphens between them"),
            fix=say("write it as the cards do, such as liquid-cooling"),
        )
    basket = replace(proposed_basket(theme, title_zh, title_en), name=name)
    return basket, write_basket(workspace, basket)


def remove_basket(workspace: Workspace, name: str) -> Path:
    """Remove the file of a basket, readable or not; return it.

    Raises
    ------
    BasketNotFound
        If there is none of that name.
    StorageError
        If it cannot be removed.
    """
    baskets = readable_baskets(workspace)
    wanted = name.strip().casefold().removesuffix(".toml")
    broken = [item.name for item in baskets.broken if item.name.casefold() == wanted]
    found = broken[0] if broken else find_basket(baskets, wanted).name
    return delete_basket(workspace, found)


def init_workspace(target: Path) -> Workspace:
    """Make a workspace in `target` with the shipped report cards and baskets.

    Raises
    ------
    ConfigError
        If `target` is a file or holds a workspace already.
    StorageError
        If it cannot be written.
    """
    return create_workspace(target, bundled_workspace())


def _find_report(reports: Readable[Report], text: str) -> Report:
    wanted = text.strip().casefold()
    for report in reports:
        if report.id.casefold() == wanted:
            return report
    _refuse_broken(reports.broken, wanted)
    matches = [item for item in reports if wanted and item.id.casefold().startswith(wanted)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise AmbiguousMention(
            say("{text} is the beginning of {n} report ids", text=repr(text), n=len(matches)),
            where=listed(item.id for item in matches),
            fix=say("write the whole id"),
        )
    raise ReportNotFound(
        say("no report {text}", text=repr(text)),
        where=near_names(wanted, [item.id for item in reports])
        or say("the workspace has no report cards"),
        fix=say("see `screener report list`"),
    )


def _refuse_broken(broken: Iterable[Broken], wanted: str) -> None:
    """Raise what is wrong with the file that is asked for by its name."""
    for item in broken:
        if item.name.casefold() == wanted:
            raise item.error


def find_basket(baskets: Readable[Basket], text: str) -> Basket:
    """Return the basket of a name, else of a title, as tables in Chinese and pages call it.

    Raises
    ------
    BasketNotFound, AmbiguousMention
        If nothing is called so, or several are.
    BasketDefinitionError
        If the file of that name breaks its rules.
    """
    wanted = text.strip().casefold()
    for basket in baskets:
        if basket.name == wanted:
            return basket
    _refuse_broken(baskets.broken, wanted)
    titled = [
        item
        for item in baskets
        if wanted and wanted in (item.title_zh.casefold(), item.title_en.casefold())
    ]
    if len(titled) == 1:
        return titled[0]
    if titled:
        raise AmbiguousMention(
            say("{n} baskets are called {title}", n=len(titled), title=text.strip()),
            where=listed(item.name for item in titled),
            fix=say("write the name of one of them"),
        )
    raise BasketNotFound(
        say("no basket {text}", text=repr(text)),
        where=near_names(wanted, [item.name for item in baskets])
        or say("the workspace has no baskets"),
        fix=say("see `screener basket list`"),
    )


_TOLD = 10  # names, where none is near


def near_names(wanted: str, names: Sequence[str]) -> str:
    """Say which names are near, else which there are; empty if there are none."""
    if not names:
        return ""
    by_case = {name.casefold(): name for name in names}
    near = difflib.get_close_matches(wanted, by_case, n=3, cutoff=0.6)
    if near:
        return say("near: {names}", names=listed(by_case[name] for name in near))
    if len(names) > _TOLD:
        more = len(names) - _TOLD
        return say("there are {names} and {n} more", names=listed(names[:_TOLD]), n=more)
    return say("there are {names}", names=listed(names))


def _wanted(baskets: Readable[Basket], names: Sequence[str]) -> tuple[Basket, ...]:
    found = {item.name: item for item in (find_basket(baskets, name) for name in names)}
    return tuple(found.values())


def _of_report(
    found: Iterable[tuple[Basket, tuple[Event, ...]]], report: Report, *, chosen: bool
) -> tuple[tuple[Basket, tuple[Event, ...]], ...]:
    kept = tuple(
        (basket, tuple(event for event in events if event.report == report.id))
        for basket, events in found
    )
    unfed = [basket.name for basket, events in kept if not events]
    if unfed and (chosen or len(unfed) == len(kept)):
        themes = listed(report.themes) or say("none")
        raise ReportNotFound(
            say("report {report} feeds no event of {unfed}", report=report.id, unfed=listed(unfed)),
            where=say("themes under which it recommends names: {themes}", themes=themes),
            fix=say("see `screener basket list` for the reports of each basket"),
        )
    return tuple(item for item in kept if item[1])


def _named(baskets: Iterable[Basket], reports: Iterable[Report]) -> tuple[Basket, ...]:
    """Give the names on the cards to the members of the user's own lists."""
    known: dict[Listing, tuple[str, str]] = {}
    for report in reports:
        for item in report.securities:
            known.setdefault(item.listing, (item.name, item.name_en))

    def call(member: Member) -> Member:
        name, name_en = known.get(member.listing, ("", ""))
        return replace(member, name=member.name or name, name_en=member.name_en or name_en)

    def rename(event: OwnEvent) -> OwnEvent:
        return replace(event, members=tuple(map(call, event.members)))

    return tuple(
        replace(basket, own_events=tuple(map(rename, basket.own_events))) for basket in baskets
    )


def _check_name(name: str) -> None:
    if not _BASKET_NAME.fullmatch(name):
        raise BasketDefinitionError(
            say("basket name {name} is not allowed", name=repr(name)),
            where=say("a name has lowercase letters, digits and hyphens between them"),
            fix=say("write it like liquid-cooling"),
        )


def _check_past(published: Moment, now: datetime) -> None:
    if isinstance(published, datetime):
        late = published > now
    else:
        late = published > now.astimezone(SHANGHAI).date()
    if late:
        raise DateRangeError(
            say("{published} is in the future", published=published.isoformat()),
            where=say(
                "now is {now}",
                now=now.astimezone(SHANGHAI).isoformat(timespec="minutes"),
            ),
            fix=say("give the day on which the list was made"),
        )


def _publication(published: Moment) -> Publication:
    exact = isinstance(published, datetime)
    return Publication(value=published, precision=Precision.EXACT if exact else Precision.DAY)


def _members(listings: Sequence[Listing], weights: Sequence[float] | None) -> tuple[Member, ...]:
    for listing in listings:
        if listing.board is Board.INDEX:
            raise BasketDefinitionError(
                say("{listing} is an index, not a security", listing=listing),
                fix=say("name a security or a fund"),
            )
    if weights is None:
        return tuple(Member(listing=listing) for listing in listings)
    if len(weights) != len(listings):
        raise BasketDefinitionError(
            say("{n} weights for {all} listings", n=len(weights), all=len(listings)),
            fix=say("give one weight for each listing, in the same order"),
        )
    return tuple(
        Member(listing=listing, weight=weight)
        for listing, weight in zip(listings, weights, strict=True)
    )
