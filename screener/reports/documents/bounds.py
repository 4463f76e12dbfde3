"""How much of a document is read: every bound of the reader of reports, in one table.

Whatever a text is, reading it ends soon and in little memory. What lies beyond a bound is refused,
or left out and told: nothing is dropped in silence.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BOUNDS", "Bounds"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The bounds.

    Parameters
    ----------
    file
        Bytes of a file, and of what a packed file unpacks to; a longer one is refused.
    characters
        Characters of a text; the rest is left out and told.
    marks
        Signs `<` of a web page; a page with more is refused.
    word_marks, word_parts
        Signs `<` of a Word document's part, and parts of one that are looked at.
    directory
        Bytes of a packed folder's list of files; one with more is not unpacked.
    folder
        Files of a folder given as one input; a folder with more is refused.
    head
        Bytes of the heads of a saved page's parts.
    parts
        Parts of a saved page that are looked at; without a page among them it is refused.
    nested
        How deep the parts of a saved page lie in one another.
    pages
        Pages of a PDF; the rest are left out and told.
    page_bytes, page_seconds
        Bytes of what a PDF's page draws, and seconds of the processor for it; a page beyond is
        left out and told.
    stream_bytes
        Bytes that any stream of a PDF unpacks to; beyond, its page is left out and told.
    pdf_seconds, pdf_seconds_for_each_mb
        Seconds of the processor for a PDF; the pages that are left by then are left out and told.
    seconds
        Seconds of the processor for reading a text; one that takes longer is refused.
    lists
        Numbered lists of one style that are open at once; an earlier one ends there.
    cues
        Cues before a name in its sentence that are looked at, the nearest first.
    reach
        Characters before a name in which they lie.
    places
        Places kept of one security under one theme.
    themes
        Themes of a report; what stands under later ones is unsorted, and told.
    notes
        Notes of a digest; the rest are left out and told.
    """

    file: int = 50_000_000
    characters: int = 300_000
    marks: int = 400_000
    word_marks: int = 2_000_000
    word_parts: int = 60
    directory: int = 1_000_000
    folder: int = 10_000
    head: int = 16_384
    parts: int = 1_000
    nested: int = 8
    pages: int = 1_000
    page_bytes: int = 8_000_000
    page_seconds: float = 1.5
    stream_bytes: int = 20_000_000
    pdf_seconds: float = 5.0
    pdf_seconds_for_each_mb: float = 0.8
    seconds: float = 20.0
    lists: int = 30
    cues: int = 16
    reach: int = 2_000
    places: int = 400
    themes: int = 300
    notes: int = 300


BOUNDS = Bounds()
"""The bounds in force."""
