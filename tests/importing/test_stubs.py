"""`mockexchange import --stub-rest`: the recorded bodies answer where no step explains them."""

from pathlib import Path

import httpx
from click.testing import CliRunner

from mockexchange.api.serve import serve
from mockexchange.cli import main
from mockexchange.importing.importing import Imported, import_recording
from tests.importing.recorder import record
from tests.importing.test_recorded_answers import END, HEADER, entry, written
from tests.importing.test_round_trip import HEAD, history_of, unexplained

FILLS = "/trade-api/v2/portfolio/fills"
ODD = '{"odd":"$now is 5 $\\u2028\\u0085 \\ud83d\\ude00","cursor":""}'


def counts(found: Imported) -> dict[str, int]:
    return dict(found.counts())


def stubbed(path: Path) -> Imported:
    found = import_recording(path, "2026-06", stubs_rest=True)
    assert unexplained(found) == []
    return found


def test_each_answer_of_a_request_comes_back_in_turn(tmp_path: Path) -> None:
    bodies = ['{"balance":5}', '{"balance":6}', '{"balance":5,"and":1}']
    lines = [entry(body, at_us=1_780_000_000_000_000 + place) for place, body in enumerate(bodies)]
    found = stubbed(written(tmp_path / "run.jsonl", HEADER, *lines, entry(ODD, target="/trade-api/v2/odd"), END))
    assert counts(found) == {"by stub": 4}
    scenario = written(tmp_path / "a.yaml", found.text)
    with serve(scenario, api_date="2026-06") as exchange:
        url = f"{exchange.base_url}/portfolio/balance"
        signed = exchange.accounts["me"].headers("GET", url)
        answers = [httpx.get(url, headers=signed).text for _ in range(4)]
        assert httpx.get(f"{exchange.base_url}/odd").text == ODD
    assert answers == [*bodies, bodies[-1]]


def test_a_stub_that_would_hide_another_answer_takes_its_place(tmp_path: Path) -> None:
    history = history_of([("KXA-26-T1", "no", "buy", 2, 41, True), ("KXA-26-T2", "yes", "buy", 3, 20, False)])
    path = record(tmp_path / "run.jsonl", HEAD + history, "2026-06", ("fills?limit=1", "fills", "orders"))
    text = path.read_text(encoding="utf-8")
    line = next(one for one in text.splitlines() if f'"{FILLS}"' in one)
    path.write_text(text.replace(line, line.replace('\\"is_taker\\":true', '\\"is_taker\\":5')), encoding="utf-8")
    found = stubbed(path)
    assert counts(found) == {"by stub": 3, "explained": 1}


def test_pages_of_a_stubbed_list_are_stubs_with_their_own_cursors(tmp_path: Path) -> None:
    history = history_of([("KXA-26-T1", "no", "buy", count, 41, True) for count in (1, 2, 3)])
    path = record(tmp_path / "run.jsonl", HEAD + history, "2026-06", ("fills?limit=1", "orders"))
    text = path.read_text(encoding="utf-8")
    page = text.splitlines()[2]
    path.write_text(text.replace(page, page.replace('\\"is_taker\\":true', '\\"is_taker\\":5')), encoding="utf-8")
    assert counts(stubbed(path)) == {"by stub": 3, "explained": 1}


def test_the_command_counts_stubs_apart(tmp_path: Path) -> None:
    path = written(tmp_path / "run.jsonl", HEADER, entry('{"balance":5,"odd":1}'), entry("{}", target="/a*b"), END)
    out = tmp_path / "a.yaml"
    result = CliRunner().invoke(main, ["import", str(path), "--out", str(out), "--stub-rest"])
    assert (result.exit_code, "1 by stub, 1 unexplained" in result.stdout) == (1, True), result.output
