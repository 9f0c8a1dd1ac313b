"""The reasons why a server cannot start, as errors of one line."""

from collections.abc import Iterator
from contextlib import contextmanager

from mockexchange.cli.click_base import UsageFailure
from mockexchange.sandbox.port import StoreUnavailable
from mockexchange.scenario.errors import ScenarioError
from mockexchange.server.http.listener import PortInUse
from mockexchange.store.stores import StoreError


@contextmanager
def explained_failures(host: str, port: int) -> Iterator[None]:
    """Raise UsageFailure, with the reason, if the server cannot start."""
    try:
        yield
    except (ScenarioError, PortInUse, StoreError, StoreUnavailable) as error:
        raise UsageFailure(str(error)) from None
    except BrokenPipeError:
        raise
    except OSError as error:
        what = error.filename or f"cannot serve on {host}:{port}"
        reason, _, _ = str(error.strerror or error).partition(" (while attempting")  # with the address, again
        raise UsageFailure(f"{what}: {reason}") from None
