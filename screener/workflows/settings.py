"""Settings: environment `SCREENER_*`, else `screener.toml` of the workspace, else built in.

Each is declared once: key, type, default, meaning. What a backtest would refuse is refused here.
Where the lake is stands there too, as a table; it is shown, and changed in the file alone.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Never

from screener.domain.amounts import parse_amounts
from screener.domain.choices import parse_answer
from screener.errors import ConfigError, InputError
from screener.files.place import Place
from screener.language import AUTO, Language, say
from screener.language.lists import listed, place_in
from screener.workflows.backtest.options import BacktestOptions
from screener.workspace.lake import KEY as LAKE
from screener.workspace.lake import LOCAL, lake_place
from screener.workspace.locate import Workspace
from screener.workspace.settings import FILE, read_settings, write_setting

__all__ = [
    "DEFAULT",
    "Held",
    "Origin",
    "backtest_defaults",
    "change_setting",
    "held_settings",
    "known_setting",
    "setting_text",
    "typed_setting",
]

DEFAULT = "default"
"""What takes a setting out of the file again."""

Value = str | float | bool | tuple[float, ...]


class Origin(StrEnum):
    """Where the value of a setting comes from."""

    ENVIRONMENT = "environment"
    FILE = "file"
    BUILT_IN = "built-in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A setting: its key, how a value is read, what it means."""

    key: str
    read: Callable[[object], Value]
    default: Value
    meaning: Callable[[], str]

    @property
    def variable(self) -> str:
        """The environment variable that goes before the file."""
        return "SCREENER_LANG" if self.key == "language" else f"SCREENER_{self.key.upper()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A setting with the value that holds, and where it comes from."""

    setting: Setting
    value: Value
    origin: Origin


def held_settings(workspace: Workspace | None, environ: Mapping[str, str]) -> dict[str, Held]:
    """Return every setting by its key, with the value that holds.

    Raises
    ------
    ConfigError
        If the file or a variable holds what is no value, or the file a key that there is not.
    StorageError
        If the file cannot be read.
    """
    in_file = {} if workspace is None else read_settings(workspace)
    for key in in_file:
        known_setting(key, where=FILE)
    found = {}
    for key, setting in _SETTINGS.items():
        if key == LAKE:
            found[key] = _held_lake(workspace, in_file.get(key), environ)
            continue
        value, origin = setting.default, Origin.BUILT_IN
        if text := environ.get(setting.variable):
            value, origin = _read(setting, text, f"${setting.variable}"), Origin.ENVIRONMENT
        elif key in in_file:
            value, origin = _read(setting, in_file[key], FILE), Origin.FILE
        found[key] = Held(setting=setting, value=value, origin=origin)
    return found


def _held_lake(workspace: Workspace | None, in_file: object, environ: Mapping[str, str]) -> Held:
    """Return where the lake is, as the settings say: no server is asked."""
    setting, folder = _SETTINGS[LAKE], Path() if workspace is None else workspace.data_cache
    place = lake_place(folder, in_file, environ, file=FILE)
    origin = Origin.BUILT_IN if in_file is None else Origin.FILE
    if environ.get(setting.variable):
        origin = Origin.ENVIRONMENT
    own = setting.default if workspace is None else str(place)
    return Held(setting=setting, value=_shared_text(place) if place.shared else own, origin=origin)


def _shared_text(place: Place) -> str:
    """Write the place of a lake for many as its variable has it."""
    from screener.data.lake.shared.secrets import redacted

    told = {"catalog": place.catalog, "data": place.data, "endpoint": place.endpoint}
    quoted = {key: json.dumps(text, ensure_ascii=False) for key, text in told.items() if text}
    return redacted(", ".join(f"{key} = {text}" for key, text in quoted.items()))


def change_setting(workspace: Workspace, key: str, text: str) -> None:
    """Set a key in the file of a workspace, or with `default` take it out.

    Raises
    ------
    ConfigError
        If there is no such key, the text is no value of it, or it is changed in the file alone;
        nothing is changed.
    StorageError
        If the file cannot be written.
    """
    setting = typed_setting(key, where=say("the settings"))
    out = text == DEFAULT and setting.key != LAKE
    value = None if out else _read(setting, text, say("the settings"))
    write_setting(workspace, setting.key, _plain(value))


def _plain(value: Value | None) -> object:
    """Return a value as the file has it: one amount by itself, whole numbers without a point."""
    if isinstance(value, tuple):
        found = [_short(item) for item in value]
        return found[0] if len(found) == 1 else found
    return _short(value) if isinstance(value, float) else value


def setting_text(value: Value) -> str:
    """Write a value as it is typed."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ",".join(str(_short(item)) for item in value)
    return str(value if isinstance(value, str) else _short(value))


def _short(value: float) -> float:
    """Return a whole number without a point, as people write it."""
    return int(value) if value == int(value) else value


def backtest_defaults(held: Mapping[str, Held]) -> dict[str, Value]:
    """Return the options of a backtest that are set otherwise than they are built in."""
    names = {item.name for item in fields(BacktestOptions)}
    return {
        key: item.value
        for key, item in held.items()
        if key in names and item.origin is not Origin.BUILT_IN
    }


def typed_setting(key: str, *, where: str) -> Setting:
    """Return the setting that is meant by a key as it is typed.

    A key of the table `[lake]`, such as `lake.catalog`, means the table.

    Raises
    ------
    ConfigError
        If there is none.
    """
    table, dot, _ = key.partition(".")
    # Whatever follows is not repeated in a message: it may hold a secret.
    return known_setting(LAKE if dot and table == LAKE else key, where=where)


def known_setting(key: str, *, where: str) -> Setting:
    """Return the setting of a key.

    Raises
    ------
    ConfigError
        If there is none.
    """
    if key in _SETTINGS:
        return _SETTINGS[key]
    near = difflib.get_close_matches(key.casefold(), _SETTINGS, n=1)
    keys = listed(near or _SETTINGS)
    raise ConfigError(
        say("there is no setting {key}", key=repr(key)),
        where=where,
        fix=say("did you mean {keys}?", keys=keys) if near else say("one of {known}", known=keys),
    )


def _read(setting: Setting, given: object, where: str) -> Value:
    try:
        value = setting.read(given)
        if setting.key in {item.name for item in fields(BacktestOptions)}:
            BacktestOptions.of(**{setting.key: value})
    except InputError as error:
        raise ConfigError(error.what, where=place_in(where, setting.key), fix=error.fix) from error
    except (TypeError, ValueError, OverflowError) as error:
        raise ConfigError(
            say("{value} is no value of {key}", value=repr(given), key=setting.key),
            where=place_in(where, setting.key),
            fix=say("write it like {example}", example=setting_text(setting.default)),
        ) from error
    return value


def _number(given: object) -> float:
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        raise TypeError
    if not isinstance(given, str):
        return float(given)
    (found,) = _typed(given)
    return found


def _whole(given: object) -> float:
    value = _number(given)
    if value != int(value) or value == 0 or value < -1:
        raise ValueError
    return int(value)


def _amounts(given: object) -> tuple[float, ...]:
    if isinstance(given, str):
        return _typed(given)
    found = tuple(_number(part) for part in (given if isinstance(given, list) else [given]))
    if not found:
        raise ValueError
    return found


def _typed(text: str) -> tuple[float, ...]:
    try:
        return parse_amounts(text, parameter="") or _none()
    except InputError as error:  # what `_read` tells of every setting is told of these, too
        raise ValueError from error


def _flag(given: object) -> bool:
    if isinstance(given, bool):
        return given
    answer = parse_answer(str(given))
    return _none() if answer is None else answer


def _none() -> Never:
    raise ValueError


def _one_of(*known: str) -> Callable[[object], str]:
    def read(given: object) -> str:
        if given not in known:
            raise InputError(
                say("{value} is none of {known}", value=repr(given), known=listed(known))
            )
        return str(given)

    return read


def _address(given: object) -> str:
    from screener.paths.workers.cluster import check_cluster

    return check_cluster(str(given)) if given else ""


def _in_file_alone(_: object) -> Never:
    raise InputError(
        say("the place of the lake is not changed by this command"),
        fix=say(
            "write `catalog` and `data` of `[lake]` into {file}, or remove that table for the "
            "folder of the workspace; see the guide of a desk",
            file=FILE,
        ),
    )


_BUILT_IN = BacktestOptions()
_EVERY = (
    Setting(
        key="language",
        read=_one_of(*Language, AUTO),
        default=AUTO,
        meaning=lambda: say("language of all that is shown; auto is that of the locale"),
    ),
    Setting(
        key="capital",
        read=_amounts,
        default=_BUILT_IN.capital,
        meaning=lambda: say("money of the traded path in CNY; several with commas"),
    ),
    Setting(
        key="commission_bps",
        read=_number,
        default=_BUILT_IN.commission_bps,
        meaning=lambda: say("commission of your broker, in basis points"),
    ),
    Setting(
        key="commission_min",
        read=_number,
        default=_BUILT_IN.commission_min,
        meaning=lambda: say("its least amount an order, in CNY or HKD"),
    ),
    Setting(
        key="slippage_bps",
        read=_number,
        default=_BUILT_IN.slippage_bps,
        meaning=lambda: say("how much worse than the open or close, in basis points"),
    ),
    Setting(
        key="impact_bps",
        read=_number,
        default=_BUILT_IN.impact_bps,
        meaning=lambda: say("further cost of an order of a whole session's volume"),
    ),
    Setting(
        key="fx_spread_bps",
        read=_number,
        default=_BUILT_IN.fx_spread_bps,
        meaning=lambda: say("what each conversion of money loses, in basis points"),
    ),
    Setting(
        key="participation",
        read=_number,
        default=_BUILT_IN.participation,
        meaning=lambda: say(
            "greatest share of a session's volume that your purchases, or sales, of a name take"
        ),
    ),
    Setting(
        key="account",
        read=_one_of("mainland", "hongkong"),
        default=_BUILT_IN.account,
        meaning=lambda: say("where your account is: mainland or hongkong"),
    ),
    Setting(
        key="hk_account",
        read=_one_of("southbound", "direct"),
        default=_BUILT_IN.hk_account,
        meaning=lambda: say("how your money reaches Hong Kong: southbound or direct"),
    ),
    Setting(
        key="excel",
        read=_flag,
        default=False,
        meaning=lambda: say("begin every CSV with a byte-order mark, for Excel"),
    ),
    Setting(
        key="jobs",
        read=_whole,
        default=1,
        meaning=lambda: say("processes that share the work; -1 for one per processor"),
    ),
    Setting(
        key="cluster",
        read=_address,
        default="",
        meaning=lambda: say("address of the Dask scheduler whose workers share it instead"),
    ),
    Setting(
        key=LAKE,
        read=_in_file_alone,
        default=LOCAL,
        meaning=lambda: say(
            "where the market data are: data_cache of the workspace, or what table [lake] names"
        ),
    ),
)
_SETTINGS = {item.key: item for item in _EVERY}
