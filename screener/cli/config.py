"""The command `screener config`."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from screener.cli.common import WorkspaceOption, console, messages, workspace_of
from screener.language import say

__all__ = ["config"]


def config(
    key: Annotated[
        str | None, typer.Argument(metavar="KEY", help="The setting; all of them without one.")
    ] = None,
    value: Annotated[
        str | None,
        typer.Argument(
            metavar="VALUE", help="What to set it to; `default` takes it out of the file again."
        ),
    ] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Show the settings of the workspace and where each comes from, or change one.

    They stand in its file screener.toml. An option of a command goes before them, and so does an
    environment variable such as $SCREENER_CAPITAL.

    Example: screener config capital 200000
    """
    from screener.render.config import settings_page
    from screener.workflows.settings import (
        Origin,
        change_setting,
        held_settings,
        setting_text,
        typed_setting,
    )

    place = workspace_of(workspace)
    if key is None:
        console().print(settings_page(held_settings(place, os.environ).values()))
        return
    setting = typed_setting(key, where="config")
    if value is not None:
        change_setting(place, key, value)
    found = held_settings(place, os.environ)[setting.key]
    console().print(setting_text(found.value), markup=False, soft_wrap=True)
    if value is not None and found.origin is Origin.ENVIRONMENT:
        told = say("${variable} goes before the file", variable=found.setting.variable)
        messages().print(told, markup=False)
