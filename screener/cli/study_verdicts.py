"""The part of `screener study` that compares with random baskets and says the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from screener.cli.common import horizons_of
from screener.errors import InputError
from screener.language import Language, say

if TYPE_CHECKING:
    from rich.console import Console

    from screener.workflows.study.verdicts import VerdictRun
    from screener.workspace.locate import Workspace

__all__ = ["VerdictPart"]


class VerdictPart:
    """What `--placebo` asks for; without it, nothing at all.

    Parameters
    ----------
    draws
        Random baskets of each event and horizon, 0 for none.
    hold
        Horizons.
    placebos, controls, verdicts
        Files to write.
    """

    def __init__(
        self,
        draws: int,
        hold: str,
        *,
        placebos: str | None,
        controls: str | None,
        verdicts: str | None,
    ) -> None:
        if draws < 0:
            raise InputError(
                say("{option} {n} is below {least}", option="--placebo", n=draws, least=0)
            )
        if not draws and (placebos or controls or verdicts):
            raise InputError(
                say("--placebos, --controls and --verdicts need --placebo"),
                fix=say("write {option}", option="--placebo 2000"),
            )
        self.draws, self.horizons = draws, horizons_of(hold)
        self.placebos, self.controls, self.verdicts = placebos, controls, verdicts
        self.found: VerdictRun | None = None

    def write(self, *, excel: bool, headers: Language | None) -> None:
        """Write the files that were asked for."""
        if self.found is None:
            return
        from screener.results.files import write_rows
        from screener.results.placebo import CONTROLS, PLACEBOS, VERDICTS
        from screener.workflows.study.placebo.rows import control_rows, placebo_rows
        from screener.workflows.study.verdicts import verdict_rows

        beside = self.found.placebo
        for target, spec, rows in (
            (self.placebos, PLACEBOS, partial(placebo_rows, beside)),
            (self.controls, CONTROLS, partial(control_rows, beside)),
            (self.verdicts, VERDICTS, partial(verdict_rows, self.found)),
        ):
            if target is not None:
                write_rows(target, spec, rows(), excel=excel, headers=headers)

    def show(self, out: Console, titles: Mapping[str, str]) -> None:
        """Print the comparison and the verdicts; `titles` are what to call baskets."""
        if self.found is None:
            return
        from screener.render.study.placebo import placebo_page
        from screener.render.study.verdict import verdict_text
        from screener.workflows.study.placebo.joint import joint_results

        beside = self.found.placebo
        out.print(placebo_page(beside, joint_results(beside), titles))
        told = "".join(f"\n{verdict_text(verdict)}\n" for verdict in self.found.verdicts)
        out.print(told, end="", markup=False, highlight=False)

    def remarks(self, place: Workspace, jobs: int) -> list[str]:
        """Store the backtest that the verdicts rest on; return what a reader should know."""
        if self.found is None:
            return []
        from screener.workflows.backtest.documents import encoded_document
        from screener.workflows.kept_runs import save_run
        from screener.workflows.study.known import keep_verdicts
        from screener.workflows.study.placebo.rows import placebo_document

        backtest = self.found.backtest
        stored = save_run(place, backtest.run_id, encoded_document(backtest, jobs=jobs))
        beside = self.found.placebo
        stored += save_run(place, beside.run_id, placebo_document(beside))
        kept = keep_verdicts(place, backtest.data_version, self.found.verdicts)
        return [*self.found.placebo.remarks, *backtest.remarks, *stored, *kept]
