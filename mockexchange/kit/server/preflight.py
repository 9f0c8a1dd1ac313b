"""Checks before a run that the server answers, has the expected API, and accepts the keys; finds existing names.

A failure here would break every rule, so it is reported once, in one line.
"""

import re
from difflib import get_close_matches
from email.utils import parsedate_to_datetime
from time import time

import httpx

from mockexchange.kit.operations import Operation
from mockexchange.kit.schemathesis.hints import Names, operations_of, parameters_of
from mockexchange.kit.server.throttled_transport import error_text
from mockexchange.kit.target import MEMBER, NotJudged, Target
from mockexchange.kit.venue import Signer

# Existing names for generated requests


NAMES_MAX = 5
"""The most names for each parameter; requests are spread over them."""


def discover_names(target: Target) -> Names:
    """Return existing values for path variables and for query parameters that expect a name, by parameter.

    Raises Unreachable.
    """
    found = {}
    for name in sorted(name_parameters(target)):
        try:
            found[name] = list(target.known(name))[:NAMES_MAX]
        except NotJudged:
            continue
    return found


def name_parameters(target: Target) -> set[str]:
    """Return the parameters that expect a name: path variables, and those that the venue's facts list."""
    document = target.document
    listed = [one for operation in operations_of(document) for one in parameters_of(document, operation)]
    return {one["name"] for one in listed if one["in"] == "path" or one["name"] in target.venue.facts.names}


# The checks before a run


DIAGNOSIS_HEADER, API_DATE_HEADER = "x-mock-diagnosis", "x-mock-api-date"
WRONG, FORBIDDEN = 400, 403
NO_TLS = "WRONG_VERSION_NUMBER"
"""Part of OpenSSL's error for a response that is not TLS."""
BODY_CHARS_SHOWN_MAX = 200
SKEW_S_MAX = 15
"""The clock difference in seconds beyond which a server may refuse signatures as expired."""
TITLE = re.compile(r"<title>(.*?)</title>", re.IGNORECASE | re.DOTALL)


class CannotJudge(Exception):
    """Raised if a run can check nothing. The message is one line."""


def require_known_names(target: Target) -> None:
    """Raise CannotJudge if the user gave values for a name that is no parameter of any read: it may be misspelt."""
    known = sorted({*name_parameters(target), *target.venue.facts.needs})
    for name in target.names:
        if name not in known:
            nearest = get_close_matches(name, known, 1)
            hint = f"did you mean {nearest[0]}?" if nearest else f"there are {', '.join(known)}"
            raise CannotJudge(f"--name {name}: nothing is asked for by that name: {hint}")


def require_server(target: Target) -> None:
    """Send a read with each key. Raises CannotJudge if an answer shows that the server cannot be checked."""
    for role, signer in target.keys.items():
        if target.venue.probe:
            url, body = target.base_url + target.venue.probe, target.venue.probe_body
            request = target.http.build_request("POST", url, content=body, headers={"Content-Type": "application/json"})
            request.headers.update(signer.headers("POST", url, 0, body))
            _require_readable(_sent(target, request), target, role, signer)
            continue
        operation, answer = _first_answer(target, role, signer)
        is_documented = _status(target, answer) == WRONG and str(WRONG) in operation.node["responses"]
        if is_documented and any(name in answer.text for name in operation.query):
            continue  # a documented 400 for a parameter: the key was accepted before the parameter was read
        _require_readable(answer, target, role, signer)


def role_of_key(target: Target, signer: Signer) -> str:
    """Return the role of a key: the first one whose reads return content with this key, else member."""
    roles = {_role_of(target, operation) for operation in target.operations.values()} - {None, MEMBER}
    for role in sorted(filter(None, roles)):
        # Some servers send empty lists to any key.
        if any(_has_content(_ask(target, operation, signer)) for operation in _plain_reads(target, role)):
            return role
    return MEMBER


def mock_api_date(target: Target) -> str | None:
    """Return the day, or "compat", of the API date at which a mock answers the first key; None if it is no mock.

    Raises CannotJudge if there is no connection.
    """
    request = target.http.build_request("GET", target.base_url)
    request.headers.update(next(iter(target.keys.values())).headers("GET", target.base_url))
    spoken: str | None = _sent(target, request).headers.get(API_DATE_HEADER)
    return spoken


def _first_answer(target: Target, role: str, signer: Signer) -> tuple[Operation, httpx.Response]:
    """Send a read that the key should be allowed; return the operation and its response.

    It is the first read of the role; without such a read, the first of a member that is not forbidden.
    """
    own = _plain_reads(target, role)
    refused = None
    for operation in own[:1] or _plain_reads(target, MEMBER):
        answer = _ask(target, operation, signer)
        if _status(target, answer) != FORBIDDEN:
            return operation, answer
        refused = refused or (operation, answer)
    assert refused is not None, "every date has a read of a member's"
    return refused


def _role_of(target: Target, operation: Operation) -> str | None:
    return target.venue.role_of(operation.node, operation.path)


def _plain_reads(target: Target, role: str) -> list[Operation]:
    """Return the reads of a role that need no unknown parameter, first the reads that most keys can use."""

    def is_plain(operation: Operation) -> bool:
        given = _given_names(target, operation)
        required = [name for name, parameter in operation.query.items() if parameter.is_required]
        return not operation.names and given.keys() >= set(required)

    own = [one for one in target.operations.values() if is_plain(one) and _role_of(target, one) == role]
    facts = target.venue.facts
    return sorted(own, key=lambda one: (any(name in one.query for name in facts.needs), one.id not in facts.listings))


def _given_names(target: Target, operation: Operation) -> dict[str, str]:
    """Return the values that the user gave for the parameters that most keys have to send."""
    needed = [name for name in target.venue.facts.needs if name in operation.query]
    return {name: target.names[name] for name in needed if name in target.names}


def _has_content(answer: httpx.Response) -> bool:
    if not answer.is_success:
        return False
    try:
        body = answer.json()
    except ValueError:
        return False
    return isinstance(body, dict) and any(value not in ([], "", None) for value in body.values())


def _status(target: Target, answer: httpx.Response) -> int:
    return target.venue.status_of(answer.status_code, answer.content)


def _ask(target: Target, operation: Operation, signer: Signer) -> httpx.Response:
    url = target.base_url + operation.path
    request = target.http.build_request("GET", url, params=_given_names(target, operation) or None)
    request.headers.update(signer.headers("GET", url))
    return _sent(target, request)


def _sent(target: Target, request: httpx.Request) -> httpx.Response:
    try:
        return target.http.send(request)
    except httpx.ConnectTimeout:
        raise CannotJudge(f"{target.base_url}: no connection: no answer in time") from None
    except httpx.ConnectError as error:
        hint = ": is it http?" if NO_TLS in str(error) else ""
        raise CannotJudge(f"{target.base_url}: no connection: {error_text(error)}{hint}") from None
    except httpx.HTTPError as error:
        raise CannotJudge(f"{request.url}: connected, but got no answer: {error_text(error)}") from None


def _require_readable(answer: httpx.Response, target: Target, role: str, signer: Signer) -> None:
    """Raise CannotJudge unless an answer is a JSON object with a status of success; name the most likely reason."""
    status, body_text, base_url = answer.status_code, _shown(answer), target.base_url
    if _status(target, answer) in (401, 403):
        raise CannotJudge(f"the key {signer.key_id} ({role}) was refused: {status} {body_text}{_reason(answer)}")
    if 300 <= status < 400:
        raise CannotJudge(f"{answer.url} redirects to {answer.headers.get('location', 'nowhere')}: give that as --url")
    if "html" in answer.headers.get("content-type", ""):
        raise CannotJudge(f"{answer.url} answers with a web page{_title(answer)}: another server listens there")
    if status == 404:
        raise CannotJudge(f"nothing is at {answer.url}: 404 {body_text}: expected the API below {base_url}")
    if status >= 400:
        raise CannotJudge(f"{answer.url} was answered {status} {body_text}: it has to be readable before it is judged")
    try:
        body = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise CannotJudge(f"{answer.url} answers no JSON object: {body_text}: another server listens there")


def _reason(answer: httpx.Response) -> str:
    """Return why a key was refused: the diagnosis of a mock, or a clock difference; "" if unknown."""
    diagnosis = answer.headers.get(DIAGNOSIS_HEADER)
    if diagnosis:
        return f" ({diagnosis})"
    try:
        skew_s = round(time() - parsedate_to_datetime(answer.headers["date"]).timestamp())
    except (KeyError, TypeError, ValueError):
        return ""
    return f" (this machine's clock is {skew_s} s from the server's)" if abs(skew_s) > SKEW_S_MAX else ""


def _shown(answer: httpx.Response) -> str:
    text = " ".join(answer.text.split())
    return text if len(text) <= BODY_CHARS_SHOWN_MAX else f"{text[:BODY_CHARS_SHOWN_MAX]}..."


def _title(answer: httpx.Response) -> str:
    found = TITLE.search(answer.text)
    return f" ({' '.join(found[1].split())})" if found else ""
