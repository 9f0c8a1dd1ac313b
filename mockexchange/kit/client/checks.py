"""Everything that is judged by what a client made of its answers, by the name that cards call it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from mockexchange.kit.client.adapter import Adapter
from mockexchange.kit.client.adapter_checks import judge_account, judge_dates, judge_floats, judge_poison
from mockexchange.kit.client.fuzzing import judge_fuzz
from mockexchange.kit.client.task_fields import LATEST
from mockexchange.kit.findings import Finding
from mockexchange.kit.local_exchange import Exchange
from mockexchange.kit.venue import VenueKit

Judge = Callable[[Adapter, Exchange, VenueKit], Iterator[Finding]]
"""Raises NotJudged where the adapter can do no task, AdapterBroken where it cannot be worked with any more."""


def judges(
    api_date: str = LATEST, fixtures: Path | None = None, seed: int = 0, dates: Sequence[str] = ()
) -> Mapping[str, Judge]:
    """Return the judges as of a date that has documents; `dates` and `poison` choose their own.

    The one of dates asks those `dates` alone that the client supports, all if none are given. What the one of response
    fuzzing finds is saved in `fixtures`.
    """
    return {
        "account": partial(judge_account, api_date=api_date),
        "dates": partial(judge_dates, dates=dates),
        "poison": judge_poison,
        "floats": partial(judge_floats, api_date=api_date),
        "fuzz": partial(judge_fuzz, api_date=api_date, fixtures=fixtures, seed=seed),
    }
