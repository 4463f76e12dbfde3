"""What a process that runs one command and ends need not load."""

from __future__ import annotations

import atexit
import dis
import gc
import os
import sys
from importlib.abc import MetaPathFinder
from types import FrameType

__all__ = ["spare_collections", "spare_pandas", "spare_plugins"]

_IMPORT = dis.opmap["IMPORT_NAME"]
_NEW_OBJECTS, _YOUNG, _OLD = 50_000, 20, 20  # by default 700, 10, 10


def spare_collections() -> None:
    """Look for garbage in cycles seldom, and not at all at the end.

    Importing vectorbt makes four hundred thousand lasting objects: by the defaults a third of that
    time goes into looking through them again and again, and into a last look when all is done.
    """
    gc.set_threshold(_NEW_OBJECTS, _YOUNG, _OLD)
    atexit.register(gc.freeze)


def spare_pandas() -> None:
    """Let Arrow and DuckDB find no pandas; what imports it in Python finds it as ever.

    Both look for it in the first Python value that they are given, and importing it takes longer
    than all the rest of an everyday command. Only for a process that hands neither of them a
    frame: Arrow looks once, and would take a series for any sequence.
    """
    if not any(isinstance(finder, _NoPandas) for finder in sys.meta_path):
        sys.meta_path.insert(0, _NoPandas())


def spare_plugins() -> None:
    """Let pydantic look through no installed package for plugins."""
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


class _NoPandas(MetaPathFinder):
    """Finds no pandas for compiled code, which shows as an import in the midst of a call."""

    def find_spec(self, fullname: str, *_where: object) -> None:
        if fullname == "pandas" and not _is_imported_in_python(sys._getframe(1)):
            raise ModuleNotFoundError("pandas is not needed here", name="pandas")


def _is_imported_in_python(frame: FrameType | None) -> bool:
    while frame is not None and frame.f_code.co_filename.startswith("<frozen importlib"):
        frame = frame.f_back
    if frame is None:
        return False
    by_name = frame.f_globals.get("__name__") == "importlib"  # import_module
    return by_name or frame.f_code.co_code[frame.f_lasti] == _IMPORT
