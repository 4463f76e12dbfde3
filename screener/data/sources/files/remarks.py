"""What the user is told about an import: one line for each thing assumed or left out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from screener.data.sources.files.columns.columns import ColumnMapping, shown_names
from screener.data.sources.files.columns.exports import NOT_OURS
from screener.data.sources.files.columns.units import normal_header
from screener.data.sources.files.columns.values import renumbered_in
from screener.data.sources.files.tables.raw import RawFile

__all__ = ["Remark", "file_remarks", "lines_alike", "lines_of"]

_COUNTED = re.compile(r"([0-9][0-9,]*)(?: of ([0-9][0-9,]*))? ")
_PARTICULARS = re.compile(r"\b[0-9A-Z]{1,10}\.[A-Z]{2,3}\b|[0-9][0-9.,]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something assumed or ignored; `file` is empty when it is about the whole import."""

    text: str
    file: str = ""


def file_remarks(raw: RawFile, mapping: ColumnMapping) -> list[Remark]:
    """Return what was decided on a file's encoding, layout, units and columns."""
    said = []
    if raw.encoding not in ("", "utf-8"):
        said.append(f"read as {raw.encoding}")
    said += raw.notes
    if mapping.layout:
        said.append(f"recognised as {mapping.layout}")
    stated = [
        column.header for column in mapping.columns.values() if column.stated and not column.unit
    ]
    if stated:
        said.append(f"units as the headers print them: {', '.join(stated)}")
    said += [
        f"{column.header} is {column.field.name}: {column.unit}"
        for column in mapping.columns.values()
        if column.unit
    ]
    proofs = [column.header for column in mapping.columns.values() if column.field.proof]
    if proofs:
        said.append(f"used only to prove the unit of volume: {', '.join(proofs)}")
    said += [
        f"{name} is not used: it is {NOT_OURS[normal_header(name)]}"
        for name in mapping.ignored
        if normal_header(name) in NOT_OURS
    ]
    unused = [name for name in mapping.ignored if normal_header(name) not in NOT_OURS]
    if unused:
        said.append(f"columns not used: {shown_names(unused)}")
    said += _renumbered(raw, mapping)
    return [Remark(text=text, file=raw.label) for text in said]


def _renumbered(raw: RawFile, mapping: ColumnMapping) -> list[str]:
    column = mapping.columns.get("listing")
    changes = () if column is None else renumbered_in(raw.columns[column.position])
    if not changes:
        return []
    first = changes[0]
    shown = f"{first.former} is {first.present} since {first.since}"
    more = f", and {len(changes) - 1} more" if len(changes) > 1 else ""
    return [f"former codes are stored under the present ones: {shown}{more}"]


def lines_of(remarks: Iterable[Remark]) -> tuple[str, ...]:
    """Return remarks as lines; the same remark on several files is one line."""
    files: dict[str, list[str]] = {}
    for remark in remarks:
        files.setdefault(remark.text, []).append(remark.file)
    return tuple(_line(text, names) for text, names in files.items())


def lines_alike(remarks: Iterable[Remark]) -> tuple[str, ...]:
    """Return remarks on thousands of files as lines: those that differ in particulars are one.

    Particulars are listings and numbers; of numbers that a remark begins with (`2 of 9 rows`), the
    sums are told.
    """
    groups: dict[str, list[Remark]] = {}
    for remark in remarks:
        groups.setdefault(_PARTICULARS.sub("#", remark.text), []).append(remark)
    found = []
    for alike in groups.values():
        text, files = alike[0].text, [remark.file for remark in alike]
        differing = {remark.text for remark in alike}
        counts = [match for remark in alike if (match := _COUNTED.match(remark.text))]
        if len(counts) == len(alike) > 1:
            of = f" of {_total(counts, 2):,}" if counts[0][2] else ""
            text = f"{_total(counts, 1):,}{of} {text.removeprefix(counts[0][0])}"
            differing = {match.string[match.end() :] for match in counts}
        if not any(files) and len(differing) > 1:
            text += f" (first of {len(alike)} alike)"
        found.append(_line(text, files))
    return tuple(found)


def _total(counts: Sequence[re.Match[str]], group: int) -> int:
    return sum(int(match[group].replace(",", "")) for match in counts)


def _line(text: str, names: list[str]) -> str:
    named = list(dict.fromkeys(name for name in names if name))
    if not named:
        return text
    more = f" and {len(named) - 1} more" if len(named) > 1 else ""
    return f"{named[0]}{more}: {text}"
