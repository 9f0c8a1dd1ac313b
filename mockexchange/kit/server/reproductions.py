"""Makes shell commands that reproduce findings: each sends the request again, or runs the broken rule alone."""

import json
import re
import shlex
from dataclasses import replace

from mockexchange.kit.findings import Finding, Verdict
from mockexchange.kit.schemathesis.outcome import call_of
from mockexchange.kit.target import MEMBER, ROLES, Target
from mockexchange.kit.validation.requests import Routes

REQUEST = re.compile(r"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (/[^\s,]*[^\s,:])")
BY_ROLE = re.compile(r"by the ([a-z-]+) key")
VARIABLE = re.compile(r"\{[^}]+\}")


def with_reproductions(verdict: Verdict, target: Target) -> Verdict:
    """Return the verdict with a shell command in each finding that reproduces it."""
    return replace(verdict, findings=tuple(_reproduced(finding, verdict.rule, target) for finding in verdict.findings))


def _reproduced(finding: Finding, rule: str, target: Target) -> Finding:
    if finding.reproduction:
        return finding
    return replace(finding, reproduction=_call_command(finding.where, target) or _rerun_command(rule, target))


def _call_command(where: str, target: Target) -> str:
    """Return the command that sends the first request of a text again; "" if the text has none that is whole."""
    found = REQUEST.match(where)
    if found is None:
        return ""
    method, path = found.groups()
    # `where` names the values behind the path, in the order of its variables.
    names = where[found.end() :].lstrip(": ").split()
    filled = VARIABLE.sub(lambda _: names.pop(0).rstrip(",:") if names else "{", path)
    if "{" in filled:
        return ""
    route = Routes(target.document, "").find(filled.partition("?")[0])
    node = target.document["paths"][route.path] if route else {}
    asked = BY_ROLE.search(where)
    # A path's GET decides for all its methods, since a finding may be about one that the document lacks, such as HEAD.
    role = asked[1] if asked and asked[1] in ROLES else target.venue.role_of(node.get("get", {}), filled)
    if role is None:
        return f"curl -i -X {method} {shlex.quote(target.base_url + filled)}"
    signer = target.keys.get(role) or target.keys.get(MEMBER)
    return call_of(signer.key_id, method, filled, _params(where[found.end() :])) if signer else ""


def _params(text: str) -> str:
    """Return the JSON object at the end of the place of a JSON-RPC call; "" if there is none."""
    begin = text.find("{")
    try:
        json.loads(text[begin:] if begin >= 0 else "")
    except ValueError:
        return ""
    return text[begin:]


def _rerun_command(rule: str, target: Target) -> str:
    """Return the command that judges the rule alone."""
    signer = next(iter(target.keys.values()), None)
    by = f"--key-id {signer.key_id} --key FILE" if signer else "--key-id ID --key FILE"
    venue = f"--venue {target.venue.name} --url {target.base_url} --api-date {target.api_date}"
    return f"mockexchange verify server {venue} {by} --only {shlex.quote(rule)}"
