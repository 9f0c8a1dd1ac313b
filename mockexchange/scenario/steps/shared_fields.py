"""Types of values that several steps and the scenario's top level use."""

from collections.abc import Iterable
from contextlib import suppress

from mockexchange.core.vocabulary import (
    EXCHANGE_INDEX_MAX,
    AccountKind,
    Action,
    FeeType,
    Instance,
    PaymentMethod,
    PaymentStatus,
    Reservation,
    Result,
    SelfTradePrevention,
    Severity,
    Side,
    TimeInForce,
    TransferStatus,
)
from mockexchange.scenario.types.composite_types import ListOf, MapOf, TupleOf
from mockexchange.scenario.types.value_types import COUNT_ABOVE_ZERO, PRICE, Scalar, choice, integer
from mockexchange.venues.keys.public_keys import load_public_key
from mockexchange.venues.registry import DEFAULT, VENUES


def _api_date(text: str) -> str:
    """Return the name of an API date if any venue has it. Reading the account checks that its own venue has it."""
    for venue in VENUES.values():
        with suppress(ValueError):
            venue.api_date(text)
            return text
    DEFAULT.api_date(text)
    return text


def _public_key(text: str) -> str:
    load_public_key(text)
    return text


def keywords(*names: str) -> Scalar:
    """Return the type of a value that is one of a few words."""
    return choice({name: name for name in names})


def one_of(expected: str, known: Iterable[str]) -> Scalar:
    """Return the type of a value that is one of many words.

    The error for a misspelt word suggests the nearest word, and does not list all of them.
    """
    taken = tuple(dict.fromkeys(known))

    def parse(text: str) -> str:
        if text not in taken:
            raise ValueError(text)
        return text

    return Scalar(expected, parse, {"enum": list(taken)}, taken)


def of_venues(name: str) -> tuple[str, ...]:
    """Return the words that all venues together allow for a kind of value, such as "currency"."""
    return tuple(dict.fromkeys(word for venue in VENUES.values() for word in venue.scenario.vocabulary.get(name, ())))


_SCOPES = tuple(dict.fromkeys(scope for venue in VENUES.values() for scope in venue.auth.scopes))
VENUE = choice({name: "" if venue is DEFAULT else name for name, venue in VENUES.items()})
CURRENCIES = of_venues("currency")
CURRENCY = one_of("a currency such as BTC", CURRENCIES)

SIDE = choice({"yes": Side.YES, "no": Side.NO})
BOOK_ACTIONS = {"bid": Action.BUY, "ask": Action.SELL}
"""The action that each side of the order book stands for, in prices of YES."""
SIDE_OF_BOOK = choice({"yes": Side.YES, "no": Side.NO, **{name: name for name in BOOK_ACTIONS}})
ACTION = choice({"buy": Action.BUY, "sell": Action.SELL})
RESULT = choice({result.value: result for result in Result})
ACCOUNT_KIND = choice({kind.value: kind for kind in AccountKind})
FEE_TYPE = choice({kind.value: kind for kind in FeeType})
SELF_TRADE_PREVENTION = choice({kind.value: kind for kind in SelfTradePrevention})
TIME_IN_FORCE = choice({force.value: force for force in TimeInForce})
PAYMENT_METHOD = choice({method.value: method for method in PaymentMethod})
OPENING_STATUS = choice({status.value: status for status in (PaymentStatus.APPLIED, PaymentStatus.PENDING)})
FINAL_STATUS = choice({status.value: status for status in PaymentStatus if status is not PaymentStatus.PENDING})
INSTANCE = choice({instance.value: instance for instance in Instance})
TRANSFER_STATUS = choice({status.value: status for status in TransferStatus})
RESERVATION = choice({kind.value: kind for kind in Reservation})
SEVERITY = choice({severity.value: severity for severity in Severity})
TIER = keywords(*of_venues("tier"))
STRIKE_TYPE = keywords(*of_venues("strike_type"))
EXCHANGE_INDEX = integer(0, EXCHANGE_INDEX_MAX)
ALLOCATIONS = MapOf(integer(0, 100), EXCHANGE_INDEX, "a mapping of exchange indexes to percents such as {0: 60, 1: 40}")
LEVELS = ListOf(TupleOf((PRICE, COUNT_ABOVE_ZERO), "a level [price, count]"), "a list of levels [price, count]")
SCOPES = ListOf(one_of("a scope such as read or trade:read", _SCOPES), "a list of scopes such as [read, write]")
API_DATE = Scalar("an API date", _api_date, {"type": "string", "minLength": 1}, shows_reason=True)
PUBLIC_KEY = Scalar("a public key", _public_key, {"type": "string", "pattern": "^-----BEGIN"}, shows_reason=True)
