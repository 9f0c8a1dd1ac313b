"""Explains why no entry of the journal matches a query: a name that no account, operation or kind of frame has."""

from typing import Any

from mockexchange.cli.click_base import UsageFailure
from mockexchange.cli.server_connection import Server

Query = dict[str, Any]
PARAMETERS = ("last", "redact")
"""Parameters of a query that choose no entries by their content."""


def require_known_names(server: Server, sandbox: str, query: Query) -> None:
    """Raise UsageFailure if a query without a result has an account or an operation that does not exist."""
    from mockexchange.api.values.accounts import unknown_account
    from mockexchange.scenario.errors import did_you_mean
    from mockexchange.scenario.fault_rules import OPERATION_NAMES

    if account := query.get("account"):
        names = [row["name"] for row in server.ask_sandbox("GET", sandbox)["accounts"]]
        if account not in names:
            raise UsageFailure(unknown_account(account, names))
    operation = query.get("operation")
    if operation and operation not in OPERATION_NAMES:
        advice = did_you_mean(operation, OPERATION_NAMES) or ": expected a name such as GetPositions"
        raise UsageFailure(f"no operation {operation!r}{advice}")


def describe_kept(server: Server, sandbox: str, path: str, query: Query) -> str:
    """Return what the journal has instead of the entries of a query: how many, and for a frame's kind, which kinds."""
    kept = short_entries(server, sandbox, path, {})
    if not kept:
        return f"no {noun_of(path)} yet"
    kinds = dict.fromkeys(frame["kind"] for frame in kept if frame["kind"]) if "kind" in query else ()
    which = f", of the kinds {', '.join(kinds)}" if kinds and query["kind"] not in kinds else ""
    return f"no {noun_of(path)} matches the options: {len(kept):,} {'is' if len(kept) == 1 else 'are'} kept{which}"


def describe_numbers(server: Server, sandbox: str, path: str, query: Query) -> str:
    """Return which numbers the journal has, or has of a query, for a number that it does not have."""
    filters = {name: value for name, value in query.items() if name not in PARAMETERS}
    kept = short_entries(server, sandbox, path, filters)
    if not kept:
        return describe_kept(server, sandbox, path, query)
    matching = " and match the options" if filters else ""
    return f"those that are kept{matching} are {kept[0]['number']} to {kept[-1]['number']}"


def short_entries(server: Server, sandbox: str, path: str, query: Query) -> list[dict[str, Any]]:
    """Return the entries of the journal, or its frames, that match a query, without their bodies."""
    answer = server.ask_sandbox("GET", sandbox, path, query={**query, "short": "true"})
    entries: list[dict[str, Any]] = answer["frames" if path == "/frames" else "entries"]
    return entries


def noun_of(path: str) -> str:
    """Return what a list of the control API has: requests, or frames."""
    return "frame" if path == "/frames" else "request"
