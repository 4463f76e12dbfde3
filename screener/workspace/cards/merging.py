"""Read a report again without losing what a person changed on its card.

Three texts are compared item by item: what the reader wrote last time (old), what stands on the
card (now), what the reader finds (new). What the user changed stays; what still is as the reader
wrote it follows the new reading. Only the pieces that change are written anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from screener.domain.report import Report
from screener.language import say
from screener.workspace.cards.items import CardItems, Fields, Item, Key, Lined, Plain
from screener.workspace.cards.layout import card_text, parsed_card
from screener.workspace.cards.toml_pieces import Bracket, Element, Section, comments_in

__all__ = ["merged_card"]

_HEAD = ("title", "publisher", "language", "text_sha256")
_OTHER_LISTS = ("claims", "indices", "climate", "estimates", "rating_definitions")
# Values that mean something together only: whoever changes one of them changes them all.
_TOGETHER = (
    ("value", "unit"),
    ("months_low", "months_high"),
    ("repeats", "reiterates"),
)


def merged_card(current_toml: str, base: Report | None, fresh: Report) -> str:
    """Return a card's text after its report was read again; the user's changes stay.

    A value, comment, order, removal or addition of the user's is kept. What the reader newly finds
    is added; what it reads differently, or finds no more, follows it where the user had not touched
    it. An item or a value that would go stays if there is a comment at its side. A security is not
    added under a theme that the user took from every note.

    Parameters
    ----------
    current_toml
        The card as it stands, line ends and all.
    base
        What the reader wrote last time. Without it nothing on the card is changed: only items are
        added that it does not have.
    fresh
        What the reader finds.

    Raises
    ------
    BasketDefinitionError
        If the card is no valid card, or would be none.
    """
    where = say("card of report {report}", report=fresh.id)
    mark, text = _without_mark(current_toml)
    parsed_card(text, where=where)
    plain = text.replace("\r\n", "\n")
    windows = text.count("\n") == text.count("\r\n") > 0
    source = plain if windows else text
    merged = _merged(source if source.endswith("\n") else f"{source}\n", base, fresh)
    if merged.removesuffix("\n") == source.removesuffix("\n"):
        return current_toml
    parsed_card(merged, where=say("card of report {report}, read again", report=fresh.id))
    return mark + (merged.replace("\n", "\r\n") if windows else merged)


def _without_mark(text: str) -> tuple[str, str]:
    return ("\ufeff", text[1:]) if text.startswith("\ufeff") else ("", text)


def _merged(text: str, base: Report | None, fresh: Report) -> str:
    now = CardItems(text)
    old = None if base is None else CardItems(card_text(base))
    merge = _Merge(now=now, old=old, new=CardItems(card_text(fresh)))
    merge.run()
    return now.text


@dataclass(slots=True)
class _Merge:
    """One merge.

    `hints` are the comments that the reader wrote itself; `covered` the themes of each note that
    is on the card, by the note's key; `wanted` what may go once nothing needs it.
    """

    now: CardItems
    old: CardItems | None
    new: CardItems
    hints: set[str] = field(default_factory=set)
    covered: dict[Key, list[str]] = field(default_factory=dict)
    unwanted: list[tuple[Item, str]] = field(default_factory=list)

    def run(self) -> None:
        """Change the card."""
        if self.old is not None:
            self.hints = self.old.comments()
            self._head(self.old)
        self._list("notes")
        self._list("securities")
        self._remove_unwanted()
        for name in _OTHER_LISTS:
            self._list(name)
        self.now.drop_comments(self.hints - self.new.comments())

    def _head(self, old: CardItems) -> None:
        plains = (self.now.plain, old.plain, self.new.plain)
        top, fresh = Lined(self.now.top), Lined(self.new.top)
        for name in _HEAD:
            self._follow((name,), plains, top, fresh)
        inner = (self.now.plain["published"], old.plain["published"], self.new.plain["published"])
        names = dict.fromkeys(name for plain in inner[1:] for name in plain)
        names.pop("received_at", None)
        own, written = self.now.published(), self.new.published()
        if own is not None and written is not None:
            self._follow(tuple(names), inner, own, written)
            self._follow(("received_at",), inner, own, written)

    def _list(self, name: str) -> None:
        now, new = self.now.items(name), self.new.items(name)
        old = self.old.items(name) if self.old is not None else {}
        if name == "notes":
            self.covered = {key: list(item.plain["themes"]) for key, item in now.items()}
        places = {key: item.place for key, item in now.items()}
        behind: Element | Section | None = None
        for key, item in new.items():
            if key in now:
                self._item(name, now[key], old.get(key), item)
            elif key not in old and self._fits(name, item):
                places[key] = self.now.add(name, item, behind)
                if name == "notes":
                    self.covered[key] = list(item.plain["themes"])
            behind = places.get(key, behind)
        for key, item in now.items():
            if key in old and key not in new and self._untouched(item, old[key]):
                self._gone(name, item)

    def _fits(self, name: str, item: Item) -> bool:
        if name != "securities":
            return True
        return any(item.plain["theme"] in themes for themes in self.covered.values())

    def _gone(self, name: str, item: Item) -> None:
        if name == "notes":
            self.unwanted.append((item, ""))
        else:
            self.now.remove(name, item)

    def _untouched(self, item: Item, old: Item) -> bool:
        return item.plain == old.plain and not self._remarks(item.text)

    def _remarks(self, text: str) -> set[str]:
        return set(comments_in(text)) - self.hints

    def _item(self, name: str, item: Item, old: Item | None, new: Item) -> None:
        if old is not None:
            names = dict.fromkeys((*old.plain, *new.plain))
            names.pop("themes", None)
            for group in _TOGETHER:
                if names.keys() & set(group):
                    plains = (item.plain, old.plain, new.plain)
                    self._follow(group, plains, item.fields, new.fields)
            for single in names:
                if not any(single in group for group in _TOGETHER):
                    plains = (item.plain, old.plain, new.plain)
                    self._follow((single,), plains, item.fields, new.fields)
        if name == "notes":
            self._themes(item, old, new)

    def _follow(
        self,
        names: Sequence[str],
        plains: tuple[Plain, Plain, Plain],
        fields: Fields,
        fresh: Fields,
    ) -> None:
        """Let values that still are as the reader wrote them follow the new reading."""
        now, old, new = (tuple(plain.get(name) for name in names) for plain in plains)
        if new == old or now != old or not self._free(names, now, new, fields):
            return
        written = {name: value for name, value, _ in fresh.pairs()}
        order = list(written)
        for name, before, after in zip(names, now, new, strict=True):
            if after is None and before is not None:
                fields.drop(name)
            elif after != before:
                fields.put(name, written[name], order[: order.index(name)])

    def _free(
        self,
        names: Sequence[str],
        now: Sequence[object],
        new: Sequence[object],
        fields: Fields,
    ) -> bool:
        """Tell whether values can be changed without losing a remark of the user's."""
        written = {name: (value, tail) for name, value, tail in fields.pairs()}
        for name, before, after in zip(names, now, new, strict=True):
            if before is None or before == after:
                continue
            if name not in written:
                return False  # the user wrote it in another form
            value, tail = written[name]
            if self._remarks(value) or (after is None and self._remarks(tail)):
                return False
        return True

    def _themes(self, item: Item, old: Item | None, new: Item) -> None:
        """Add the themes that the reader newly gives a note; note those that it takes away."""
        now = self.covered[item.key]
        known = old.plain["themes"] if old is not None else self._unneeded_themes()
        added = [theme for theme in new.plain["themes"] if theme not in (*known, *now)]
        for theme in added:
            self._edit_themes(item, theme, add=True)
        if old is not None:
            gone = [theme for theme in now if theme in known and theme not in new.plain["themes"]]
            self.unwanted += [(item, theme) for theme in gone]

    def _unneeded_themes(self) -> set[str]:
        """Return the themes under which no security will be added."""
        now = self.now.items("securities")
        needed = {
            item.plain["theme"]
            for key, item in self.new.items("securities").items()
            if key not in now
        }
        return {theme for note in self.new.plain["notes"] for theme in note["themes"]} - needed

    def _edit_themes(self, item: Item, theme: str, *, add: bool) -> None:
        value = next(value for name, value, _ in item.fields.pairs() if name == "themes")
        array, themes = Bracket.of(value), self.covered[item.key]
        if add:
            array.insert(len(array.elements), f'"{theme}"')
            themes.append(theme)
        else:
            at = themes.index(theme)
            element = array.elements[at]
            if self._remarks(element.before + element.after):
                return
            array.remove(at)
            themes.remove(theme)
        item.fields.put("themes", array.text, ())

    def _remove_unwanted(self) -> None:
        """Remove notes and themes that the reader finds no more and no security needs."""
        used = {item.plain["theme"] for item in self._securities()}
        for item, theme in self.unwanted:
            others = {
                other for key, themes in self.covered.items() for other in themes if key != item.key
            }
            going = {theme} if theme else set(self.covered[item.key])
            if used & going - others or (not theme and len(self.covered) == 1):
                continue
            if theme:
                self._edit_themes(item, theme, add=False)
            else:
                self.now.remove("notes", item)
                del self.covered[item.key]

    def _securities(self) -> list[Item]:
        return list(CardItems(self.now.text).items("securities").values())
