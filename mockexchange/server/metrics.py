"""Writes the server's metrics in Prometheus' text exposition format, version 0.0.4.

Each label has a limited number of values. Sandboxes are listed up to a number; operations, effects and kinds of
refusals come from the venues' tables; statuses are limited where they are counted. No label value comes from a client.
"""

import platform
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate, chain
from typing import NamedTuple

from mockexchange.sandbox.counters import BOUNDS_US, Latencies
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.version import __version__

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SANDBOXES_LISTED_MAX = 100
"""The most sandboxes that have metrics of their own: the oldest, and `default` first.

A test suite creates thousands.
"""
NAMESPACE = "mockexchange"
NONE = "none"
"""The value of a label for a request without an operation or venue."""
SECOND_US = 1_000_000
ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
Labels = dict[str, object]
Sample = tuple[str, Labels, float]
"""One value of a metric: the suffix of the metric's name, the labels, and the value."""


class MetricFamily(NamedTuple):
    """One metric of the output: its name without the prefix, its type, its description, and its samples."""

    name: str
    kind: str
    help: str
    samples: Iterable[Sample]


class Metric(NamedTuple):
    """A metric that is measured for each sandbox. The sandbox's name becomes a label."""

    name: str
    kind: str
    help: str
    measure: Callable[[Sandbox], Iterable[Sample]]

    def family(self, sandboxes: list[Sandbox]) -> MetricFamily:
        samples = (
            (suffix, {"sandbox": sandbox.name, **labels}, value)
            for sandbox in sandboxes
            for suffix, labels, value in self.measure(sandbox)
        )
        return MetricFamily(self.name, self.kind, self.help, samples)


def exposition(sandboxes: list[Sandbox]) -> str:
    """Return the metrics of a server with these sandboxes, as text."""
    listed = sandboxes[:SANDBOXES_LISTED_MAX]
    families = [*_of_server(sandboxes), *(metric.family(listed) for metric in METRICS)]
    return "".join(chain.from_iterable(map(_lines, families)))


def _of_server(sandboxes: list[Sandbox]) -> Iterator[MetricFamily]:
    build: Labels = {"version": __version__, "python": platform.python_version()}
    yield MetricFamily("build_info", "gauge", "What is running; always 1.", [("", build, 1)])
    yield MetricFamily("sandboxes", "gauge", "Sandboxes that there are.", [("", {}, len(sandboxes))])
    unlisted = max(0, len(sandboxes) - SANDBOXES_LISTED_MAX)
    description = f"Sandboxes beyond the first {SANDBOXES_LISTED_MAX}, of which nothing else is told here."
    yield MetricFamily("sandboxes_unlisted", "gauge", description, [("", {}, unlisted)])


def _requests(sandbox: Sandbox) -> Iterator[Sample]:
    for (venue, operation, status), count in sandbox.journal.counters.requests.items():
        yield "", {"venue": venue or NONE, "operation": operation or NONE, "status": status}, count


def _durations(sandbox: Sandbox) -> Iterator[Sample]:
    for venue, latencies in sandbox.journal.counters.latencies.items():
        yield from _buckets({"venue": venue or NONE}, latencies)


def _refusals(sandbox: Sandbox) -> Iterator[Sample]:
    for (venue, kind), count in sandbox.journal.counters.refusals.items():
        yield "", {"venue": venue or NONE, "kind": kind}, count


def _faults(sandbox: Sandbox) -> Iterator[Sample]:
    for effect, count in sandbox.journal.counters.fired.items():
        yield "", {"effect": effect or NONE}, count


def _streams(sandbox: Sandbox) -> Iterator[Sample]:
    for venue, count in sandbox.streams.count_by_venue().items():
        yield "", {"venue": venue}, count


def _frames(sandbox: Sandbox) -> Iterator[Sample]:
    for direction, count in sandbox.journal.counters.frames.items():
        yield "", {"direction": direction}, count


def _one(value_of: Callable[[Sandbox], float]) -> Callable[[Sandbox], list[Sample]]:
    """Return the measure of a metric with one sample per sandbox."""
    return lambda sandbox: [("", {}, value_of(sandbox))]


def _buckets(labels: Labels, latencies: Latencies) -> Iterator[Sample]:
    """Yield the samples of a histogram; buckets are cumulative, as the format requires."""
    bounds = [f"{bound / SECOND_US:g}" for bound in BOUNDS_US]
    for bound, count in zip([*bounds, "+Inf"], accumulate(latencies.counts), strict=True):
        yield "_bucket", {**labels, "le": bound}, count
    yield "_sum", labels, latencies.sum_us / SECOND_US
    yield "_count", labels, sum(latencies.counts)


def _lines(family: MetricFamily) -> Iterator[str]:
    name = f"{NAMESPACE}_{family.name}"
    yield f"# HELP {name} {family.help}\n# TYPE {name} {family.kind}\n"
    for suffix, labels, value in family.samples:
        text = ",".join(f'{label}="{str(given).translate(ESCAPES)}"' for label, given in labels.items())
        yield f"{name}{suffix}{f'{{{text}}}' if text else ''} {value}\n"


METRICS = (
    Metric("requests_total", "counter", "Requests answered; status 0 where nothing was answered.", _requests),
    Metric(
        "request_duration_seconds",
        "histogram",
        "Time from a request's first byte to its answer's last, delays of faults included.",
        _durations,
    ),
    Metric(
        "refusals_total",
        "counter",
        "Requests and handshakes that the venue refused, by the kind of refusal.",
        _refusals,
    ),
    Metric(
        "stub_answers_total",
        "counter",
        "Answers that stubs gave.",
        _one(lambda sandbox: sandbox.journal.counters.stubbed),
    ),
    Metric("faults_fired_total", "counter", "Times that faults did something, by effect.", _faults),
    Metric(
        "script_findings_total",
        "counter",
        "Steps of the script that were refused, failed or not run.",
        _one(lambda sandbox: sandbox.journal.counters.script_findings),
    ),
    Metric("streams_open", "gauge", "Streams that are open.", _streams),
    Metric(
        "frames_total",
        "counter",
        "Frames of streams: in from clients, out to them, or lost; a stream's beginning and end count as one each.",
        _frames,
    ),
    Metric("commands_total", "counter", "Commands in the log.", _one(lambda sandbox: sandbox.exchange.state.sequence)),
    Metric("journal_entries", "gauge", "Requests that the journal keeps.", _one(lambda sandbox: len(sandbox.journal))),
    Metric(
        "journal_frames", "gauge", "Frames that the journal keeps.", _one(lambda sandbox: len(sandbox.journal.frames))
    ),
    Metric(
        "journal_body_bytes",
        "gauge",
        "Bytes of bodies that it keeps.",
        _one(lambda sandbox: sandbox.journal.bodies_bytes),
    ),
)
"""The metrics that each sandbox has, in the order of the output."""
