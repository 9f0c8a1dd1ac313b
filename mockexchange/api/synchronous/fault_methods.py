# Written by tools/write_sync_api.py from mockexchange/api/asynchronous/fault_methods.py: change that.
"""Defines the methods for faults, which disturb traffic, and for stubs, which answer in place of the venue."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from mockexchange.api.synchronous.sandbox_client import SandboxClient
from mockexchange.api.values.arguments import require
from mockexchange.api.values.json_encoding import Step
from mockexchange.api.values.rules import NOT_GIVEN, Fault, Stub, fault_body, read_fault, read_stub, stub_body


class FaultMethods(SandboxClient):
    """The methods that install, list and remove faults and stubs.

    They raise WrongRequest for a wrong rule, and then install nothing.
    """

    def fault(
        self,
        preset: str | None = None,
        *,
        match: Mapping[str, Any] | None = None,
        then: Mapping[str, Any] | None = None,
        times: int | None = None,
        name: str | None = None,
    ) -> list[Fault]:
        """Install a fault, written as in scenarios, or a preset: flaky, maintenance, 429-storm or lossy-stream.

        `fault(match={"operation": "GetPositions", "nth": 3}, then={"status": 503}, times=1)`. A new fault replaces an
        installed one of the same name.
        """
        rows = self._ask("POST", "/faults", fault_body(preset, match=match, then=then, times=times, name=name))
        return [read_fault(row) for row in rows]

    def faults(self) -> list[Fault]:
        """Return the installed faults, with the numbers of requests or frames that each matched and disturbed."""
        return [read_fault(row) for row in self._ask("GET", "/faults")]

    def clear_faults(self, name: str | None = None) -> None:
        """Remove all faults, or only the fault named `name`."""
        self._ask("DELETE", "/faults" + _below(name))

    def respond(
        self,
        request: str,
        *,
        status: int = 200,
        json: Any = NOT_GIVEN,
        text: str | None = None,
        body: bytes | None = None,
        result: Any = NOT_GIVEN,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        body_fields: Mapping[str, Any] | None = None,
        then: Sequence[Step] | None = None,
        times: int | None = None,
        signed: bool | None = None,
        name: str | None = None,
    ) -> Stub:
        """Install a stub: `respond("GET /trade-api/v2/milestones", json={"milestones": []}, times=2)`.

        The path need not be one that the mock knows. Unless `signed` is False, the signature is verified first, and a
        request with a wrong one gets the venue's own error. `*` in the path stands for any characters. `query` are
        parameters that the request must have; `body_fields` are fields of its JSON body by their path, such as
        order.price. At most one of `json`, `text`, `body` and, for a venue whose answers have an envelope, `result` is
        given; `headers` are added to the venue's.

        `then` are steps that are executed with each answer. Answers and steps may have variables such as `$path.id` for
        a path with `{id}`, `$query.limit`, `$body.price`, `$account`, `$now` and `$new_id`.
        """
        words = {"request": request, "status": status, "text": text, "headers": headers, "query": query}
        given = {"body_fields": body_fields, "then": then, "times": times, "signed": signed, "name": name}
        stub = stub_body(json, result, body, **words, **given)
        (row,) = self._ask("POST", "/stubs", stub)
        return read_stub(row)

    def stubs(self) -> list[Stub]:
        """Return the installed stubs, with the numbers of requests that each matched and answered."""
        return [read_stub(row) for row in self._ask("GET", "/stubs")]

    def clear_stubs(self, name: str | None = None) -> None:
        """Remove all stubs, or only the stub named `name`."""
        self._ask("DELETE", "/stubs" + _below(name))


def _below(name: str | None) -> str:
    require(name=name)
    return "" if name is None else f"/{quote(name, safe='')}"
