"""Listings: a security on one exchange, with the id that investors write (`300857.SZ`)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache

from screener.domain.former_codes import renumbering
from screener.errors import AmbiguousMention, InputError
from screener.language import say

__all__ = [
    "INDEX_ID",
    "Board",
    "Currency",
    "Exchange",
    "Kind",
    "Listing",
    "parse_exchange",
    "parse_listing",
    "parse_listing_on",
    "stored_listing",
]


class Currency(StrEnum):
    """Currency of a price or an amount."""

    CNY = "CNY"
    HKD = "HKD"
    USD = "USD"


class Exchange(StrEnum):
    """Exchange of a listing, or who compiles an index; the value is the suffix of its id.

    China Securities Index (CSI), Shenwan (SI) and Wind (WI) list nothing: their indices are
    counted in renminbi on the mainland's sessions.
    """

    SH = "SH"
    SZ = "SZ"
    BJ = "BJ"
    HK = "HK"
    CSI = "CSI"
    SI = "SI"
    WI = "WI"

    @property
    def compiler(self) -> bool:
        """Whether it compiles indices and lists nothing."""
        return self in (Exchange.CSI, Exchange.SI, Exchange.WI)

    @property
    def mainland(self) -> bool:
        """Whether it is in mainland China."""
        return self is not Exchange.HK

    @property
    def currency(self) -> Currency:
        """Currency in which the exchange's ordinary shares trade."""
        return Currency.CNY if self.mainland else Currency.HKD


class Board(StrEnum):
    """Board of a listing: what decides its price limits and lots."""

    MAIN = "main"
    CHINEXT = "chinext"
    STAR = "star"
    BSE = "bse"
    B_SHARE = "b_share"
    FUND = "fund"
    HK = "hk"
    BOND = "bond"
    INDEX = "index"


class Kind(StrEnum):
    """What a bare code is expected to be where it could be a security or an index."""

    SECURITY = "security"
    INDEX = "index"


# Mainland code prefixes (exchange rule books; BSE moved to 920 from 2024-04-22), the first wins.
_PREFIX_BOARD: tuple[tuple[str, Exchange, Board], ...] = (
    ("688", Exchange.SH, Board.STAR),
    ("689", Exchange.SH, Board.STAR),
    ("60", Exchange.SH, Board.MAIN),
    ("900", Exchange.SH, Board.B_SHARE),
    ("5", Exchange.SH, Board.FUND),
    ("000", Exchange.SZ, Board.MAIN),
    ("001", Exchange.SZ, Board.MAIN),
    ("002", Exchange.SZ, Board.MAIN),
    ("003", Exchange.SZ, Board.MAIN),
    ("30", Exchange.SZ, Board.CHINEXT),
    ("200", Exchange.SZ, Board.B_SHARE),
    ("15", Exchange.SZ, Board.FUND),
    ("16", Exchange.SZ, Board.FUND),
    ("18", Exchange.SZ, Board.FUND),
    ("399", Exchange.SZ, Board.INDEX),
    ("920", Exchange.BJ, Board.BSE),
    ("43", Exchange.BJ, Board.BSE),
    ("83", Exchange.BJ, Board.BSE),
    ("87", Exchange.BJ, Board.BSE),
    ("88", Exchange.BJ, Board.BSE),
)

# Convertible bonds are neither shares nor funds; the rest of these blocks are other bonds.
_CONVERTIBLES = ("110", "111", "113", "118", "123", "127", "128")
_BONDS = ("01", "10", "11", "12", "13")

# Shanghai indices whose six digits are no share of Shenzhen.
_INDEX_ONLY = frozenset({"000300"})

# Shanghai indices whose six digits are also a Shenzhen share: bare, they could be either.
_SHARED_WITH_INDEX = frozenset(
    {
        *("000001", "000002", "000009", "000010", "000016"),
        *("000688", "000852", "000903", "000905", "000906"),
    }
)

_MARKS: dict[Exchange, tuple[str, ...]] = {
    Exchange.SH: ("SH", "SS", "SSE", "SHSE", "XSHG", "SHA"),
    Exchange.SZ: ("SZ", "SZSE", "XSHE", "SHE"),
    Exchange.BJ: ("BJ", "BSE", "BJSE"),
    Exchange.HK: ("HK", "HKEX", "SEHK", "HKSE", "XHKG", "HKG"),
    **{item: (str(item),) for item in (Exchange.CSI, Exchange.SI, Exchange.WI)},
}
_SUFFIXES = {mark: exchange for exchange, marks in _MARKS.items() for mark in marks}
_CITIES = {
    Exchange.SH: "上海|沪|滬|上(?=[交证證])",
    Exchange.SZ: "深圳|深",
    Exchange.BJ: "北京|京|北(?=[交证證])",
    Exchange.HK: "香港|港",
}
_VENUE = "(?:(?:证券|證券|联合|聯合)?交易所|交所|[证證]所?|市场?|股)?(?:主板)?(?:[AB]股?)?"
_MARK = "|".join((*_SUFFIXES, "CH"))
_WITH_SUFFIX = re.compile(rf"^([0-9A-Z]{{1,10}})[ .]({_MARK})$")
_WITH_PREFIX = re.compile(rf"^({_MARK})(?:[ .:#]?(?=[0-9]{{3}})|[.:#])([0-9]{{1,6}})$")
_VENDOR_END = re.compile(r"\s+EQUITY$")
_SPREADSHEET_MARKS = "=\"'‘’` "
_INDEX_NAME = re.compile(r"^[A-Z]{2,8}$")
# Codes of each compiler, and those that no exchange uses: these need no suffix.
_COMPILED = {
    Exchange.CSI: (re.compile(r"[0-9A-Z][0-9]{5}"), re.compile(r"H[0-9]{5}|93[0-9]{4}")),
    Exchange.SI: (re.compile(r"8[05][0-9]{4}"), re.compile(r"8[05][0-9]{4}")),
    Exchange.WI: (re.compile(r"[0-9]{6,7}"), re.compile(r"88[0-9]{5}")),
}
INDEX_ID = (
    r"(000[0-9]{3}\.SH|399[0-9]{3}\.SZ|[A-Z]{2,8}\.HK"
    r"|[0-9A-Z][0-9]{5}\.CSI|8[05][0-9]{4}\.SI|[0-9]{6,7}\.WI)"
)
"""Regular expression of the ids that are indices, not securities."""
_BRACKETS = str.maketrans("", "", "()[]【】〔〕<>")


@dataclass(frozen=True, slots=True, order=True)
class Listing:
    """One security on one exchange.

    Parameters
    ----------
    code
        Local code: six digits on the mainland, five in Hong Kong, letters for a Hong Kong index;
        an index of a compiler as that one writes it (`H00300.CSI`, `801750.SI`, `8841678.WI`).
    exchange
        Exchange it is listed on.
    """

    code: str
    exchange: Exchange

    @property
    def id(self) -> str:
        """Id as investors write it, such as `300857.SZ`; the key in every table."""
        return f"{self.code}.{self.exchange}"

    @property
    def board(self) -> Board:
        """Board, told from the code's prefix."""
        return _board_of(self.code, self.exchange)

    @property
    def currency(self) -> Currency:
        """Currency its price is quoted in."""
        return _currency_of(self.code, self.exchange)

    @property
    def present(self) -> Listing:
        """The listing under its present code: itself, unless the code was replaced."""
        change = renumbering(self.code)
        if change is None or change.exchange != self.exchange:
            return self
        return Listing(change.present, self.exchange)

    def __str__(self) -> str:
        return self.id


@cache
def _currency_of(code: str, exchange: Exchange) -> Currency:
    if _board_of(code, exchange) is Board.B_SHARE:  # US dollars in Shanghai, HK dollars in Shenzhen
        return Currency.USD if exchange is Exchange.SH else Currency.HKD
    if exchange is Exchange.HK and code.startswith("8"):
        return Currency.CNY  # renminbi counters are 80000 to 89999
    return exchange.currency


@cache
def _board_of(code: str, exchange: Exchange) -> Board:
    if exchange.compiler or not code.isdigit():
        return Board.INDEX
    if exchange is Exchange.SH and code.startswith("000"):
        return Board.INDEX
    if exchange is Exchange.HK:
        return Board.HK
    return Board.BOND if _is_bond(code) else _mainland_board(code)[1]


def _is_bond(code: str) -> bool:
    return code.startswith(_BONDS)


_LISTING = "listing"


def stored_listing(text: str) -> Listing:
    """Return the listing of an id as tables hold it, whatever it is today: nothing is refused.

    What came in before a code was replaced, or before bonds were refused, is told by the audit.
    """
    code, _, exchange = text.rpartition(".")
    return Listing(code, Exchange(exchange))


def parse_listing(text: str, *, parameter: str = _LISTING, kind: Kind | None = None) -> Listing:
    """Parse a code in any style that investors use.

    A code that its listing bore before leads to it: `835185.BJ` is `920185.BJ` (see
    `former_codes`).

    Parameters
    ----------
    text
        `300857`, `300857.SZ`, `sz300857`, `300857 SZ`, `SH603629`, `700.HK`, `HSI.HK`,
        `SSE:603629`, `SHSE.603629`, `HKEX:700`, `700 HK Equity`, `'300857`, `300857.XSHE`,
        `H00300`, `801750.SI`.
    parameter
        Name of what is being parsed, for the error message.
    kind
        What a bare code stands for when it could be a share or an index.

    Raises
    ------
    InputError
        If the text is no code, or a bond's, or its exchange contradicts its digits.
    AmbiguousMention
        If the bare code is both a share and an index and `kind` does not say which.
    """
    return _parsed(text, parameter, kind)


@lru_cache(maxsize=1 << 16)  # a workspace of many cards names the same few thousand
def _parsed(text: str, parameter: str, kind: Kind | None) -> Listing:
    cleaned = _cleaned(text)
    if match := _WITH_SUFFIX.match(cleaned):
        return _from_parts(match[1], match[2], text, parameter, kind)
    if match := _WITH_PREFIX.match(cleaned):
        return _from_parts(match[2], match[1], text, parameter, kind)
    if (compiled := _compiled(cleaned)) is not None:
        return compiled
    if cleaned.isascii() and cleaned.isdigit():
        return _from_bare(cleaned, text, parameter, kind)
    raise _not_a_code(text, parameter)


def parse_listing_on(text: str, exchange: Exchange, *, parameter: str = _LISTING) -> Listing:
    """Parse a code of which the exchange is known from elsewhere.

    Digits get the zeros back that they lost: their length on each exchange is fixed.

    Raises
    ------
    InputError
        If the text is no code of that exchange.
    """
    cleaned = _cleaned(text)
    if cleaned.isascii() and cleaned.isalnum() and not _WITH_PREFIX.match(cleaned):
        code = cleaned.zfill(6) if exchange.mainland and cleaned.isdigit() else cleaned
        return _from_parts(code, str(exchange), text, parameter, None)
    found = parse_listing(text, parameter=parameter)
    if found.exchange is not exchange:
        raise InputError(
            say(
                "{parameter} {text} is on {exchange}, its exchange is given as {given}",
                parameter=_named(parameter),
                text=repr(text),
                exchange=found.exchange,
                given=exchange,
            ),
            fix=say("correct one of the two"),
        )
    return found


def parse_exchange(text: str) -> Exchange | None:
    """Return the exchange that a word names (`sh`, `XSHG`, `上交所`, `深市`); `None` if none."""
    word = unicodedata.normalize("NFKC", text).strip().upper()
    if word in _SUFFIXES:
        return _SUFFIXES[word]
    return next(
        (one for one, city in _CITIES.items() if re.fullmatch(f"(?:{city}){_VENUE}", word)), None
    )


def _cleaned(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).translate(_BRACKETS).upper()
    return _VENDOR_END.sub("", plain.strip(_SPREADSHEET_MARKS))


def _from_parts(code: str, mark: str, text: str, parameter: str, kind: Kind | None) -> Listing:
    if mark == "CH":  # Bloomberg's one suffix for both mainland exchanges
        return _from_bare(code, text, parameter, kind or Kind.SECURITY)
    exchange = _SUFFIXES[mark]
    if exchange is Exchange.HK:
        return _hong_kong(code, text, parameter)
    if exchange.compiler:
        return _of_compiler(code, exchange, text, parameter)
    if (compiled := _compiled(code)) is not None:  # some vendors write H00300.SH
        return compiled
    if not (len(code) == 6 and code.isdigit()):
        raise InputError(
            say(
                "{parameter} {text}: a {exchange} code has six digits",
                parameter=_named(parameter),
                text=repr(text),
                exchange=exchange,
            ),
            fix=say("write it like 603629.SH"),
        )
    if exchange is Exchange.SH and code.startswith("000"):
        return Listing(code, exchange)
    owner = _owner(code, text, parameter)
    if code in _INDEX_ONLY:
        raise InputError(
            say(
                "{parameter} {text}: no share has the code {code}, it is an index of Shanghai",
                parameter=_named(parameter),
                text=repr(text),
                code=code,
            ),
            fix=say("write {code}.SH for the index, or the share's own code", code=code),
        )
    if owner is not exchange:
        raise InputError(
            say(
                "{parameter} {text}: {code} is a code of {owner}, not of {exchange}",
                parameter=_named(parameter),
                text=repr(text),
                code=code,
                owner=owner,
                exchange=exchange,
            ),
            fix=say("write {code}.{owner}", code=code, owner=owner),
        )
    return Listing(code, exchange).present


def _from_bare(code: str, text: str, parameter: str, kind: Kind | None) -> Listing:
    if len(code) == 5:
        return Listing(code, Exchange.HK)
    if len(code) != 6:
        raise _not_a_code(text, parameter)
    if code in _SHARED_WITH_INDEX:
        if kind is None:
            raise AmbiguousMention(
                say(
                    "{parameter} {text} is both a Shenzhen share and a Shanghai index",
                    parameter=_named(parameter),
                    text=repr(text),
                ),
                fix=say("write {code}.SZ for the share or {code}.SH for the index", code=code),
            )
        return Listing(code, Exchange.SH if kind is Kind.INDEX else Exchange.SZ)
    if kind is Kind.SECURITY and code in _INDEX_ONLY:
        raise InputError(
            say(
                "{parameter} {text} is an index, not a share",
                parameter=_named(parameter),
                text=repr(text),
            ),
            fix=say("write {code}.SH for the index, or the share's own code", code=code),
        )
    if code in _INDEX_ONLY or (kind is Kind.INDEX and code.startswith("000")):
        return Listing(code, Exchange.SH)
    return Listing(code, _owner(code, text, parameter)).present


def _owner(code: str, text: str, parameter: str) -> Exchange:
    try:
        return _mainland_board(code)[0]
    except KeyError:
        pass
    if not _is_bond(code):
        raise _not_a_code(text, parameter)
    what = say("a convertible bond") if code.startswith(_CONVERTIBLES) else say("a bond")
    raise InputError(
        say(
            "{parameter} {text} is {what}, neither a share nor a fund: no rules on its "
            "trading and no cost of it are recorded",
            parameter=_named(parameter),
            text=repr(text),
            what=what,
        ),
        fix=say("leave it out, or name the company's share"),
    )


def _hong_kong(code: str, text: str, parameter: str) -> Listing:
    if code.isdigit() and len(code) <= 5 and int(code) > 0:
        return Listing(code.zfill(5), Exchange.HK)
    if _INDEX_NAME.match(code):
        return Listing(code, Exchange.HK)
    raise InputError(
        say(
            "{parameter} {text}: a Hong Kong code has up to five digits",
            parameter=_named(parameter),
            text=repr(text),
        ),
        fix=say("write it like 00700.HK"),
    )


def _compiled(code: str) -> Listing | None:
    """Return the index of a compiler whose code no exchange uses, `None` for any other code."""
    for exchange, (_, own) in _COMPILED.items():
        if own.fullmatch(code):
            return Listing(code, exchange)
    return None


def _of_compiler(code: str, exchange: Exchange, text: str, parameter: str) -> Listing:
    if exchange is Exchange.CSI and re.fullmatch(r"000[0-9]{3}|399[0-9]{3}", code):
        # The exchanges publish these indices of CSI under their own names.
        return Listing(code, Exchange.SH if code.startswith("000") else Exchange.SZ)
    if not _COMPILED[exchange][0].fullmatch(code):
        raise InputError(
            say(
                "{parameter} {text} is not a code of an index of {exchange}",
                parameter=_named(parameter),
                text=repr(text),
                exchange=exchange,
            ),
            fix=say("write it like H00300.CSI, 931160.CSI, 801750.SI or 8841678.WI"),
        )
    return Listing(code, exchange)


def _mainland_board(code: str) -> tuple[Exchange, Board]:
    for prefix, exchange, board in _PREFIX_BOARD:
        if code.startswith(prefix):
            return exchange, board
    raise KeyError(code)


def _named(parameter: str) -> str:
    """Return what a wrong code was given as: an option, or simply a listing."""
    return say("listing") if parameter == _LISTING else parameter


def _not_a_code(text: str, parameter: str) -> InputError:
    return InputError(
        say(
            "{parameter} {text} is not a listing code", parameter=_named(parameter), text=repr(text)
        ),
        fix=say("write it like 300857.SZ, 603629.SH, 920002.BJ or 00700.HK"),
    )
