"""A screen on the terminal: the best names, how many passed, and why the others did not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from screener.data.lake.schema import SIMULATED
from screener.language import Language, bound, say
from screener.language.lists import clauses
from screener.render.local import told, word
from screener.render.tables import UNDEFINED, Column, heads, plain_table
from screener.results.screen import screen_spec
from screener.screen.evaluate import ScreenedRow
from screener.screen.fields import FIELDS, Field, FieldUnit
from screener.workflows.screen.run import ScreenResult

__all__ = ["screen_view"]

_SHOWN_AT_MOST = 20
_NAMED_IN_ONE_LINE = 3  # more fields than that do not fit in 80 columns under their whole names


def screen_view(result: ScreenResult, titles: Mapping[str, str] | None = None) -> RenderableType:
    """Show the best names, how many passed, the rules, and for a basket why the others failed.

    Remarks are not part of it: they belong on standard error. `titles` are what to call baskets
    instead of their names.
    """
    passes, failures = result.passes, result.failures
    limit = result.top or (len(passes) if result.is_basket else _SHOWN_AT_MOST)
    parts: list[RenderableType] = [*_heading(result, titles or {})]
    if passes:
        parts.append(_passes(passes[:limit], result.fields))
    parts.extend(_closing(result, min(limit, len(passes))))
    if result.is_basket and failures:
        rows = [[row.listing, row.name, clauses(map(told, row.reasons))] for row in failures]
        parts.append(plain_table([say("failed"), say("name"), say("why")], rows))
    return Group(*parts)


def _heading(result: ScreenResult, titles: Mapping[str, str]) -> Iterator[Text]:
    if result.simulated:
        mark = say("{mark} market: every number below is made up", mark=SIMULATED)
        yield Text(mark, style="bold")
    snapshots = ", ".join(f"{word(market)} {day}" for market, day in result.sessions.items())
    yield Text(
        say("Screen of {what}, as of {day}", what=_label(result, titles), day=result.as_of),
        style="bold",
    )
    yield Text(
        say(
            "snapshot: {snapshots} (data version {version})",
            snapshots=snapshots,
            version=result.data_version,
        )
    )
    yield Text(clauses(map(told, result.questions)))


def _label(result: ScreenResult, titles: Mapping[str, str]) -> str:
    """Return what was screened, a basket by its title."""
    label = told(result.label)
    for name, title in titles.items():
        label = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", title, label)
    return label


def _passes(rows: Sequence[ScreenedRow], fields: Sequence[Field]) -> RenderableType:
    between = "_\n" if len(fields) > _NAMED_IN_ONE_LINE else "_"
    spec, names = screen_spec(fields, ()), [field.name for field in fields]
    asked = [
        Column(header=column.header.replace("_", between), numeric=True)
        for column in heads(spec, *names)
    ]
    return plain_table(
        [*heads(spec, "rank", "listing", "name"), *asked],
        [
            [str(row.rank), row.listing, row.name]
            + [_shown(field.unit, row.values[field.name]) for field in fields]
            for row in rows
        ],
    )


def _closing(result: ScreenResult, shown: int) -> Iterator[Text]:
    passed = len(result.passes)
    line = say("{passed:,} of {n:,} passed", passed=passed, n=len(result.rows))
    if shown < passed:
        line = (
            say("{line}; the first {n} are shown", line=line, n=shown)
            if result.top
            else say(
                "{line}; the first {n} are shown, all with --csv FILE or --top N",
                line=line,
                n=shown,
            )
        )
    yield Text(line, style="bold")
    yield Text(_rules(result))


def _rules(result: ScreenResult) -> str:
    line = say(
        "A multiple of zero or less (a loss) is undefined and never passes; a missing value never "
        "passes"
    )
    if result.allowed:
        fields = ", ".join(
            FIELDS[name].title_zh if _in_chinese() else name for name in result.allowed
        )
        line = say("{line}, save where allowed ({fields})", line=line, fields=fields)
    if any(field.unit is FieldUnit.MONEY for field in result.fields):
        line = say("{line}; amounts in {currency}", line=line, currency=result.currency)
    return say("{line}.", line=line)


def _in_chinese() -> bool:
    return bound() is Language.ZH


def _shown(unit: FieldUnit, value: float | None) -> str:
    if value is None:
        return UNDEFINED
    if unit is FieldUnit.MONEY:
        return f"{value / 1e8:,.2f}亿" if _in_chinese() else f"{value / 1e9:,.2f} bn"
    return f"{value * 100:.2f} %" if unit is FieldUnit.FRACTION else f"{value:,.2f}"
