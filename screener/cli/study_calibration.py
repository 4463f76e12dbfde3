"""The part of `screener study` that draws random events and shows how often each test errs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from screener.domain.amounts import parse_amount
from screener.errors import InputError
from screener.language import Language, say

if TYPE_CHECKING:
    from rich.console import Console

    from screener.workflows.study.calibration import CalibrationRun
    from screener.workspace.locate import Workspace

__all__ = ["CalibrationPart", "share_of"]


class CalibrationPart:
    """What `--calibrate` asks for; without it, nothing at all.

    Parameters
    ----------
    draws
        How many, 0 for none.
    planted
        Return to plant, as it was typed; empty for none.
    target
        File to write.
    """

    def __init__(self, draws: int, planted: str, target: str | None) -> None:
        if not draws and (target or planted):
            raise InputError(
                say("--calibration and --planted need --calibrate"),
                fix=say("write {option}", option="--calibrate 200"),
            )
        self.draws, self.target = draws, target
        self.planted = share_of(planted, "--planted") if planted else 0.0
        self.found: CalibrationRun | None = None

    def write(self, *, excel: bool, headers: Language | None) -> None:
        """Write the file that was asked for."""
        if self.found is None or self.target is None:
            return
        from screener.results.files import write_rows
        from screener.results.study import CALIBRATION
        from screener.workflows.study.calibration import calibration_rows

        rows = calibration_rows(self.found)
        write_rows(self.target, CALIBRATION, rows, excel=excel, headers=headers)

    def show(self, out: Console) -> None:
        """Print how often each test errs."""
        if self.found is None:
            return
        from screener.render.study.results import calibration_page

        out.print()
        out.print(calibration_page(self.found))

    def remarks(self, place: Workspace) -> tuple[str, ...]:
        """Store the run; return what a reader should know."""
        if self.found is None:
            return ()
        from screener.workflows.kept_runs import save_run
        from screener.workflows.study.calibration import calibration_document

        return save_run(place, self.found.run_id, calibration_document(self.found))


def share_of(text: str, option: str) -> float:
    """Return a share or a return as it was typed, `0.01` or `1%`."""
    return parse_amount(text, parameter=option, units="%", fix=say("write it like 1% or 0.01"))
