"""Keys in a diagnosis: labels, signers, the text to sign, and similar names."""

from mockexchange.venues.diagnosis.credentials import (
    LOOK_ALIKES_MAX,
    KnownKey,
    explain_signer,
    explain_text,
    similar_headers,
    similar_ids,
)

ALICE, BOB, GIVEN = (
    KnownKey("a-id", "alice", "main", b""),
    KnownKey("b-id", "bob", "ro", b""),
    KnownKey("", "", "", b""),
)


def test_a_key_is_called_by_its_account_and_name() -> None:
    assert [key.label for key in (ALICE, GIVEN)] == ['alice\'s key "main"', "the key given"]


def test_another_signer_is_named_with_its_id() -> None:
    assert explain_signer(ALICE, BOB) == (
        'this signature was made with bob\'s key "ro"; you sent the id of alice\'s key "main": send "b-id"'
    )


def test_the_text_to_sign_has_its_size_and_hash() -> None:
    assert explain_text(b"a\n", 100).startswith('the text to sign is "a\\n" (2 bytes, sha256 87428fc5')
    assert "(1 byte, " in explain_text(b"a", 100)


def test_similar_headers_are_given_with_the_wanted_ones() -> None:
    sent = ["x-api-keys", "accept", "x-api-sign"]
    assert list(similar_headers(sent, ["x-api-key", "x-api-signature"])) == [
        ("x-api-keys", "x-api-key"),
        ("x-api-sign", "x-api-signature"),
    ]
    assert list(similar_headers(["accept"] * LOOK_ALIKES_MAX + sent, ["x-api-key"])) == []


def test_similar_ids_come_nearest_first() -> None:
    assert similar_ids("alice-kee", ["bob-key", "alice-key", "alice-key-2"]) == ["alice-key", "alice-key-2"]
