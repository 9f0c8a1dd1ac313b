"""Checks that writes are refused if they have no key, no body, or name an object that does not exist."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.rules.finding_format import answer_text, finding
from mockexchange.kit.target import FCM, MEMBER, Target

REFUSED = "writes.refused"
UNAUTHORIZED, RETIRED = "401", "410"
MISTAKES = ("400", "403", "404", RETIRED)
"""Statuses of a signed write without a body, or about an order, group or key that does not exist."""


def judge(target: Target, subject: str) -> Iterator[Finding]:
    method, path = subject.split()
    node = target.document["paths"][path][method.lower()]
    # A retired write is refused before authentication; the document for clients of all dates allows both statuses.
    unsigned = [status for status in (UNAUTHORIZED, RETIRED) if status in node["responses"]]
    if "x-never-carried-out" in node and RETIRED in unsigned:
        unsigned = [RETIRED]
    yield from _refused(target, method, path, "not signed", unsigned)
    if _lacks_something(node, path):
        yield from _refused(target, method, path, "signed", [one for one in MISTAKES if one in node["responses"]])


def _refused(target: Target, method: str, path: str, how: str, wanted: list[str]) -> Iterator[Finding]:
    signer = target.key(FCM if path.startswith("/fcm/") else MEMBER)
    names = dict.fromkeys(re.findall(r"\{(\w+)\}", path), "nobody")
    change = dict if how == "signed" else _no_headers
    answer = target.ask(path, names=names, method=method, signer=signer, change=change)
    if str(answer.status) not in wanted:
        where, statuses = f"{answer.where}, {how}", " or ".join(wanted)
        yield finding(target, REFUSED, where, answer_text(answer), f"status {statuses}")


def _lacks_something(node: Mapping[str, Any], path: str) -> bool:
    """Return whether a write without a body, of what does not exist, cannot be carried out."""
    return "{" in path or "x-never-carried-out" in node or node.get("requestBody", {}).get("required", False)


def _no_headers(headers: dict[str, str]) -> dict[str, str]:
    return {}


def _writes(target: Target) -> list[str]:
    return [
        f"{name.upper()} {path}"
        for path, item in target.document["paths"].items()
        for name in item
        if name not in {"get", "parameters"}
    ]


CHECKS: tuple[Check[Target], ...] = (
    Check(
        REFUSED,
        "A write is refused without a key and without what it needs, a retired one before authentication.",
        "contracts/kalshi/facts/writes.yaml",
        _writes,
        judge,
        needs_writes=True,
    ),
)
