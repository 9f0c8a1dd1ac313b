"""Runs a server in the foreground: a progress bar while the scenario loads, and a banner once it is ready."""

import asyncio
import shlex
import shutil
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from mockexchange.cli.click_base import PREFIX
from mockexchange.cli.serve.banner import banner
from mockexchange.cli.terminal import progress_bar
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.scenario.plan import Plan
from mockexchange.server.event_loops import loop_factory
from mockexchange.server.process import run_server
from mockexchange.server.serve_options import ServeOptions

if TYPE_CHECKING:
    from mockexchange.server.replicas.address import Address

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
