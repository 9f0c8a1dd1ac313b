"""Plays a scenario at an API date: every read, write and refusal of every venue, its streams, and what is kept of them.

The exchange runs in this process, its clock and the host's time stand still, and everything is asked one after another.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mockexchange
from mockexchange import Account, AsyncExchange, Key
from tests.commands.examples import EXAMPLES
from tests.golden.asking import Answer, Stream, ask, signed
from tests.golden.documents import ROOT, document, read_yaml
from tests.golden.questions import Names, Operation, harvest, operations, queries, target

TABLES = Path(__file__).with_name("tables")
NEWEST = "compat"
"""The API date at which everything is recorded; at others, what depends on the date."""
OWN = {"kalshi": "carol", "deribit": "derry", "signalplus": "sam"}
"""The account of the steps that writes, by venue; `MERCHANT` is an FCM member."""
MERCHANT = "merchant"
SCOPES = {"kalshi": None, "deribit": ["account:read", "trade:read_write"], "signalplus": ["account:read", "trade:read"]}
STREAM_IDS = {"kalshi": "id", "deribit": "id", "signalplus": "rid"}
CHANNEL_NAMES = {
    "kind": "any",
    "currency": "any",
    "interval": "raw",
    "instrument_name": "BTC-PERPETUAL",
    "group": "none",
    "depth": "10",
}
Texts = dict[str, str]
"""What was recorded, by subject."""


@dataclass
class Play:
    """A running sandbox and what is recorded of it."""

    exchange: AsyncExchange
    names: dict[str, Names] = field(default_factory=lambda: {venue: {} for venue in OWN})

    async def ask(self, account: Account | None, operation: Operation, goal: str, body: bytes) -> Answer:
        headers = dict(signed(account.key, operation.method, goal, body)) if account else {}
        who = account.name if account else "-"
        return await ask(self.exchange.app, operation.method, goal, headers.items(), body, who)

    def accounts(self, venue: str) -> list[Account]:
        """Return the accounts of a venue that can sign, those of the scenario first."""
        return [one for one in self.exchange.accounts.values() if one.venue == venue and one.keys]


async def play(scenario: str | Path, date: str) -> Texts:
    """Return everything that a scenario brings at an API date, by subject."""
    texts: Texts = {}
    venues = [venue for venue in OWN if date in dates(venue)] or ["kalshi"]
    async with mockexchange.serve_async(
        scenario, api_date=date, clock="paused", token="token-of-the-recorder"
    ) as exchange:
        played = Play(exchange)
        texts["steps"] = await carry_out(exchange, "before")
        for venue, name in (*OWN.items(), ("kalshi", MERCHANT)):
            await exchange.add_key(name, "own", algorithm="ed25519", scopes=SCOPES[venue])
        for venue in venues:
            texts[f"{venue} reads"] = await reads(played, venue)
        await exchange.ask("DELETE", "journal")
        streams = {venue: await opened_streams(played, venue) for venue in venues}
        for venue in venues:
            texts[f"{venue} refused"] = await refused(played, venue)
            texts[f"{venue} writes"] = await writes(played, venue)
        texts["steps"] += await carry_out(exchange, "during")
        await exchange.advance("90s")
        for venue in venues:
            texts[f"{venue} stream"] = "\n\n".join([await ended_stream(venue, one) for one in streams[venue]])
        texts |= await kept(exchange)
        if date == NEWEST:
            texts |= await state(exchange)
        else:
            del texts["steps"]
    return texts


def dates(venue: str) -> list[str]:
    """Return the API dates of a venue, by the folders of its documents."""
    return sorted(path.parent.name for path in (ROOT / "contracts" / venue).glob("*/openapi.yaml"))


async def carry_out(exchange: AsyncExchange, part: str) -> str:
    """Carry out the recorded steps of `tests/commands/examples.txt`; return what the control API says to each."""
    lines = []
    for step in (one.body for one in EXAMPLES if one.part == part):
        (outcome,) = await exchange.ask("POST", "commands", [step])
        lines.append(f"{step}\n{json.dumps(outcome)}\n")
        if "account" in step:  # one that is refused is there already
            words = step["account"]
            exchange.accounts.add(words["account"], words.get("kind", "member"), words.get("venue", "kalshi"))
    return "".join(lines)


# --- reads


async def reads(played: Play, venue: str) -> str:
    """Ask every read: of every account in its plain form, and with every parameter of the first that may."""
    found, names = [], played.names[venue]
    for operation in operations(venue):
        if operation.is_write:
            continue
        body = b"".join(json.dumps(one).encode() for one in operation.bodies[:1])
        for place, query in enumerate(queries(operation, names)):
            goal = target(operation.path, names, query)
            for account in asking(played.accounts(venue), operation, is_first=place == 0):
                answer = await played.ask(account, operation, goal, body)
                found.append(answer.text)
                if place == 0:
                    harvest(names, answer.body)
                    if (cursor := cursor_of(answer.body)) is not None:
                        found.append((await played.ask(account, operation, f"{goal}{cursor}", body)).text)
    return "\n".join(found)


def asking(accounts: list[Account], operation: Operation, *, is_first: bool) -> list[Account | None]:
    """Return who asks for a read: everybody, or one whose kind the operation is for."""
    if not operation.is_signed or not accounts:
        return [None]
    if is_first:
        return [*accounts]
    is_for_fcm = "/fcm/" in operation.path or "/summary/" in operation.path
    return [next((one for one in accounts if (one.kind == "fcm") == is_for_fcm), accounts[0])]


def cursor_of(body: bytes) -> str | None:
    """Return the query of the next page, if an answer has one."""
    found = re.search(rb'"cursor":"([^"]+)"', body)
    return f"?limit=3&cursor={found[1].decode()}" if found else None


# --- refusals


async def refused(played: Play, venue: str) -> str:
    """Ask for one operation with everything wrong that a client sends, and for operations that are not there."""
    account = played.accounts(venue)[0]
    method, path, body = REFUSED[venue]
    goal = document(venue)["servers"][0]["url"] + path
    good = signed(account.key, method, goal, body)
    found = [(await ask(played.exchange.app, method, goal, good.items(), body, "good")).text]
    for what, headers in spoiled(account.key, method, goal, body, good):
        found.append((await ask(played.exchange.app, method, goal, headers.items(), body, what)).text)
    for wrong_method, wrong_goal in (("PATCH", goal), ("GET", f"{goal}/"), ("GET", f"{goal}s"), ("GET", "/none")):
        headers = signed(account.key, wrong_method, wrong_goal) if wrong_goal != "/none" else good
        found.append((await ask(played.exchange.app, wrong_method, wrong_goal, headers.items())).text)
    for wrong_body in (b"", b"{", b"\xff", b"[]", b"1" * 2_000):
        goal_of_write = document(venue)["servers"][0]["url"] + WRITTEN[venue]
        headers = signed(account.key, "POST", goal_of_write, wrong_body)
        found.append((await ask(played.exchange.app, "POST", goal_of_write, headers.items(), wrong_body)).text)
    return "\n".join(found)


REFUSED = {
    "kalshi": ("GET", "/portfolio/balance", b""),
    "deribit": ("GET", "/private/get_positions", b""),
    "signalplus": ("POST", "/private/get_positions", b'{"rid":1,"method":"private/get_positions","params":{}}'),
}
WRITTEN = {"kalshi": "/portfolio/orders", "deribit": "/private/buy", "signalplus": "/private/get_positions"}


def spoiled(
    key: Key, method: str, goal: str, body: bytes, good: Mapping[str, str]
) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield the headers of a signed request with one thing wrong in each, and what it is."""
    yield "no headers", {}
    for name in good:
        yield f"without {name}", {other: value for other, value in good.items() if other != name}
        yield f"spoiled {name}", {**good, name: f"x{good[name]}"}
        yield f"empty {name}", {**good, name: ""}
    for what, other in (("of another method", ("PUT", goal)), ("of another path", (method, f"{goal}/other"))):
        yield f"signature {what}", signed(key, *other, body)
    times = {name: value for name, value in good.items() if "timestamp" in name.lower()}
    for name, value in times.items():
        yield "time in seconds", {**good, name: value[:-3]}
        yield "time of long ago", {**good, name: str(int(value) - 10_000_000)}


# --- writes


async def writes(played: Play, venue: str) -> str:
    """Send the table's writes, then the document's example to every operation that the table leaves out."""
    prefix, names = document(venue)["servers"][0]["url"], dict(played.names[venue])
    by_name = played.exchange.accounts
    found, named = [], set()
    for account, rows in read_yaml(TABLES / "writes.yaml")[venue].items():
        for words, *rest in rows:
            method, path = words.split(" ", 1)
            named.add((method, prefix + path.partition("?")[0]))
            found.append(await write(played, by_name[account], method, filled(prefix + path, names), rest, names))
    for operation in operations(venue):
        if operation.is_write and (operation.method, operation.path) not in named:
            account = MERCHANT if "/fcm/" in operation.path else OWN[venue]
            query = next(queries(operation, names))
            goal = target(operation.path, names, query)
            found.append(await write(played, by_name[account], operation.method, goal, operation.bodies, names))
    return "\n".join(found)


async def write(played: Play, account: Account, method: str, goal: str, body: Sequence[Any], names: Names) -> str:
    sent = filled(json.dumps(body[0]), names).encode() if body else b""
    headers = signed(account.key, method, goal, sent)
    answer = await ask(played.exchange.app, method, goal, headers.items(), sent, account.name)
    harvest(names, answer.body, is_newest=True)
    return answer.text


def filled(text: str, names: Names) -> str:
    """Return a text of a table with names that exist in place of `{name}`."""
    return re.sub(r"\{(\w+)\}", lambda found: names.get(found[1], "NONE"), text)


# --- streams


async def opened_streams(played: Play, venue: str) -> list[Stream]:
    """Open a stream of the scenario's first account, and one of the account that writes; subscribe to everything."""
    whole, streams = document(venue, "asyncapi"), []
    path = whole["channels"]["stream"]["address"]
    for name in dict.fromkeys((played.accounts(venue)[0].name, OWN[venue])):
        account = played.exchange.accounts[name]
        stream = Stream(played.exchange.app, path, signed(account.key, "GET", path).items())
        await stream.until("websocket.accept")
        own = {"key_id": account.key_id, "secret": account.secret or ""}
        for command in (*read_yaml(TABLES / "stream.yaml")[venue]["first"], *subscriptions(venue, whole)):
            say(stream, venue, command, own)
        await settle(stream, venue)
        streams.append(stream)
    return streams


def subscriptions(venue: str, whole: Mapping[str, Any]) -> Iterator[Any]:
    """Yield a command for each channel of a venue's document."""
    if venue == "kalshi":
        for channel in whole["components"]["schemas"]["Channel"]["enum"]:
            yield {"cmd": "subscribe", "params": {"channels": [channel], "market_tickers": ["GOLD-1"]}}
        return
    for template in whole["channels"]["stream"]["x-channels"]:
        side = "private" if template.startswith("user.") else "public"
        channel = filled(template, CHANNEL_NAMES)
        yield {"method": f"{side}/subscribe", "params": {"channels": [channel]}}


def say(stream: Stream, venue: str, command: Any, own: Names) -> None:
    """Send a command with the next number, or as it is if it is no object."""
    number = len(stream.said) + 1
    body = {STREAM_IDS[venue]: number, **command} if isinstance(command, dict) else command
    stream.say(body if isinstance(body, str) else filled(json.dumps(body), own))


async def settle(stream: Stream, venue: str) -> None:
    """Wait until the exchange has answered everything that was said: it answers in order."""
    say(stream, venue, read_yaml(TABLES / "stream.yaml")[venue]["end"], {})
    number = len(stream.said)
    await stream.until(f'"{STREAM_IDS[venue]}":{number},', f'"{STREAM_IDS[venue]}":{number}}}')


async def ended_stream(venue: str, stream: Stream) -> str:
    """Say the last commands, leave, and return all that was said on a stream."""
    for command in read_yaml(TABLES / "stream.yaml")[venue]["last"]:
        say(stream, venue, command, {})
    await settle(stream, venue)
    await stream.close()
    return "\n".join([*stream.said, *stream.heard])


# --- what is kept


async def kept(exchange: AsyncExchange) -> Texts:
    """Return the journal of the requests, and of the frames and what the script and the faults did."""
    return {
        "journal": json_lines(await exchange.ask("GET", "journal")),
        "frames": json_lines([*await exchange.ask("GET", "frames"), await exchange.ask("GET", "firings")]),
    }


async def state(exchange: AsyncExchange) -> Texts:
    """Return the log and the state, which are the same at all dates, as the control API shows them."""
    views = ["", "accounts", "markets", "instruments", "script", "streams", "clock"]
    views += [f"accounts/{name}/{view}" for name in exchange.accounts for view in ("positions", "ledger", "equity")]
    shown = [f"{view}\n{json_lines(await exchange.ask('GET', view))}" for view in views]
    return {"log": json_lines(await exchange.ask("GET", "log")), "state": "\n".join(shown)}


def json_lines(value: Any) -> str:
    """Return JSON, with a line for each item of a list, in the order of the answer."""
    rows: list[Any] = value if isinstance(value, list) else [value]
    return "\n".join(json.dumps(row) for row in rows)
