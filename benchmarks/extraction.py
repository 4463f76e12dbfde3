"""How well and how fast reports are read: `python -m benchmarks.extraction [--errors]`.

Precision, recall and F1 over the labelled texts, by kind of report and by trap, those held out
apart, and over the shared reports where they are; then the time for many texts of 10 kB. Prints,
and writes nothing.
"""

from __future__ import annotations

import argparse
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import cycle, islice
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.extraction_scores import SHIPPED, Found, Score, Tally, compare, score
from benchmarks.labelled_texts import Case, LabelledSecurity, load_cases
from screener.domain.report import Precision, Publication, Role
from screener.reports.reader import read_report
from screener.reports.securities.name_index import NameIndex, NameRow, build_index
from screener.reports.text.text import make_text
from tests.support.masters import MASTER, Known, padded

__all__ = ["build_names", "main", "read_case", "shared_cases"]

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "reports"
SHARED_CARDS = {
    "R1": "000_1c6f3903afa05a7c.txt",
    "R2": "001_f0cc755b51a6e41d.txt",
    "R5": "004_43f4848faf021758.txt",
}
TEXT_BYTES = 10_000
ALL_NAMES = 9_000

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
    began = time.perf_counter()
    text = make_text(case.text)
    made = time.perf_counter()
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
        seconds={"cleaning": made - began, "reading": time.perf_counter() - made},
    )


# ---- shared reports ------------------------------------------------------------------------------


def shared_cases() -> tuple[Case, ...]:
    """Return the shared reports with what their cards recommend; empty where they are not."""
    if not SHARED.is_dir():
        return ()
    labels = {slug: label for label, slug in SHIPPED.items()}
    return tuple(_shared_case(card, SHARED / name, labels) for card, name in SHARED_CARDS.items())


def _shared_case(card: str, path: Path, labels: dict[str, str]) -> Case:
    facts = tomllib.loads((ROOT / "seeds" / f"{card}.toml").read_text(encoding="utf-8"))
    published = facts["published"]["value"]
    return Case(
        id=card,
        kind="shared",
        traps=(),
        published=published.date() if hasattr(published, "date") else published,
        text=path.read_text(encoding="utf-8"),
        securities=tuple(
            LabelledSecurity(
                listing=row["listing"], role=Role(row["role"]), themes=(labels[row["theme"]],)
            )
            for row in facts["securities"]
        ),
        doubts=(),
    )


# ---- tables --------------------------------------------------------------------------------------

Answers = list[tuple[Case, Found]]


def main(arguments: Sequence[str] | None = None) -> None:
    """Read every text, print the scores, then the times."""
    options = _options().parse_args(arguments)
    console = Console()
    names = build_names(MASTER)
    answers = [(case, read_case(case, names)) for case in (*load_cases(), *shared_cases())]
    shared = [pair for pair in answers if pair[0].kind == "shared"]
    held = [pair for pair in answers if pair[0].held_out]
    open_ = [pair for pair in answers if pair not in shared and pair not in held]
    console.print(_overview({"labelled": open_, "held out": held, "shared reports": shared}))
    console.print(_table("kind", open_, lambda case: (case.kind,)))
    console.print(_table("trap", open_, lambda case: case.traps))
    if options.errors:
        console.print(_errors([*open_, *shared, *(held if options.held_out else ())]))
    if options.texts:
        console.print(_times([case for case, _ in answers], options.texts))


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.extraction", description=__doc__)
    parser.add_argument("--errors", action="store_true", help="list what is wrong and missing")
    parser.add_argument("--held-out", action="store_true", help="errors of the held-out texts too")
    parser.add_argument(
        "--texts", type=int, default=1_000, help="texts to time, 0 for none (default: 1000)"
    )
    return parser


def _overview(groups: dict[str, Answers]) -> Table:
    table = _new_table("texts")
    for name, answers in groups.items():
        if answers:
            _add(table, name, answers)
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


def _errors(answers: Answers) -> Table:
    table = Table("case", "measure", "wrong", "missing", title="errors", show_lines=True)
    for case, found in answers:
        for compared in compare(case, found):
            if compared.wrong or compared.missing:
                table.add_row(
                    case.id, compared.measure, _lines(compared.wrong), _lines(compared.missing)
                )
    return table


def _lines(items: Iterable[str]) -> str:
    names = {row.listing: row.name for row in MASTER}
    return "\n".join(f"{item} {names.get(item[:9].rstrip(':'), '')}".strip() for item in items)


# ---- times ---------------------------------------------------------------------------------------


def _times(cases: Sequence[Case], count: int) -> Table:
    master = padded(ALL_NAMES)
    began = time.perf_counter()
    names = build_names(master)
    built = time.perf_counter()
    stages: Counter[str] = Counter()
    for case in islice(_long_cases(cases), count):
        stages.update(read_case(case, names).seconds)
    ended = time.perf_counter()
    table = Table("stage", "seconds", title=f"{count} texts of {TEXT_BYTES // 1000} kB")
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
