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
from screener.language import again, say
from screener.language.lists import listed
from screener.language.terms import named

__all__ = ["Remark", "file_remarks", "lines_alike", "lines_of"]

# A number, or two (`2 of 9 rows`); Chinese puts no blank behind it.
_COUNTED = re.compile(r"([0-9][0-9,]*)(?: of ([0-9][0-9,]*))?(?= |[^ -~])")
_PARTICULARS = re.compile(r"(?<![0-9A-Z])[0-9A-Z]{1,10}\.[A-Z]{2,3}(?![0-9A-Z])|[0-9][0-9.,]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something assumed or ignored; `file` is empty when it is about the whole import."""

    text: str
    file: str = ""


def file_remarks(raw: RawFile, mapping: ColumnMapping) -> list[Remark]:
    """Return what was decided on a file's encoding, layout, units and columns."""
    said = []
    if raw.encoding not in ("", "utf-8"):
        said.append(say("read as {encoding}", encoding=raw.encoding))
    said += raw.notes
    if mapping.layout:
        said.append(say("recognised as {layout}", layout=mapping.layout))
    stated = [
        column.header for column in mapping.columns.values() if column.stated and not column.unit
    ]
    if stated:
        said.append(say("units as the headers print them: {names}", names=listed(stated)))
    said += [
        say(
            "{column} is {field}: {unit}",
            column=column.header,
            field=named(column.field.name),
            unit=again(column.unit),
        )
        for column in mapping.columns.values()
        if column.unit
    ]
    proofs = [column.header for column in mapping.columns.values() if column.field.proof]
    if proofs:
        said.append(say("used only to prove the unit of volume: {names}", names=listed(proofs)))
    said += [
        say(
            "{column} is not used: it is {reason}",
            column=name,
            reason=again(NOT_OURS[normal_header(name)]),
        )
        for name in mapping.ignored
        if normal_header(name) in NOT_OURS
    ]
    unused = [name for name in mapping.ignored if normal_header(name) not in NOT_OURS]
    if unused:
        said.append(say("columns not used: {names}", names=shown_names(unused)))
    said += _renumbered(raw, mapping)
    return [Remark(text=text, file=raw.label) for text in said]


def _renumbered(raw: RawFile, mapping: ColumnMapping) -> list[str]:
    column = mapping.columns.get("listing")
    changes = () if column is None else renumbered_in(raw.columns[column.position])
    if not changes:
        return []
    first = changes[0]
    shown = say(
        "{former} is {present} since {since}",
        former=first.former,
        present=first.present,
        since=first.since,
    )
    if len(changes) > 1:
        shown = say("{shown}, and {n} more", shown=shown, n=len(changes) - 1)
    return [say("former codes are stored under the present ones: {shown}", shown=shown)]


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
            text = f"{_total(counts, 1):,}{of}{text[counts[0].end() :]}"
            differing = {match.string[match.end() :] for match in counts}
        if not any(files) and len(differing) > 1:
            text = say("{text} (first of {n} alike)", text=text, n=len(alike))
        found.append(_line(text, files))
    return tuple(found)


def _total(counts: Sequence[re.Match[str]], group: int) -> int:
    return sum(int(match[group].replace(",", "")) for match in counts)


def _line(text: str, names: list[str]) -> str:
    own = list(dict.fromkeys(name for name in names if name))
    if not own:
        return text
    name = own[0]
    if len(own) > 1:
        name = say("{shown} and {n} more", shown=name, n=len(own) - 1)
    return say("{name}: {text}", name=name, text=text)
