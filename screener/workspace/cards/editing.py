"""Change what a card says of its report as a whole, everything else left as it is written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from screener.domain.listing import Listing
from screener.domain.report import Note, Publication, Report, Role, SecurityMention
from screener.errors import BasketDefinitionError
from screener.language import say
from screener.language.lists import listed
from screener.workspace.cards.items import CardItems, Fields, Item, Lined
from screener.workspace.cards.layout import parsed_card, publication_pairs
from screener.workspace.cards.toml_pieces import Bracket
from screener.workspace.cards.writing import card_source, replace_file

__all__ = ["Corrections", "corrected", "edit_card"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrections:
    """What a user says of a report instead of what was read.

    Parameters
    ----------
    title, broker
        Empty for what was read. A broker is that of a report of one note, and the publisher.
    published
        When it was published; `None` for what was read.
    themes
        New slug by old one; under the empty key the one for everything.
    """

    title: str = ""
    broker: str = ""
    published: Publication | None = None
    themes: Mapping[str, str] | None = None

    def __bool__(self) -> bool:
        """Tell whether anything is said."""
        return bool(self.title or self.broker or self.published or self.themes)

    def theme(self, read: str) -> str:
        """Return the theme that stands in the place of another."""
        known = self.themes or {}
        return known.get(read) or known.get("") or read


def corrected(report: Report, said: Corrections) -> Report:
    """Return a report with the corrections.

    Parameters
    ----------
    report
        As it is read, or as its card has it.
    said
        What the user says. A note with a date of its own keeps it.

    Raises
    ------
    BasketDefinitionError
        If a theme that is to be renamed is none of the report's, or two of one security become one.
    """
    known = {theme for note in report.notes for theme in note.themes}
    for old in said.themes or {}:
        if old and old not in known:
            raise BasketDefinitionError(
                say("{old} is no theme of report {report}", old=repr(old), report=report.id),
                where=say("its themes: {known}", known=listed(sorted(known))),
                fix=say("write --theme OLD=NEW with one of them, or --theme NEW for all of it"),
            )
    published = said.published or report.published
    single = len(report.notes) == 1
    renamed = [replace(one, theme=said.theme(one.theme)) for one in report.securities]
    return replace(
        report,
        title=said.title or report.title,
        publisher=said.broker or report.publisher,
        published=published,
        notes=tuple(
            replace(
                note,
                broker=said.broker if said.broker and single else note.broker,
                published=published if note.published == report.published else note.published,
                themes=tuple(dict.fromkeys(said.theme(theme) for theme in note.themes)),
            )
            for note in report.notes
        ),
        securities=tuple(renamed[at] for at in _distinct(renamed)),
    )


def _distinct(securities: Sequence[SecurityMention]) -> list[int]:
    """Return the places of the securities, each once under a theme: where it is recommended."""
    kept: dict[tuple[Listing, str], int] = {}
    for at, one in enumerate(securities):
        first = kept.setdefault((one.listing, one.theme), at)
        if one.role is Role.RECOMMENDED and securities[first].role is not Role.RECOMMENDED:
            kept[one.listing, one.theme] = at
    return sorted(kept.values())


def edit_card(path: Path, *, root: Path, card: Report, wanted: Report, said: Corrections) -> bool:
    """Write a changed report into its card, whole or not at all; tell whether that changed it.

    Comments, order and layout stay, and so does every value that is not changed.

    Parameters
    ----------
    path, root
        The card, and the folder from which it is named in messages.
    card, wanted
        The report as its card has it, and as it is to be.
    said
        The corrections that lead from one to the other.

    Raises
    ------
    BasketDefinitionError
        If the card cannot be changed so without losing what stands on it; it is left as it is.
    StorageError
        If it cannot be read or written.
    """
    source = card_source(path, root=root)
    mark, text = ("\ufeff", source[1:]) if source.startswith("\ufeff") else ("", source)
    windows = text.count("\n") == text.count("\r\n") > 0
    items = CardItems(text.replace("\r\n", "\n") if windows else text)
    _edit(items, card, wanted, said)
    edited = items.text
    if parsed_card(edited, where=say("card of report {report}, edited", report=card.id)) != wanted:
        raise BasketDefinitionError(
            say("the card is written in a form that cannot be changed by command"),
            where=str(path),
            fix=say("edit the file by hand"),
        )
    changed = mark + (edited.replace("\n", "\r\n") if windows else edited)
    if changed == source:
        return False
    replace_file(path, changed.encode("utf-8"))
    return True


def _edit(items: CardItems, card: Report, wanted: Report, said: Corrections) -> None:
    top = Lined(items.top)
    for name in ("title", "publisher"):
        _put(top, name, getattr(card, name), getattr(wanted, name))
    if wanted.published != card.published:
        _put_published(items, wanted.published)
    notes = items.items("notes").values()
    for item, old, new in zip(notes, card.notes, wanted.notes, strict=True):
        _edit_note(item, old, new, said)
    renamed = [replace(one, theme=said.theme(one.theme)) for one in card.securities]
    kept = set(_distinct(renamed))
    for at, item in enumerate(items.items("securities").values()):
        if at in kept:
            _put(item.fields, "theme", card.securities[at].theme, renamed[at].theme)
        else:
            items.remove("securities", item)


def _edit_note(item: Item, old: Note, new: Note, said: Corrections) -> None:
    for name in ("broker", "repeats", "reiterates"):
        _put(item.fields, name, getattr(old, name), getattr(new, name))
    if old.themes == new.themes:
        return
    value = next(value for name, value, _ in item.fields.pairs() if name == "themes")
    array = Bracket.of(value)
    themes = [said.theme(theme) for theme in old.themes]
    for at in range(len(themes) - 1, -1, -1):
        if themes[at] in themes[:at]:
            array.remove(at)
        else:
            array.elements[at].body = json.dumps(themes[at])
    item.fields.put("themes", array.text, ())


def _put(fields: Fields, name: str, old: str, new: str) -> None:
    if new == old:
        return
    if new:
        fields.put(name, json.dumps(new, ensure_ascii=False), ())
    else:
        fields.drop(name)


def _put_published(items: CardItems, published: Publication) -> None:
    fields, pairs = items.published(), publication_pairs(published)
    if fields is None:
        inline = ", ".join(f"{name} = {value}" for name, value in pairs.items())
        Lined(items.top).put("published", f"{{ {inline} }}", ())
        return
    for name in [name for name, _, _ in fields.pairs()]:
        if name not in pairs:
            fields.drop(name)
    order = list(pairs)
    for at, (name, value) in enumerate(pairs.items()):
        fields.put(name, value, order[:at] or ["precision"])
