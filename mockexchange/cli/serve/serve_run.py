"""Runs a server in the foreground, with a progress bar and a banner, and explains what keeps it from starting."""

import asyncio
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from errno import EADDRNOTAVAIL
from functools import partial
from itertools import pairwise
from pathlib import Path
from socket import EAI_AGAIN, EAI_NONAME
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from mockexchange.cli.click_base import PREFIX, UsageFailure, explain_scenario_error
from mockexchange.cli.serve.banner import banner
from mockexchange.cli.serve.request_log import JSON, NOTHING, opened_request_log
from mockexchange.cli.terminal import progress_bar
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.port import SandboxError, StoreUnavailable
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.plan import Plan
from mockexchange.server.http.listener import PortInUse
from mockexchange.server.operating_system import loop_factory
from mockexchange.server.process import run_server
from mockexchange.server.serve_options import ServeOptions
from mockexchange.store.stores import StoreError

if TYPE_CHECKING:
    from mockexchange.server.replicas.peers import Address


# A server in the foreground: a progress bar while the scenario loads, and a banner once it is ready


COLUMNS = ("SpinnerColumn", "loading {task.fields[done]:,} steps", "TimeElapsedColumn")


class ServeRun(Struct, frozen=True):
    """The settings of one run of the server: the scenario's plan, the default sandbox, and the server's own options."""

    plan: Plan
    sandbox_options: SandboxOptions
    options: ServeOptions
    replica: "Address | None" = None
    """The address at which the other servers on its database reach this server; None if no others exist."""
    remark: str = ""
    """A line of the banner about where the exchange comes from, if that is no scenario."""

    def serve(self, log_start: Callable[[dict[str, Any]], None], *, has_banner: bool) -> None:
        """Serve until the server is stopped; show a progress bar while the scenario is loaded."""
        with progress_bar(*COLUMNS, is_shown=has_banner) as bar:
            bar.update(done=0)

            def announce(ready: dict[str, Any]) -> None:
                bar.stop()
                log_start(ready)
                if has_banner:
                    click.echo(self._banner(ready))

            run = run_server if self.replica is None else _run_replica(self.replica)
            with asyncio.Runner(loop_factory=loop_factory()) as runner:
                runner.run(
                    run(self.plan, self.sandbox_options, self.options, announce, lambda done: bar.update(done=done))
                )

    def _banner(self, ready: dict[str, Any]) -> str:
        options = self.options
        is_checked, faults = options.inspector is not None, len(self.plan.faults)
        date, remark = self.sandbox_options.api_date, self.remark
        program = program_to_type()
        return banner(ready, date, options.ready_file, faults, is_checked=is_checked, remark=remark, program=program)


def program_to_type() -> str:
    """Return what to type in place of `mockexchange`, as a shell quotes it; empty if a shell finds `mockexchange`."""
    if shutil.which(PREFIX.lower()):
        return ""
    started = Path(sys.argv[0])
    is_script = started.stem == PREFIX.lower() and started.is_file()
    return shlex.quote(sys.argv[0]) if is_script else f"{shlex.quote(sys.executable)} -m {PREFIX.lower()}"


def _run_replica(address: "Address") -> Callable[..., Coroutine[None, None, None]]:
    from mockexchange.server.replicas.replica import run_replica  # it needs the driver of PostgreSQL

    return partial(run_replica, address)


# What keeps a server from starting: a message of one line, or a line of its JSON log


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
