"""Defines `mockexchange serve`, which starts a server, and its options."""

import shlex
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Unpack
from urllib.parse import urlsplit

import click

from mockexchange.cli.click_base import UsageFailure, checked, shared_option
from mockexchange.cli.commands.completion import SCENARIO
from mockexchange.cli.serve.request_log import DEFAULT_AMOUNTS, FORMATS, NOTHING, TEXT, opened_request_log
from mockexchange.cli.serve.serve_inputs import load_plan, load_self_check, watch_scenario
from mockexchange.cli.serve.serve_log import Amount, LogToOpen, ServeValues, log_options
from mockexchange.cli.serve.serve_options import (
    read_certificate_names,
    read_clock,
    read_host_names,
    read_public_url,
    read_token,
    require_replica_possible,
    require_workers_possible,
    sharing_of,
    sharing_options,
    workers_option,
)
from mockexchange.cli.serve.serve_run import LoggedCommand, ServeRun, early_failures, explained_failures
from mockexchange.runtime.ready_file import DEFAULT_HOST, DEFAULT_PORT, default_ready_file
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.server.serve_options import ServeOptions, WorkersOptions
from mockexchange.server.workers.start import (
    StartedWorker,
    become_worker,
    has_served_as_reader,
    with_shared,
)
from mockexchange.store.opening import Location, read_serve_location
from mockexchange.store.stores import DURABILITY
from mockexchange.venues.dated import ApiDate
from mockexchange.venues.registry import DEFAULT

if TYPE_CHECKING:
    from mockexchange.server.tls.certificates import Authority


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
    callback=checked(read_clock),
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
    load = partial(load_plan, scenario, chaos)
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
        sharing = sharing_of(more)
        if has_served_as_reader(worker, inspector, sharing.tokens, request_log.tokens):
            return
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
            authority=_authority() if tls else None,
            tls_names=tls_name,
            on_sandbox=request_log.watch,
            reload=watch_scenario(scenario, load, request_log) if reload else None,
            make=opened.make if opened else None,
            reads=more["reads"],
        )
        sandbox_options = SandboxOptions(api_date=api_date, clock=clock)
        sandbox_options = opened.options_of(sandbox_options) if opened else sandbox_options
        remark = opened.remark(sandbox_options) if opened else ""
        run = ServeRun(load(), sandbox_options, with_shared(options, worker), more["replica"], remark)
        has_banner = not quiet and log_format == TEXT and not worker.replaced
        run.serve(partial(request_log.log_start, scenario), has_banner=has_banner)


def _log_to_open(context: click.Context, more: ServeValues) -> LogToOpen | None:
    """Return the log to play back, if there is one. Raises UsageFailure, also for other options that contradict."""
    given = context.params
    with early_failures(given["log_format"]):
        # Raise UsageFailure for options that contradict each other.
        tls = given["tls"]
        tls_name = given["tls_name"]
        public_url = given["public_url"]
        if tls_name and not tls:
            raise UsageFailure("--tls-name names this server in its certificate, which it has with --tls: add --tls")
        if tls and public_url and urlsplit(public_url).scheme == "http":
            raise UsageFailure(
                f"--tls serves https alone: --public-url {public_url} would have clients speak http to it"
            )
        require_workers_possible(given["workers"], given["store"], tls=given["tls"])
        require_replica_possible(context, given["store"])
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


def _authority() -> "Authority":
    from mockexchange.server.tls.certificates import Authority

    return Authority.make()
