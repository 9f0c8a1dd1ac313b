"""Values of CF Benchmarks' indices, which the venue asks for under its own API key and passes on in an envelope.

Path and query after `/cfbenchmarks/` are those of CF Benchmarks' REST API: `values?id=BRTI`, `history/values?...`. The
scenario gives its answers. [doc: the passthrough's page of 2026-06-08]
"""

from typing import NamedTuple
from urllib.parse import parse_qsl

from mockexchange.venues.dated_fields import Field
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.resources.call import AccountCall
from mockexchange.venues.kalshi.resources.scenario_reads import (
    KEY_CHARS_SHOWN_MAX,
    RAW_OBJECT,
    Objects,
    Read,
    texts,
    unshown,
)

DAILY = "docs-daily"
CF_BENCHMARKS = Objects(
    "cf_benchmarks", "", (unshown("endpoint", "text"), unshown("query", "text", default=""), unshown("data", "object"))
)


class Envelope(NamedTuple):
    """An answer of CF Benchmarks, as JSON text."""

    data: str


def passed_on(call: AccountCall) -> Envelope:
    """Return the scenario's answer to an endpoint: that of the most parameters which the request has.

    Raises Rejected: 403 where the scenario has none at all, so that no account is entitled; 404 for an unknown one.
    """
    given, endpoint = call.data.rows(CF_BENCHMARKS.data), call.path_params["endpoint"]
    if not given:
        raise Rejected(
            Situation.FORBIDDEN,
            "only entitled accounts may ask for indices: an account is, once the scenario has `cf_benchmarks`",
        )
    asked = set(parse_qsl(call.query))
    fitting = [row for row in given if row.endpoint == endpoint and asked >= set(parse_qsl(row.query))]
    if not fitting:
        shown = (f"{endpoint}?{call.query}" if call.query else endpoint)[:KEY_CHARS_SHOWN_MAX]
        raise Rejected(Situation.NOT_FOUND, f"there is no {shown!r} in cf_benchmarks: the scenario lists what there is")
    return Envelope(max(fitting, key=lambda row: len(parse_qsl(row.query))).data)


TABLES = (CF_BENCHMARKS,)
READS = (
    Read(
        name="GetCFBenchmarks",
        path="/cfbenchmarks/{endpoint}",
        answer=(Field(name="data", spelling=RAW_OBJECT, read="data", source=DAILY),),
        parameters=texts("id", "timespan", "timestamp", source=DAILY),
        make=passed_on,
        needs_key=True,
    ),
)
