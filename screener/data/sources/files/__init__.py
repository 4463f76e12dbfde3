"""Files of the user, CSV and Parquet, as a source of checked rows."""

from screener.data.sources.files.request import (
    FileQuery,
    ImportKind,
    ImportRequest,
    parse_column_map,
    parse_units,
)
from screener.data.sources.files.source import FileSource
from screener.data.sources.files.tables.reading import RawFile

__all__ = [
    "FileQuery",
    "FileSource",
    "ImportKind",
    "ImportRequest",
    "RawFile",
    "parse_column_map",
    "parse_units",
]
