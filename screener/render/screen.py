"""A screen on the terminal: the best names, how many passed, and why the others did not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from screener.data.lake.asof import Market
from screener.language import say
from screener.render.tables import UNDEFINED, Column, heads, plain_table
from screener.results.screen import screen_spec
from screener.screen.evaluate import ScreenedRow
from screener.screen.fields import Field, FieldUnit
from screener.workflows.screen.rows import market_words
from screener.workflows.screen.run import ScreenResult

__all__ = ["screen_view"]

_SHOWN_AT_MOST = 20
_NAMED_IN_ONE_LINE = 3  # more fields than that do not fit in 80 columns under their whole names


def screen_view(result: ScreenResult) -> RenderableType:
    """Show the best names, how many passed, the rules, and for a basket why the others failed.

    Remarks are not part of it: they belong on standard error.
    """
    passes, failures = result.passes, result.failures
    limit = result.top or (len(passes) if result.is_basket else _SHOWN_AT_MOST)
    parts: list[RenderableType] = [*_heading(result)]
    if passes:
        parts.append(_passes(passes[:limit], result.fields))
    parts.extend(_closing(result, min(limit, len(passes))))
    if result.is_basket and failures:
        rows = [[row.listing, row.name, "; ".join(row.reasons)] for row in failures]
        parts.append(plain_table([say("failed"), say("name"), say("why")], rows))
    return Group(*parts)


def _heading(result: ScreenResult) -> Iterator[Text]:
    if result.simulated:
        yield Text(say("SIMULATED market: every number below is made up"), style="bold")
    snapshots = ", ".join(
        f"{market_words([Market(market)])} {day}" for market, day in result.sessions.items()
    )
    told = say("Screen of {label}, as of {day}", label=result.label, day=result.as_of)
    yield Text(told, style="bold")
    yield Text(
        say(
            "snapshot: {sessions} (data version {version})",
            sessions=snapshots,
            version=result.data_version,
        )
    )
    yield Text("; ".join(result.questions))


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
    counts = {"passed": f"{passed:,}", "total": f"{len(result.rows):,}"}
    if shown >= passed:
        told = say("{passed} of {total} passed", **counts)
    elif result.top:
        told = say("{passed} of {total} passed; the first {n} are shown", **counts, n=shown)
    else:
        told = say(
            "{passed} of {total} passed; the first {n} are shown, all with --csv FILE or --top N",
            **counts,
            n=shown,
        )
    yield Text(told, style="bold")
    yield Text(_rule(", ".join(result.allowed)))
    if any(field.unit is FieldUnit.MONEY for field in result.fields):
        yield Text(say("Amounts in {currency}.", currency=result.currency))


def _rule(allowed: str) -> str:
    if allowed:
        return say(
            "A multiple of zero or less (a loss) is undefined and never passes; a missing value "
            "never passes, save where allowed ({fields}).",
            fields=allowed,
        )
    return say(
        "A multiple of zero or less (a loss) is undefined and never passes; a missing value never "
        "passes."
    )


def _shown(unit: FieldUnit, value: float | None) -> str:
    if value is None:
        return UNDEFINED
    if unit is FieldUnit.MONEY:
        return f"{value / 1e9:,.2f} bn"
    return f"{value * 100:.2f} %" if unit is FieldUnit.FRACTION else f"{value:,.2f}"
