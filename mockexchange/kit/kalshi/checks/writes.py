"""The rule of writes: each is refused, with or without a key; a retired write even before authentication."""

import re
from collections.abc import Iterator

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.rules.finding_format import answer_text, finding
from mockexchange.kit.target import FCM, MEMBER, Target

REFUSED = "writes.refused"
RETIRED = "410"
SIGNED, UNSIGNED = ("403", RETIRED), ("401", RETIRED)


def judge(target: Target, subject: str) -> Iterator[Finding]:
    method, path = subject.split()
    responses = target.document["paths"][path][method.lower()]["responses"]
    signer = target.key(FCM if path.startswith("/fcm/") else MEMBER)
    names = dict.fromkeys(re.findall(r"\{(\w+)\}", path), "nobody")
    for description, expected, change in (("signed", SIGNED, dict), ("not signed", UNSIGNED, _no_headers)):
        answer = target.ask(path, names=names, method=method, signer=signer, change=change)
        documented = [status for status in expected if status in responses]
        # A retired write is refused before authentication; the document for clients of all dates allows both statuses.
        wanted = documented if "403" in responses else [RETIRED] if RETIRED in responses else documented
        if str(answer.status) not in wanted:
            where, statuses = f"{answer.where}, {description}", " or ".join(wanted)
            yield finding(target, REFUSED, where, answer_text(answer), f"status {statuses}")


def _no_headers(headers: dict[str, str]) -> dict[str, str]:
    return {}


def _writes(target: Target) -> list[str]:
    return [
        f"{name.upper()} {path}"
        for path, item in target.document["paths"].items()
        for name, operation in item.items()
        if name != "parameters" and operation.get("x-never-carried-out")
    ]


CHECKS: tuple[Check[Target], ...] = (
    Check(
        REFUSED,
        "A write is refused, a retired one before authentication.",
        "contracts/kalshi/facts/operations.yaml",
        _writes,
        judge,
        needs_writes=True,
    ),
)
