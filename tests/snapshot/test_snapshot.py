"""A snapshot reads an account with its key: a recording that is imported, and compared, as it is."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NoReturn

import httpx
import pytest
from click.testing import CliRunner, Result

import mockexchange
from mockexchange.cli import main
from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.server.arguments import read_address
from mockexchange.kit.server.throttled_transport import ServerGone
from mockexchange.kit.streaming.connections import HandshakeRefused
from mockexchange.kit.venues import KITS
from mockexchange.snapshot.run import SnapshotSettings, take_snapshot
from mockexchange.snapshot.stream import open_stream
from mockexchange.snapshot.walk import CannotWalk, Walk
from tests.drift.test_drift import SCENARIO
from tests.helpers.rows import each_row

DATE = "2026-06"
PORTFOLIO = "/trade-api/v2/portfolio/"


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[mockexchange.Exchange]:
    path = tmp_path_factory.mktemp("served") / "small.yaml"
    path.write_text(SCENARIO, encoding="utf-8")
    with mockexchange.serve(path, api_date=DATE) as served:
        yield served


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments], prog_name="mockexchange")


def account_of(exchange: mockexchange.Exchange) -> list[str]:
    alice = exchange.accounts["alice"]
    return ["--url", exchange.base_url, "--key-id", alice.key_id, "--key", str(alice.private_key_path)]


def test_an_account_becomes_a_recording_that_is_imported(exchange: mockexchange.Exchange, tmp_path: Path) -> None:
    out = tmp_path / "account.jsonl"
    result = run("snapshot", *account_of(exchange), "--api-date", DATE, "--out", str(out))
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    targets = [line["target"] for line in lines if "target" in line]
    assert {line["method"] for line in lines if "method" in line} == {"GET"}
    for name in ("positions?limit=1000", "fills?limit=1000", "orders?limit=1000", "balance"):
        assert targets.count(f"{PORTFOLIO}{name}") == 2, "read, and read again"
    assert "/trade-api/v2/markets/KXA-26-T1" in targets
    assert exchange.accounts["alice"].key_id not in out.read_text(encoding="utf-8")
    assert list(tmp_path.iterdir()) == [out]
    imported = run("import", str(out), "--out", str(tmp_path / "account.yaml"), "--accept")
    assert imported.exit_code == 0, imported.output
    rows = [line for line in imported.stdout.splitlines() if line.startswith("unexplained")]
    assert [row for row in rows if PORTFOLIO in row and "queue_positions" not in row] == []


def test_drift_reads_an_account_itself(exchange: mockexchange.Exchange) -> None:
    result = run("drift", *account_of(exchange), "--api-date", DATE)
    assert result.exit_code == 0, result.output
    assert result.stdout.endswith(f"0 deviations from {DATE}\n")
    assert result.stdout.startswith(f"{exchange.base_url}: "), "not the name of a temporary file"
    assert f"[mockexchange] {exchange.base_url}: " in result.stderr


def account_at(exchange: mockexchange.Exchange, venue: str, name: str, folder: Path) -> list[str]:
    account = exchange.accounts[name]
    (folder / "secret").write_text(str(account.secret), encoding="utf-8")
    url = exchange.venues[venue].base_url
    return ["--venue", venue, "--url", url, "--key-id", account.key_id, "--key", str(folder / "secret")]


def test_an_account_of_deribit_is_read_too(tmp_path: Path) -> None:
    """A subscription is a GET of its API as well, and is no read of the account."""
    out = tmp_path / "account.jsonl"
    with mockexchange.serve("deribit", api_date="latest") as exchange:
        words = account_at(exchange, "deribit", "dora", tmp_path)
        result = run("snapshot", *words, "--name", "currency=BTC", "--out", str(out))
    assert result.exit_code == 0, result.output
    targets = [json.loads(line).get("target", "") for line in out.read_text(encoding="utf-8").splitlines()]
    assert targets.count("/api/v2/private/get_positions?currency=BTC") == 2
    assert not any("subscribe" in target for target in targets)
    imported = run("import", str(out), "--out", str(tmp_path / "a.yaml"), "--accept")
    assert imported.exit_code == 0, imported.output


def test_a_venue_without_a_get_is_named(tmp_path: Path) -> None:
    with mockexchange.serve("signalplus", api_date="latest") as exchange:
        words = account_at(exchange, "signalplus", "gina", tmp_path)
        result = run("snapshot", *words, "--out", str(tmp_path / "account.jsonl"))
    assert (result.exit_code, "the reads of signalplus are no GET" in result.stderr) == (2, True), result.output


def test_a_key_a_url_and_a_name_that_are_wrong_are_named(exchange: mockexchange.Exchange, tmp_path: Path) -> None:
    url, key_id, key = account_of(exchange)[1::2]
    wrong = (
        (["--url", url, "--key-id", "nosuch", "--key", key], "401: check --key-id and --key"),
        (["--url", url.replace("/trade-api/v2", "/x"), "--key-id", key_id, "--key", key], "does --url have the right"),
        (
            [*account_of(exchange), "--name", "subacount=3"],
            "no read at 2026-06 has a parameter 'subacount': expected one such as subaccount\n",
        ),
    )
    for words, message in wrong:
        result = run("snapshot", *words, "--api-date", DATE, "--out", str(tmp_path / "a.jsonl"))
        assert (result.exit_code, list(tmp_path.iterdir())) == (2, []), result.output
        assert message in result.stderr


WRONG: list[tuple[list[str], str]] = [
    (["drift"], "expected either RECORDING, or --url"),
    (["drift", "--url", "http://127.0.0.1:1"], "--url needs --key-id and --key"),
    (["snapshot", "--url", "http://127.0.0.1:1", "--key-id", "a", "--key", "KEY"], "Connection refused"),
    (["snapshot", "--url", "https://api.elections.kalshi.com", "--key-id", "a", "--key", "KEY"], "production host"),
    (["snapshot", "--url", "http://127.0.0.1:1", "--key-id", "a", "--key", "nosuch.pem"], "cannot be read"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG, ids=range(len(WRONG)))
def test_what_cannot_be_read_ends_with_two_and_no_file(
    exchange: mockexchange.Exchange, tmp_path: Path, arguments: list[str], message: str
) -> None:
    key = str(exchange.accounts["alice"].private_key_path)
    given = [key if one == "KEY" else one for one in arguments]
    out = ["--out", str(tmp_path / "a.jsonl")] if arguments[0] == "snapshot" else []
    result = run(*given, *out)
    assert (result.exit_code, message in result.stderr) == (2, True), result.output
    assert list(tmp_path.iterdir()) == []


class Signer:
    """Signs nothing."""

    key_id = "a"

    def headers(self, method: str, url: str, age_ms: int = 0, body: bytes = b"") -> dict[str, str]:
        return {"authorization": "none"}


def walk(answer: Callable[[httpx.Request], httpx.Response]) -> Walk:
    client = httpx.Client(transport=httpx.MockTransport(answer))
    return Walk(KALSHI, DATE, "https://demo.example", client, Signer())


def test_lists_are_walked_by_pages_and_subaccounts_and_again_if_they_move() -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        target = request.url.raw_path.decode()
        seen.append(target)
        if "/subaccounts/balances" in target:
            return httpx.Response(200, json={"subaccount_balances": [{"subaccount_number": n} for n in (0, 3)]})
        if "/portfolio/fills" in target and "cursor" not in target:
            return httpx.Response(200, json={"fills": [{"n": min(seen.count(target), 2)}], "cursor": "b c"})
        if "/portfolio/balance" in target:
            return httpx.Response(200, json={"balance": len(seen)})
        return httpx.Response(200, json={"fills": [], "ticker": "KXA-1"})

    found = walk(answer).run()
    fills = f"{PORTFOLIO}fills?limit=1000"
    assert f"{fills}&cursor=b+c" in seen
    assert f"{fills}&subaccount=3" in seen
    assert seen.count(f"{fills}&cursor=b+c") == 2, "the second answer differed from the first"
    assert {target.partition("?")[0] for target in found.moved} == {f"{PORTFOLIO}balance"}
    assert "/trade-api/v2/markets/KXA-1" in seen
    assert found.refused == []
    assert [one.at for one in found.answers] == sorted(one.at for one in found.answers)


def gone(request: httpx.Request) -> httpx.Response:
    raise ServerGone("it is gone", request=request)


def broken(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("torn", request=request)


@each_row(("answer", "message"), [(gone, "it is gone"), (broken, "torn")])
def test_a_server_that_ends_a_walk_is_named(answer: Callable[[httpx.Request], httpx.Response], message: str) -> None:
    with pytest.raises(CannotWalk, match=message):
        walk(answer).run()


class FillingSigner:
    """Signs as an account, and lets the account trade while its lists are read."""

    def __init__(self, exchange: mockexchange.Exchange, at_request: int) -> None:
        account = exchange.accounts["alice"]
        self._signer = KALSHI.load_signer(account.key_id, Path(account.private_key_path).read_text("utf-8"))
        self.key_id, self._exchange, self._left = account.key_id, exchange, at_request

    def headers(self, method: str, url: str, age_ms: int = 0, body: bytes = b"") -> dict[str, str]:
        self._left -= 1
        if not self._left:
            self._exchange.fill("alice", "KXA-26-T2", side="no", action="buy", count=1, price="0.10")
        return dict(self._signer.headers(method, url))


def test_what_moves_while_it_is_read_is_in_the_frames_of_the_stream(tmp_path: Path) -> None:
    scenario = tmp_path / "small.yaml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    out = tmp_path / "account.jsonl"
    with mockexchange.serve(scenario, api_date=DATE) as exchange:
        settings = SnapshotSettings(
            venue=KALSHI,
            address=read_address(exchange.base_url, None, KALSHI),
            alias=DATE,
            signer=FillingSigner(exchange, at_request=9),
            rate_per_s=1_000,
        )
        take_snapshot(settings, out)
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    opened = next(place for place, line in enumerate(lines) if line.get("status") == 101)
    assert lines[opened]["connection"] == 1
    frames = [line for line in lines if "direction" in line]
    assert [frame["kind"] for frame in (frames[0], frames[-1])] == ["open", "close"]
    commands = [json.loads(frame["frame"]) for frame in frames if frame["direction"] == "in"]
    subscribed = ["fill", "market_positions", "user_orders", "order_group_updates", "communications"]
    assert [command["params"]["channels"] for command in commands] == [subscribed]
    kinds = [
        json.loads(frame["frame"])["type"] for frame in frames if frame["direction"] == "out" and not frame["kind"]
    ]
    assert kinds == [*["subscribed"] * len(subscribed), "user_order", "fill", "market_position"]
    assert [line["at_us"] for line in lines[1:-1]] == sorted(line["at_us"] for line in lines[1:-1])
    assert run("drift", str(out), "--api-date", DATE).exit_code == 0


def refused(url: str, headers: Mapping[str, str], timeout_s: float) -> NoReturn:
    raise HandshakeRefused(403, b"no streams")


def test_a_stream_that_is_refused_is_named() -> None:
    notes: list[str] = []
    assert open_stream(KALSHI, DATE, "ws://127.0.0.1:1/trade-api/ws/v2", Signer(), notes.append, refused) is None
    assert notes == ["without the stream: status 403: no streams"]
    assert open_stream(KITS["deribit"], "latest", "ws://127.0.0.1:1/ws/api/v2", Signer(), notes.append) is None
