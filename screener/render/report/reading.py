"""What the reader of reports found, for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from screener.domain.report import Note, Report
from screener.language import say
from screener.render.local import told, word
from screener.render.report.catalog import broker_name, published_range
from screener.render.tables import Column, facts, or_dash, plain_table
from screener.workflows.report.add import Added
from screener.workflows.report.rows import evidence_rows

__all__ = ["added_view", "doubt_text", "evidence_table", "open_questions"]

_SHOWN = ("recommended", "risk", "mover", "compared", "example", "mentioned")


def added_view(added: Added, *, wide: bool) -> RenderableType:
    """Show a card that was just read: its head, its notes, what it names, what it feeds.

    Parameters
    ----------
    added
        What was read.
    wide
        Whether there is room for the sentences.
    """
    parts: list[RenderableType] = [
        _head(added.report),
        Text(),
        evidence_table(evidence_rows(added), wide=wide),
    ]
    if added.baskets:
        rows = [[theme, ", ".join(names) or say("none yet")] for theme, names in added.baskets]
        parts += [Text(), plain_table([say("Theme"), say("Feeds basket")], rows)]
    return Group(*parts)


def _head(report: Report) -> RenderableType:
    return facts(
        (
            (say("Report"), report.id),
            (say("Title"), report.title),
            (say("Publisher"), report.publisher),
            (say("Published"), published_range(report.published)),
            (say("Evidence"), report.published.evidence),
            *((say("Note"), _note(note, report)) for note in report.notes),
            (say("Claims"), say("{n} to check", n=len(report.claims)) if report.claims else ""),
            (say("Ratings"), ", ".join(one.broker for one in report.rating_definitions)),
        )
    )


def _note(note: Note, report: Report) -> str:
    people = ", ".join(f"{who.name} {who.licence}".strip() for who in note.analysts)
    rating = " ".join(filter(None, (note.rating, word(note.rating_change))))
    link = say("repeats {ids}", ids=note.repeats) if note.repeats else ""
    link = say("reiterates {ids}", ids=note.reiterates) if note.reiterates else link
    dated = "" if note.published == report.published else note.published.text()
    return "; ".join(filter(None, (broker_name(note.broker), people, dated, rating, link)))


def evidence_table(rows: Sequence[Mapping[str, str]], *, wide: bool) -> RenderableType:
    """Make the table of securities, the recommended ones first, each theme together."""
    if not rows:
        return Text(say("It names no listed security."))
    themes = {theme: number for number, theme in enumerate(dict.fromkeys(r["theme"] for r in rows))}
    ordered = sorted(rows, key=lambda row: (_SHOWN.index(row["role"]), themes[row["theme"]]))
    return plain_table(
        [
            *(say("Listing"), say("Name"), say("Printed"), say("Role"), say("Theme")),
            Column(header=say("Sure"), numeric=True),
            *([say("Sentence")] if wide else []),
        ],
        [
            [
                row["listing"],
                row["name"],
                or_dash(row["printed"]),
                word(row["role"]),
                row["theme"],
                row["sure"],
                *([row["sentence"]] if wide else []),
            ]
            for row in ordered
        ],
    )


def open_questions(rows: Sequence[Mapping[str, str]]) -> RenderableType:
    """Make the table of mentions that were left open."""
    return plain_table(
        [say("Printed"), say("May mean"), say("Why it was not taken")],
        [[row["printed"], row["meant"], told(row["why"])] for row in rows],
        title=say("Left open"),
    )


def doubt_text(printed: str, sentence: str, reason: str) -> Text:
    """Write a doubtful mention for the user to settle: the words, their sentence, the reason."""
    text = Text()
    text.append(f"{printed}", style="bold")
    text.append(f": {told(reason)}\n")
    text.append(f"  {sentence}", style="dim")
    return text
