"""What holds for every suite of the checkout."""

import gc
import signal


def pytest_configure() -> None:
    """Hear signals however the run was started: in the background, or under nohup, some would be ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_finish() -> None:
    """Keep the collector from walking thousands of tests each time: it stops servers and clients alike for seconds."""
    gc.collect()
    gc.freeze()
