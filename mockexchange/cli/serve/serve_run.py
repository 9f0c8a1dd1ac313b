"""Runs a server in the foreground: a progress bar while the scenario loads, and a banner once it is ready."""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import click
from msgspec import Struct

from mockexchange.cli.serve.banner import banner
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.scenario.plan import Plan
from mockexchange.server.event_loops import loop_factory
from mockexchange.server.process import run_server
from mockexchange.server.replicas.address import Address
from mockexchange.server.serve_options import ServeOptions


class ServeRun(Struct, frozen=True):
    """The settings of one run of the server: the scenario's plan, the default sandbox, and the server's own options."""

    plan: Plan
    sandbox_options: SandboxOptions
    options: ServeOptions
    replica: Address | None = None
    """The address at which the other servers on its database reach this server; None if no others exist."""
    remark: str = ""
    """A line of the banner about where the exchange comes from, if that is no scenario."""

    def serve(self, log_start: Callable[[dict[str, Any]], None], *, has_banner: bool) -> None:
        """Serve until the server is stopped; show a progress bar while the scenario is loaded."""
        with _progress_bar(is_shown=has_banner and sys.stderr.isatty()) as bar:

            def announce(ready: dict[str, Any]) -> None:
                bar.stop()
                log_start(ready)
                if has_banner:
                    click.echo(self._banner(ready))

            run = run_server if self.replica is None else _run_replica(self.replica)
            with asyncio.Runner(loop_factory=loop_factory()) as runner:
                runner.run(run(self.plan, self.sandbox_options, self.options, announce, bar.update))

    def _banner(self, ready: dict[str, Any]) -> str:
        options = self.options
        is_checked, faults = options.inspector is not None, len(self.plan.faults)
        date, remark = self.sandbox_options.api_date, self.remark
        return banner(ready, date, options.ready_file, faults, is_checked=is_checked, remark=remark)


def _run_replica(address: Address) -> Callable[..., Coroutine[None, None, None]]:
    from mockexchange.server.replicas.replica import run_replica  # it needs the driver of PostgreSQL

    return partial(run_replica, address)


class ProgressBar(NamedTuple):
    """A progress bar for a scenario that is loaded; `update` is called with the number of steps executed so far."""

    update: Callable[[int], None]
    stop: Callable[[], None]


@contextmanager
def _progress_bar(*, is_shown: bool) -> Iterator[ProgressBar]:
    """Yield a progress bar on standard error, or one that shows nothing and imports nothing."""
    if not is_shown:
        yield ProgressBar(lambda done: None, lambda: None)
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("loading {task.fields[done]:,} steps"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", done=0)
        yield ProgressBar(lambda done: bar.update(task, done=done), bar.stop)
