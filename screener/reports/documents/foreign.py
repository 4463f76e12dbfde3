"""Files that are no report: what they are called, and what to give instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from screener.errors import InputError
from screener.language import say

__all__ = ["foreign_error"]

_KINDS: dict[str, Callable[[], str]] = {
    "a Word document without its text, or one of too many parts": lambda: say(
        "this is a Word document without its text, or one of too many parts, not a report's text"
    ),
    "an Excel workbook": lambda: say("this is an Excel workbook, not a report's text"),
    "a PowerPoint presentation": lambda: say(
        "this is a PowerPoint presentation, not a report's text"
    ),
    "a zip archive": lambda: say("this is a zip archive, not a report's text"),
    "an old Word, Excel or PowerPoint document": lambda: say(
        "this is an old Word, Excel or PowerPoint document, not a report's text"
    ),
    "an RTF document": lambda: say("this is an RTF document, not a report's text"),
    "a PNG picture": lambda: say("this is a PNG picture, not a report's text"),
    "a JPEG picture": lambda: say("this is a JPEG picture, not a report's text"),
    "a GIF picture": lambda: say("this is a GIF picture, not a report's text"),
    "a WebP picture": lambda: say("this is a WebP picture, not a report's text"),
    "a TIFF picture": lambda: say("this is a TIFF picture, not a report's text"),
    "a RAR archive": lambda: say("this is a RAR archive, not a report's text"),
    "a 7-Zip archive": lambda: say("this is a 7-Zip archive, not a report's text"),
    "a Parquet file": lambda: say("this is a Parquet file, not a report's text"),
    "an SQLite database": lambda: say("this is an SQLite database, not a report's text"),
}
_INSTEAD: dict[str, Callable[[], str]] = {
    "open it in Word and save it anew, as .docx, as PDF or as plain text (.txt)": lambda: say(
        "open it in Word and save it anew, as .docx, as PDF or as plain text (.txt)"
    ),
    "give the report itself, as text, Markdown, HTML or PDF": lambda: say(
        "give the report itself, as text, Markdown, HTML or PDF"
    ),
    "save it as PDF": lambda: say("save it as PDF"),
    "unpack it, and give the report inside": lambda: say("unpack it, and give the report inside"),
    "save it as PDF or as plain text (.txt)": lambda: say("save it as PDF or as plain text (.txt)"),
    "save it as plain text (.txt)": lambda: say("save it as plain text (.txt)"),
    "give the report's text; a picture must go through text recognition (OCR) first": lambda: say(
        "give the report's text; a picture must go through text recognition (OCR) first"
    ),
    "import tables with `screener data import`": lambda: say(
        "import tables with `screener data import`"
    ),
}


def foreign_error(kind: Mapping[str, str], name: str) -> InputError:
    """Return the error that a file is of another kind.

    Parameters
    ----------
    kind
        A row of `foreign` in `tables/documents.toml`.
    name
        Name of the file.
    """
    return InputError(_KINDS[kind["what"]](), where=name, fix=_INSTEAD[kind["fix"]]())
