"""How well and how fast reports are read: `python -m benchmarks.extraction [--errors]`.

Precision, recall and F1 of securities, roles, dates, brokers, ratings, targets and claims, each
with an interval for F1 (whole texts drawn anew), over the own labelled texts, and over the shared
reports and the real texts where they stand beside the project; those held out apart, in totals
alone. Then what kinds of errors there are, the own texts by kind and by trap, and the time for many
texts of 10 kB on one core. Prints, and writes nothing.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from itertools import cycle, islice
from pathlib import Path

from rich.console import Console
from rich.table import Table

import screener
from benchmarks.extraction_labels import (
    SHARED,
    Labels,
    broker_core,
    labels_of_cases,
    labels_of_real,
    labels_of_shared,
    rating_core,
)
from benchmarks.extraction_measures import (
    MEASURES,
    Answer,
    Measured,
    interval,
    kinds,
    measured,
    total,
)
from benchmarks.extraction_scores import Found, Score, Tally, score
from benchmarks.labelled_texts import Case, load_cases
from screener.cli.terminal.sparing import spare_collections
from screener.domain.report import Precision, Publication
from screener.errors import InputError
from screener.reports.reader import UNKNOWN, Reading, read_report
from screener.reports.securities.name_index import NameIndex, NameRow, build_index
from screener.reports.text.text import clean_name, make_text
from screener.workflows.report.name_master import Masters, read_masters
from screener.workspace.locate import Workspace
from tests.support.masters import MASTER, Known, padded

__all__ = ["answer_of", "build_names", "main", "read_case"]

TEXT_BYTES = 10_000
ALL_NAMES = 9_000
TODAY = date(2026, 11, 30)
"""The latest day on which a text can have been published."""

Closes = Mapping[str, Mapping[date, float]]

# ---- the reader, through one door ----------------------------------------------------------------


def build_names(master: Iterable[Known]) -> NameIndex:
    """Return the reader's index of names (the automaton) over a master."""
    rows = (
        NameRow(
            listing=known.listing,
            name=name,
            valid_from=since,
            name_en=known.name_en,
            industry=known.industry,
        )
        for known in master
        for since, name in known.dated()
    )
    index = build_index(rows)
    index.find("")  # makes the automaton
    return index


def read_case(case: Case, names: NameIndex) -> Found:
    """Return what the reader finds in a case's text; the only place that calls the reader."""
    began = time.process_time()
    text = make_text(case.text)
    made = time.process_time()
    published = Publication(value=case.published, precision=Precision.DAY)
    reading = read_report(text, names=names, today=case.published, published=published)
    return Found(
        securities=frozenset(
            (one.listing.id, one.role, one.theme) for one in reading.securities.findings
        ),
        doubts=tuple(
            (doubt.printed, tuple(listing.id for listing in doubt.proposals))
            for doubt in reading.securities.doubts
        ),
        seconds={"cleaning": made - began, "reading": time.process_time() - made},
    )


def answer_of(labels: Labels, names: NameIndex, closes: Closes | None = None) -> Answer:
    """Return what the reader finds in a labelled text, in the form of its labels."""
    reading = _reading(labels, names, closes)
    notes = [note for note, _ in reading.notes]
    moment = reading.published
    # A claim on a name in doubt is one on what is proposed for it: the card has it by the answer.
    asked = {
        clean_name(doubt.printed): str(doubt.proposals[0])
        for doubt in reading.securities.doubts
        if doubt.proposals
    }
    told = moment.precision in ("exact", "day") and labels.given is None
    return Answer(
        roles={one.listing.id: str(one.role) for one in reading.securities.findings},
        day=moment.day.isoformat() if told and moment.day != _UNTOLD else "",
        broker=broker_core(reading.publisher) if reading.publisher != UNKNOWN else "",
        rating=next((rating_core(note.rating) for note in notes if note.rating), ""),
        own_ratings={
            one.listing.id: rating_core(rating)
            for one in reading.securities.findings
            if (rating := getattr(one, "rating", ""))
        },
        claims=frozenset(
            (
                (
                    str(claim.listing or asked.get(claim.subject, claim.subject)),
                    claim.measure,
                    claim.as_of,
                ),
                claim.value,
            )
            for claim in (found.claim for found in reading.claims)
        ),
    )


_UNTOLD = date(2026, 11, 29)  # stands for a day that neither text nor user tells


def _reading(labels: Labels, names: NameIndex, closes: Closes | None) -> Reading:
    text = make_text(labels.text)
    day = labels.given

    def read(published: Publication | None) -> Reading:
        return read_report(text, names=names, today=TODAY, closes=closes, published=published)

    if day is not None:
        return read(Publication(value=day, precision=Precision.DAY))
    try:
        return read(None)
    except InputError:  # nothing tells the day
        return read(Publication(value=_UNTOLD, precision=Precision.DAY))


@cache
def _real_masters() -> Masters:
    """Return the names of all listings, and closes of indices, of the data beside the project."""
    data = SHARED.parent / "data"
    with tempfile.TemporaryDirectory() as folder:
        place = screener.init(Path(folder) / "ws")
        for name in ("a_share_2026-05", "a_share_delisted", "hk"):
            place.import_data(data / "securities" / f"{name}.csv", "listings")
        for name in ("a_share_name_snapshots", "hk_name_snapshots"):
            place.import_data(data / "securities" / f"{name}.csv", "names")
        for name, listing in (("csi300", "000300.SH"), ("hsi", "HSI.HK")):
            place.import_data(data / "index" / f"{name}.csv", "index", listing=listing)
        return read_masters(Workspace(root=Path(folder) / "ws"))


def _measured() -> Iterator[Measured]:
    """Read every labelled text and hold it against its labels."""
    names = build_names(MASTER)
    for labels in labels_of_cases():
        yield measured(labels, answer_of(labels, names))
    for labels in (*labels_of_shared(), *labels_of_real()):
        masters = _real_masters()
        yield measured(labels, answer_of(labels, masters.names, masters.closes))


# ---- tables --------------------------------------------------------------------------------------

Answers = list[tuple[Case, Found]]
HELD_OUT = ("held out", "real, held out")


def main(arguments: Sequence[str] | None = None) -> None:
    """Read every text, print the scores, then the times."""
    spare_collections()  # as the command line does
    options = _options().parse_args(arguments)
    console = Console()
    groups: dict[str, list[Measured]] = {}
    for row in _measured():
        groups.setdefault(row.labels.group, []).append(row)
    console.print(_overview(groups))
    shown = {name: rows for name, rows in groups.items() if name not in HELD_OUT}
    console.print(_kinds(shown))
    if options.errors:
        console.print(_errors([row for rows in shown.values() for row in rows]))
    if options.traps:
        names = build_names(MASTER)
        answers = [(case, read_case(case, names)) for case in load_cases() if not case.held_out]
        console.print(_table("kind", answers, lambda case: (case.kind,)))
        console.print(_table("trap", answers, lambda case: case.traps))
    if options.texts:
        console.print(_times(load_cases(), options.texts))


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.extraction", description=__doc__)
    parser.add_argument("--errors", action="store_true", help="list what is wrong and missing")
    parser.add_argument("--traps", action="store_true", help="own texts by kind and by trap")
    parser.add_argument(
        "--texts", type=int, default=1_000, help="texts to time, 0 for none (default: 1000)"
    )
    return parser


def _overview(groups: Mapping[str, Sequence[Measured]]) -> Table:
    """Show each measure of each group: how many there are, and how well they are found."""
    table = Table("texts", "measure", title="precision, recall, F1 [95 % by text]")
    for column in ("n", "P", "R", "F1", "interval", "wrong", "missing"):
        table.add_column(column, justify="right")
    for group, rows in groups.items():
        first = f"{group} ({len(rows)})"
        for measure in MEASURES:
            tally = total(rows, measure)
            if tally == Tally():
                continue
            low, high = interval(rows, measure)
            table.add_row(
                first,
                measure,
                str(tally.right + tally.missing),
                *(f"{value:.3f}" for value in (tally.precision, tally.recall, tally.f1)),
                f"{low:.3f}..{high:.3f}",
                str(tally.wrong),
                str(tally.missing),
            )
            first = ""
        table.add_section()
    return table


def _kinds(groups: Mapping[str, Sequence[Measured]]) -> Table:
    table = Table("measure", "kind of error", title="kinds of errors")
    for group in groups:
        table.add_column(group, justify="right")
    counts = {group: {(m, k): n for m, k, n in kinds(rows)} for group, rows in groups.items()}
    for measure, kind, _ in kinds([row for rows in groups.values() for row in rows]):
        times = (counts[group].get((measure, kind), 0) for group in groups)
        table.add_row(measure, kind, *(str(one) if one else "" for one in times))
    return table


def _errors(rows: Sequence[Measured]) -> Table:
    names = {row.listing: row.name for row in MASTER}
    table = Table("text", "measure", "kind", "about", title="errors")
    for row in rows:
        for error in row.errors:
            name = names.get(error.about.partition(" ")[0], "")
            table.add_row(row.labels.id, error.measure, error.kind, f"{error.about} {name}")
    return table


def _table(title: str, answers: Answers, groups: Callable[[Case], Iterable[str]]) -> Table:
    members: dict[str, Answers] = {}
    for case, found in answers:
        for group in groups(case):
            members.setdefault(group, []).append((case, found))
    table = _new_table(title)
    for name in sorted(members):
        _add(table, name, members[name])
    return table


def _new_table(title: str) -> Table:
    table = Table(title, "n")
    for measure in ("recommended", "with theme", "all", "doubts"):
        table.add_column(f"{measure}\n   P    R    F1", justify="right")
    table.add_column("roles\nright", justify="right")
    return table


def _add(table: Table, name: str, answers: Answers) -> None:
    total = sum((score(case, found) for case, found in answers), Score())
    tallies = (total.recommended, total.themed, total.named, total.doubts)
    right = f"{total.roles.precision:.2f}" if total.roles != Tally() else ""
    table.add_row(name, str(len(answers)), *(tally.text() for tally in tallies), right)


# ---- times ---------------------------------------------------------------------------------------


def _times(cases: Sequence[Case], count: int) -> Table:
    master = padded(ALL_NAMES)
    began = time.process_time()
    names = build_names(master)
    built = time.process_time()
    stages: Counter[str] = Counter()
    for case in islice(_long_cases(cases), count):
        stages.update(read_case(case, names).seconds)
    ended = time.process_time()
    title = f"{count} texts of {TEXT_BYTES // 1000} kB: seconds of one core"
    table = Table("stage", "seconds", title=title)
    table.add_row(f"index of {len(master)} listings, once", f"{built - began:.2f}")
    for stage, seconds in stages.items():
        table.add_row(stage, f"{seconds:.2f}")
    table.add_row("all texts", f"{ended - built:.2f}")
    return table


def _long_cases(cases: Sequence[Case]) -> Iterable[Case]:
    """Yield texts of `TEXT_BYTES`, each from another place of the endless row of all cases."""
    for start in cycle(range(len(cases))):
        parts: list[bytes] = []
        while sum(map(len, parts)) < TEXT_BYTES:
            parts.append(cases[(start + len(parts)) % len(cases)].text.encode())
        text = b"\n".join(parts)[:TEXT_BYTES].decode(errors="ignore")
        yield Case(
            id=f"long-{start}",
            kind="long",
            traps=(),
            published=cases[start].published,
            text=text,
            securities=(),
            doubts=(),
        )


if __name__ == "__main__":
    main()
