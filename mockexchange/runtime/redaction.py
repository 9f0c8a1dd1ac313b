"""Redaction of secrets in logs, views and reports: known ones by their values, others by their shapes."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

HIDDEN = "[secret]"
SECRET_CHARS_MIN = 6
"""Shorter secrets, such as "x", are also words of ordinary text."""
PEM_LINE_CHARS_MIN = 30
"""Shorter lines of a PEM text are its last ones."""
_NAMES = r"(?:client_|api_?)?secret|(?:access_|refresh_|auth_?)?token|pass(?:word|phrase|wd)|private_?key(?:_pem)?"
Shape = tuple[re.Pattern[str], str]
SHAPES: tuple[Shape, ...] = (
    (
        re.compile(r"-----BEGIN[^-]{0,40}PRIVATE[^-]{0,9}KEY-----.*?(?:-----END[^-]{0,40}KEY-----|\Z)", re.DOTALL),
        HIDDEN,
    ),
    (re.compile(r"\bMI[GI][\w+/=%-]{600,}"), HIDDEN),
    (re.compile(r"\b(Bearer|Basic)(\s+|%20)(?P<secret>[\w.~+/=-]{6,})", re.IGNORECASE), rf"\1\2{HIDDEN}"),
    (
        re.compile(rf"""\b({_NAMES})("?\s*[=:]\s*"?)(?!null\b|\[secret)(?P<secret>[^&\s"',;}}]+)""", re.IGNORECASE),
        rf"\1\2{HIDDEN}",
    ),
)
"""Private keys as PEM text and as bare base64, credentials of HTTP, and parameters with the name of a secret."""
_NAMED = [shape for shape, _ in SHAPES if "secret" in shape.groupindex]
_OPTION = re.compile(rf"-{{1,2}}[\w-]*(?:{_NAMES.replace('_', '[_-]')})", re.IGNORECASE)
_WORD = re.compile(r"[\w+/.~%-]{6,}={0,2}")
_PART = re.compile(r"[/.]")
Redact = Callable[[str], str]


def redact(text: str, secrets: Collection[str] = ()) -> str:
    """Return the text without these secrets, and without what has the shape of one. Takes linear time."""
    for shape, instead in SHAPES:
        text = shape.sub(instead, text)
    return _WORD.sub(lambda word: HIDDEN if _is_secret(word[0], secrets) else word[0], text) if secrets else text


def redact_entry(entry: dict[str, Any], secrets: Collection[str] = ()) -> dict[str, Any]:
    """Return an entry of the journal without secrets; what is one in a text is hidden in the others too."""
    found = {match["secret"] for text in _texts_of(entry) for shape in _NAMED for match in shape.finditer(text)}
    known = frozenset([*secrets, *(one for one in found if len(one) >= SECRET_CHARS_MIN)])
    redacted: dict[str, Any] = redact_values(entry, lambda text: redact(text, known))
    return redacted


def _texts_of(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts_of(one)


def redact_values(value: Any, hide: Redact) -> Any:
    """Return plain JSON with all its texts redacted."""
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, dict):
        return {name: redact_values(one, hide) for name, one in value.items()}
    return [redact_values(one, hide) for one in value] if isinstance(value, list) else value


def redact_command(command: Sequence[str]) -> list[str]:
    """Return a command line without the values of options that are secrets."""
    pairs = zip(["", *command], command, strict=False)
    return [HIDDEN if _OPTION.fullmatch(before) else redact(part) for before, part in pairs]


def known_secrets(secrets: Iterable[str | None], private_pems: Iterable[str | None] = ()) -> frozenset[str]:
    """Return the texts by which secrets and private keys are recognized."""
    lines = (line for pem in private_pems if pem for line in pem.splitlines() if not line.startswith("-----"))
    whole = (secret for secret in secrets if secret and len(secret) >= SECRET_CHARS_MIN)
    return frozenset([*whole, *(line for line in lines if len(line) >= PEM_LINE_CHARS_MIN)])


def secrets_of_ready(ready: Mapping[str, Any]) -> frozenset[str]:
    """Return the secrets in the content of a ready file."""
    keys = (key.get("secret") for account in ready["accounts"] for key in account.get("keys", [account]))
    return known_secrets([ready["control_token"], *keys])


def _is_secret(word: str, secrets: Collection[str]) -> bool:
    return any(one in secrets for one in _spellings(word))


def _spellings(word: str) -> Iterator[str]:
    for one in dict.fromkeys((word, word.rstrip("="), unquote(word))):
        yield one
        yield from _PART.split(one)
