"""Settings on the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from rich.console import RenderableType

from screener.language import say
from screener.render.tables import plain_table
from screener.workflows.settings import Held, Origin, setting_text

__all__ = ["settings_page"]

_ORIGINS: Mapping[Origin, Callable[[Held], str]] = {
    Origin.ENVIRONMENT: lambda held: f"${held.setting.variable}",
    Origin.FILE: lambda _: "screener.toml",
    Origin.BUILT_IN: lambda _: say("built-in"),
}


def settings_page(held: Iterable[Held]) -> RenderableType:
    """Return every setting with its value, where that comes from, and what it means."""
    rows = [
        [
            item.setting.key,
            setting_text(item.value),
            _ORIGINS[item.origin](item),
            item.setting.meaning(),
        ]
        for item in held
    ]
    return plain_table([say("setting"), say("value"), say("from"), say("meaning")], rows)
