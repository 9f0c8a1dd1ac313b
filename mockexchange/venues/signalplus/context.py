"""The context in which requests to SignalPlus are answered: the state, API date, settings and caches of one sandbox."""

from msgspec import Struct, field

from mockexchange.core.model.accounts import Key
from mockexchange.core.model.state import State
from mockexchange.venues.caches import Caches
from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.keys.secrets import find_secret_key
from mockexchange.venues.signalplus.named_days import api_date as parse_date
from mockexchange.venues.signalplus.settings import SignalPlusSettings

NAME = "signalplus"


class SignalPlusContext(Struct):
    state: State
    api_date: ApiDate
    settings: SignalPlusSettings = field(default_factory=SignalPlusSettings)
    caches: Caches = field(default_factory=Caches)


def date_of(context: SignalPlusContext, key: Key | None) -> ApiDate:
    """Return the API date that applies to a key: the date set for the key, or else that of the sandbox."""
    return parse_date(key.api_date) if key and key.api_date else context.api_date


def key_of(state: State, key_id: str) -> Key | None:
    """Return the key with an id; None if no key has it, or its account belongs to another venue."""
    return find_secret_key(state, NAME, key_id)
