"""The parts of pages that scripts write are what the scripts write today, and so are the pictures."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

import mockexchange
from mockexchange.clients.published import CLIENTS, GENERIC
from tests.docs.fences import fences_of
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row
from tools import (
    write_control_page,
    write_diagrams,
    write_limits_page,
    write_recipes_page,
    write_rules_page,
    write_run_page,
    write_signatures_page,
)
from tools.drawing import Picture
from tools.pages import with_parts

WRITERS = (
    write_control_page,
    write_limits_page,
    write_recipes_page,
    write_rules_page,
    write_run_page,
    write_signatures_page,
)


@each_row("writer", WRITERS, ids=lambda writer: str(writer.__name__))
def test_a_page_is_as_its_script_writes_it(writer: ModuleType) -> None:
    target: Path = writer.TARGET
    render: Callable[[str], str] = writer.render
    page = target.read_text(encoding="utf-8")
    assert render(page) == page, f"run: python -m {writer.__name__}"


def test_every_operation_of_the_control_api_has_its_heading() -> None:
    page = write_control_page.TARGET.read_text(encoding="utf-8")
    for path, item in write_control_page.read()["paths"].items():
        for method in set(item) & set(write_control_page.METHODS):
            assert f"\n### {method.upper()} {path}\n" in page


def test_the_error_that_is_shown_is_what_the_control_api_says() -> None:
    (shown,) = [fence for fence in fences_of("control-api.md") if fence.text.startswith('{"error"')]
    told = json.loads(shown.text)["error"]
    with mockexchange.serve("empty") as exchange, pytest.raises(mockexchange.WrongRequest) as caught:
        exchange.do({"deposit": {"account": "alice", "amuont": 5}})
    assert {"code": caught.value.code, "message": caught.value.message, "where": caught.value.where} == told


def waits() -> list[str]:
    """The bodies by which the control API's page waits."""
    page = write_control_page.TARGET.read_text(encoding="utf-8")
    return sorted(set(re.findall(r'`(\{"for": .*?\})`(?= \||,)', page)))


def asked(exchange: mockexchange.Exchange, path: str, body: Any) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {exchange.token}"}
    answer = httpx.post(f"{exchange.control_url}/sandboxes/{exchange.name}/{path}", json=body, headers=headers)
    return answer.status_code, answer.json()


def test_what_is_shown_to_be_waited_for_can_be() -> None:
    shown = [json.loads(each) for each in waits()]
    assert {kind for each in shown for kind in each["for"]} == {"subscribed", "request", "frame", "fault", "script"}
    with mockexchange.serve("empty") as exchange:
        for each in shown:
            status, told = asked(exchange, "wait", {**each, "timeout": "1ms"})
            assert status == (200 if each["for"] == {"script": "done"} else 408), told


def test_a_refused_step_is_told_as_the_page_shows_it() -> None:
    [(shown,)] = [json.loads(each.text) for each in fences_of("control-api.md") if each.heading == "Refused steps"]
    with mockexchange.serve("empty") as exchange:
        status, (told,) = asked(exchange, "commands", [{"settle": {"market": "NOPE", "result": "yes"}}])
    assert status == 200
    assert told.keys() == shown.keys()
    assert told["refusal"]["code"] == shown["refusal"]["code"]


def test_an_acknowledgement_is_a_frame_of_its_channel_and_of_another_kind() -> None:
    with mockexchange.serve("demo") as exchange:
        alice = exchange.accounts["alice"]
        with connect(exchange.ws_url, additional_headers=alice.headers("GET", exchange.ws_url)) as stream:
            stream.send('{"id": 1, "cmd": "subscribe", "params": {"channels": ["fill"]}}')
            stream.recv(timeout=PATIENCE_S)
            frame = {"account": "alice", "channel": "fill"}
            status, told = asked(exchange, "wait", {"for": {"frame": {**frame, "direction": "out"}}})
            assert (status, [each["kind"] for each in told["found"]]) == (200, ["subscribed"])
            assert asked(exchange, "wait", {"for": {"frame": {**frame, "kind": "fill"}}, "timeout": "1ms"})[0] == 408


def test_values_are_shown_on_as_few_lines_as_fit() -> None:
    assert write_control_page.shown({"a": [1, {"b": "c"}]}) == '{"a": [1, {"b": "c"}]}'
    long = "x" * 98
    assert write_control_page.shown([{"a": long}, {}]) == f'[\n  {{"a": "{long}"}},\n  {{}}\n]'


def test_every_value_of_a_body_is_described() -> None:
    page = write_control_page.TARGET.read_text(encoding="utf-8")
    bodies = re.findall(r"\| in the body \|.*?\n\n", page, re.DOTALL)
    rows = [row for body in bodies for row in body.splitlines()[2:] if row]
    assert len(rows) > 50
    assert [row for row in rows if row.endswith("|  |")] == []


def test_every_client_has_its_recipe_and_its_code_is_code() -> None:
    page = write_recipes_page.TARGET.read_text(encoding="utf-8")
    assert [name for name in CLIENTS if name != GENERIC and f"\n### {name}\n" not in page] == []
    code = [fence for fence in fences_of("recipes.md") if fence.language == "py"]
    assert len(code) > 5
    for fence in code:
        compile(fence.text, fence.place, "exec")


def test_a_page_without_the_part_is_an_error() -> None:
    assert with_parts("a\n<!-- x -->\nold\n<!-- end of x -->\nb", {"x": ["new"]}) == (
        "a\n<!-- x -->\nnew\n<!-- end of x -->\nb"
    )
    with pytest.raises(KeyError, match="no part 'y'"):
        with_parts("a", {"y": []})


def test_the_pictures_are_as_their_script_draws_them() -> None:
    drawn = write_diagrams.drawn()
    assert {path.name for path in write_diagrams.FOLDER.iterdir()} == set(drawn), "run: python -m tools.write_diagrams"
    for name, text in drawn.items():
        assert (write_diagrams.FOLDER / name).read_text(encoding="utf-8") == text, "run: python -m tools.write_diagrams"


def test_words_that_do_not_fit_are_an_error() -> None:
    picture = Picture("p", 100, 50, "title", "description")
    with pytest.raises(ValueError, match=r"p: 'much too long' does not fit 60 pixels"):
        picture.box((0, 0, 60, 20), "much too long")
    with pytest.raises(ValueError, match=r"p: \(140, 20\) is outside"):
        picture.box((80, 0, 60, 20), "x")
    with pytest.raises(ValueError, match="outside"):
        picture.text((90, 10), "abc")
