"""A short history on PostgreSQL; `make histories` has the long ones. The checks find what they are for."""

from pathlib import Path

from benchmarks.histories import Observations, differences, history
from tests.helpers.postgres import PostgresServer


def test_what_clients_saw_is_in_the_log(postgres: PostgresServer, tmp_path: Path) -> None:
    """It takes seconds, since a server is started anew after each end, as after `kill -9`."""
    seen, problems = history(tmp_path, postgres, 1, ["kill server", "cut connections", "kill database"])
    assert problems == [], seen.summary
    assert min(map(len, seen.acknowledged.values())) > 0


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
