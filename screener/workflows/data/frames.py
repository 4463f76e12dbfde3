"""DataFrames as files, so that they are imported as files are: by the same reader and checks."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    Source = str | os.PathLike[str] | pd.DataFrame | Sequence[str | os.PathLike[str]]

__all__ = ["as_files"]


@contextmanager
def as_files(source: Source) -> Iterator[tuple[Path, ...]]:
    """Give the files of a source; that of a DataFrame goes again afterwards.

    An index with names becomes columns; one without is left out.
    """
    if isinstance(source, (str, os.PathLike)):
        yield (Path(source),)
    elif isinstance(source, Sequence):
        yield tuple(Path(item) for item in source)
    else:
        frame = source.reset_index() if any(source.index.names) else source
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "DataFrame.parquet"
            frame.to_parquet(path, index=False)
            yield (path,)
