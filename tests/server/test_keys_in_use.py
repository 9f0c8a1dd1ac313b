"""A key id is one sandbox's on the shared port: a command that would add it to another is refused, before its log."""

import json
from pathlib import Path
from typing import Any

import pytest

from mockexchange.replay import Replay, compare, read_journal
from mockexchange.runtime.redaction import sha256_of
from mockexchange.scenario.keys import make_pair
from mockexchange.server.control.access import Grant, NamedToken, Role
from mockexchange.server.serve_options import Sharing
from tests.helpers.postgres import PostgresServer
from tests.server.live import PREFIX, TOKEN, Live, SandboxView, serving
from tests.server.small import error_of, fixed_key, names_of
from tests.server.wire import request

TEAM_TOKEN = "the-token-of-one-team"
TEAM = Sharing(tokens=(NamedToken(Grant("team", Role.SANDBOX, "team"), sha256_of(TEAM_TOKEN)),))
PEM = make_pair("ed25519").public_pem


def key(key_id: str, **more: Any) -> dict[str, Any]:
    return {**more, "key": {"account": "alice", "key": f"key {key_id}", "key_id": key_id, "public_key": PEM}}


def view(live: Live, name: str) -> SandboxView:
    return SandboxView(live, live.json("GET", f"/sandboxes/{name}"))


def generate(sandbox: SandboxView) -> str:
    """Ask the venue for a key; its id depends on the scenario and the place in the log, which both sandboxes share."""
    target = f"{PREFIX}/api_keys/generate"
    headers = {**sandbox.client().headers("POST", target), "Content-Type": "application/json"}
    reply = sandbox.ask(request("POST", target, headers, b'{"name": "bot"}'))
    assert reply.status == 201, reply
    made: str = json.loads(reply.body)["api_key_id"]
    return made


def refuse_steps(live: Live) -> None:
    team, commands = view(live, "team"), "/sandboxes/team/commands"
    before = team.log()
    for body in ([key("of-default")], [key("of-default"), key("later")]):
        for token, is_named in ((TOKEN, True), (TEAM_TOKEN, False)):
            refused = live.control("POST", commands, body, token=token)
            error = error_of(refused)
            assert (refused.status, error["code"], error["where"]) == (409, "key_in_use", "[0]")
            assert "key id of-default is in use" in error["message"]
            assert ("sandbox 'default'" in error["message"], "default'" in error["message"]) == (is_named, is_named)
    assert team.log() == before
    refused = live.control("POST", commands, [key("mine"), key("of-other")])
    assert (refused.status, error_of(refused)["where"]) == (409, "[1]")
    own = live.control("POST", commands, [key("of-team")])
    assert (own.status, json.loads(own.body)[0]["refusal"]["code"]) == (200, "key_in_use")


def refuse_steps_that_are_due_later(team: SandboxView) -> None:
    team.call("POST", "/script", [key("of-default", name="late", after="1s"), key("free", name="free", after="2s")])
    team.call("POST", "/clock", {"advance": "5s"})
    assert [(one["refused"], one["failed"]) for one in team.call("GET", "/script")] == [(1, 0), (0, 0)]
    [finding] = team.call("GET", "/firings?kind=finding")["firings"]
    assert "refused: key_in_use: key id of-default" in finding["detail"]["text"]
    assert "'default'" not in json.dumps(team.call("GET", "/script")) + json.dumps(finding)


def refuse_a_reset_that_would_bring_a_key_back(live: Live) -> None:
    remove = {"remove_key": {"account": "alice", "key_id": "of-other"}}
    view(live, "other").call("POST", "/commands", [remove])
    view(live, "team").call("POST", "/commands", [key("of-other")])
    refused = live.control("POST", "/sandboxes/other/reset")
    assert (refused.status, error_of(refused)["code"]) == (409, "key_in_use")
    apart = live.sandbox("apart", fixed_key("of-default"))
    assert "events" in apart.call("POST", "/commands", [key("of-team")])[0]


def make_up_different_ids(live: Live) -> None:
    for name in ("twin", "twin-2"):
        live.sandbox(name, fixed_key(f"of-{name}"), clock="paused", port=None)
    assert len({generate(view(live, name)) for name in ("twin", "twin-2")}) == 2
    second = view(live, "twin-2")
    replayed = list(compare(Replay(second.log().splitlines()), read_journal(json.dumps(second.journal()))))
    assert replayed
    assert {one.deviation for one in replayed} == {None}


@pytest.mark.parametrize("engine", ["memory", "sqlite", "postgres"])
def test_a_key_id_that_another_sandbox_has_is_refused_at_the_command(
    tmp_path: Path, engine: str, request: pytest.FixtureRequest
) -> None:
    store: Any = tmp_path / "mock.db" if engine == "sqlite" else None
    if engine == "postgres":
        postgres: PostgresServer = request.getfixturevalue("postgres")
        store = postgres.url
    with serving(tmp_path, fixed_key("of-default"), clock="paused", store=store, sharing=TEAM) as live:
        for name in ("team", "other"):
            live.sandbox(name, fixed_key(f"of-{name}"), clock="paused", port=None)
        refuse_steps(live)
        refuse_steps_that_are_due_later(view(live, "team"))
        refuse_a_reset_that_would_bring_a_key_back(live)
        make_up_different_ids(live)
        seen = {name: view(live, name).log() for name in names_of(live)}
    if store:
        with serving(tmp_path, fixed_key("of-default"), clock="paused", store=store) as live:
            assert {name: view(live, name).log() for name in names_of(live)} == seen
