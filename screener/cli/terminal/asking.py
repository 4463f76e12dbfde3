"""Questions of yes or no on the terminal, answered in English or Chinese."""

from __future__ import annotations

import typer

from screener.domain.choices import parse_answer
from screener.language import say

__all__ = ["agreed"]


def agreed(question: str) -> bool:
    """Ask until yes or no is answered (`y`, `no`, `是`, `否` …); an empty answer is no."""
    shown = f"{question} [{say('y/N')}]"
    while True:
        text = typer.prompt(shown, default="", show_default=False, err=True)
        answer = parse_answer(text) if text.strip() else False
        if answer is not None:
            return answer
        typer.echo(say("answer yes or no"), err=True)
