"""The page of a saved web page (MHTML): one MIME message with its pictures as further parts."""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import compat32

from screener.reports.documents.bounds import BOUNDS

__all__ = ["archived_page", "is_archive"]

_BEGINS = re.compile(rb"(?:From|MIME-Version|Snapshot-Content-Location|Subject):", re.IGNORECASE)
_GAP = re.compile(rb"\r?\n\r?\n")
_PAGES = frozenset({"text/html", "application/xhtml+xml"})
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")


def is_archive(content: bytes) -> bool:
    """Tell whether bytes are a page saved with its pictures as one MIME message (MHTML)."""
    head = content[:4096].lower()
    return bool(_BEGINS.match(content)) and b"content-type:" in head and b"multipart/" in head


def archived_page(content: bytes) -> tuple[bytes, str]:
    """Return the first page of an MHTML archive, and the encoding that its part declares.

    Both are empty if the archive holds no page, or none within the bounds on parts.
    """
    waiting = [(content, 0)]
    for _ in range(BOUNDS.parts):
        if not waiting:
            break
        part, depth = waiting.pop()
        headers, body = _split(part)
        kind = headers.get_content_type()
        if kind in _PAGES:
            page = _decoded(headers, body)
            if page.strip():
                return page, headers.get_content_charset() or ""
        elif kind.startswith("multipart/") and depth < BOUNDS.nested:
            waiting += [(inner, depth + 1) for inner in reversed(_parts(headers, body))]
    return b"", ""


def _split(part: bytes) -> tuple[Message, bytes]:
    gap = _GAP.search(part, 0, BOUNDS.head)
    head, body = (part[: gap.start()], part[gap.end() :]) if gap else (part[: BOUNDS.head], b"")
    return BytesHeaderParser(policy=compat32).parsebytes(head), body


def _parts(headers: Message, body: bytes) -> list[bytes]:
    boundary = str(headers.get_boundary() or "").encode("ascii", "replace")
    if not boundary:
        return []
    pieces = (b"\n" + body).split(b"\n--" + boundary, BOUNDS.parts)[1:]
    closed = next((at for at, piece in enumerate(pieces) if piece.startswith(b"--")), len(pieces))
    return [piece.partition(b"\n")[2] for piece in pieces[:closed]]


def _decoded(headers: Message, body: bytes) -> bytes:
    code = str(headers.get("content-transfer-encoding", "")).strip().lower()
    if code == "quoted-printable":
        return quopri.decodestring(body)
    if code != "base64":
        return body
    letters = _NOT_BASE64.sub(b"", body)
    try:
        return base64.b64decode(letters + b"=" * (-len(letters) % 4))
    except binascii.Error:
        return b""
