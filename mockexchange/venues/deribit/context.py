"""The context in which requests to Deribit are answered: the state, API date, settings and caches of one sandbox."""

from msgspec import Struct, field
from msgspec.structs import replace

from mockexchange.core.model.accounts import Key
from mockexchange.core.model.state import State
from mockexchange.venues.caches import Caches
from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.deribit.named_days import api_date as parse_date
from mockexchange.venues.deribit.settings import DeribitSettings


class DeribitContext(Struct):
    state: State
    api_date: ApiDate
    settings: DeribitSettings = field(default_factory=DeribitSettings)
    caches: Caches = field(default_factory=Caches)


def date_of(context: DeribitContext, key: Key | None) -> ApiDate:
    """Return the API date that applies to a key: the date set for the key, or else that of the sandbox."""
    return parse_date(key.api_date) if key and key.api_date else context.api_date


def context_of(context: DeribitContext, key: Key) -> DeribitContext:
    """Return a context with the API date that applies to a key: the same context if the key has no date of its own."""
    return replace(context, api_date=date_of(context, key)) if key.api_date else context


def clock_of(settings: DeribitSettings, at: int, host_at: int) -> int:
    """Return exchange time `at` or host time `host_at`, whichever the setting `auth_clock` selects.

    Time windows of signatures, tokens, `usIn` and get_time use this time. Times are microseconds.
    """
    return at if settings.auth_clock == "exchange" else host_at
