"""Short histories on PostgreSQL; `make histories` has the long ones. The checks find what they are for."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.histories import history
from benchmarks.kills import answer_problems, kills
from benchmarks.observations import Observations, Read, StreamSeen, differences, stream_problems
from benchmarks.replica_histories import replica_history
from tests.helpers.postgres import PostgresServer
from tests.helpers.rows import each_row


def test_what_clients_saw_is_in_the_log(postgres: PostgresServer, tmp_path: Path) -> None:
    """It takes seconds, since a server is started anew after each end, as after `kill -9`."""
    seen, problems = history(tmp_path, postgres, 1, ["kill server", "cut connections", "kill database"])
    assert problems == [], seen.summary
    assert min(map(len, seen.acknowledged.values())) > 0


def test_clients_of_workers_see_one_exchange(tmp_path: Path) -> None:
    """It takes seconds, since workers are killed and stopped while clients write and read."""
    seen, problems = history(tmp_path, None, 1, ["kill worker", "hold worker"], workers=2)
    assert problems == [], seen.summary
    assert len(seen.reads) > 0


@pytest.mark.thorough
def test_a_planted_bug_of_workers_is_found(tmp_path: Path) -> None:
    """It takes seconds, since it takes luck to read at a moment at which the bug shows."""
    _, problems = history(tmp_path, None, 1, ["none"] * 10, workers=2, plant="barrier off")
    assert any("records old" in problem for problem in problems), problems


def test_clients_of_replicas_see_one_exchange(postgres: PostgresServer, tmp_path: Path) -> None:
    """It takes seconds, since another server takes the place of a home four seconds after its last sign of life."""
    seen, problems = replica_history(tmp_path, postgres, 1, ["kill home", "cut connections"], count=2)
    assert problems == [], seen.summary
    assert min(map(len, seen.acknowledged.values())) > 0
    assert {read.replica for read in seen.reads} == {one.replica for one in seen.frames} == {"r1", "r2"}


@pytest.mark.thorough
def test_sessions_see_what_they_have_written_and_read(postgres: PostgresServer, tmp_path: Path) -> None:
    """It takes seconds, since another server takes the place of a home that was killed."""
    plants = ["session reads"] * 2
    seen, problems = replica_history(tmp_path, postgres, 1, ["kill home", "none"], plants=plants, count=2)
    assert problems == [], seen.summary
    assert any(read.wanted for read in seen.reads)


@pytest.mark.parametrize(
    ("plant", "nemeses", "found"),
    [
        ("barrier off", [], "records old"),
        pytest.param("nonce off", [], "2 times", marks=pytest.mark.thorough),
        pytest.param("session ignored", [], "records old", marks=pytest.mark.thorough),
        pytest.param("copy differs", ["none"] * 6, "differs from the home's", marks=pytest.mark.thorough),
        pytest.param("no fence", ["hold home"], "records old", marks=pytest.mark.thorough),
    ],
)
def test_a_planted_bug_of_replicas_is_found(
    postgres: PostgresServer, tmp_path: Path, plant: str, nemeses: Sequence[str], found: str
) -> None:
    """It takes seconds: two servers are started, and one of them is held for longer than a home may be."""
    _, problems = replica_history(tmp_path, postgres, 1, nemeses, plants=[plant] * 2, count=2)
    assert any(found in problem for problem in problems), problems


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgres", marks=pytest.mark.thorough)])
def test_what_was_acknowledged_is_there_after_each_kill(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """`python -m benchmarks.histories --kills 200` takes longer. It takes seconds to start servers."""
    server: PostgresServer | None = request.getfixturevalue("postgres") if engine == "postgres" else None
    seen, problems = kills(tmp_path, server, 1, 2, 40)
    assert problems == [], seen.summary
    assert len(seen.acknowledged["default"]) > 20


def line(number: int, amount: float, cause: str = "") -> bytes:
    deposit = f'{{"deposit":{{"amount_micros":{round(amount * 10**6)}}}}}'
    return f'{{"seq":{number},"do":{deposit}{cause}}}\n'.encode()


def test_the_checks_find_what_is_wrong() -> None:
    seen, tick = Observations(), ',"cause":{"step":"tick","repetition":1}'
    amounts = [seen.next_amount("default") for _ in range(4)]
    seen.acknowledged["default"] = set(amounts[:3])
    seen.note_lines("default", b"{}\n" + line(1, 1) + line(2, 2) + line(9, 4))
    logs = {
        "default": b"{}\n" + line(1, 1) + line(2, 1) + line(3, 7) + line(5, 2),
        "paced": b"{}\n" + line(1, 0.01, tick) + line(2, 0.01, tick),
    }
    assert differences(seen, logs) == [
        "default: the numbers have a hole",
        "default: 3 is lost",
        "default: 1 is there 2 times",
        "default: 7 was never sent",
        "default: record 2 was read and is another one, or gone",
        "default: record 9 was read and is another one, or gone",
        'paced: {"step": "tick", "repetition": 1} was carried out 2 times',
    ]
    seen.note_lines("default", b"{}\n" + line(2, 3))
    assert differences(seen, {})[0].startswith("default: record 2 was ")


FILL = b'{"seq":4,"do":{"fill":{"price_centicents":100,"count_centis":100}}}\n'


@each_row(
    ("reads", "found"),
    [
        ([(0, 1, 0), (0, 1, 100), (2, 3, 300), (4, 5, 600), (5, 6, 599)], []),
        ([(0, 1, 150)], ["default: r1 showed a balance of 150 cents, which never was"]),
        ([(10.5, 11, 0)], ["default: r1 showed a balance that is 1 records old"]),  # acknowledged at 10
        ([(0, 1, 300), (1.5, 2, 100)], ["default: r1 showed a balance that is 1 records old"]),  # another read had it
        ([(0, 3, 300), (1.5, 2, 100)], []),
    ],
)
def test_reads_that_are_old_or_of_no_log_are_found(reads: list[tuple[float, float, int]], found: list[str]) -> None:
    seen = Observations()
    for _ in range(3):
        seen.next_amount("default")
    seen.acknowledged_at.append(("default", 1, 10.0))
    seen.reads = [Read(began, ended, "default", cents, "r1") for began, ended, cents in reads]
    log = b"{}\n" + line(1, 1) + line(2, 2) + line(3, 3) + FILL
    assert differences(seen, {"default": log}) == found


@each_row(
    ("trades", "is_last", "problems"),
    [
        (["b", "c"], True, 0),
        (["a", "b"], False, 0),
        (["a", "b"], True, 1),
        (["a", "c"], True, 1),
        (["b", "b"], False, 1),
    ],
)
def test_frames_with_a_hole_and_an_old_end_are_found(trades: list[str], is_last: bool, problems: int) -> None:
    assert len(stream_problems([StreamSeen("r1", trades, is_last)], ["a", "b", "c"])) == problems


def test_a_server_that_shows_something_else_than_a_replay_is_found() -> None:
    answers = {"r1": [b"200 a", b"200 b"], "r2": [b"200 a", b"200 c"]}
    assert answer_problems(answers, [b"200 a", b"200 b"]) == ["r2 answers b'200 c', and a replay of the log b'200 b'"]
