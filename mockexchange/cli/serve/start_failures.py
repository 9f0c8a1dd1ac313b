"""Conversion of the errors that keep a server from starting into one-line messages."""

from collections.abc import Iterator
from contextlib import contextmanager

from mockexchange.cli.click_base import UsageFailure
from mockexchange.sandbox.port import StoreUnavailable
from mockexchange.scenario.errors import ScenarioError
from mockexchange.server.http.listener import PortInUse
from mockexchange.store.stores import StoreError


@contextmanager
def explained_failures(host: str, port: int) -> Iterator[None]:
    """Convert errors at a server's start, in the block, to UsageFailure with a one-line reason."""
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
