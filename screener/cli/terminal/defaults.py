"""Settings of the workspace as defaults of the options of a command."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from screener.language import say
from screener.workspace.settings import FILE, named_workspace

__all__ = ["defaults_of"]

_WITHOUT = ("config", "demo", "init")
_PREFIX = "SCREENER_"
_ELSEWHERE = ("SCREENER_LANG", "SCREENER_WORKSPACE")  # read where they are needed
_BOM = "excel"


def defaults_of(root: Any, arguments: Sequence[str]) -> dict[str, Any]:
    """Return what the command on a command line takes for options that are not typed.

    Raises
    ------
    ConfigError
        If a setting is none.
    """
    name = arguments[0] if arguments else ""
    command = root.commands.get(name)
    if command is None or name in _WITHOUT:
        return {}
    place = named_workspace(arguments, os.environ, Path.cwd())
    in_file = place is not None and (place.root / FILE).exists()
    if not in_file and not any(
        key.startswith(_PREFIX) and key not in _ELSEWHERE for key in os.environ
    ):
        return {}
    from screener.workflows.settings import Origin, held_settings, setting_text

    held = held_settings(place, os.environ)
    found = {
        key: setting_text(item.value)
        for key, item in held.items()
        if item.origin is not Origin.BUILT_IN
    }
    inner: Mapping[str, Any] | None = getattr(command, "commands", None)
    if inner is None:
        return {name: _fitting(found, command, arguments)}
    return {name: {sub: _fitting(found, one, arguments) for sub, one in inner.items()}}


def _fitting(found: Mapping[str, str], command: Any, arguments: Sequence[str]) -> dict[str, str]:
    """Leave out what marks a CSV where none is written: the option by itself would be refused."""
    others = ("--json", "--html")  # no CSV
    files = {
        option
        for item in command.params
        if item.metavar in ("FILE", say("FILE"))  # in English, and as the help has it
        for option in item.opts
        if option not in others
    }
    typed = {item.split("=", 1)[0] for item in arguments}
    return {key: text for key, text in found.items() if key != _BOM or typed & files}
