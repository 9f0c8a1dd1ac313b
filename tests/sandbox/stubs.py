"""Sandboxes with stubs, and requests that stubs answer."""

import json
from typing import Any

from mockexchange.replay import Replay, Verdict, compare, read_journal
from mockexchange.sandbox.journal_json import entry_to_json
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.located_text import read_yaml
from mockexchange.scenario.stubs import STUB
from mockexchange.store.codec import write_log
from mockexchange.venues.request import Request
from tests.helpers.derivatives import ask
from tests.helpers.sandboxes import PREFIX, SMALL, make, run

NOT_EMULATED = f"{PREFIX}/margin/balance"
PLAIN = Request("GET", NOT_EMULATED)


def stubbed(*texts: str, text: str = SMALL, **options: Any) -> Sandbox:
    sandbox = make(text, **options)
    install(sandbox, *texts)
    return sandbox


def install(sandbox: Sandbox, *texts: str) -> list[str]:
    return [run(sandbox.stubs.install(STUB.read(read_yaml(f"{{{text}}}", "s.yaml"), ""))).name for text in texts]


def statuses(sandbox: Sandbox, *requests: Request) -> list[int]:
    return [ask(sandbox, request).status for request in requests]


def call(method: str, params: Any = None, id_: Any = 7) -> Request:
    body = json.dumps({"jsonrpc": "2.0", "id": id_, "method": method, "params": params}).encode()
    return Request("POST", "/api/v2", "", (), body)


def again(sandbox: Sandbox, entries: list[Any] | None = None) -> list[Verdict]:
    told = [entry_to_json(entry) for entry in sandbox.journal] if entries is None else entries
    return list(compare(Replay(list(write_log(sandbox.log))), read_journal(json.dumps(told))))
