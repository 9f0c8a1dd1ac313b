"""What the gate installs beside the tests: a browser, a database and environments of clients."""

import os
from pathlib import Path
from threading import Event

from tests.helpers.patience import POLL_S


def await_installations() -> None:
    """Wait until the gate has installed all that it does, before a test looks for it: half an environment fails.

    How long that takes is the network's affair; the gate ends the waiting in any case.
    """
    pending, pause = os.environ.get("INSTALLATION_PENDING"), Event()
    while pending and Path(pending).exists():
        pause.wait(POLL_S)
