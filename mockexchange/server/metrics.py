"""What the server counts, as Prometheus reads it: the text exposition format, version 0.0.4.

Few labels, and each with a known number of values: sandboxes are listed one by one up to a number, operations, effects
and kinds of refusals are those of the venues' tables, and statuses are bounded where they are counted. No name that a
client makes up is a label.
"""

import platform
from collections.abc import Iterable, Iterator
from itertools import accumulate, chain
from typing import NamedTuple

from mockexchange import __version__
from mockexchange.sandbox import Sandbox
from mockexchange.tally import BOUNDS_US, Latencies

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SANDBOXES_LISTED_MAX = 100
"""A suite makes thousands of sandboxes, each a set of time series: the oldest are listed, `default` first."""
NAMESPACE = "mockexchange"
NONE = "none"
"""An operation or venue that a request has not."""
SECOND_US = 1_000_000
ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
Labels = dict[str, object]
Sample = tuple[str, Labels, float]
"""What follows the family's name, labels, and the value."""


class Family(NamedTuple):
    """One metric: its name without the namespace, its type, and what it is, in words."""

    name: str
    kind: str
    help: str
    samples: Iterable[Sample]


def exposition(sandboxes: list[Sandbox]) -> str:
    """The metrics of a server with these sandboxes."""
    listed = sandboxes[:SANDBOXES_LISTED_MAX]
    families = [*_of_server(sandboxes), *_of_requests(listed), *_of_streams(listed), *_of_sandboxes(listed)]
    return "".join(chain.from_iterable(map(_lines, families)))


def _of_server(sandboxes: list[Sandbox]) -> Iterator[Family]:
    build: Labels = {"version": __version__, "python": platform.python_version()}
    yield Family("build_info", "gauge", "What is running; always 1.", [("", build, 1)])
    yield Family("sandboxes", "gauge", "Sandboxes that there are.", [("", {}, len(sandboxes))])
    unlisted = max(0, len(sandboxes) - SANDBOXES_LISTED_MAX)
    words = f"Sandboxes beyond the first {SANDBOXES_LISTED_MAX}, of which nothing else is told here."
    yield Family("sandboxes_unlisted", "gauge", words, [("", {}, unlisted)])


def _of_requests(sandboxes: list[Sandbox]) -> Iterator[Family]:
    tallies = [(sandbox.name, sandbox.journal.tally) for sandbox in sandboxes]
    yield Family(
        "requests_total",
        "counter",
        "Requests answered; status 0 where nothing was answered.",
        (
            ("", {"sandbox": name, "venue": venue or NONE, "operation": operation or NONE, "status": status}, count)
            for name, tally in tallies
            for (venue, operation, status), count in tally.requests.items()
        ),
    )
    yield Family(
        "request_duration_seconds",
        "histogram",
        "Time from a request's first byte to its answer's last, delays of faults included.",
        chain.from_iterable(
            _buckets({"sandbox": name, "venue": venue or NONE}, latencies)
            for name, tally in tallies
            for venue, latencies in tally.latencies.items()
        ),
    )
    yield Family(
        "refusals_total",
        "counter",
        "Requests and handshakes that the venue refused, by the kind of refusal.",
        (
            ("", {"sandbox": name, "venue": venue or NONE, "kind": kind}, count)
            for name, tally in tallies
            for (venue, kind), count in tally.refusals.items()
        ),
    )
    yield Family(
        "stub_answers_total",
        "counter",
        "Literal answers that were given.",
        [("", {"sandbox": name}, tally.stubbed) for name, tally in tallies],
    )
    yield Family(
        "faults_fired_total",
        "counter",
        "Times that faults did something, by effect.",
        (
            ("", {"sandbox": name, "effect": effect or NONE}, count)
            for name, tally in tallies
            for effect, count in tally.fired.items()
        ),
    )


def _of_streams(sandboxes: list[Sandbox]) -> Iterator[Family]:
    yield Family(
        "streams_open",
        "gauge",
        "Streams that are open.",
        (
            ("", {"sandbox": sandbox.name, "venue": venue}, count)
            for sandbox in sandboxes
            for venue, count in sandbox.streams.count_by_venue().items()
        ),
    )
    yield Family(
        "frames_total",
        "counter",
        "Frames of streams: in from clients, out to them, or lost; a stream's beginning and end count as one each.",
        (
            ("", {"sandbox": sandbox.name, "direction": direction}, count)
            for sandbox in sandboxes
            for direction, count in sandbox.journal.tally.frames.items()
        ),
    )


def _of_sandboxes(sandboxes: list[Sandbox]) -> Iterator[Family]:
    gauges = (
        ("commands_total", "counter", "Commands in the log.", lambda one: len(one.log)),
        ("journal_entries", "gauge", "Requests that the journal keeps.", lambda one: len(one.journal)),
        ("journal_frames", "gauge", "Frames that the journal keeps.", lambda one: len(one.journal.frames)),
        (
            "journal_body_bytes",
            "gauge",
            "Bytes of bodies that it keeps.",
            lambda one: one.journal.bodies_bytes,
        ),
    )
    for name, kind, words, value_of in gauges:
        yield Family(name, kind, words, [("", {"sandbox": one.name}, value_of(one)) for one in sandboxes])


def _buckets(labels: Labels, latencies: Latencies) -> Iterator[Sample]:
    """Cumulative, as the format has it."""
    bounds = [f"{bound / SECOND_US:g}" for bound in BOUNDS_US]
    for bound, count in zip([*bounds, "+Inf"], accumulate(latencies.counts), strict=True):
        yield "_bucket", {**labels, "le": bound}, count
    yield "_sum", labels, latencies.sum_us / SECOND_US
    yield "_count", labels, sum(latencies.counts)


def _lines(family: Family) -> Iterator[str]:
    name = f"{NAMESPACE}_{family.name}"
    yield f"# HELP {name} {family.help}\n# TYPE {name} {family.kind}\n"
    for suffix, labels, value in family.samples:
        said = ",".join(f'{label}="{str(given).translate(ESCAPES)}"' for label, given in labels.items())
        yield f"{name}{suffix}{f'{{{said}}}' if said else ''} {value}\n"
