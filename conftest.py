"""What holds for every suite of the checkout."""

import gc
import signal

import pytest

UNTRACED = (
    "contracts/",
    *(
        f"tests/{name}/"
        for name in (
            "attacks",
            "clients",
            "console",
            "contracts",
            "docs",
            "examples",
            "golden",
            "histories",
            "house",
            "stream_properties",
        )
    ),
)
"""Folders whose tests coverage is not measured of: they run other programs or the same lines many times, at three
times the processor time under tracing, and reach no line that the other folders leave out."""
COLLECTED_AFTER = (20_000, 20, 20)
"""New objects after which the collector runs: by its own thresholds it takes a tenth of the tests' time."""


def pytest_configure(config: pytest.Config) -> None:
    """Hear signals however the run was started: in the background, or under nohup, some would be ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_finish() -> None:
    """Keep the collector from walking thousands of tests each time: it stops servers and clients alike for seconds."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED_AFTER)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what coverage is not measured of by its folder, before a `-m` selects by marks."""
    for item in items:
        if item.nodeid.startswith(UNTRACED):
            item.add_marker("untraced", append=True)
