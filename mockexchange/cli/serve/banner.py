"""Makes the banner that `serve` prints when it is ready."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from mockexchange.cli.commands.env import holder_of
from mockexchange.cli.terminal import fitted
from mockexchange.clients.published import CLIENT_SETUPS, template_values, trust_of
from mockexchange.runtime.ready_file import default_ready_file
from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.registry import DEFAULT, VENUES

CHECKED = "  it checks itself: what differs from the documents is in `mockexchange journal`, also with --frames"
NAME_COLUMNS, KIND_COLUMNS_MIN = (12, 24), 7
"""The least and the greatest width of the column of names, and the least of that of kinds."""
EVERY_DATE = "compat: every field of every date"


def banner(
    ready: dict[str, Any],
    api_date: ApiDate,
    ready_file: Path,
    faults: int = 0,
    *,
    is_checked: bool = False,
    remark: str = "",
    program: str = "",
) -> str:
    """Return the banner: the URLs, the accounts, the number of installed faults, and shell lines to paste.

    `is_checked` is true if the server compares its own answers with the API documents. `remark` says what is served, if
    that is no scenario, and `program` what to type in place of `mockexchange` if a shell does not find that.
    """
    # The venues that have accounts, or the default one, each with its URLs.
    used = {account["venue"] for account in ready["accounts"]} or {DEFAULT.name}
    served = [(VENUES[name], where) for name, where in ready["venues"].items() if name in used]
    date = EVERY_DATE if api_date.is_compat else f"wire of {api_date}"
    lines = []
    for venue, urls in served:
        head = click.style(f"mockexchange serves {venue.title}", fg="green", bold=True)
        lines += [f"{head}, {date}", *(f"  {click.style(urls[name], fg='cyan')}" for name in ("base_url", "ws_url"))]
    lines += [f"  {remark}"] if remark else []
    kept = sum(venue.wire.count_removed_fields() for venue, _ in served if venue.wire)
    if api_date.is_compat and kept:
        lines.append(_yellow(f"  compat keeps {kept} removed fields: use --api-date latest in CI"))
    if is_checked:
        lines.append(_fitted(CHECKED))
    if faults:
        disturb = "fault disturbs" if faults == 1 else "faults disturb"
        lines.append(_yellow(f"  {faults} {disturb} it on purpose: mockexchange fault list"))
    lines.append(f"  in a browser: {click.style('mockexchange console', fg='cyan')}")
    if program:
        lines.append(_yellow(_fitted(f"  a shell does not find mockexchange here: type {program}")))
    lines += ["", *_account_lines(ready["accounts"])]
    return "\n".join([*lines, *_block(ready, ready_file), "", click.style("Ctrl-C stops it.", dim=True)])


def _block(ready: dict[str, Any], ready_file: Path) -> list[str]:
    """Return lines to paste as one block: exports for a client of each venue, and a first request of each."""
    examples: dict[str, dict[str, Any]] = {}  # the first account of each venue whose private key or secret is known
    for account in ready["accounts"]:
        if account["private_key_path"] or account["secret"]:
            examples.setdefault(account["venue"], account)
    exports, calls = [], []
    named = "" if ready_file == default_ready_file() else f" --ready-file {shlex.quote(str(ready_file))}"
    for venue, account in examples.items():
        setup = CLIENT_SETUPS[venue]
        holder = replace(holder_of(account), read_pem=None)  # no pointer has the key itself
        words = template_values(ready["venues"][venue], holder, account["private_key_path"] or "")
        exports += _export_lines({name: template.format(**words) for name, template in setup.pointers.items()})
        calls.append(f"mockexchange call {shlex.quote(account['name'])} {setup.example_request}{named}")
    if not ready.get("ca_cert"):
        return ["", *exports, *calls] if exports else []
    authority = f"Its certificate is signed by an authority of this run, {ready['ca_cert']}. To trust that:"
    return ["", _fitted(authority, 0), "", *_export_lines(trust_of(ready["ca_bundle"])), *exports, *calls]


def _yellow(text: str) -> str:
    return click.style(text, fg="yellow")


def _account_lines(accounts: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the lines of the accounts; subtraders have lines of their own if they do not fit."""
    name_width = min(NAME_COLUMNS[1], max((len(account["name"]) for account in accounts), default=0))
    kind_width = max((len(_kind(account)) for account in accounts), default=0)
    for account in accounts:
        kind, name = f"{_kind(account):<{max(KIND_COLUMNS_MIN, kind_width)}}", f"  {account['name']}"
        head = f"{name:<{2 + max(NAME_COLUMNS[0], name_width)}} {kind} key {account['key_id']}"
        subtraders = f"  subtraders {', '.join(account['subtraders'])}" if account["subtraders"] else ""
        has_room = _fitted(head + subtraders) == head + subtraders
        yield (head + subtraders if has_room else _fitted(head)).replace(name, click.style(name, bold=True), 1)
        if subtraders and not has_room:
            yield _fitted(f"  {subtraders}")


def _kind(account: dict[str, Any]) -> str:
    """Return the kind of an account at the default venue, which has several kinds, else the name of its venue."""
    kind: str = account["kind"]
    return kind if account["venue"] == DEFAULT.name else VENUES[account["venue"]].title


def _fitted(line: str, indent: int = 2) -> str:
    return fitted(line, indent, is_error=False)


def _export_lines(variables: Mapping[str, str]) -> list[str]:
    return [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
