"""Ten thousand secrets in all places of a recording, none of which is in the file in any form."""

import gzip
import json
import random
import uuid
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from mockexchange.recording.pseudonyms import Pseudonyms
from mockexchange.recording.recording_file import Exchanged, RecordingFile
from mockexchange.recording.redaction import Redactor
from tests.helpers.rows import each_row

COUNT = 10_000
ORDERS = "/trade-api/v2/portfolio/orders"
Draw = random.Random
Frame = tuple[str, str, bytes]
"""The direction, the kind and the payload of a frame."""


def opaque(draw: Draw, size: int) -> str:
    return urlsafe_b64encode(draw.randbytes(size)).decode().rstrip("=")


KINDS: Mapping[str, Callable[[Draw], str]] = {
    "uuid": lambda draw: str(uuid.UUID(int=draw.getrandbits(128), version=4)),
    "upper-case uuid": lambda draw: str(uuid.UUID(int=draw.getrandbits(128), version=4)).upper(),
    "hexadecimal": lambda draw: f"a{draw.getrandbits(252):063x}",
    "user name": lambda draw: f"trader{draw.getrandbits(40):010x}9z",
    "email": lambda draw: f"jane.{draw.getrandbits(30)}@mail{draw.getrandbits(20)}.example.com",
    "base64": lambda draw: b64encode(draw.randbytes(33)).decode(),
    "url-safe base64": lambda draw: opaque(draw, 33),
    "web token": lambda draw: f"eyJhbGciOiJIUzI1NiJ9.{opaque(draw, 40)}.{opaque(draw, 32)}",
    "subtrader": lambda draw: f"fcm{draw.getrandbits(16):05}_{draw.getrandbits(48):012x}",
    "dotted name": lambda draw: f"acct.{draw.getrandbits(40):010x}.eu",
    "order of Deribit": lambda draw: f"ETH-{draw.getrandbits(50):016}",
}
"""How secrets look. Those that have no shape of a secret are known once a field has named them, however late."""


def escaped(secret: str) -> str:
    return "".join(f"\\u{ord(char):04x}" for char in secret)


def percent(secret: str) -> str:
    return "".join(f"%{ord(char):02X}" for char in secret)


def based(secret: str) -> str:
    return b64encode(secret.encode()).decode()


def raw(body: object) -> bytes:
    return json.dumps(body).encode()


def exchanged(answer: bytes = b"{}", target: str = ORDERS, body: bytes = b"", **more: Any) -> Exchanged:
    made = Exchanged("GET", target, [], body, 200, [], answer, 0, 0)
    return made._replace(**more)


def asked(query: str) -> Exchanged:
    return exchanged(target=f"{ORDERS}?{query}")


def part(head: str, content: str) -> Exchanged:
    form = f"--b\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n--b--\r\n"
    return exchanged(body=form.encode(), method="POST")


def posted(form: str) -> Exchanged:
    return exchanged(body=form.encode(), method="POST")


def called(params: object) -> Exchanged:
    body = raw({"jsonrpc": "2.0", "id": 1, "method": "private/get_order_state", "params": params})
    return exchanged(body=body, method="POST", target="/api/v2/private/get_order_state")


def sent(secret: str) -> Frame:
    command = {"jsonrpc": "2.0", "method": "private/subscribe", "params": {"channels": [f"user.portfolio.{secret}"]}}
    return "in", "", raw(command)


PLACES: Mapping[str, Callable[[str], Exchanged | Frame]] = {
    "field of an id": lambda secret: exchanged(raw({"fills": [{"order_id": secret}]})),
    "list of ids": lambda secret: exchanged(raw({"order_ids": [secret, secret]})),
    "key of an object": lambda secret: exchanged(raw({"orders": {secret: 1}})),
    "unknown field": lambda secret: exchanged(raw({"unheard": {"of": secret}})),
    "message": lambda secret: exchanged(raw({"message": f"hello {secret}, you"})),
    "details of an error": lambda secret: exchanged(raw({"error": {"details": f"user={secret}"}})),
    "JSON in JSON": lambda secret: exchanged(raw({"payload": json.dumps({"order_id": secret, "a": [secret]})})),
    "escaped": lambda secret: exchanged(f'{{"fills":[{{"order_id":"{escaped(secret)}"}}]}}'.encode()),
    "escaped message": lambda secret: exchanged(f'{{"message":"you: {escaped(secret)}"}}'.encode()),
    "escaped unknown field": lambda secret: exchanged(f'{{"unheard":"{escaped(secret)}"}}'.encode()),
    "base64": lambda secret: exchanged(raw({"ref": based(secret)})),
    "base64 in a message": lambda secret: exchanged(raw({"message": f"for {based(secret)}"})),
    "base64 of JSON": lambda secret: exchanged(raw({"cursor": based(json.dumps({"id": secret}))})),
    "text": lambda secret: exchanged(f"order {secret} is unknown\n".encode()),
    "page": lambda secret: exchanged(f"<html><a href='/x/{secret}'>{secret}</a></html>".encode()),
    "compressed": lambda secret: exchanged(gzip.compress(raw({"order_id": secret}))),
    "no UTF-8": lambda secret: exchanged(b"\xff" + secret.encode()),
    "path": lambda secret: exchanged(target=f"{ORDERS}/{quote(secret, safe='')}"),
    "path in percents": lambda secret: exchanged(target=f"{ORDERS}/{percent(secret)}"),
    "query": lambda secret: asked(f"order_id={quote(secret)}"),
    "query in percents": lambda secret: asked(f"order_id={percent(secret)}&limit=5"),
    "unknown parameter": lambda secret: asked(f"unheard={quote(secret)}"),
    "public parameter": lambda secret: asked(f"ticker={quote(secret)}"),
    "parameter of base64": lambda secret: asked(f"ref={quote(based(secret), safe='')}"),
    "name of a parameter": lambda secret: asked(f"{quote(secret, safe='')}=1"),
    "query without a name": lambda secret: asked(quote(secret, safe="")),
    "form": lambda secret: posted(f"order_id={quote(secret, safe='')}&x=1"),
    "form in percents": lambda secret: posted(f"order_id={percent(secret)}&x=1"),
    "secret of a form": lambda secret: posted(f"client_secret={quote(secret)}&grant_type=client_credentials"),
    "part of a form": lambda secret: part('name="user_id"', secret),
    "file of a form": lambda secret: part(f'name="f"; filename="{secret}"', "x"),
    "parameter of a call": lambda secret: called({"order_id": secret}),
    "secret of a call": lambda secret: called({"client_id": secret, "client_secret": secret}),
    "key": lambda secret: exchanged(headers=[(b"KALSHI-ACCESS-KEY", secret.encode())]),
    "bearer": lambda secret: exchanged(headers=[(b"Authorization", f"Bearer {secret}".encode())]),
    "public header": lambda secret: exchanged(headers=[(b"User-Agent", f"bot/{secret}".encode())]),
    "cookie": lambda secret: exchanged(answer_headers=[(b"Set-Cookie", f"sid={secret}".encode())]),
    "place of an answer": lambda secret: exchanged(answer_headers=[(b"Location", f"/x/{secret}".encode())]),
    "note": lambda secret: exchanged(note=f"http://host/{secret} cannot be reached"),
    "frame": lambda secret: ("out", "", raw({"type": "fill", "msg": {"order_id": secret}})),
    "unknown frame": lambda secret: ("out", "", raw({"type": "new", "msg": {"of": [secret]}})),
    "text of a frame": lambda secret: ("out", "", f"hello {secret}".encode()),
    "bytes of a frame": lambda secret: ("out", "", b"\xff\x00" + secret.encode()),
    "channel": sent,
    "close": lambda secret: ("out", "close", f"1008 user {secret}".encode()),
    "ping": lambda secret: ("out", "ping", secret.encode()),
}


def forms_of(secret: str) -> set[str]:
    """Return the forms in which a secret may stand in a file, without the padding of base64."""
    data = secret.encode()
    coded = {code(one).decode() for code in (b64encode, urlsafe_b64encode) for one in (data, raw({"id": secret}))}
    spelt = {secret, secret.upper(), secret.lower(), quote(secret), quote(secret, safe=""), percent(secret)}
    return {one.rstrip("=") for one in coded | spelt | {percent(secret).lower(), escaped(secret)}}


PREFIX = 12


def found_in(text: str, forms: Iterable[str]) -> list[str]:
    """Return the forms that are anywhere in a text, also within words."""
    by_prefix: dict[str, list[str]] = {}
    for one in forms:
        by_prefix.setdefault(one[:PREFIX], []).append(one)
    hits = {
        text[place : place + PREFIX]: place for place in range(len(text)) if text[place : place + PREFIX] in by_prefix
    }
    return [one for prefix in hits for one in by_prefix[prefix] if one in text]


def plant(file: RecordingFile, found: Exchanged | Frame) -> None:
    if isinstance(found, Exchanged):
        file.add_request(found)
    else:
        file.add_frame(1, found[0], found[2], kind=found[1])


def planted(draw: Draw, count: int) -> Iterator[tuple[str, str]]:
    """Yield secrets with their places: every kind of a secret in every place, again and again."""
    pairs = [(kind, place) for kind in KINDS for place in PLACES]
    for number in range(count):
        kind, place = pairs[number % len(pairs)]
        yield KINDS[kind](draw), place


@pytest.mark.untraced
def test_none_of_ten_thousand_planted_secrets_is_found_in_any_form(tmp_path: Path) -> None:
    """It takes seconds: each of the secrets is looked for in eleven forms, at every character of the file."""
    file, secrets = RecordingFile(tmp_path / "run.jsonl", Redactor(), "here"), list(planted(random.Random(7), COUNT))
    for secret, place in secrets:
        plant(file, PLACES[place](secret))
    file.add_request(exchanged(raw({"user_ids": [secret for secret, _ in secrets]})))
    file.finish()
    lines = [json.loads(line) for line in file.path.read_text(encoding="utf-8").splitlines()]
    texts = [str(value) for line in lines for value in _values(line)]
    whole = "\n".join([*texts, *(json.dumps(text) for text in texts)])
    forms = {form: (secret, place) for secret, place in secrets for form in forms_of(secret)}
    assert len({secret for secret, _ in secrets}) == COUNT
    assert {place: secret for secret, place in map(forms.__getitem__, found_in(whole, forms))} == {}
    assert len(lines) == COUNT + 3, "no line is left out"


def _values(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield key
            yield from _values(one)
    elif isinstance(value, list):
        for one in value:
            yield from _values(one)
    else:
        yield value


SHAPED = ("uuid", "upper-case uuid", "hexadecimal", "email")


@each_row("kind", SHAPED)
def test_what_has_a_shape_is_replaced_wherever_no_field_names_it(tmp_path: Path, kind: str) -> None:
    draw = random.Random(3)
    file, secrets = RecordingFile(tmp_path / "run.jsonl", Redactor(), "here"), [KINDS[kind](draw) for _ in PLACES]
    for secret, place in zip(secrets, PLACES, strict=True):
        plant(file, PLACES[place](secret))
    file.finish()
    text = file.path.read_text(encoding="utf-8")
    assert [place for secret, place in zip(secrets, PLACES, strict=True) if secret in text] == []


@each_row("kind", KINDS)
def test_an_id_is_the_same_in_every_text(kind: str) -> None:
    """An id has one pseudonym in every text around it, so rows of requests and streams still join."""
    redactor = Redactor(Pseudonyms(b"salt"))
    secret = KINDS[kind](random.Random(11))
    made = redactor.pseudonyms.pseudonym_of(secret)
    dotted = [("user.portfolio.", ".raw")] if "@" not in secret else []  # there they could be parts of the email
    for before, after in (("", ""), ("user ", " is"), ("/x/", "/y"), ("id=", "&b=1"), *dotted):
        assert redactor.text(f"{before}{secret}{after}") == f"{before}{made}{after}"
    assert not any(word in made for word in ("jane", "trader"))
    assert redactor.target(f"{ORDERS}?order_id={percent(secret)}").endswith(f"order_id={quote(made, safe='[]')}")
    assert redactor.body(f"user_id={quote(secret, safe='')}".encode()) == f"user_id={quote(made, safe='[]')}".encode()


def test_a_form_is_redacted_as_a_query_is_by_its_names() -> None:
    body = Redactor().body(b"user_id=bob77&client_secret=x&order_id=a%2Fb&limit=5&side=yes")
    assert body is not None
    found = dict(pair.split("=") for pair in body.decode().split("&"))
    assert (found["client_secret"], found["limit"], found["side"]) == ("[secret]", "5", "yes")
    assert found["user_id"] != "bob77"
    assert found["order_id"] not in ("a%2Fb", "a/b")


def test_the_parts_of_a_form_are_left_out() -> None:
    """Their values have no names that a table could know, and may be files."""
    assert Redactor().body(part('name="user_id"', "bob77").body) is None


KEPT = [
    "the exchange KXHIGHNY-25NOV05-B60.5 is closed until 2026-06-11T06:25:23.609242Z",
    "KXMVESPORTSMULTIGAMEEXTENDED-S2025F0E6B2B5D68-C1F6E3CF6F4 has 12345678901234567890123456789012345678 rows",
    "user.changes.BTC-PERPETUAL.raw and deribit_price_index.btc_usd",
]


@each_row("text", KEPT, ids=range(len(KEPT)))
def test_public_text_is_kept(text: str) -> None:
    body = raw({"message": text, "channel": text})
    assert Redactor().body(body) == body
