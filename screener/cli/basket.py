"""Commands on baskets."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from screener.cli.common import WorkspaceOption, console, messages, tell_broken, workspace_of
from screener.domain.days import parse_moment
from screener.errors import InputError, ScreenerError
from screener.language import say

if TYPE_CHECKING:
    from screener.workspace.locate import Workspace

__all__ = ["basket_app"]

basket_app = typer.Typer(help="Baskets: named themes with the names that reports recommend.")

_BETWEEN = re.compile(r"[,，、;；]")


@basket_app.callback(no_args_is_help=True)
def _group() -> None:
    """Baskets: named themes with the names that reports recommend."""


@basket_app.command("list")
def list_all(workspace: WorkspaceOption = None) -> None:
    """List the baskets, with the reports that feed each and how many names they recommend.

    Example: screener basket list
    """
    from screener.render.report.catalog import basket_list
    from screener.workflows.report.catalog import basket_events

    place = workspace_of(workspace)
    groups = basket_events(place)
    tell_broken(groups.broken)
    console().print(basket_list(groups))


@basket_app.command("show")
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the basket.")],
    workspace: WorkspaceOption = None,
) -> None:
    """Show one basket and the names of each of its events.

    Example: screener basket show compute-leasing
    """
    _print(workspace_of(workspace), name)


@basket_app.command("new")
def new(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Lowercase letters, digits and hyphens.")
    ],
    listing: Annotated[
        str | None,
        typer.Option(
            "--listing", metavar="A,B,…", help="Codes such as 300857.SZ, sz300857 or 700.HK."
        ),
    ] = None,
    date_: Annotated[
        str | None,
        typer.Option(
            "--date",
            metavar="D",
            help="When the list was made: YYYY-MM-DD, known after that day's close, or a time such "
            "as 2026-05-14T19:48+08:00 (without a zone it is Asia/Shanghai).",
        ),
    ] = None,
    theme: Annotated[
        str | None,
        typer.Option(
            "--theme",
            metavar="T",
            help="Instead of a list: every report that recommends names under this theme feeds it.",
        ),
    ] = None,
    title_zh: Annotated[str, typer.Option("--title-zh", metavar="T", help="Chinese title.")] = "",
    title_en: Annotated[str, typer.Option("--title-en", metavar="T", help="English title.")] = "",
    weight: Annotated[
        str | None,
        typer.Option(
            "--weight",
            metavar="W,W,…",
            help="One positive number for each listing, relative to each other; equal if left out.",
        ),
    ] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Make a basket: of your own list of names, or of a theme that reports recommend.

    Example: screener basket new mine --listing 002837.SZ,700.HK --date 2026-05-14
    """
    from screener.workflows.listing_lookup import find_listings
    from screener.workflows.report.catalog import new_basket, new_theme_basket

    if theme is not None:
        if listing or date_ or weight:
            raise InputError(
                say("--theme takes its names and dates from reports"),
                fix=say("leave out --listing, --date and --weight, or --theme"),
            )
        place = workspace_of(workspace)
        made, path = new_theme_basket(
            place, name=name, theme=theme, title_zh=title_zh, title_en=title_en
        )
        _print(place, made.name)
        _tell_written(path)
        return
    if listing is None or date_ is None:
        raise InputError(
            say("a list of your own needs --listing and --date"),
            fix=say("give both, or --theme for a basket that reports feed"),
        )
    place = workspace_of(workspace)
    listings = find_listings(place, listing, parameter="--listing", kind=None)
    published = parse_moment(date_, parameter="--date")
    weights = None if weight is None else _weights(weight)
    made, path = new_basket(
        place,
        name=name,
        listings=listings,
        published=published,
        now=datetime.now(UTC),
        title_zh=title_zh,
        title_en=title_en,
        weights=weights,
    )
    _print(place, made.name)
    _tell_written(path)


@basket_app.command("rm")
def remove(
    names: Annotated[
        list[str], typer.Argument(metavar="NAME…", help="Baskets, by their names or files.")
    ],
    workspace: WorkspaceOption = None,
) -> None:
    """Remove baskets: their files, and nothing of what they were fed by or what they returned.

    Example: screener basket rm mine
    """
    from screener.workflows.report.catalog import remove_basket

    place = workspace_of(workspace)
    failed: list[ScreenerError] = []
    for name in dict.fromkeys(names):
        try:
            path = remove_basket(place, name)
        except ScreenerError as error:
            failed.append(error)
            messages().print(str(error), markup=False, soft_wrap=True)
        else:
            told = say("Removed {path}", path=path)
            console().print(told, markup=False, soft_wrap=True)
    if failed:
        raise typer.Exit(failed[0].exit_code)


def _tell_written(path: Path) -> None:
    console().print(say("Written to {path}", path=path), markup=False, soft_wrap=True)


def _print(place: Workspace, name: str) -> None:
    from screener.render.report.catalog import basket_detail
    from screener.workflows.report.catalog import basket_events

    groups = basket_events(place, [name])
    tell_broken(groups.broken)
    for basket, events in groups:
        if any(not member.name for event in events for member in event.members):
            from screener.workflows.naming import named_by_tables

            events = named_by_tables(place, events)
        console().print(basket_detail(basket, events))


def _parts(text: str) -> list[str]:
    return [part.strip() for part in _BETWEEN.split(text) if part.strip()]


def _weights(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in _parts(text))
    except ValueError as error:
        raise InputError(
            say("{option} {text} is not a list of numbers", option="--weight", text=repr(text)),
            fix=say("write it like {example}", example="0.5,0.3,0.2"),
        ) from error
