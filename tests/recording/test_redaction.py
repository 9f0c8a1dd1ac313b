"""What is redacted before it reaches the disk, and what stays as the venue wrote it."""

import json
import string
from pathlib import Path

import pytest

from mockexchange.recording.pseudonyms import UUID, Pseudonyms
from mockexchange.recording.recording_file import Exchanged, RecordingFile, SecretFound
from mockexchange.recording.redaction import Redactor

ORDER = "ce9ec7b9-2a8f-48a0-98da-cf74d0ce425c"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----"


@pytest.fixture
def redactor() -> Redactor:
    return Redactor(Pseudonyms(b"salt"))


KEPT = [
    '{"ticker":"KXHIGHCHI-25NOV05-B60", "yes_price_dollars" : "0.5600","ts":1762298475,"x":null}\n',
    '{"fills":[{"count_fp":"12.00","created_time":"2025-11-04T23:21:15.001Z","side":"yes"}],"cursor":""}',
    '{"id":1,"cmd":"subscribe","params":{"channels":["fill","user.changes.BTC-PERPETUAL.raw"]}}',
    '{"unheard_of_amount":"1234567890.123456","unheard_of_day":"2025-11-04T23:21:15Z","some_word":"good_till_canceled"}',
    "",
    "[]",
    '{"market_id":"ce9ec7b9","torn":"0.5',
]


@pytest.mark.parametrize("text", KEPT)
def test_what_is_public_stays_byte_for_byte(redactor: Redactor, text: str) -> None:
    assert redactor.body(text.encode()) == text.encode()


def test_an_id_is_the_same_everywhere_and_of_the_same_shape(redactor: Redactor) -> None:
    body = redactor.body(json.dumps({"order_id": ORDER, "client_order_id": ORDER, "orders": {ORDER: 1}}).encode())
    assert body is not None
    found = json.loads(body)
    shown = found["order_id"]
    assert shown != ORDER
    assert UUID.fullmatch(shown)
    assert (shown[14], shown[19]) == (ORDER[14], ORDER[19])
    assert found == {"order_id": shown, "client_order_id": shown, "orders": {shown: 1}}
    assert redactor.target(f"/trade-api/v2/portfolio/orders/{ORDER}?order_ids={ORDER},{ORDER}&limit=5") == (
        f"/trade-api/v2/portfolio/orders/{shown}?order_ids={shown}%2C{shown}&limit=5"
    )
    message = json.dumps({"error": {"message": f"order {ORDER} is unknown"}})
    assert redactor.body(message.encode()) == message.replace(ORDER, shown).encode()


def test_a_subtrader_keeps_the_account_before_it(redactor: Redactor) -> None:
    account, subtrader = redactor.pseudonyms.pseudonym_of("fcm7"), redactor.pseudonyms.pseudonym_of("fcm7_second")
    assert subtrader.startswith(f"{account}_")
    assert redactor.pseudonyms.pseudonym_of("ETH-349249").startswith("ETH-")
    assert redactor.pseudonyms.pseudonym_of("ETH-349249") != "ETH-349249"


def test_short_ids_have_a_pseudonym_each(redactor: Redactor) -> None:
    for ids in (
        [str(number) for number in range(100)],
        [f"ETH-{number}" for number in range(1_000)],
        [f"t{number}" for number in range(200)],
    ):
        assert len({redactor.pseudonyms.pseudonym_of(one) for one in ids}) == len(ids)
        assert [redactor.pseudonyms.pseudonym_of(one) for one in ids] == [
            redactor.pseudonyms.pseudonym_of(one) for one in ids
        ]
    body = redactor.body(json.dumps({"user_id": 77, "userId": "77", "order_id": "ETH-77"}).encode())
    assert body is not None
    assert str(json.loads(body)["user_id"]) == json.loads(body)["userId"] == json.loads(body)["order_id"][4:]


def test_an_id_that_equals_a_given_pseudonym_gets_its_own(tmp_path: Path, redactor: Redactor) -> None:
    """Numbers of a venue's trades follow each other, so a pseudonym is often the id of another trade."""
    first = "ETH-349249"
    second = redactor.pseudonyms.pseudonym_of(first)
    third = redactor.pseudonyms.pseudonym_of(second)
    assert len({first, second, third}) == 3
    file = RecordingFile(tmp_path / "run.jsonl", redactor, "here")
    file.add_request(exchanged(json.dumps({"trade_id": first, "message": f"{second} after {first}"})))
    file.add_request(exchanged(json.dumps({"trade_id": second})))
    file.finish()
    shown = [json.loads(str(line["answer"])) for line in lines_of(tmp_path / "run.jsonl")[1:3]]
    assert shown == [{"trade_id": second, "message": f"{third} after {second}"}, {"trade_id": third}]
    eights = [f"{number:07x}0" for number in range(5_000)]
    assert len({redactor.pseudonyms.pseudonym_of(one) for one in eights}) == len(eights)


def test_no_short_id_is_its_own_pseudonym() -> None:
    """One letter in 26 would be, and one pair of letters in 676."""
    pseudonyms = Pseudonyms(b"salt")
    assert [one for one in string.ascii_letters if pseudonyms.pseudonym_of(one) == one] == []


def test_two_recordings_share_no_pseudonym() -> None:
    assert len({Redactor().pseudonyms.pseudonym_of(ORDER) for _ in range(3)}) == 3


REPLACED = [
    ('{"user_id": 7712345}', "7712345"),
    ('{"userId":"trader-0042"}', "trader-0042"),
    ('{"result":{"access_token":"1582628593469.1MbQ-J_4.CBP"}}', "1MbQ"),
    ('{"cursor":"Cg1hbmV4YW1wbGVvbmU"}', "Cg1hbmV4YW1wbGVvbmU"),
    ('{"unheard_of":"Ms Example of Example Street 12"}', "Example"),
    ('{"params":{"client_secret":"s3cr3t","grant_type":"client_credentials"}}', "s3cr3t"),
    ('{"note":"line\\nce9ec7b9-2a8f-48a0-98da-cf74d0ce425c"}', "ce9ec7b9"),
    ("order_id ce9ec7b9-2a8f-48a0-98da-cf74d0ce425c\n", "ce9ec7b9"),
    ("plain eyJhbGciOiJIUzI1NiJ9x words", "eyJhbGci"),
]


@pytest.mark.parametrize(("text", "secret"), REPLACED)
def test_what_is_private_is_replaced(redactor: Redactor, text: str, secret: str) -> None:
    shown = redactor.body(text.encode())
    assert shown is not None
    assert secret.encode() not in shown
    if text.startswith("{"):
        assert json.loads(shown).keys() == json.loads(text).keys()


def test_headers_keep_their_names_and_cookies_nothing(redactor: Redactor) -> None:
    headers = [
        (b"KALSHI-ACCESS-KEY", ORDER.encode()),
        (b"Authorization", b"Bearer abcdef"),
        (b"Content-Type", b"application/json"),
        (b"Set-Cookie", b"session=abcdef"),
        (b"CF-Ray", b"8f00"),
    ]
    assert redactor.headers(headers) == [
        ["KALSHI-ACCESS-KEY", ""],
        ["Authorization", ""],
        ["Content-Type", "application/json"],
    ]


def test_bytes_that_are_no_text_are_left_out(redactor: Redactor) -> None:
    assert redactor.body(b"\xff\xfe") is None


def exchanged(answer: str, target: str = "/x", body: str = "") -> Exchanged:
    return Exchanged("GET", target, [], body.encode(), 200, [], answer.encode(), 0, 0)


def lines_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_body_with_a_private_key_is_left_out(tmp_path: Path, redactor: Redactor) -> None:
    file = RecordingFile(tmp_path / "run.jsonl", redactor, "here")
    file.add_request(exchanged(json.dumps({"unheard": PEM, "message": PEM})))
    file.add_request(exchanged("{}")._replace(note=PEM))
    assert b"BEGIN" not in file.part.read_bytes()
    file.add_request(exchanged("{}")._replace(source="?token=abcdefgh"))
    assert file.counts == {"requests": 3, "bodies left out": 1}
    assert file.part.stat().st_mode & 0o077 == 0
    file.abandon()
    assert list(tmp_path.iterdir()) == []


def test_a_secret_that_is_found_at_the_end_refuses_the_file(tmp_path: Path, redactor: Redactor) -> None:
    file = RecordingFile(tmp_path / "run.jsonl", redactor, "here")
    file.add_request(exchanged("{}"))
    with file.part.open("a", encoding="utf-8") as part:
        part.write(json.dumps({"note": PEM}) + "\n")
    with pytest.raises(SecretFound, match="line 3 has 'the sh'"):
        file.finish()
    assert list(tmp_path.iterdir()) == []


def test_an_id_that_is_known_late_is_replaced_in_earlier_lines(tmp_path: Path, redactor: Redactor) -> None:
    file = RecordingFile(tmp_path / "run.jsonl", redactor, "here")
    file.add_request(exchanged('{"message":"hello trader42x"}'))
    file.add_request(exchanged('{"user_id":"trader42x"}'))
    file.finish()
    _, first, second, end = lines_of(tmp_path / "run.jsonl")
    shown = json.loads(str(second["answer"]))["user_id"]
    assert first["answer"] == json.dumps({"message": f"hello {shown}"}).replace(": ", ":")
    assert end["requests"] == 2


def test_lines_beyond_the_limit_are_counted(tmp_path: Path, redactor: Redactor) -> None:
    file = RecordingFile(tmp_path / "run.jsonl", redactor, "here", bytes_max=500)
    for _ in range(4):
        file.add_request(exchanged("{}"))
    assert file.finish() == {"requests": 4, "lines beyond the limit": 4 - (len(lines_of(file.path)) - 2)}


def test_a_file_that_exists_is_not_written_over(tmp_path: Path, redactor: Redactor) -> None:
    (tmp_path / "run.jsonl").write_text("mine")
    with pytest.raises(FileExistsError, match="give --out another name"):
        RecordingFile(tmp_path / "run.jsonl", redactor, "here")


def test_a_uuid_without_letters_gets_one_pseudonym(tmp_path: Path) -> None:
    """The finished file is read once more for ids: a pseudonym must be known as one, or it is replaced again."""
    nil, redactor = "00000000-0000-0000-0000-000000000000", Redactor()
    made = redactor.pseudonyms.pseudonym_of(nil)
    file = RecordingFile(tmp_path / "run.jsonl", redactor, "here", at=0)
    file.add_request(Exchanged("GET", "/x", [], b"", 200, [], f'{{"user_id":"{nil}"}}'.encode(), 0, 1))
    file.finish()
    assert made in (tmp_path / "run.jsonl").read_text(encoding="utf-8")
