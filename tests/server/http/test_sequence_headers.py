"""`X-Mock-Seq`: answers about a sandbox, and to writes of clients, have the number of its last command."""

import json

from mockexchange.server.http.rest_endpoint import wanted_sequence
from tests.helpers.rows import each_row
from tests.server.live import PREFIX, SandboxView
from tests.server.wire import Reply, request

ORDERS = PREFIX + "/portfolio/orders"
ORDER = {
    "ticker": "RAIN-1",
    "client_order_id": "a",
    "side": "yes",
    "action": "buy",
    "count": 1,
    "type": "limit",
    "yes_price": 10,
}


def number(reply: Reply) -> int | None:
    text = reply.headers.get("x-mock-seq")
    return None if text is None else int(text)


def last(sandbox: SandboxView) -> int:
    return int(json.loads(sandbox.log("?last=1").splitlines()[-1])["seq"])


def test_answers_about_a_sandbox_have_the_number_of_its_last_command(sandbox: SandboxView) -> None:
    live, path = sandbox.live, f"/sandboxes/{sandbox.name}"
    before = last(sandbox)
    done = live.control("POST", f"{path}/commands", [{"deposit": {"account": "alice", "amount": 1}}])
    assert (done.status, number(done)) == (200, before + 1)
    assert number(live.control("GET", f"{path}/journal")) == before + 1
    assert number(live.control("POST", f"{path}/commands", [{"deposit": {}}])) == before + 1
    for elsewhere in ("/sandboxes", "/sandboxes/none", "/health", "/sandboxes/"):
        assert number(live.control("GET", elsewhere)) is None
    assert number(live.control("DELETE", path)) is None


def test_answers_to_writes_of_clients_have_it_and_those_to_reads_have_not(sandbox: SandboxView) -> None:
    client = sandbox.client()
    headers = {**client.headers("POST", ORDERS), "Content-Type": "application/json"}
    placed = sandbox.ask(request("POST", ORDERS, headers, json.dumps(ORDER).encode()))
    assert (placed.status, number(placed)) == (201, last(sandbox))
    read = sandbox.ask(client.get("/portfolio/orders"))
    assert (read.status, number(read)) == (200, None)


@each_row(
    ("value", "wanted"),
    [(b"0", 0), (b"12", 12), (b"9" * 18, 10**18 - 1), (b"9" * 19, None), (b"", None), (b"-1", None), (b"1.0", None)],
)
def test_what_is_no_number_is_not_guessed(value: bytes, wanted: int | None) -> None:
    assert wanted_sequence([(b"host", b"x"), (b"x-mock-min-seq", value)]) == wanted
    assert wanted_sequence([(b"host", b"x")]) == 0
