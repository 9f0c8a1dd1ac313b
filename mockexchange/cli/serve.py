"""`mockexchange serve`."""

import asyncio
import shlex
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from mockexchange.cli.frame import Misuse, checked, shared_option
from mockexchange.cli.verify import require_kit
from mockexchange.clock import parse_mode
from mockexchange.config import DEFAULT_HOST, DEFAULT_PORT, default_ready_file
from mockexchange.faults.chaos import load_preset
from mockexchange.inspection import Inspector
from mockexchange.sandbox import SandboxOptions
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.loader import Plan, load_scenario
from mockexchange.server.listener import PortInUse
from mockexchange.server.process import ServeOptions, run_server
from mockexchange.venues.dated import ApiDate
from mockexchange.venues.kalshi.dates import api_date as parse_api_date
from mockexchange.venues.kalshi.objects import count_removed_fields


def _clock(text: str) -> str:
    parse_mode(text)
    return text


def _public_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"expected a URL such as https://mock.example.org, got {text!r}")
    return text


@click.command()
@shared_option("--host", default=DEFAULT_HOST, show_default=True, help="Address to listen on.")
@shared_option(
    "--port", type=click.IntRange(0, 65_535), default=DEFAULT_PORT, show_default=True, help="Port; 0 takes a free one."
)
@shared_option("--scenario", default="demo", show_default=True, help="A built-in name or a file.")
@shared_option(
    "--api-date",
    default="compat",
    show_default=True,
    callback=checked(parse_api_date),
    help="compat, latest, an alias, a day.",
)
@shared_option(
    "--clock", default="real", show_default=True, callback=checked(_clock), help="real, paused, or a scale like 10x."
)
@shared_option("--chaos", multiple=True, metavar="NAME", help="A preset of faults, such as flaky; repeatable.")
@shared_option("--public-url", callback=checked(_public_url), help="How clients reach this server, if not by address.")
@shared_option("--allow-host", multiple=True, help="A further Host name the control API answers to.")
@shared_option("--ready-file", type=click.Path(path_type=Path), default=default_ready_file, help="Where to say: ready.")
@shared_option("--token", help="The control API's token; generated if not given.")
@shared_option("--self-check", is_flag=True, help="Hold every answer and frame against the contract documents.")
@shared_option("--deflate", is_flag=True, help="Compress streams for clients that offer it.")
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
    ready_file: Path,
    token: str | None,
    self_check: bool,
    deflate: bool,
    quiet: bool,
) -> None:
    """Start the server and print credentials to copy and paste."""
    try:
        plan = _with_chaos(load_scenario(scenario), chaos)
        options = ServeOptions(
            host=host,
            port=port,
            ready_file=ready_file,
            public_url=public_url,
            allow_hosts=list(allow_host),
            token=token,
            has_deflate=deflate,
            inspector=_self_check(api_date) if self_check else None,
        )
        _run(plan, SandboxOptions(api_date=api_date, clock=clock), options, quiet)
    except (ScenarioError, PortInUse) as error:
        raise Misuse(str(error)) from None
    except BrokenPipeError:
        raise
    except OSError as error:
        what = error.filename or f"cannot serve on {host}:{port}"
        raise Misuse(f"{what}: {error.strerror or error}") from None


def _self_check(api_date: ApiDate) -> Inspector:
    """Load what the kit needs now, so that the first answer is not late. Raises Misuse."""
    require_kit()
    from mockexchange.documents import NoSuchDocument
    from mockexchange.kit.kalshi import KALSHI
    from mockexchange.kit.self_check import SelfCheck

    inspector = SelfCheck(KALSHI)
    try:
        inspector.require(api_date.day)
    except NoSuchDocument as error:
        raise Misuse(f"--self-check: {error}") from None
    return inspector


def _with_chaos(plan: Plan, names: tuple[str, ...]) -> Plan:
    """The plan with the rules of these presets after its own."""
    rules = [rule for name in dict.fromkeys(names) for rule in load_preset(name)]
    return replace(plan, faults=[*plan.faults, *rules]) if rules else plan


def _run(plan: Plan, sandbox_options: SandboxOptions, options: ServeOptions, is_quiet: bool) -> None:
    console = Console(stderr=True, quiet=is_quiet)
    with Progress(
        SpinnerColumn(),
        TextColumn("loading {task.fields[done]:,} steps"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=is_quiet or not console.is_terminal,
    ) as bar:
        task = bar.add_task("", done=0)

        def announce(ready: dict[str, Any]) -> None:
            bar.stop()
            if not is_quiet:
                is_checked, faults = options.inspector is not None, len(plan.faults)
                click.echo(banner(ready, sandbox_options.api_date, options.ready_file, faults, is_checked=is_checked))

        def progress(done: int) -> None:
            bar.update(task, done=done)

        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(run_server(plan, sandbox_options, options, announce, progress))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where it is installed; never on Windows."""
    if sys.platform == "win32":
        return None
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def banner(
    ready: dict[str, Any], api_date: ApiDate, ready_file: Path, faults: int = 0, *, is_checked: bool = False
) -> str:
    """What `serve` prints: where it is, what checks and disturbs it, who there is, and lines to paste."""
    venue = ready["venues"]["kalshi"]
    lines = [f"mockexchange serves Kalshi's wire as of {api_date} at {venue['base_url']}"]
    if api_date.is_compat:
        lines.append(f"  compat keeps {count_removed_fields()} removed fields: use --api-date latest in CI")
    if is_checked:
        lines.append(
            "  it checks itself: what differs from the documents is in `mockexchange journal`, also with --frames"
        )
    if faults:
        disturb = "fault disturbs" if faults == 1 else "faults disturb"
        lines.append(f"  {faults} {disturb} it on purpose: mockexchange fault list")
    lines += ["", *(_account_line(account) for account in ready["accounts"])]
    usable = next((account for account in ready["accounts"] if account["private_key_path"]), None)
    if usable:
        lines += ["", *_exports(venue, usable), "", _call_line(usable, ready_file)]
    return "\n".join([*lines, "", "Ctrl-C stops it."])


def _account_line(account: dict[str, Any]) -> str:
    subtraders = f"  subtraders {', '.join(account['subtraders'])}" if account["subtraders"] else ""
    return f"  {account['name']:<12} {account['kind']:<7} key {account['key_id']}{subtraders}"


def _exports(venue: dict[str, str], account: dict[str, Any]) -> list[str]:
    return [
        f"export KALSHI_API_BASE_URL={shlex.quote(venue['base_url'])}",
        f"export KALSHI_WS_URL={shlex.quote(venue['ws_url'])}",
        f"export KALSHI_API_KEY_ID={shlex.quote(account['key_id'])}",
        f"export KALSHI_PRIVATE_KEY_PATH={shlex.quote(account['private_key_path'])}",
    ]


def _call_line(account: dict[str, Any], ready_file: Path) -> str:
    """A server that is not the default one has to be named."""
    where = "" if ready_file == default_ready_file() else f" --ready-file {shlex.quote(str(ready_file))}"
    return f"mockexchange call {shlex.quote(account['name'])} GET /portfolio/positions{where}"
