"""`mockexchange serve`: the command and its options."""

import logging
import shlex
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Unpack
from urllib.parse import urlsplit

import click

from mockexchange.cli.click_base import UsageFailure, checked, shared_option
from mockexchange.cli.commands.completion import SCENARIO
from mockexchange.cli.request_log import (
    AMOUNTS,
    DEFAULT_AMOUNTS,
    FORMATS,
    JSON,
    NOTHING,
    TEXT,
    LogWriter,
    RecordHandler,
    RequestLog,
)
from mockexchange.cli.serve_inputs import load_plan, load_self_check, watch_scenario
from mockexchange.cli.serve_run import ServeRun
from mockexchange.cli.sharing_options import SharingValues, sharing_of, sharing_options
from mockexchange.runtime.ready_file import DEFAULT_HOST, DEFAULT_PORT, default_ready_file
from mockexchange.sandbox.clock import parse_mode
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.port import StoreUnavailable
from mockexchange.scenario.errors import ScenarioError
from mockexchange.server.http.listener import PortInUse
from mockexchange.server.process import ServeOptions
from mockexchange.server.tls.certificate_names import normalised
from mockexchange.store.sqlite_file import DURABILITY, StoreError
from mockexchange.venues.dated import ApiDate
from mockexchange.venues.registry import DEFAULT

if TYPE_CHECKING:
    from mockexchange.server.tls.certificates import Authority


def _clock(text: str) -> str:
    parse_mode(text)
    return text


def _public_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"expected a URL such as https://mock.example.org, got {text!r}")
    return text


def _store(text: str) -> Path:
    kind, _, file = text.partition(":")
    if kind != "sqlite" or not file:
        raise ValueError(f"expected sqlite:FILE, such as sqlite:mock.db, got {text!r}")
    return Path(file)


def _names(context: click.Context, parameter: click.Parameter, names: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return tuple(map(normalised, names))
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _no_arguments(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> None:
    if given:
        raise click.UsageError(f"expected options alone: did you mean --scenario {shlex.quote(given[0])}?", context)


@click.command()
@click.argument("given", nargs=-1, metavar="", expose_value=False, callback=_no_arguments)
@shared_option("--host", default=DEFAULT_HOST, show_default=True, help="Address to listen on.")
@shared_option(
    "--port", type=click.IntRange(0, 65_535), default=DEFAULT_PORT, show_default=True, help="Port; 0 takes a free one."
)
@shared_option("--scenario", type=SCENARIO, default="demo", show_default=True, help="A built-in name or a file.")
@shared_option(
    "--api-date",
    default="compat",
    show_default=True,
    callback=checked(DEFAULT.api_date),
    help="compat, latest, an alias, a month, a day.",
)
@shared_option(
    "--clock", default="real", show_default=True, callback=checked(_clock), help="real, paused, or a scale like 10x."
)
@shared_option("--chaos", multiple=True, metavar="NAME", help="A preset of faults, such as flaky; repeatable.")
@shared_option("--public-url", callback=checked(_public_url), help="How clients reach this server, if not by address.")
@shared_option("--allow-host", multiple=True, help="A further Host name the control API answers to.")
@shared_option(
    "--scenario-dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder whose scenario files the control API may load; without it, built-in scenarios alone.",
)
@shared_option("--ready-file", type=click.Path(path_type=Path), default=default_ready_file, help="Where to say: ready.")
@shared_option(
    "--store",
    metavar="sqlite:FILE",
    callback=checked(_store),
    help="Keep the sandboxes in a file, so that they outlive the server.",
)
@shared_option(
    "--durability",
    type=click.Choice(list(DURABILITY)),
    default="full",
    show_default=True,
    help="What answered writes survive: a loss of power (full), or kill -9 (normal).",
)
@shared_option("--token", help="The control API's token; generated if not given.")
@sharing_options
@shared_option("--self-check", is_flag=True, help="Hold every answer and frame against the contract documents.")
@shared_option("--deflate", is_flag=True, help="Compress streams for clients that offer it.")
@shared_option("--tls", is_flag=True, help="Speak https and wss, with a certificate made for this run.")
@shared_option("--tls-name", multiple=True, metavar="NAME", callback=_names, help="A further name in it; repeatable.")
@shared_option("--reload", is_flag=True, help="Play the scenario anew when its file changes.")
@shared_option(
    "--log",
    type=click.Choice(AMOUNTS),
    help="What to log on standard error.  [default: refusals; requests if as JSON; none if --quiet]",
)
@shared_option(
    "--log-format",
    type=click.Choice(FORMATS),
    default=TEXT,
    show_default=True,
    help="In words, or as JSON, an object a line and no banner.",
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
    store: Path | None,
    durability: str,
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
    **sharing: Unpack[SharingValues],
) -> None:
    """Start the server and print credentials to copy and paste."""
    _require_consistent(tls=tls, tls_name=tls_name, public_url=public_url)
    load = partial(load_plan, scenario, chaos)
    amount = log or (NOTHING if quiet else DEFAULT_AMOUNTS[log_format])
    with _request_log(log_format, amount, shows_secrets=show_secrets) as request_log, _explained_failures(host, port):
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
            sharing=sharing_of(sharing),
            has_deflate=deflate,
            inspector=load_self_check(api_date) if self_check else None,
            authority=_authority() if tls else None,
            tls_names=tls_name,
            on_sandbox=request_log.watch,
            reload=watch_scenario(scenario, load, request_log) if reload else None,
        )
        run = ServeRun(load(), SandboxOptions(api_date=api_date, clock=clock), options)
        run.serve(partial(request_log.log_start, scenario), has_banner=not quiet and log_format == TEXT)


@contextmanager
def _explained_failures(host: str, port: int) -> Iterator[None]:
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


def _require_consistent(*, tls: bool, tls_name: tuple[str, ...], public_url: str | None) -> None:
    """Raise UsageFailure for options that contradict each other."""
    if tls_name and not tls:
        raise UsageFailure("--tls-name names this server in its certificate, which it has with --tls: add --tls")
    if tls and public_url and urlsplit(public_url).scheme == "http":
        raise UsageFailure(f"--tls serves https alone: --public-url {public_url} would have clients speak http to it")


def _authority() -> "Authority":
    from mockexchange.server.tls.certificates import Authority

    return Authority.make()


@contextmanager
def _request_log(log_format: str, amount: str, *, shows_secrets: bool = False) -> Iterator[RequestLog]:
    """Yield the log of a server. As JSON it has all of standard error: also messages, and why the server ends."""
    writer = LogWriter()
    request_log = RequestLog(log_format, amount, writer, shows_secrets=shows_secrets)
    try:
        with _all_messages(request_log) if log_format == JSON else nullcontext():
            yield request_log
    finally:
        request_log.log_stop()
        writer.close()


@contextmanager
def _all_messages(request_log: RequestLog) -> Iterator[None]:
    """Pass the messages of libraries, warnings, and the exception that ends the server, to the log."""
    handler, root = RecordHandler(request_log), logging.getLogger()
    root.addHandler(handler)
    logging.captureWarnings(True)
    try:
        yield
    except click.ClickException as failure:
        request_log.log_problem(failure.format_message())
        raise SystemExit(failure.exit_code) from None
    except Exception as error:  # noqa: BLE001  # it is logged
        request_log.log_problem(f"the server made a mistake ({type(error).__name__}): please report it", error)
        raise SystemExit(1) from None
    finally:
        logging.captureWarnings(False)
        root.removeHandler(handler)
