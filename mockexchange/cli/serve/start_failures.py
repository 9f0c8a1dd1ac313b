"""Converts errors that keep a server from starting to messages of one line, or to lines of its JSON log."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EADDRNOTAVAIL
from itertools import pairwise
from socket import EAI_AGAIN, EAI_NONAME
from typing import Any

import click

from mockexchange.cli.click_base import PREFIX, UsageFailure, explain_scenario_error
from mockexchange.cli.serve.request_log import JSON, NOTHING, opened_request_log
from mockexchange.sandbox.port import SandboxError, StoreUnavailable
from mockexchange.scenario.errors import ScenarioError
from mockexchange.server.http.listener import PortInUse
from mockexchange.store.stores import StoreError

OPTION = "--log-format"
FOREIGN_HOST = (EADDRNOTAVAIL, EAI_NONAME, EAI_AGAIN)
"""Numbers of errors about an address that this machine does not have, or a name that has none."""
HOST_ADVICE = ": give --host an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all"
VARIABLES = (f"{PREFIX}_SERVE_LOG_FORMAT", f"{PREFIX}_LOG_FORMAT")


@contextmanager
def explained_failures(host: str, port: int, control_port: int | None = None, scenario: str = "") -> Iterator[None]:
    """Convert errors at a server's start, inside the `with` block, to a UsageFailure with a reason of one line."""
    try:
        yield
    except ScenarioError as error:
        raise UsageFailure(explain_scenario_error(error, scenario)) from None
    except PortInUse as error:
        option = "--control-port" if error.port == control_port != port else "--port"
        raise UsageFailure(error.explain(f"{option} ")) from None
    except (StoreError, StoreUnavailable, SandboxError) as error:
        raise UsageFailure(str(error)) from None
    except BrokenPipeError:
        raise
    except OSError as error:
        what = error.filename or f"cannot serve on {host}:{port}"
        reason, _, _ = str(error.strerror or error).partition(" (while attempting")  # with the address, again
        advice = HOST_ADVICE if error.errno in FOREIGN_HOST else ""
        raise UsageFailure(f"{what}: {reason}{advice}") from None


class LoggedCommand(click.Command):
    """A command that reports wrong options as lines of the JSON log, if the log is to be JSON."""

    def make_context(self, info_name: str | None, args: list[str], *given: Any, **extra: Any) -> click.Context:
        with early_failures(_log_format(args)):
            return super().make_context(info_name, args, *given, **extra)


@contextmanager
def early_failures(log_format: str | None) -> Iterator[None]:
    """Write failures inside the `with` block, and its log messages, as lines of JSON if the log is to be JSON."""
    if log_format != JSON:
        yield
        return
    with opened_request_log(JSON, NOTHING):
        yield


def _log_format(args: list[str]) -> str | None:
    """Return the format of the log before the options are read: the last one given, else that of the environment."""
    pairs = [*pairwise(args), *(arg.split("=", 1) for arg in args if "=" in arg)]
    found = [value for name, value in pairs if name == OPTION]
    return next((text for text in (*reversed(found), *map(os.environ.get, VARIABLES)) if text), None)
