"""What holds for every suite of the checkout."""

import signal


def pytest_configure() -> None:
    """Hear signals however the run was started: in the background, or under nohup, some would be ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
