"""The words that steps and the scenario's top level share."""

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
    TransferStatus,
)
from mockexchange.scenario.kinds import COUNT_ABOVE_ZERO, PRICE, Scalar, choice, integer
from mockexchange.scenario.shapes import ListOf, MapOf, TupleOf
from mockexchange.venues.kalshi import enumerations
from mockexchange.venues.kalshi.dates import api_date
from mockexchange.venues.kalshi.signing import load_public_key


def _api_date(text: str) -> str:
    api_date(text)
    return text


def _public_key(text: str) -> str:
    load_public_key(text)
    return text


def words(*names: str) -> Scalar:
    """One of several words that mean themselves."""
    return choice({name: name for name in names})


SIDE = choice({"yes": Side.YES, "no": Side.NO})
ACTION = choice({"buy": Action.BUY, "sell": Action.SELL})
RESULT = choice({result.value: result for result in Result})
ACCOUNT_KIND = choice({kind.value: kind for kind in AccountKind})
FEE_TYPE = choice({kind.value: kind for kind in FeeType})
SELF_TRADE_PREVENTION = choice({kind.value: kind for kind in SelfTradePrevention})
PAYMENT_METHOD = choice({method.value: method for method in PaymentMethod})
OPENING_STATUS = choice({status.value: status for status in (PaymentStatus.APPLIED, PaymentStatus.PENDING)})
FINAL_STATUS = choice({status.value: status for status in PaymentStatus if status is not PaymentStatus.PENDING})
INSTANCE = choice({instance.value: instance for instance in Instance})
TRANSFER_STATUS = choice({status.value: status for status in TransferStatus})
RESERVATION = choice({kind.value: kind for kind in Reservation})
SEVERITY = choice({severity.value: severity for severity in Severity})
TIER = words(*enumerations.TIERS)
STRIKE_TYPE = words(*enumerations.STRIKE_TYPES)
EXCHANGE_INDEX = integer(0, EXCHANGE_INDEX_MAX)
ALLOCATIONS = MapOf(integer(0, 100), EXCHANGE_INDEX, "a mapping of exchange indexes to percents such as {0: 60, 1: 40}")
LEVELS = ListOf(TupleOf((PRICE, COUNT_ABOVE_ZERO), "a level [price, count]"), "a list of levels [price, count]")
SCOPES = ListOf(words(*enumerations.SCOPES), f"a list of scopes: {', '.join(enumerations.SCOPES)}")
API_DATE = Scalar("an API date", _api_date, {"type": "string", "minLength": 1}, says_why=True)
PUBLIC_KEY = Scalar("a public key", _public_key, {"type": "string", "pattern": "^-----BEGIN"}, says_why=True)
