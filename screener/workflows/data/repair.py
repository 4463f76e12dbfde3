"""Repair workflow: what the doctor found is repaired in one new data version, or left as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial

import pyarrow as pa

from screener.data.doctor import Check, known_dates, suspensions
from screener.data.doctor.holdings import first_session
from screener.data.doctor.repair import (
    REPAIR,
    Method,
    Proposal,
    TablesUnderRepair,
    propose_repairs,
    repair_actions,
    repaired_bars,
)
from screener.data.lake.batch import Batch
from screener.data.lake.reading import grouped
from screener.data.lake.scattering import scattered
from screener.data.lake.schema import SIMULATED, TableName
from screener.data.lake.store import Commit, Store
from screener.data.update.factor_update import with_factors
from screener.data.validation.import_checks import checked_import
from screener.errors import StaleCache
from screener.language import say
from screener.workflows.data.stored_tables import StoredTables
from screener.workflows.data.verify import Verified
from screener.workspace.locate import Workspace

__all__ = ["RepairPlan", "apply_repairs", "plan_repairs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairPlan:
    """Repairs proposed for one data version."""

    proposal: Proposal
    data_version: int
    simulated: bool


def plan_repairs(workspace: Workspace, verified: Verified) -> RepairPlan:
    """Propose repairs for the jumps that the doctor found in the newest data version.

    Parameters
    ----------
    workspace
        Where the lake is.
    verified
        What was found, in the newest version.

    Raises
    ------
    StaleCache
        If the tables have changed since.
    """
    names = sorted({f.listing for f in verified.findings if f.check is Check.PRICE_LIMIT})
    with Store.open(workspace.lake) as store:
        _refuse_other(store, verified.data_version)
        start = first_session(store)
        if not names or start is None:
            proposal = Proposal(repairs=(), refusals=())
        else:
            proposal = _proposed(store, names, start)
    return RepairPlan(
        proposal=proposal, data_version=verified.data_version, simulated=verified.simulated
    )


def _proposed(store: Store, names: Sequence[str], start: date) -> Proposal:
    """Propose the repairs of some listings, as many at a time as can be held together."""
    rows = store.rows_by_listing(TableName.BARS)
    groups = grouped({name: rows.get(name, 0) for name in names})
    found = []
    with scattered(store, TableName.BARS, groups) as bars:
        for at, some in enumerate(groups):
            tables = StoredTables(store, some, {TableName.BARS: partial(bars, at)})
            found.append(
                propose_repairs(
                    TablesUnderRepair(
                        bars=tables[TableName.BARS],
                        actions=tables[TableName.ACTIONS],
                        factors=tables[TableName.FACTORS],
                        ex_factors=tables[TableName.EX_FACTORS],
                        suspended=suspensions(tables),
                        list_dates=known_dates(tables, "list_date"),
                        start=start,
                    )
                )
            )
    return Proposal(
        repairs=tuple(item for one in found for item in one.repairs),
        refusals=tuple(item for one in found for item in one.refusals),
    )


def apply_repairs(workspace: Workspace, plan: RepairPlan, *, now: datetime) -> Commit:
    """Make all repairs of a plan in one commit; the version before still reads the old rows.

    Parameters
    ----------
    workspace
        Where the lake is.
    plan
        What to repair.
    now
        Aware instant, written on the rows that are added.

    Raises
    ------
    StaleCache
        If the tables have changed since the plan was made.
    StorageError
        If the lake cannot be written; nothing is changed then.
    """

    def completed(store: Store, batch: Batch) -> Batch:
        _refuse_other(store, plan.data_version)
        repaired = replace(batch, tables={**batch.tables, **_repaired(store, plan, now)})
        return with_factors(store, checked_import(store, repaired, now, rejecting=False).batch)

    message = "repair: " + ", ".join(
        f"{item.listing} {item.text}" for item in plan.proposal.repairs
    )
    with Store.create(workspace.lake) as store:
        return store.commit(Batch(tables={}), message=message, complete=completed)


def _repaired(store: Store, plan: RepairPlan, now: datetime) -> dict[TableName, pa.Table]:
    repairs = plan.proposal.repairs
    tables: dict[TableName, pa.Table] = {}
    # An adjusted history is only ever stored whole, so all bars of a listing go in again.
    names = sorted({item.listing for item in repairs if item.method is not Method.ACTION})
    if names:
        tables[TableName.BARS] = repaired_bars(store.read(TableName.BARS, listings=names), repairs)
    # Rows of a simulated lake all bear its mark, which keeps them from real ones.
    source = SIMULATED if plan.simulated else REPAIR
    actions = repair_actions(repairs, fetched_at=now, source=source)
    if actions.num_rows:
        tables[TableName.ACTIONS] = actions
    return tables


def _refuse_other(store: Store, version: int) -> None:
    if store.version != version:
        raise StaleCache(
            say(
                "the tables are at data version {version}, and {examined} was examined",
                version=store.version,
                examined=version,
            ),
            fix=say("type the command again"),
        )
