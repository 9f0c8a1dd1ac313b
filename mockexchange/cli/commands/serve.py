"""Defines `mockexchange serve`, which starts a server, and its options."""

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
from typing import TYPE_CHECKING, Any, Unpack
from urllib.parse import urlsplit

import click

from mockexchange.cli.argument_types import FileToRead
from mockexchange.cli.click_base import (
    PREFIX,
    UsageFailure,
    checked,
    checked_text,
    explain_scenario_error,
    shared_option,
)
from mockexchange.cli.commands.completion import SCENARIO
from mockexchange.cli.commands.verify import require_kit
from mockexchange.cli.serve.banner import banner
from mockexchange.cli.serve.from_log import Amount, LogToOpen, ServeValues, log_options
from mockexchange.cli.serve.options import (
    read_certificate_names,
    read_host_names,
    read_overlay,
    read_public_url,
    read_token,
    require_overlay_possible,
    require_replica_possible,
    require_workers_possible,
    sharing_of,
    sharing_options,
    workers_option,
)
from mockexchange.cli.serve.request_log import (
    DEFAULT_AMOUNTS,
    FORMATS,
    JSON,
    NOTHING,
    TEXT,
    opened_request_log,
)
from mockexchange.cli.terminal import progress_bar
from mockexchange.faults.preset_rules import with_presets
from mockexchange.runtime.ready_file import DEFAULT_HOST, DEFAULT_PORT, default_ready_file
from mockexchange.sandbox.clock import parse_mode
from mockexchange.sandbox.interface import SandboxError, StoreUnavailable
from mockexchange.sandbox.options import Inspector, SandboxOptions
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.loader import builtin_names, load_scenario
from mockexchange.scenario.plan import Plan
from mockexchange.server.http.listener import PortInUse
from mockexchange.server.operating_system import loop_factory
from mockexchange.server.process import run_server
from mockexchange.server.serve_options import Reload, ServeOptions, WorkersOptions
from mockexchange.server.workers.start import (
    StartedWorker,
    become_worker,
    has_served_as_reader,
    with_shared,
)
from mockexchange.store.opening import Location, read_serve_location
from mockexchange.store.stores import DURABILITY, StoreError
from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.registry import DEFAULT

if TYPE_CHECKING:
    from mockexchange.server.replicas.peers import Address
    from mockexchange.server.tls.certificates import Authority

OPTION = "--log-format"
FOREIGN_HOST = (EADDRNOTAVAIL, EAI_NONAME, EAI_AGAIN)
"""Numbers of errors about an address that this machine does not have, or a name that has none."""
HOST_ADVICE = ": give --host an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all"
VARIABLES = (f"{PREFIX}_SERVE_LOG_FORMAT", f"{PREFIX}_LOG_FORMAT")
COLUMNS = ("SpinnerColumn", "loading {task.fields[done]:,} steps", "TimeElapsedColumn")


class LoggedCommand(click.Command):
    """A command that reports wrong options as lines of the JSON log, if the log is to be JSON."""

    def make_context(self, info_name: str | None, args: list[str], *given: Any, **extra: Any) -> click.Context:
        with early_failures(_log_format(args)):
            return super().make_context(info_name, args, *given, **extra)


def _no_arguments(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> None:
    if given:
        raise click.UsageError(f"expected options alone: did you mean --scenario {shlex.quote(given[0])}?", context)


@click.command(cls=LoggedCommand)
@click.argument("given", nargs=-1, metavar="", expose_value=False, callback=_no_arguments)
@shared_option("--host", default=DEFAULT_HOST, show_default=True, help="Address to listen on.")
@shared_option(
    "--port", type=click.IntRange(0, 65_535), default=DEFAULT_PORT, show_default=True, help="Port; 0 takes a free one."
)
@shared_option(
    "--scenario", type=SCENARIO, default="demo", show_default=True, help="Scenario: a built-in name or a file."
)
@shared_option(
    "--api-date",
    default="compat",
    show_default=True,
    callback=checked(DEFAULT.api_date),
    help="Day of the API: compat, latest, an alias, a month or a day.",
)
@shared_option(
    "--clock",
    default="real",
    show_default=True,
    callback=checked_text(parse_mode),
    help="Exchange time: real, paused, or a scale like 10x.",
)
@shared_option("--chaos", multiple=True, metavar="NAME", help="Preset of faults, such as flaky; repeatable.")
@shared_option(
    "--public-url", callback=checked(read_public_url), help="How clients reach this server, if not by address."
)
@shared_option(
    "--allow-host",
    multiple=True,
    metavar="NAME",
    callback=checked(read_host_names),
    help="Further Host name that the control API answers to; repeatable.",
)
@shared_option(
    "--scenario-dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder whose scenario files the control API may load; without it, built-in scenarios alone.",
)
@shared_option(
    "--ready-file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=default_ready_file,
    help="File that is written when the server is ready.",
)
@shared_option(
    "--store",
    metavar="STORE",
    callback=checked(read_serve_location),
    help="Keep the sandboxes in a file (sqlite:FILE) or a database (postgresql://...): they outlive the server.",
)
@shared_option(
    "--durability",
    type=click.Choice(list(DURABILITY)),
    default="full",
    show_default=True,
    help="What answered writes survive: a loss of power (full), or kill -9 (normal).",
)
@log_options
@workers_option
@shared_option("--token", callback=checked(read_token), help="The control API's token; generated if not given.")
@sharing_options
@shared_option(
    "--overlay",
    type=FileToRead(exists=False),
    metavar="FILE",
    help="Add the new fields of this OpenAPI document to answers of the newest API date.",
)
@shared_option("--self-check", is_flag=True, help="Hold every answer and frame against the contract documents.")
@shared_option("--deflate", is_flag=True, help="Compress streams for clients that offer it.")
@shared_option("--tls", is_flag=True, help="Speak https and wss, with a certificate made for this run.")
@shared_option(
    "--tls-name",
    multiple=True,
    metavar="NAME",
    callback=read_certificate_names,
    help="Further name in the certificate; repeatable.",
)
@shared_option("--reload", is_flag=True, help="Play the scenario anew when its file changes.")
@shared_option(
    "--log",
    type=Amount(),
    help="What to log on standard error.  [default: refusals; requests if as JSON; none if --quiet]",
)
@shared_option(
    "--log-format",
    type=click.Choice(FORMATS),
    default=TEXT,
    show_default=True,
    help="Log in words, or as JSON: an object a line, and no banner.",
)
@shared_option("--show-secrets", is_flag=True, help="Log secrets that clients send, too.")
@shared_option("--quiet", is_flag=True, help="Print nothing but errors.")
def serve(
    host: str,
    port: int,
    scenario: str,
    api_date: ApiDate,
    clock: str,
    chaos: tuple[str, ...],
    public_url: str | None,
    allow_host: tuple[str, ...],
    scenario_dir: Path | None,
    ready_file: Path,
    store: Location | None,
    durability: str,
    workers: int,
    token: str | None,
    overlay: Path | None,
    self_check: bool,
    deflate: bool,
    tls: bool,
    tls_name: tuple[str, ...],
    reload: bool,
    log: str | None,
    log_format: str,
    show_secrets: bool,
    quiet: bool,
    **more: Unpack[ServeValues],
) -> None:
    """Start the server and print credentials to copy and paste."""
    opened = _log_to_open(click.get_current_context(), more)

    def load() -> Plan:
        return with_presets(load_scenario(scenario), chaos)

    amount = log or (NOTHING if quiet else DEFAULT_AMOUNTS[log_format])
    worker = _become_worker(
        WorkersOptions(workers, host, port, ready_file, store, token, more["control_port"], more["max_sandboxes"])
    )
    with (
        opened_request_log(log_format, amount, shows_secrets=show_secrets) as request_log,
        explained_failures(host, port, more["control_port"], scenario),
    ):
        if isinstance(worker, UsageFailure):
            raise worker
        inspector = load_self_check(api_date) if self_check else None
        if reload and scenario in builtin_names():
            raise UsageFailure(f"--reload watches a file, and {scenario!r} is built in: give --scenario FILE")
        sharing = sharing_of(more)
        if has_served_as_reader(worker, inspector, sharing.tokens, request_log.tokens):
            return
        authority: Authority | None = None
        if tls:
            from mockexchange.server.tls import certificates

            authority = certificates.Authority.make()
        options = ServeOptions(
            host=host,
            port=port,
            ready_file=ready_file,
            public_url=public_url,
            allow_hosts=list(allow_host),
            scenario_dir=scenario_dir,
            store=store,
            durability=durability,
            token=token,
            sharing=sharing,
            hidden=request_log.tokens,
            has_deflate=deflate,
            inspector=inspector,
            overlay=read_overlay(overlay) if overlay else None,
            authority=authority,
            tls_names=tls_name,
            on_sandbox=request_log.watch,
            reload=Reload(Path(scenario), load, partial(request_log.log_reload, scenario)) if reload else None,
            make=opened.make if opened else None,
            reads=more["reads"],
        )
        sandbox_options = SandboxOptions(api_date=api_date, clock=clock)
        sandbox_options = opened.options_of(sandbox_options) if opened else sandbox_options
        has_banner = not quiet and log_format == TEXT and not worker.replaced
        plan = load()

        def announce(ready: dict[str, Any]) -> None:
            request_log.log_start(scenario, ready)
            if has_banner:
                faults = len(plan.faults)
                remark = opened.remark(sandbox_options) if opened else ""
                date, program = sandbox_options.api_date, program_to_type()
                text = banner(ready, date, ready_file, faults, is_checked=self_check, remark=remark, program=program)
                click.echo(text)

        served = with_shared(options, worker)
        _serve_in_foreground(plan, sandbox_options, served, more["replica"], announce, has_bar=has_banner)


def _log_to_open(context: click.Context, more: ServeValues) -> LogToOpen | None:
    """Return the log to play back, if there is one. Raises UsageFailure, also for other options that contradict."""
    given = context.params
    with early_failures(given["log_format"]):
        tls, public_url = given["tls"], given["public_url"]
        if given["tls_name"] and not tls:
            raise UsageFailure("--tls-name names this server in its certificate, which it has with --tls: add --tls")
        if tls and public_url and urlsplit(public_url).scheme == "http":
            raise UsageFailure(
                f"--tls serves https alone: --public-url {public_url} would have clients speak http to it"
            )
        require_workers_possible(given["workers"], given["store"], tls=tls)
        require_replica_possible(context, given["store"])
        require_overlay_possible(context)
        return LogToOpen.of(context, more)


def _become_worker(options: WorkersOptions) -> StartedWorker | UsageFailure:
    """Start the workers and return in each of them. If that is not possible, return why."""
    try:
        with explained_failures(options.host, options.port, options.control_port):
            worker = become_worker(options)
    except UsageFailure as failure:
        return failure
    click.get_current_context().call_on_close(worker.close)
    return worker


def load_self_check(api_date: ApiDate) -> Inspector:
    """Return an inspector, which compares the server's own answers with the API documents.

    The documents are loaded now, so that the first answer is not late. Raises UsageFailure.
    """
    require_kit()
    from mockexchange.kit.self_check import SelfCheck
    from mockexchange.kit.venues import KITS
    from mockexchange.runtime.api_documents import NoSuchDocument

    inspector = SelfCheck(KITS)
    try:
        inspector.require(DEFAULT.name, api_date.day)
    except NoSuchDocument as error:
        raise UsageFailure(f"--self-check: {error}") from None
    return inspector


def _serve_in_foreground(
    plan: Plan,
    sandbox_options: SandboxOptions,
    options: ServeOptions,
    replica: "Address | None",
    announce: Callable[[dict[str, Any]], None],
    *,
    has_bar: bool,
) -> None:
    """Serve until the server is stopped; show a progress bar while the scenario is loaded.

    `replica` is the address at which the other servers on its database reach this server; None if no others exist.
    """
    if replica is None:
        run: Callable[..., Coroutine[None, None, None]] = run_server
    else:
        from mockexchange.server.replicas.replica import run_replica  # it needs the driver of PostgreSQL

        run = partial(run_replica, replica)
    with progress_bar(*COLUMNS, is_shown=has_bar) as bar:
        bar.update(done=0)

        def announce_below_bar(ready: dict[str, Any]) -> None:
            bar.stop()
            announce(ready)

        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(run(plan, sandbox_options, options, announce_below_bar, lambda done: bar.update(done=done)))


def program_to_type() -> str:
    """Return what to type in place of `mockexchange`, as a shell quotes it; empty if a shell finds `mockexchange`."""
    if shutil.which(PREFIX.lower()):
        return ""
    started = Path(sys.argv[0])
    is_script = started.stem == PREFIX.lower() and started.is_file()
    return shlex.quote(sys.argv[0]) if is_script else f"{shlex.quote(sys.executable)} -m {PREFIX.lower()}"


# What keeps a server from starting: a message of one line, or a line of its JSON log


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
