"""The words that tell what a date means, as regular expressions over `Text.clean`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from screener.reports.text.text import clean_name
from screener.reports.text.vocabulary import alternatives, read_table

__all__ = ["DateWords", "date_words", "small"]


@dataclass(frozen=True, slots=True)
class DateWords:
    """Regular expressions over the words of `tables/dates.toml`."""

    section: re.Pattern[str]
    rows: Mapping[str, str]
    gaps: Mapping[str, int]
    title_end: re.Pattern[str]
    legal: re.Pattern[str]
    to_come: re.Pattern[str]
    scheduled: re.Pattern[str]
    of_that_day: re.Pattern[str]
    at_that_close: re.Pattern[str]
    market_close: re.Pattern[str]
    openings: re.Pattern[str]
    after: re.Pattern[str]
    past: re.Pattern[str]
    before_past: re.Pattern[str]
    reported: re.Pattern[str]
    label: re.Pattern[str]
    not_label: re.Pattern[str]
    no_cues: re.Pattern[str]
    governing: re.Pattern[str]
    lead: re.Pattern[str]
    follow: re.Pattern[str]
    page_quote: re.Pattern[str]
    rating_before: re.Pattern[str]
    site_before: re.Pattern[str]
    site_after: re.Pattern[str]
    daily: re.Pattern[str]
    daily_day: re.Pattern[str]
    page_before: re.Pattern[str]
    page_after: re.Pattern[str]
    foot: re.Pattern[str]
    near: re.Pattern[str]
    signature: re.Pattern[str]


@cache
def date_words() -> DateWords:
    """Return the words, read and compiled once."""
    table = read_table("dates")
    daily, of_year = alternatives(table["dailies"]), r"(?<![\d.])(?:2\d)?[01]\d[0-3]\d(?![\d.%])"
    cues, either = table["cues"], alternatives
    rows = {clean_name(word): row for row, words in table["sections"].items() for word in words}
    to_come = either([*cues["scheduled"], *cues["forecast"]])
    pages = either(table["page_heads"])
    after = "|".join(f"(?P<{name}>{either(cues[name])})" for name in ("neutral", "past", "future"))
    return DateWords(
        section=re.compile(either(list(rows))),
        rows=rows,
        gaps=table["gaps"],
        title_end=re.compile(r"》[-,:()_.·、]{0,4}$"),
        legal=re.compile(either(cues["legal"])),
        to_come=re.compile(to_come),
        scheduled=re.compile(either(cues["scheduled"])),
        of_that_day=re.compile(rf"(?:{either(cues['of_that_day'])})[:为了]?$"),
        # 收盘价( opens the bracket of the next date.
        at_that_close=re.compile(rf"日?(?:{either(cues['at_that_close'])})(?!价?\()"),
        market_close=re.compile(r"[收股市][盘市价值]"),
        openings=re.compile(either(cues["openings"])),
        after=re.compile(after),
        past=re.compile(either(cues["past"])),
        before_past=re.compile(rf"(?:{either(cues['before_past'])})[^,。;:、!?]{{0,4}}$"),
        reported=re.compile(either(cues["reported"])),
        label=re.compile(
            rf"(?:(?P<word>{either(table['labels'])})|(?P<short>{either(table['short_labels'])}))"
            r"[为是]?[:|/]*\(?$"
        ),
        not_label=re.compile(rf"(?:{either(table['not_labels'])})的?$"),
        no_cues=re.compile(either(cues["never"])),
        governing=re.compile(rf"(?:{either(cues['governing'])})$"),
        lead=re.compile(either(table["leads"])),
        follow=re.compile(either(table["follows"])),
        page_quote=re.compile(rf"(?:{either(cues['page_quote'])})[:为]?$"),
        rating_before=re.compile(rf"[(|](?:{either(table['rating_changes'])})(?:评级)?\)?\d?$"),
        site_before=re.compile(rf"(?:{either(table['site_before'])})[:]?$"),
        site_after=re.compile(rf"[^。]{{0,16}}?(?:{either(table['site_after'])})"),
        daily=re.compile(daily),
        daily_day=re.compile(
            rf"(?P<before>{of_year})(?=[】)]?(?:{daily}))"
            rf"|(?:{daily})[^\d。,;]{{0,6}}(?P<after>{of_year})"
        ),
        page_before=re.compile(rf"(?:{pages})[^,。;:!?《》]{{0,10}}$"),
        page_after=re.compile(rf"[^,。;:!?《》]{{0,6}}(?:{pages})"),
        foot=re.compile(r"请务必阅读|敬请参阅|请仔细阅读|证券研究报告"),
        near=re.compile(either(table["near_heads"])),
        signature=re.compile(rf"(?:{either(table['signatures'])})$"),
    )


def small(clean: str) -> str:
    """Return text in small letters, each character where it was."""
    lower = clean.lower()
    return lower if len(lower) == len(clean) else "".join(one.lower()[:1] for one in clean)
