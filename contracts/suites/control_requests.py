"""Single requests to a control API, whose answers have to be those of its document."""

from typing import Any

from schemathesis import Response
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import BaseSchema

from contracts.suites.control_world import BEARER, SPARE
from mockexchange.kit.schemathesis.checks import AnyCase


def ask(schema: BaseSchema, method: str, path: str, name: str = SPARE, **how: Any) -> Response:
    """Send a request with the token; the answer has to be one that the document describes."""
    named = {key: how.pop(key, "") for key in ("stub", "market", "instrument", "scenario", "report")}
    variables = {"name": name, "account": how.pop("account", "alice"), **named}
    found = {key: value for key, value in variables.items() if f"{{{key}}}" in path}
    media_type = "application/json" if "body" in how else None
    how = {"headers": BEARER, "media_type": media_type, **how}
    case: AnyCase = schema[path][method].Case(method=how.pop("sent_method", method), path_parameters=found, **how)
    response = case.call()
    case.validate_response(response, excluded_checks=[not_a_server_error])  # a 503 is one of the answers
    return response


def refusal(response: Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]
