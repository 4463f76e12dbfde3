"""Baskets on disk: one TOML file per basket in `baskets/`."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import tomlkit

from screener.domain.basket import Basket, Member, OwnEvent, Weighting
from screener.domain.listing import parse_listing
from screener.errors import BasketDefinitionError, BasketNotFound
from screener.files.failures import storage_error
from screener.language import say
from screener.language.lists import place_in
from screener.workspace.broken import Readable, read_each
from screener.workspace.locate import Workspace
from screener.workspace.models import BasketModel, OwnEventModel
from screener.workspace.parsed import Documents, kept_documents
from screener.workspace.toml_files import read_made, shown, toml_paths, write_new

__all__ = [
    "basket_path",
    "basket_text",
    "delete_basket",
    "proposed_basket",
    "read_basket",
    "readable_baskets",
    "write_basket",
]

_INTRODUCTION = (
    "A basket of your own: each [[events]] is a dated list of names.",
    "A date without a time counts as known after that day's close.",
)
_FED = "A theme basket: each report that recommends names under the themes below is an event of it."
_THEMES = (
    "Report themes that feed it: a new report card with one of them is picked up without an edit "
    "here."
)
_EQUAL = "equal: every name starts with the same weight, bought and held."
_WEIGHTED = "equal, or custom with one weight for each listing below."
_BENCHMARK = "Default benchmark: CSI 300 for mainland names, Hang Seng for Hong Kong names."


def readable_baskets(workspace: Workspace) -> Readable[Basket]:
    """Read every basket that can be read, by name."""
    paths = toml_paths(workspace.baskets)
    made: dict[str, BasketModel] = {}
    with kept_documents(workspace.data_cache, "baskets", len(paths), made) as documents:
        read = partial(read_basket, root=workspace.root, documents=documents)
        return read_each(paths, read, kind="basket", key="name")


def read_basket(
    path: Path, *, root: Path, documents: Documents[BasketModel] | None = None
) -> Basket:
    """Read one basket; its name is that of its file, `documents` what was parsed before.

    Raises
    ------
    BasketDefinitionError
        If the file breaks its rules.
    StorageError
        If the file cannot be read.
    """
    model = read_made(
        path, BasketModel, lambda found: found, documents or Documents({}, {}), root=root
    )
    if model.name != path.stem:
        raise BasketDefinitionError(
            say("name = {model} is not the name of its file", model=repr(model.name)),
            where=place_in(shown(path, root), "name"),
            fix=say(
                "write name = {stem}, or rename the file to {model}.toml",
                stem=repr(path.stem),
                model=model.name,
            ),
        )
    return Basket(
        name=model.name,
        title_zh=model.title_zh,
        title_en=model.title_en,
        themes=model.themes,
        weighting=model.weighting,
        benchmark=model.benchmark or "",
        own_events=tuple(_own_event(event) for event in model.events),
    )


def basket_path(workspace: Workspace, name: str) -> Path:
    """Return the file of a basket."""
    return workspace.baskets / f"{name}.toml"


def write_basket(workspace: Workspace, basket: Basket) -> Path:
    """Write a new basket, whole or not at all, and return its file.

    Raises
    ------
    BasketDefinitionError
        If a basket of that name exists; it is left as it is.
    StorageError
        If the file cannot be written.
    """
    path = basket_path(workspace, basket.name)
    try:
        write_new(path, basket_text(basket))
    except FileExistsError as error:
        raise BasketDefinitionError(
            say("basket {basket} exists already", basket=repr(basket.name)),
            where=shown(path, workspace.root),
            fix=say("choose another name, or edit or delete that file"),
        ) from error
    return path


def delete_basket(workspace: Workspace, name: str) -> Path:
    """Remove the file of a basket and return its name.

    Raises
    ------
    BasketNotFound
        If there is no such file: that of a basket that cannot be read may have another name.
    StorageError
        If it cannot be removed.
    """
    path = basket_path(workspace, name)
    try:
        path.unlink()
    except FileNotFoundError:
        raise BasketNotFound(
            say("no file of basket {name}", name=repr(name)),
            where=shown(path, workspace.root),
            fix=say("give the name of the file in baskets/"),
        ) from None
    except OSError as error:
        raise storage_error(error, path) from error
    return path


def _own_event(event: OwnEventModel) -> OwnEvent:
    weights = event.weights or (None,) * len(event.listings)
    return OwnEvent(
        published=event.publication(),
        members=tuple(
            Member(listing=parse_listing(listing), weight=weight)
            for listing, weight in zip(event.listings, weights, strict=True)
        ),
    )


def proposed_basket(theme: str, title_zh: str, title_en: str) -> Basket:
    """Return a basket for a theme that feeds none yet: named after it, equal weights."""
    return Basket(name=theme, title_zh=title_zh, title_en=title_en, themes=(theme,))


def basket_text(basket: Basket) -> str:
    """Return the text of a basket's file."""
    document = tomlkit.document()
    for line in _INTRODUCTION if basket.own_events else (_FED,):
        document.add(tomlkit.comment(line))
    document.add("name", tomlkit.item(basket.name))
    document.add("title_zh", tomlkit.item(basket.title_zh))
    document.add("title_en", tomlkit.item(basket.title_en))
    if basket.themes:
        document.add(tomlkit.nl())
        document.add(tomlkit.comment(_THEMES))
        document.add("themes", tomlkit.item(list(basket.themes)))
    document.add(tomlkit.nl())
    document.add(tomlkit.comment(_WEIGHTED if basket.own_events else _EQUAL))
    document.add("weighting", tomlkit.item(str(basket.weighting)))
    if basket.benchmark:
        document.add("benchmark", tomlkit.item(basket.benchmark))
    elif not basket.own_events:
        document.add(tomlkit.nl())
        document.add(tomlkit.comment(_BENCHMARK))
        document.add(tomlkit.comment('benchmark = "000300.SH"'))
    events = tomlkit.aot()
    for event in basket.own_events:
        events.append(_event_table(event, basket.weighting))
    if basket.own_events:
        document.add("events", events)
    return tomlkit.dumps(document)


def _event_table(event: OwnEvent, weighting: Weighting) -> tomlkit.items.Table:
    table = tomlkit.table()
    table.add("published", tomlkit.item(event.published.value))
    listings = tomlkit.array()
    listings.extend([member.listing.id for member in event.members])
    table.add("listings", listings.multiline(True))
    if weighting is Weighting.CUSTOM:
        weights = tomlkit.array()
        weights.extend([member.weight for member in event.members])
        table.add("weights", weights)
    return table
