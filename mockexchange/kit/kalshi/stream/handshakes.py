"""Checks stream handshakes with a valid key, and with each kind of wrong credentials."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.stream.api_document import FindingWriter
from mockexchange.kit.streaming.connections import HandshakeRefused
from mockexchange.kit.streaming.target import StreamTarget
from mockexchange.kit.target import MEMBER, Headers
from mockexchange.kit.venue import Signer

KEY, TIMESTAMP, SIGNATURE = "KALSHI-ACCESS-KEY", "KALSHI-ACCESS-TIMESTAMP", "KALSHI-ACCESS-SIGNATURE"
UNKNOWN_KEY = "00000000-0000-4000-8000-000000000000"
STALE_MS = 300_000
"""Five minutes in milliseconds, an age of a timestamp that is refused, in the past as in the future."""
ANONYMOUS = frozenset({"2026-02"})
"""API dates at which public channels need no key: by the documents from 2026-01-30 to 2026-03-23."""
REFUSED, NEEDS_KEY = 401, 9


class Mistake(NamedTuple):
    """A wrong way to open a stream; `make` takes a valid key and the URL, and returns the headers."""

    description: str
    make: Callable[[Signer, str], Headers]


def _without(*names: str) -> Callable[[Signer, str], Headers]:
    return lambda signer, url: {k: v for k, v in signer.headers("GET", url).items() if k not in names}


def _with(name: str, change: Callable[[str], str]) -> Callable[[Signer, str], Headers]:
    return lambda signer, url: {k: change(v) if k == name else v for k, v in signer.headers("GET", url).items()}


NO_HEADERS = Mistake("no headers", _without(KEY, TIMESTAMP, SIGNATURE))
MISTAKES = (
    NO_HEADERS,
    Mistake("no key", _without(KEY)),
    Mistake("no timestamp", _without(TIMESTAMP)),
    Mistake("no signature", _without(SIGNATURE)),
    Mistake("an unknown key", _with(KEY, lambda value: UNKNOWN_KEY)),
    Mistake("a key that is not a UUID", _with(KEY, lambda value: "mine")),
    Mistake("an invalid signature", _with(SIGNATURE, lambda value: "AAAA")),
    Mistake("a signature that is not base64", _with(SIGNATURE, lambda value: "?")),
    Mistake("a timestamp that was not signed", _with(TIMESTAMP, lambda value: str(int(value) + 1))),
    Mistake("a timestamp in seconds", _with(TIMESTAMP, lambda value: value[:-3])),
    Mistake("signed five minutes ago", lambda signer, url: signer.headers("GET", url, STALE_MS)),
    Mistake("signed five minutes ahead", lambda signer, url: signer.headers("GET", url, -STALE_MS)),
    Mistake("another method signed", lambda signer, url: signer.headers("POST", url)),
    Mistake("another path signed", lambda signer, url: signer.headers("GET", f"{url}/more")),
)
BY_DESCRIPTION = {one.description: one for one in MISTAKES}
WRONG_PATHS = ("/trade-api/ws/v1", "/trade-api/ws", "/trade-api/ws/v2/more")


def judge_good_key(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """Check that a handshake with a valid signature is accepted."""
    try:
        target.shake_hands(target.signer(subject))
    except HandshakeRefused as refused:
        yield FindingWriter("stream.handshake", target).finding("the handshake", str(refused), "status 101")


def judge_mistake(target: StreamTarget, description: str) -> Iterator[Finding]:
    """Check that a wrongly signed handshake is refused with 401."""
    signer, mistake = target.signer(MEMBER), BY_DESCRIPTION[description]
    yield from _judge_refused(
        target, "stream.refusals", description, lambda: mistake.make(signer, target.url), {REFUSED}
    )


def judge_path(target: StreamTarget, path: str) -> Iterator[Finding]:
    """Check that a handshake at another path is refused, although its key is valid."""
    url = f"{target.url.removesuffix(target.rest.venue.stream_path)}{path}"
    signer = target.signer(MEMBER)
    yield from _judge_refused(
        target, "stream.paths", path, lambda: signer.headers("GET", url), {400, 401, 403, 404, 405}, url
    )


def _mistakes(target: StreamTarget) -> Iterable[str]:
    return [one.description for one in MISTAKES if one is not NO_HEADERS or target.alias not in ANONYMOUS]


def judge_anonymous(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """Check that a stream opened without a key may subscribe to public channels, but not to private ones."""
    writer = FindingWriter("stream.anonymous", target)
    try:
        stream = target.shake_hands(target.signer(MEMBER), lambda headers: {})
    except HandshakeRefused as refused:
        yield writer.finding("a handshake without a key", str(refused), "status 101")
        return
    replies = [one.name for one in stream.subscribe("ticker")]
    yield from writer.difference("a public channel", replies, ["subscribed"], "subscribed")
    codes = [one.body.get("code") for one in stream.subscribe("fill")]
    yield from writer.difference("a private channel", codes, [NEEDS_KEY], "error")


def _anonymous(target: StreamTarget) -> Iterable[str]:
    return ("no key",) if target.alias in ANONYMOUS else ()


def _judge_refused(
    target: StreamTarget, rule: str, description: str, make: Callable[[], Headers], statuses: set[int], url: str = ""
) -> Iterator[Finding]:
    expected = f"status {' or '.join(map(str, sorted(statuses)))}"
    try:
        stream = target.shake_hands(target.signer(MEMBER), lambda headers: make(), url or None)
    except HandshakeRefused as refused:
        if refused.status not in statuses:
            yield FindingWriter(rule, target).finding(f"the handshake with {description}", str(refused), expected)
    else:
        stream.close()
        yield FindingWriter(rule, target).finding(f"the handshake with {description}", "status 101", expected)


CHECKS: tuple[Check[StreamTarget], ...] = (
    Check("stream.handshake", "A valid key opens a stream.", "asyncapi.yaml", lambda target: (MEMBER,), judge_good_key),
    Check("stream.refusals", "A wrong signature is 401.", "asyncapi.yaml", _mistakes, judge_mistake),
    Check(
        "stream.anonymous",
        "Without a key only public channels are available.",
        "asyncapi.yaml",
        _anonymous,
        judge_anonymous,
    ),
    Check("stream.paths", "Other paths are refused.", "asyncapi.yaml", lambda target: WRONG_PATHS, judge_path),
)
