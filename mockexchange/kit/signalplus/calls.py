"""Calls SignalPlus, and returns its rows under the field names of Deribit."""

import json
import re
from collections.abc import Mapping
from typing import Any

from mockexchange.kit.jsonrpc import post, result_of
from mockexchange.kit.target import MEMBER, Answer, Target
from mockexchange.kit.venue import Signer

POSITIONS = "private/get_positions"
CAPITAL = re.compile(r"[A-Z]")
RENAMED = {"side": "direction"}


def envelope(params: Mapping[str, Any] | None = None, rid: int = 1) -> dict[str, Any]:
    return {"rid": rid, "method": POSITIONS, "params": params or {}}


def call(target: Target, params: Mapping[str, Any] | None = None, signer: Signer | None = None) -> Answer:
    """Request the account's positions. Raises NotJudged, Unreachable."""
    return post(target, POSITIONS, envelope(params), signer or target.key(MEMBER))


def rows_of(
    target: Target, params: Mapping[str, Any] | None = None, signer: Signer | None = None
) -> list[dict[str, Any]]:
    """Return the rows of positions. Raises NotJudged, Unreachable."""
    found: list[dict[str, Any]] = result_of(call(target, params, signer))
    return found


def snake(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with Deribit's field names, which `derivatives.rows` expects."""
    return {
        RENAMED.get(name, CAPITAL.sub(lambda found: f"_{found[0].lower()}", name)): value for name, value in row.items()
    }


def body_with_rid(rid: str) -> bytes:
    """Return the body of a call with the request id `rid`, a JSON text that is inserted unchanged."""
    return f'{{"rid":{rid},"method":{json.dumps(POSITIONS)},"params":{{}}}}'.encode()
