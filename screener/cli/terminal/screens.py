"""The consoles of results and of remarks: the last door before a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rich.console import (
    Console,
    ConsoleOptions,
    ConsoleRenderable,
    RenderableType,
    RenderHook,
    RenderResult,
)
from rich.segment import Segment

from screener.files.clean import clean_line

__all__ = ["clean_console"]


def clean_console(*, stderr: bool = False) -> Console:
    """Return a console that shows no text that commands a terminal or turns a line.

    Whatever the origin of a text, a file's name, a card's title or an option, it is cleaned here,
    when lines are laid out; the sequences of the console itself pass.
    """
    console = Console(stderr=stderr, highlight=False, soft_wrap=False)
    console.push_render_hook(_CleanHook())
    return console


class _CleanHook(RenderHook):
    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        return [_Cleaned(item) for item in renderables]


@dataclass(frozen=True, slots=True)
class _Cleaned:
    held: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from _cleaned(console.render(self.held, options))


def _cleaned(segments: Iterable[Segment]) -> Iterator[Segment]:
    for segment in segments:
        if segment.control or not segment.text:
            yield segment
        else:
            lines = segment.text.split("\n")
            yield Segment("\n".join(clean_line(line) for line in lines), segment.style)
