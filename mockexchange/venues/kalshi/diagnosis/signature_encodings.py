"""A lenient decoder of signature headers, which explains wrong encodings. The venue accepts standard base64 only."""

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import unquote

from mockexchange.venues.kalshi.signatures import decode_signature
from mockexchange.venues.quoting import quote

STANDARD = "send standard base64 on one line, padded with ="
SIGNATURE_CHARS_MAX = 16_384
"""Longest signature header that is decoded. An RSA-4096 signature has 684 characters."""
HEX_CHARS_MIN = 40
"""Length of the shortest digest in hex (SHA-1). Real base64 has so many hex digits in a row once in 10**18."""
LINE_CHARS_MIN = 60

_HEX = re.compile(r"(0x)?((?:[0-9a-fA-F]{2})+)")


class DecodedSignature(NamedTuple):
    """The bytes of a signature (None if unreadable), and the advice on its encoding (None if it is right)."""

    data: bytes | None
    advice: str | None


class Repair(NamedTuple):
    is_needed: Callable[[str], bool]
    repair: Callable[[str], str]
    description: str


def _is_wrapped(text: str) -> bool:
    """Return whether white space stands for line breaks, between lines of one length, not for lost plus signs."""
    *full, last = re.split(r"[ \r\n]+", text)
    is_whole = "\n" in text or len("".join([*full, last])) % 4 == 0
    return is_whole and len(set(map(len, full))) == 1 and len(full[0]) >= LINE_CHARS_MIN


def _pad(text: str) -> str:
    bare = text.rstrip("=")
    return bare + "=" * (-len(bare) % 4)


REPAIRS = (
    Repair(
        lambda text: re.search(r"\\[rn]", text) is not None,
        lambda text: re.sub(r"\\[rn]", "\n", text),
        "escaped newlines",
    ),
    Repair(lambda text: text != text.strip("\r\n\t "), str.strip, "white space around it"),
    Repair(
        lambda text: re.fullmatch(r"b'.*'", text, re.DOTALL) is not None,
        lambda text: text[2:-1],
        "Python's b'...' around it",
    ),
    Repair(lambda text: text != text.strip("\"'"), lambda text: text.strip("\"'"), "quotes around it"),
    Repair(lambda text: re.search("%[0-9a-fA-F]{2}", text) is not None, unquote, "percent-encoding"),
    Repair(_is_wrapped, lambda text: re.sub(r"[ \r\n]+", "", text), "line breaks"),
    Repair(lambda text: " " in text, lambda text: text.replace(" ", "+"), "spaces in place of +"),
    Repair(
        lambda text: "-" in text or "_" in text,
        lambda text: text.replace("-", "+").replace("_", "/"),
        'the url-safe alphabet ("-" and "_" for "+" and "/")',
    ),
    Repair(lambda text: text != _pad(text), _pad, "missing or wrong padding"),
)


def read_signature(text: str) -> DecodedSignature:
    """Decode a signature header. Never raises."""
    if not text:
        return DecodedSignature(None, f"the signature is empty: {STANDARD}")
    if len(text) > SIGNATURE_CHARS_MAX:
        return DecodedSignature(
            None, f"the signature has {len(text):,} characters: even an RSA-4096 key makes only 684"
        )
    hexadecimal = _HEX.fullmatch(text)
    if hexadecimal and len(text) >= HEX_CHARS_MIN:
        return DecodedSignature(bytes.fromhex(hexadecimal[2]), f"the signature is in hex: {STANDARD}")
    data = decode_signature(text)
    if data is not None:
        return _read_twice_encoded(data)
    return _read_repaired(text)


def _read_twice_encoded(data: bytes) -> DecodedSignature:
    try:
        inner = b64decode(data, validate=True) if len(data) >= HEX_CHARS_MIN else b""
    except (Error, ValueError):
        inner = b""
    return (
        DecodedSignature(inner, "the signature is in base64 twice: encode it once")
        if inner
        else DecodedSignature(data, None)
    )


def _read_repaired(text: str) -> DecodedSignature:
    wrong, repaired = [], text
    for is_needed, repair, description in REPAIRS:
        if is_needed(repaired):
            wrong.append(description)
            repaired = repair(repaired)
    data = decode_signature(repaired)
    if data is None or not wrong:
        return DecodedSignature(None, f"the signature is no base64, {_unreadable(text, repaired)}: {STANDARD}")
    return DecodedSignature(data, f"the signature is base64 with {' and '.join(wrong)}: {STANDARD}")


def _unreadable(text: str, repaired: str) -> str:
    stray = re.search("[^A-Za-z0-9+/=]", repaired)
    if stray and stray[0] in text:
        return f"{quote(stray[0])} at character {text.index(stray[0]) + 1}"
    return f"its {len(text)} characters cannot be decoded (cut off?)"
