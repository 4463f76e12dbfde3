"""The file `screener.toml` of a workspace: read strictly, changed without losing its comments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from screener.errors import ConfigError, InputError, ScreenerError
from screener.files.failures import storage_error
from screener.files.regular import read_regular
from screener.language import VARIABLE, say
from screener.workspace.locate import Workspace, find_workspace

__all__ = ["FILE", "named_workspace", "read_settings", "spoken_environ", "write_setting"]

FILE = "screener.toml"
"""Name of the file, in the folder of the workspace."""

_LARGEST = 100_000  # bytes
_OPTION = "--workspace"


def read_settings(workspace: Workspace) -> Mapping[str, object]:
    """Return the settings of a workspace as its file has them; none without one.

    Raises
    ------
    ConfigError
        If it cannot be read as TOML.
    StorageError
        If the system does not let it be read.
    """
    path = workspace.root / FILE
    if not path.exists():  # so every command begins: nothing more is imported for it
        return {}
    import tomllib

    fix = say("correct that file, or remove it")
    try:
        content = read_regular(path, _LARGEST, where=FILE, fix=fix)
        return tomllib.loads(content.decode("utf-8-sig").replace("\r\n", "\n"))
    except FileNotFoundError:
        return {}
    except InputError as error:
        raise ConfigError(error.what, where=FILE, fix=error.fix) from error
    except (ValueError, RecursionError) as error:  # no UTF-8, no TOML, nested too deeply
        from screener.language.outside import fault_of

        raise ConfigError(
            say("not valid TOML: {why}", why=fault_of(error)), where=FILE, fix=fix
        ) from error
    except OSError as error:
        raise storage_error(error, path) from error


def write_setting(workspace: Workspace, key: str, value: object) -> Path:
    """Set a key, or remove it where the value is `None`; return the file, written whole.

    Raises
    ------
    ConfigError
        If the file that is there cannot be read.
    StorageError
        If it cannot be written; the file is left as it was.
    """
    import tomlkit

    from screener.files.whole import write_whole

    read_settings(workspace)
    path = workspace.root / FILE
    try:
        text = path.read_bytes().decode("utf-8-sig") if path.exists() else ""
        document = tomlkit.parse(text)
        if value is None:
            document.pop(key, None)
        else:
            document[key] = value
        write_whole(path, tomlkit.dumps(document))
    except OSError as error:
        raise storage_error(error, path) from error
    return path


def named_workspace(
    arguments: Sequence[str], environ: Mapping[str, str], cwd: Path
) -> Workspace | None:
    """Return the workspace of a command line before it is parsed; `None` if there is none."""
    typed = [
        text
        for at, item in enumerate(arguments)
        for text in (
            [item.removeprefix(f"{_OPTION}=")]
            if item.startswith(f"{_OPTION}=")
            else list(arguments[at + 1 : at + 2])
            if item == _OPTION
            else []
        )
    ]
    try:
        return find_workspace(Path(typed[-1]) if typed else None, environ=environ, cwd=cwd)
    except (ScreenerError, OSError, ValueError):  # the command itself tells what is wrong
        return None


def spoken_environ(
    arguments: Sequence[str], environ: Mapping[str, str], cwd: Path
) -> Mapping[str, str]:
    """Return the environment, with the language that the workspace asks for unless it says one."""
    if environ.get(VARIABLE):
        return environ
    return {**environ, VARIABLE: _language(arguments, environ, cwd)}


def _language(arguments: Sequence[str], environ: Mapping[str, str], cwd: Path) -> str:
    place = named_workspace(arguments, environ, cwd)
    try:
        found = {} if place is None else read_settings(place)
    except ScreenerError:  # told when the command runs, in the language of the locale
        return ""
    language = found.get("language")
    return language if isinstance(language, str) else ""
