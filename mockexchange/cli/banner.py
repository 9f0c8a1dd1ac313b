"""The banner that `serve` prints when it is ready."""

import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mockexchange.cli.commands.env import holder_of
from mockexchange.clients.published import CLIENT_SETUPS, template_values, trust_of
from mockexchange.runtime.ready_file import default_ready_file
from mockexchange.venues.dated import ApiDate
from mockexchange.venues.registry import DEFAULT, VENUES
from mockexchange.venues.venue import Venue


def banner(
    ready: dict[str, Any], api_date: ApiDate, ready_file: Path, faults: int = 0, *, is_checked: bool = False
) -> str:
    """Return the banner: the URLs, the self-check and faults, the accounts, and shell lines to paste."""
    served = _served(ready)
    lines = [f"mockexchange serves {venue.title}'s wire as of {api_date} at {url}" for venue, url in served]
    kept = sum(venue.wire.count_removed_fields() for venue, _ in served if venue.wire)
    if api_date.is_compat and kept:
        lines.append(f"  compat keeps {kept} removed fields: use --api-date latest in CI")
    if is_checked:
        lines.append(
            "  it checks itself: what differs from the documents is in `mockexchange journal`, also with --frames"
        )
    if faults:
        disturb = "fault disturbs" if faults == 1 else "faults disturb"
        lines.append(f"  {faults} {disturb} it on purpose: mockexchange fault list")
    lines += ["", *(_account_line(account) for account in ready["accounts"])]
    if ready.get("ca_cert"):
        authority = f"Its certificate is signed by an authority of this run, {ready['ca_cert']}. To trust that:"
        lines += ["", authority, *_export_lines(trust_of(ready["ca_bundle"]))]
    for account in _examples(ready["accounts"]):
        lines += ["", *_account_exports(ready, account), "", _call_line(account, ready_file)]
    return "\n".join([*lines, "", "Ctrl-C stops it."])


def _served(ready: dict[str, Any]) -> list[tuple[Venue, str]]:
    """Return the venues that have accounts, or the default one, each with its URL."""
    used = {account["venue"] for account in ready["accounts"]} or {DEFAULT.name}
    return [(VENUES[name], where["base_url"]) for name, where in ready["venues"].items() if name in used]


def _account_line(account: dict[str, Any]) -> str:
    """Return the line of an account, with its kind at the default venue, which has several kinds, else its venue."""
    kind = account["kind"] if account["venue"] == DEFAULT.name else VENUES[account["venue"]].title
    subtraders = f"  subtraders {', '.join(account['subtraders'])}" if account["subtraders"] else ""
    return f"  {account['name']:<12} {kind:<7} key {account['key_id']}{subtraders}"


def _examples(accounts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the first account of each venue whose private key or secret is known."""
    examples: dict[str, dict[str, Any]] = {}
    for account in accounts:
        if account["private_key_path"] or account["secret"]:
            examples.setdefault(account["venue"], account)
    return list(examples.values())


def _account_exports(ready: dict[str, Any], account: dict[str, Any]) -> list[str]:
    holder = replace(holder_of(account), read_pem=None)  # no pointer has the key itself
    words = template_values(ready["venues"][account["venue"]], holder, account["private_key_path"] or "")
    return _export_lines(
        {name: template.format(**words) for name, template in CLIENT_SETUPS[account["venue"]].pointers.items()}
    )


def _export_lines(variables: Mapping[str, str]) -> list[str]:
    return [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]


def _call_line(account: dict[str, Any], ready_file: Path) -> str:
    """Return an example of `mockexchange call`; it names the ready file unless that is the default one."""
    where = "" if ready_file == default_ready_file() else f" --ready-file {shlex.quote(str(ready_file))}"
    return f"mockexchange call {shlex.quote(account['name'])} {CLIENT_SETUPS[account['venue']].example_request}{where}"
