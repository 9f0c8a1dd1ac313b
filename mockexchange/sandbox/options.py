"""The options of a sandbox, and the new log in whose header they are stored."""

from dataclasses import dataclass
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import asdict

from mockexchange.core.vocabulary import FeeRounding
from mockexchange.sandbox.clock import HostClock, host_now_us
from mockexchange.sandbox.quotas import NO_QUOTAS, Quotas
from mockexchange.scenario.plan import Plan
from mockexchange.store.log import Header, Log
from mockexchange.store.memory_log import MemoryLog
from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.registry import DEFAULT as DEFAULT_VENUE
from mockexchange.venues.registry import VENUES
from mockexchange.version import __version__

DEFAULT = "default"
"""Name of the sandbox that every server has."""


class Inspector(Protocol):
    """Checks the answers and frames that a sandbox sends against the API documents, as `serve --self-check` does.

    Each method returns the problems found, as lines of text, which the journal stores.

    `venue` is the name of the venue, `day` the day of its API date; None for `compat`, which serves all fields of all
    dates.
    """

    def check_answer(
        self,
        venue: str,
        day: str | None,
        method: str,
        target: str,
        status: int,
        *,
        headers: dict[str, str],
        content: bytes,
    ) -> list[str]: ...

    def check_frame(self, venue: str, day: str | None, raw: bytes) -> list[str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxOptions:
    """The options of a sandbox.

    `api_date`, the day whose API is imitated, applies to API keys without a date of their own. `clock` is "real",
    "paused", or a speed such as "10x".
    """

    name: str = DEFAULT
    api_date: ApiDate = ApiDate("compat", None)
    clock: str = "real"
    host: HostClock = host_now_us
    inspector: Inspector | None = None
    quotas: Quotas = NO_QUOTAS


class Beginning(Struct, frozen=True):
    """The state of a sandbox's clock right after the history: its mode, the exchange time and the host time."""

    history: int = 0
    """The number of commands in the history."""
    mode: str = "real"
    exchange_at: int = 0
    host_at: int = 0


def rounding_of(plan: Plan, options: SandboxOptions) -> FeeRounding:
    """Return how a new sandbox rounds fees: as the scenario says, else as the venue did at the API date."""
    return plan.rounding or DEFAULT_VENUE.fee_rounding(options.api_date)


def new_log(plan: Plan, options: SandboxOptions, rounding: FeeRounding) -> Log:
    """Return an empty log, its header filled in from the plan, the options and the rounding of fees."""
    # the settings of the default venue, and by name those of other venues if they are not their defaults
    settings: dict[str, Any] = {
        name: asdict(given) for name, given in plan.settings.items() if given != VENUES[name].scenario.settings()
    }
    settings.pop(DEFAULT_VENUE.name, None)
    header = Header(
        version=__version__,
        sandbox=options.name,
        scenario=plan.name,
        scenario_hash=plan.digest,
        seed=plan.seed,
        api_date=options.api_date.name,
        clock=options.clock,
        rounding=rounding.value,
        archived_before=plan.archived_before,
        orders=plan.order_rules,
        settings={**asdict(plan.settings[DEFAULT_VENUE.name]), **settings},
    )
    return MemoryLog(header)
