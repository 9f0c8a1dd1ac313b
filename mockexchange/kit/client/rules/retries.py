"""Checks whether a client repeats a failed request, how soon and how often."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from mockexchange.kit.client.api_documents import ApiDocuments
from mockexchange.kit.client.rules.rule import NotSeen, Rule
from mockexchange.kit.client.traffic import Call, Traffic
from mockexchange.kit.findings import Finding

PLACE = "docs/verify-client.md#retries"
FINAL = frozenset((400, 401, 403, 404, 410))
"""Statuses that do not change when a request is repeated."""
RETRY_S_MAX = 5.0
"""The longest pause in seconds before a retry; the same request after a longer pause is polling."""
ATTEMPTS_MAX = 12
ATTEMPTS_S = 10.0
"""The period in seconds for ATTEMPTS_MAX: known clients give up after four or five attempts."""
KNOWN_FIRST = "the same client order id, or a look at orders or fills first"
ORDER_ID = "client_order_id"
READS = re.compile(r"/portfolio/(orders|fills|positions)")
"""The paths of reads that show what became of an order."""
PER_SECOND_MAX = 5
"""The most equal requests in a second; the fastest known clients send four in their first second."""
GROWTH_MIN = 1.2
GAPS_MIN = 2


def attempts_of(traffic: Traffic) -> list[list[Call]]:
    """Return, for each request that failed, a list of this request and its retries."""
    by_target: dict[tuple[str, str, str], list[Call]] = defaultdict(list)
    for call in traffic.requests:
        by_target[call.method, call.target, call.subject].append(call)
    runs = [run for calls in by_target.values() for run in _runs(calls)]
    if not runs:
        raise NotSeen("no request failed")
    return runs


def _runs(calls: Sequence[Call]) -> Iterator[list[Call]]:
    run: list[Call] = []
    for call in calls:
        if run and not (_has_failed(run[-1]) and call.began_s - run[-1].ended_s < RETRY_S_MAX):
            if _has_failed(run[0]):
                yield run
            run = []
        run.append(call)
    if run and _has_failed(run[0]):
        yield run


def _has_failed(call: Call) -> bool:
    return call.status >= 400 or call.status == 0


def pauses(run: Sequence[Call]) -> list[float]:
    """Return the seconds from each response to the next attempt, for the attempts of one request."""
    return [later.began_s - earlier.ended_s for earlier, later in pairwise(run)]


def final(traffic: Traffic, documents: ApiDocuments) -> Iterator[Finding]:
    runs = [run for run in attempts_of(traffic) if run[0].status in FINAL]
    if not runs:
        raise NotSeen("no request was refused for good")
    for run in runs:
        if len(run) > 1:
            seen = f"after {run[0].status} it was sent {len(run) - 1} times more"
            yield Finding("retries.final", run[0].where, seen, "one request: the answer stays the same", PLACE)


def bounded(traffic: Traffic, documents: ApiDocuments) -> Iterator[Finding]:
    for run in attempts_of(traffic):
        most = busiest([call.began_s for call in run], ATTEMPTS_S)
        if most > ATTEMPTS_MAX:
            seen = f"it was sent {most} times within {ATTEMPTS_S:g} s"
            yield Finding(
                "retries.bounded", run[0].where, seen, f"an end after {ATTEMPTS_MAX} attempts or fewer", PLACE
            )


def paced(traffic: Traffic, documents: ApiDocuments) -> Iterator[Finding]:
    for run in attempts_of(traffic):
        most = busiest([call.began_s for call in run])
        if most > PER_SECOND_MAX:
            seen = f"it was sent {most} times within one second"
            yield Finding(
                "retries.paced", run[0].where, seen, f"pauses: {PER_SECOND_MAX} attempts a second at most", PLACE
            )


def growing(traffic: Traffic, documents: ApiDocuments) -> Iterator[Finding]:
    runs = [run for run in attempts_of(traffic) if len(run) > GAPS_MIN]
    if not runs:
        raise NotSeen("nothing was sent a third time")
    for run in runs:
        gaps = pauses(run)
        if max(gaps) < GROWTH_MIN * gaps[0]:
            shown = ", ".join(f"{gap:.2f} s" for gap in gaps[:5])
            yield Finding("retries.growing", run[0].where, f"pauses of {shown}", "pauses that grow", PLACE)


def signed_again(traffic: Traffic, documents: ApiDocuments) -> Iterator[Finding]:
    runs = [run for run in attempts_of(traffic) if len(run) > 1]
    if not runs:
        raise NotSeen("nothing was sent again")
    for run in runs:
        stamps = [call.headers.get(documents.signing.timestamp_header.lower()) for call in run]
        if stamps[0] and len(set(stamps)) == 1:
            seen = "the same timestamp and signature were sent again"
            yield Finding("retries.anew", run[0].where, seen, "each attempt signed at its own time", PLACE)


def writes(traffic: Traffic, documents: ApiDocuments) -> Iterator[Finding]:
    runs = [run for run in attempts_of(traffic) if run[0].method == "POST"]
    if not runs:
        raise NotSeen("no POST failed")
    for run in runs:
        again = [later for earlier, later in pairwise(run) if _is_blind(earlier, later, traffic)]
        if again:
            seen = f"a POST that may have been carried out was sent {len(again)} times more"
            yield Finding("retries.writes", run[0].where, seen, KNOWN_FIRST, PLACE)


def _is_blind(earlier: Call, later: Call, traffic: Traffic) -> bool:
    """Return whether a POST repeats one that may have been carried out, and could be carried out as well.

    It could not under the same client order id. It is not blind after a read of orders, or while a stream is open.
    """
    is_in_doubt = earlier.status == 0 or earlier.status >= 500
    (ids, wanted), (ids_later, wanted_later) = _order_of(earlier.body), _order_of(later.body)
    is_safe = bool(ids) and all(ids) and ids == ids_later
    return is_in_doubt and wanted == wanted_later and not is_safe and not _has_looked(earlier, later, traffic)


def _has_looked(earlier: Call, later: Call, traffic: Traffic) -> bool:
    between = (call for call in traffic.requests if earlier.ended_s <= call.began_s < later.began_s)
    is_listening = any(frame.at_s < later.began_s for frame in traffic.acknowledged)
    return is_listening or any(call.method == "GET" and READS.search(call.path) for call in between)


def _order_of(body: bytes) -> tuple[list[str], Any]:
    """Return the client order ids of a body, of one order or of a batch, and the body without them."""
    try:
        content = json.loads(body)
    except ValueError:
        return [], body
    orders = content.get("orders", [content]) if isinstance(content, dict) else []
    ids = [str(order.pop(ORDER_ID, "") or "") for order in orders if isinstance(order, dict)]
    return ids, content


def busiest(moments_s: Sequence[float], window_s: float = 1.0) -> int:
    """Return the largest number of instants within any window of `window_s` seconds. `moments_s` are sorted."""
    return max((sum(0 <= other - one < window_s for other in moments_s) for one in moments_s), default=0)


RULES = (
    Rule("retries.final", "A request that is refused for good (400, 401, 403, 404, 410) is not repeated.", final),
    Rule("retries.bounded", "Retries come to an end.", bounded),
    Rule("retries.paced", "Retries pause between attempts.", paced),
    Rule("retries.growing", "Pauses between retries grow.", growing, is_advice=True),
    Rule("retries.anew", "Each attempt is signed anew.", signed_again, is_advice=True),
    Rule(
        "retries.writes", "A POST is not repeated before its result is known, but by the same client order id.", writes
    ),
)
