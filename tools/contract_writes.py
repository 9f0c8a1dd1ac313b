"""Makes the operations that change an account: what is sent, what is answered, and which scopes a key needs."""

from typing import Any

from tools.contract_facts import COMPAT, Node, node_holds

NO_BODY = "Done. There is no body."
BODY = {200: "What was done.", 201: "What was made."}


def only_refusal(write: Node, day: str) -> dict[str, str]:
    """Return the one refusal of a write that the venue has retired, by status; nothing for any other write.

    Compat carries out what was retired.
    """
    is_retired = "retired" in write and COMPAT != day >= str(write["retired"])
    return {"410": "RetiredWrite"} if is_retired else {}


def refused_node(name: str, answers: Node) -> Node:
    """Return the operation of a write that is retired."""
    return {"operationId": name, "x-never-carried-out": True, "responses": answers}


def write_node(name: str, write: Node, scopes: list[str], parameters: list[Node], body: Node, answers: Node) -> Node:
    """Return the operation of a write; `scopes` are those of which a key needs one."""
    return {
        "operationId": name,
        "summary": write["says"],
        **({"x-scopes": scopes} if scopes else {}),
        **recorded_statuses(write),
        **({"parameters": parameters} if parameters else {}),
        **body,
        "responses": answers,
    }


def request_body(write: Node, example: Any) -> Node:
    """Return the request body of a write; nothing if it has none."""
    if "body" not in write:
        return {}
    schema = {"$ref": f"#/components/schemas/{write['body']}"}
    needed = {} if write.get("may_lack_body") else {"required": True}
    return {"requestBody": {**needed, "content": {"application/json": {"schema": schema, "example": example}}}}


def scopes_of(write: Node, facts: Node, day: str) -> list[str]:
    return [one["name"] for one in facts["scopes"][write["scopes"]] if node_holds(one, day)]


def refusals_of(name: str, write: Node, has_parameters: bool, day: str) -> dict[str, str]:
    """Return the component of each refusal by status, without those that every operation has."""
    found = {str(status): component for status, component in write["unlike"].items()}
    if has_parameters:
        found["400"] = f"{name}Refused"
    return {**found, "410": "RetiredWrite"} if day == COMPAT and "retired" in write else found


def recorded_statuses(operation: Node) -> Node:
    """Return the mark of the statuses that were recorded and are not documented."""
    days = {str(status): str(day) for status, day in operation.get("recorded", {}).items()}
    return {"x-recorded": days} if days else {}
