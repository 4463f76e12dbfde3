"""Where a row of a study, a stream, a score or a screen came from, on the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from screener.language import say
from screener.render.explain.again import again_told
from screener.render.local import told, word
from screener.render.tables import banner, facts, heads, plain_table
from screener.results.explained import SOURCES
from screener.workflows.explain.sources import SourceRow
from screener.workflows.explain.traced import Traced

__all__ = ["traced_page"]

_SHOWN = 40
_COLUMNS = ("used_for", "table", "listing", "day", "column", "value", "source")


def traced_page(found: Traced) -> RenderableType:
    """Return an explanation as a page."""
    parts = banner(simulated=found.simulated)
    run = say(
        "{kind} {run}, data version {version}",
        kind=word(found.kind),
        run=found.run_id,
        version=found.data_version,
    )
    values = [(name, _text(value)) for name, value in found.row.items() if value not in (None, "")]
    parts += [
        Text(run, style="bold"),
        facts(
            [
                *((label, told(text)) for label, text in found.facts),
                (say("Again"), again_told(found.differences)),
            ]
        ),
        Text(),
        facts(values),
        Text(),
        *_sources(found),
        *(Text(f"  {line}") for line in _sentences(found)),
    ]
    return Group(*parts)


def _sources(found: Traced) -> Iterator[RenderableType]:
    if not found.sources:
        yield Text(say("it rests on no row of the tables"))
        return
    rows = [_source(one) for one in found.sources[:_SHOWN]]
    yield plain_table(heads(SOURCES, *_COLUMNS), rows, title=say("what it rests on"))
    more = len(found.sources) - len(rows)
    if more > 0:
        yield Text(f"  {say('and {n} more: --json FILE writes them all', n=more)}")


def _source(one: SourceRow) -> list[str]:
    return [
        told(one.used_for),
        one.table,
        one.listing,
        "" if one.day is None else str(one.day),
        one.column,
        _text(one.value),
        one.source,
    ]


def _sentences(found: Traced) -> Iterator[str]:
    for one in found.sentences:
        yield say(
            "{report} on {listing} ({role}): {sentence}",
            report=one.report,
            listing=one.listing,
            role=word(one.role),
            sentence=one.text,
        )


def _text(value: object) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)
