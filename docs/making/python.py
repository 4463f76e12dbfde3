"""The reference of the Python interface, from signatures and docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

from docs.making.words import heading

__all__ = ["public_names", "python_page"]


def public_names() -> Iterator[tuple[str, Any]]:
    """Give each public function, class and method of the library, with its dotted name."""
    from screener import api

    for name in ("open", "init", "demo"):
        yield f"screener.{name}", getattr(api, name)
    kinds = [name for name in api.__all__ if inspect.isclass(getattr(api, name))]
    for name in kinds:
        kind = getattr(api, name)
        yield name, kind
        for member, value in vars(kind).items():
            if not member.startswith("_") and (
                inspect.isfunction(value) or isinstance(value, property) or hasattr(value, "func")
            ):
                yield f"{name}.{member}", value


def python_page() -> str:
    """Return the page of the Python interface."""
    lines = heading(
        "Python",
        "The library behind the command line. Every example runs as a test.",
        source="from screener/api.py and screener/api_results.py",
    )
    for name, value in public_names():
        level = "##" if "." not in name or name.startswith("screener.") else "###"
        lines += [f"{level} {name}", "", *_signature(name, value), *_docstring(value)]
    return "\n".join(lines)


def _signature(name: str, value: Any) -> list[str]:
    if not inspect.isfunction(value):
        return []
    shown = str(inspect.signature(value, eval_str=False)).replace("'", "")
    shown = re.sub(r"\(self(, )?", "(", shown)
    return ["```python", f"{name.split('.')[-1]}{shown}", "```", ""]


def _docstring(value: Any) -> Iterator[str]:
    """Give a docstring in NumPy's form as Markdown."""
    lines = (inspect.getdoc(value) or "").splitlines()
    skip = False
    example = False
    for at, line in enumerate(lines):
        below = lines[at + 1] if at + 1 < len(lines) else ""
        if skip:
            skip = False
            continue
        if below and set(below) == {"-"} and line.strip():
            if example:
                yield "```"
                example = False
            yield from ("", f"**{line}**", "")
            skip = True
        elif line.startswith((">>>", "...")) and not example:
            example = True
            yield from ("", "```pycon", line)
        elif example and not line.strip():
            example = False
            yield from ("```", "")
        elif example:
            yield line
        else:
            yield from _text(line)
    if example:
        yield "```"
    yield ""


def _text(line: str) -> Iterator[str]:
    if line.startswith("    "):
        yield f":   {line.strip()}" if line.strip() else ""
    elif re.fullmatch(r"[\w, *]+", line) and line:
        yield from ("", f"`{line}`", "")
    else:
        yield line
