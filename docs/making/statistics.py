"""The reference of statistics: what each is, its formula and paper, from docstrings."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from docs.making.words import ROOT, heading

__all__ = ["statistics_page"]

_PLACES = (
    "study/models.py", "study/calendar_time.py", "study/reversal.py", "study/statistics",
    "study/placebo/monte_carlo.py", "scoring", "paths/metrics",
)  # fmt: skip


def statistics_page() -> str:
    """Return the page of every public statistic."""
    lines = heading(
        "Statistics",
        "Every statistic with its formula and where it was published, from the code's own "
        "docstrings.",
        source="from screener/study, screener/scoring and screener/paths/metrics",
    )
    for place in _PLACES:
        path = ROOT / "screener" / place
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            found = list(_functions(ast.parse(file.read_text(encoding="utf-8"))))
            if found:
                lines += [f"## {file.relative_to(ROOT / 'screener').as_posix()}", ""]
                for name, text in found:
                    lines += [f"### {name}", "", text, ""]
    return "\n".join(lines)


def _functions(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Give the public functions of a module that compute, with what their docstrings tell."""
    for item in tree.body:
        if isinstance(item, ast.FunctionDef) and not item.name.startswith("_"):
            text = (ast.get_docstring(item) or "").split("\n\nParameters\n")[0]
            text = text.split("\n\nRaises\n")[0]
            if text:
                yield item.name, text.replace("*", "\\*").replace("<", "&lt;")
