"""A backtest of one window written from the README: slow, plain, and on its own.

It shares no code with the program. One name at a time, one session at a time, money in decimals.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from tests.oracle import readme_rules as rules
from tests.oracle.readme_tables import Action, Bar, Story, Tables

LONGEST_WAIT = 10
COVERAGE = 20
PARTICIPATION = Decimal("0.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """Rules from which the program may depart; on is what the texts say.

    Parameters
    ----------
    whole_shares
        New shares of a bonus, a split or rights come as whole ones, fractions lapse.
    beyond_is_pending
        A basket whose entry is beyond the tables is pending, not without data.
    southbound
        Money trades in Hong Kong only in sessions that the mainland holds, too.
    rights
        Rights are taken up at their price, with money from outside if the name has too little.
    """

    whole_shares: bool = True
    beyond_is_pending: bool = True
    southbound: bool = True
    rights: bool = True


PROGRAM = Conduct(whole_shares=False)
"""What the program does today."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One filled order of a name; `paid` is in the listing's currency, charges included."""

    listing: str
    side: str
    session: date
    shares: Decimal
    price: Decimal
    fees: Decimal
    fx: Decimal


@dataclass(slots=True, kw_only=True)
class Name:
    """One name of a window: when it may be bought, when it was, and what became of it."""

    story: Story
    first: int
    state: str = ""
    bought: date | None = None
    due: date = date.max
    valued: date = date.max
    waits: bool = False

    @property
    def sessions(self) -> tuple[date, ...]:
        return rules.sessions(self.story.exchange)

    @property
    def entry(self) -> date:
        return self.sessions[self.first]

    def reaches(self, day: date) -> int:
        """Return how many sessions there are from the entry to a day, both included."""
        return rules.place(self.story.exchange, day + timedelta(days=1)) - self.first


@dataclass(slots=True, kw_only=True)
class Measured:
    """What the oracle says of one window."""

    status: str
    names: list[Name]
    entry: date
    exit: date | None = None
    sessions: int | None = None
    paper: float | None = None
    benchmark: float | None = None
    traded: Decimal | None = None
    fees: Decimal = Decimal(0)
    orders: list[Order] = field(default_factory=list)
    entitled: bool = False
    unsold: bool = False

    @property
    def waiting(self) -> int:
        """How many names are in and not bought, or not yet."""
        return sum(item.waits for item in self.names)


def measure(
    tables: Tables,
    listings: tuple[str, ...],
    published: date | datetime,
    horizon: int,
    capital: int = 0,
    conduct: Conduct = PROGRAM,
) -> Measured:
    """Measure a basket of equal weights over `horizon` sessions, with money if there is any."""
    names = [_named(tables, item, published) for item in listings]
    if all(item.entry > tables.reach[item.story.exchange] for item in names):
        for item in names:  # none of its tables has come so far: no coverage can have ended
            if item.state == "uncovered" and item.story.days[:1] <= [item.entry]:
                item.state = "beyond"
    held = [item for item in names if item.state in {"held", "beyond"}]
    entry = min(item.entry for item in (held or names))
    if not any(item.state == "held" for item in names):
        for item in held:
            item.waits = conduct.beyond_is_pending
        begun = held and conduct.beyond_is_pending
        return Measured(status="pending" if begun else "no_data", names=names, entry=entry)
    for item in names:
        due = item.first + horizon - 1
        item.due = item.sessions[due] if due < len(item.sessions) else date.max
    status, length, stop = _status(tables, names, held, horizon)
    for item in held:
        if item.state == "held":
            _schedule(item, stop)
        item.waits = item.bought is None
    found = Measured(status=status, names=names, entry=entry, sessions=length)
    found.exit = max(item.valued for item in held if item.state == "held")
    found.paper = float(sum(_paper(tables, item) for item in held) / len(held) - 1)
    found.benchmark = float(sum(_index(tables, item) for item in held) / len(held) - 1)
    if capital and horizon > 1:  # what is bought today is sold tomorrow at the earliest
        _trade(tables, held, found, Decimal(capital), conduct)
    return found


# --- who is in


def _named(tables: Tables, listing: str, published: date | datetime) -> Name:
    story = tables.stories[listing]
    item = Name(story=story, first=rules.entry_place(story.exchange, published))
    around = item.sessions[max(item.first - COVERAGE, 0) : item.first + 1]
    reach = tables.reach[story.exchange]
    if story.days[:1] > [item.entry] or not any(story.known(day) for day in around):
        item.state = "uncovered"
    elif item.entry > reach:
        item.state = "beyond"
    elif story.last < item.entry:
        item.state = "ended"
    else:
        item.state = "held"
    return item


def _status(
    tables: Tables, names: list[Name], held: list[Name], horizon: int
) -> tuple[str, int, date]:
    """Return the status, how many sessions every held name reaches, and the last day for all."""
    status, last = "mature", date.max
    furthest = max(tables.reach[item.story.exchange] for item in names)
    for item in held:
        if item.state != "held":
            continue
        reach = tables.reach[item.story.exchange]
        stop = min(item.story.last, reach)
        if item.reaches(stop) < horizon:
            last = min(last, stop)
            over = item.due <= furthest  # others have finished the window
            status = "partial" if stop < reach or over or status == "partial" else "pending"
    if any(item.state == "beyond" for item in names):
        status = "pending"
    elif any(item.state == "ended" for item in names) and status == "mature":
        status = "pending"  # only a held name makes a row partial; this one may come back
    if last == date.max:
        return status, horizon, last
    reached = [min(item.reaches(last), horizon) for item in held if item.state == "held"]
    return status, min(reached), last


# --- buying


def _schedule(item: Name, stop: date) -> None:
    item.valued = item.due
    if stop < item.due:
        item.valued = item.sessions[item.first + item.reaches(stop) - 1]
    for day in item.sessions[item.first : item.first + LONGEST_WAIT + 1]:
        if day > item.valued:
            return
        if _can_buy(item.story, day):
            item.bought = day
            return


def _can_buy(story: Story, day: date) -> bool:
    if not story.trades(day):
        return False
    band = band_on(story, day)
    bar = story.bars[day]
    if band is None:
        return True
    near, far = _slacks(story, bar)
    return bar.opened < band[1] - near or bar.opened > band[1] + far


def _can_sell(story: Story, day: date) -> bool:
    if not story.trades(day):
        return False
    band = band_on(story, day)
    bar = story.bars[day]
    if band is None:
        return True
    near, far = _slacks(story, bar)
    return bar.closed > band[0] + near or bar.closed < band[0] - far


def _slacks(story: Story, bar: Bar) -> tuple[Decimal, Decimal]:
    """Return how near a quote at its limit is to it, and how far beyond it none held.

    Half a tick, and beyond it two ticks for adjusted prices, which lie off the grid.
    """
    tick = rules.tick_of(story.board, fund=story.fund)
    return tick / 2, tick / 2 if bar.raw else 2 * tick


def band_on(story: Story, day: date) -> tuple[Decimal, Decimal] | None:
    """Return the lowest and the highest price of a day, or nothing where there is no limit."""
    before = story.close_by(day - timedelta(days=1))
    rate = rules.limit_rate(_standing(story, day), day)
    if before is None or rate is None:
        return None
    reference, action = before[1], story.actions.get(day)
    if not story.bars[day].raw:
        return reference * (1 - rate), reference * (1 + rate)
    if action is not None:
        tick, reference = rules.tick_of(story.board, fund=story.fund), action.reference(reference)
        reference = rules.step(reference, tick, rules.ROUND_HALF_UP)
    return rules.limits(reference, rate, board=story.board, fund=story.fund)


def _standing(story: Story, day: date) -> rules.Standing:
    name = story.name_on(day)
    bare = name.removeprefix("*")
    days = rules.sessions(story.exchange)
    age = None
    if story.listed is not None and story.listed >= days[0]:
        age = rules.place(story.exchange, day) - rules.place(story.exchange, story.listed)
    return rules.Standing(
        board=story.board,
        fund=story.fund,
        special=story.special.get(day, bare.startswith(("ST", "SST", "S*ST"))),
        unreformed=bare.startswith("S") and not bare.startswith("ST"),
        leaving=bare.startswith("退市") or bare.endswith("退"),
        age=age,
        listed=story.listed,
    )


# --- paper


def _paper(tables: Tables, item: Name) -> Decimal:
    """Return what one CNY became: it stays cash until the name is bought."""
    if item.bought is None:
        return Decimal(1)
    story = item.story
    closed = story.close_by(item.valued)
    assert closed is not None
    growth = closed[1] * story.growth(item.bought, item.valued) / story.bars[item.bought].opened
    return growth * _rate(tables, story, item.valued) / _rate(tables, story, item.bought)


def _rate(tables: Tables, story: Story, day: date) -> Decimal:
    found = tables.fx(story.currency, day)
    assert found is not None
    return found


def _index(tables: Tables, item: Name) -> Decimal:
    if item.state != "held":
        return Decimal(1)
    index = tables.stories["HSI.HK" if item.story.exchange == "HK" else "000300.SH"]
    first, last = index.bars[item.entry], index.close_by(item.valued)
    assert last is not None
    growth = last[1] / first.opened
    story = item.story
    if story.exchange != "HK":
        return growth
    return growth * (tables.fx("HKD", item.valued) or 0) / (tables.fx("HKD", item.entry) or 1)


# --- with money


def _trade(
    tables: Tables, held: list[Name], found: Measured, capital: Decimal, conduct: Conduct
) -> None:
    days = [(item.story, _reached(item, conduct)) for item in held]
    if any(day is not None and not story.lot_on(day) for story, day in days):
        return  # without its board lot no order can be made
    value = Decimal(0)
    for item in held:
        mature = found.status == "mature"
        found.entitled |= _entitled(item)
        cash, tax, orders, left = _traded(tables, item, capital / len(held), conduct, mature=mature)
        value += cash
        found.unsold |= left > 0
        found.orders.extend(orders)
        found.fees += tax
        found.fees += sum((order.fees * order.fx for order in orders), Decimal(0))
    if found.status == "mature" and found.unsold:
        found.status = "pending"  # a later session tells what the rest fetches
        return
    found.traded = value / capital - 1


def _entitled(item: Name) -> bool:
    """Tell whether an action comes while the name may be held."""
    return any(day >= item.entry for day in item.story.actions)


def _traded(
    tables: Tables, item: Name, money: Decimal, conduct: Conduct, *, mature: bool
) -> tuple[Decimal, Decimal, list[Order], Decimal]:
    """Return a name's money at the end and its dividends' tax, in CNY, its orders, shares left."""
    story = item.story
    bought = _reached(item, conduct)
    if bought is None:
        return money, Decimal(0), [], Decimal(0)
    shares = _affordable(tables, story, bought, money)
    if not shares:
        return money, Decimal(0), [], Decimal(0)
    orders = [_order(tables, story, "buy", bought, Decimal(shares))]
    cash = money - orders[0].fx * (shares * orders[0].price + orders[0].fees)
    held = _Held(tax_lots=[_TaxLot(bought=bought, shares=Decimal(shares))])
    tax = Decimal(0)
    for day in _days(story, bought, tables.reach[story.exchange]):
        if not mature and day > item.valued:
            break
        action = story.actions.get(day)
        if action is not None and day > bought:
            paid, due = held.ex(action, day, story, _rate(tables, story, day), conduct)
            cash, tax = cash + paid - due, tax + due
        if not mature or day < item.due or not _sellable(story, bought, day, conduct):
            continue
        sold = _sale(story, held.shares, day)
        if sold:
            orders.append(_order(tables, story, "sell", day, sold))
            cash += orders[-1].fx * (sold * orders[-1].price - orders[-1].fees)
            due = held.take(sold, day)
            cash, tax = cash - due, tax + due
        if not held.shares:
            break
    last = min(item.valued if not mature else date.max, tables.reach[story.exchange])
    closed = story.close_by(last)
    assert closed is not None
    value = held.shares * closed[1] * _rate(tables, story, last)
    return cash + value, tax, orders, held.shares


@dataclass(slots=True, kw_only=True)
class _TaxLot:
    """Shares that came on one day, and the dividends that they were paid, in CNY."""

    bought: date
    shares: Decimal
    dividends: Decimal = Decimal(0)


@dataclass(slots=True, kw_only=True)
class _Held:
    """Shares of one name, those that came first before the others."""

    tax_lots: list[_TaxLot]

    @property
    def shares(self) -> Decimal:
        return sum((item.shares for item in self.tax_lots), Decimal(0))

    def ex(
        self, action: Action, day: date, story: Story, fx: Decimal, conduct: Conduct
    ) -> tuple[Decimal, Decimal]:
        """Go through an ex-date; return the money received, less what rights cost, and the tax."""
        before = self.shares
        money = before * action.cash * fx
        for item in self.tax_lots:
            if story.board != "hk":  # there it is withheld when it is paid
                item.dividends += item.shares * action.cash * fx
            item.shares = _whole(item.shares * (1 + action.bonus) * action.split, conduct)
        due = money * rules.SOUTHBOUND_TAX if story.board == "hk" else Decimal(0)
        if conduct.rights and action.rights:
            taken = _whole(before * action.rights, conduct)
            money -= taken * action.rights_price * fx
            self.tax_lots.append(_TaxLot(bought=day, shares=taken * action.split))
        return money, due

    def take(self, shares: Decimal, day: date) -> Decimal:
        """Give shares away, the first ones first; return the tax due on their dividends."""
        due = Decimal(0)
        while shares:
            first = self.tax_lots[0]
            part = min(shares, first.shares)
            share = first.dividends * part / first.shares
            due += share * rules.dividend_tax(first.bought, day)
            first.dividends, first.shares = first.dividends - share, first.shares - part
            shares -= part
            if not first.shares:
                self.tax_lots.pop(0)
        return due


def _whole(shares: Decimal, conduct: Conduct) -> Decimal:
    return shares.quantize(Decimal(1), rounding="ROUND_DOWN") if conduct.whole_shares else shares


def _days(story: Story, first: date, last: date) -> Iterator[date]:
    days = rules.sessions(story.exchange)
    for day in days[rules.place(story.exchange, first) :]:
        if day > last:
            return
        yield day


def _reached(item: Name, conduct: Conduct) -> date | None:
    """Return the session in which money buys: the one on paper, or the first it can get to."""
    if item.bought is None or _open_to_money(item.story, item.bought, conduct):
        return item.bought
    later = _days(item.story, item.bought, item.valued)
    return next(
        (
            day
            for day in later
            if _open_to_money(item.story, day, conduct) and _can_buy(item.story, day)
        ),
        None,
    )


def _open_to_money(story: Story, day: date, conduct: Conduct) -> bool:
    mainland = rules.sessions("SH")
    return story.board != "hk" or not conduct.southbound or day in mainland


def _sellable(story: Story, bought: date, day: date, conduct: Conduct) -> bool:
    if not _can_sell(story, day) or not _open_to_money(story, day, conduct):
        return False
    return story.board == "hk" or day > bought


def _order(tables: Tables, story: Story, side: str, day: date, shares: Decimal) -> Order:
    bar = story.bars[day]
    price = bar.opened if side == "buy" else bar.closed
    fees = rules.charges(
        story.board,
        shares * price,
        day,
        sale=side == "sell",
        terms=rules.Terms(),
        fund=story.fund,
    )
    return Order(
        listing=story.listing,
        side=side,
        session=day,
        shares=shares,
        price=price,
        fees=fees,
        fx=_rate(tables, story, day),
    )


def _affordable(tables: Tables, story: Story, day: date, money: Decimal) -> int:
    """Return the most shares in whole lots that the money pays for, charges included."""
    bar, lot = story.bars[day], story.lot_on(day) or 0
    fx = _rate(tables, story, day)
    shares = int(money / fx / bar.opened)
    shares = rules.whole_lots(story.board, shares, lot)
    while shares:
        order = _order(tables, story, "buy", day, Decimal(shares))
        if fx * (shares * bar.opened + order.fees) <= money:
            break
        step = 1 if story.board in {"star", "bse"} else lot
        shares = rules.whole_lots(story.board, shares - step, lot)
    return rules.whole_lots(story.board, min(shares, _most(bar, shares)), lot)


def _most(bar: Bar, otherwise: int) -> int:
    return otherwise if bar.volume is None else int(Decimal(repr(bar.volume)) * PARTICIPATION)


def _sale(story: Story, holding: Decimal, day: date) -> Decimal:
    """Return what one session takes of a holding: all of it, or whole lots."""
    volume = story.bars[day].volume
    if volume is None or holding <= Decimal(repr(volume)) * PARTICIPATION:
        return holding
    most = int(Decimal(repr(volume)) * PARTICIPATION)
    return Decimal(rules.whole_lots(story.board, most, story.lot_on(day) or 0))
