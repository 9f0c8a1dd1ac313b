"""Quotes text from requests in messages for users, so that it is printable and of bounded length."""

QUOTED_CHARS_MAX = 400
"""Largest length of quoted text: longer than any real signed text, short enough for a response header."""
TAIL_CHARS = 80
STUB_ADVICE = "`mockexchange stub` gives it an answer"
"""Advice in messages about an operation that is not emulated."""


def quote(text: str, chars_max: int = QUOTED_CHARS_MAX) -> str:
    """Return text from the wire (bytes as latin-1) as quoted printable ASCII; the middle of a long text is left out."""
    left_out = len(text) - chars_max
    if left_out > 0:
        head, tail = _escape(text[: chars_max - TAIL_CHARS]), _escape(text[-TAIL_CHARS:])
        return f"{head}...({left_out} characters left out)...{tail}"
    return _escape(text)


def _escape(text: str) -> str:
    data = text.encode("latin-1", "backslashreplace")
    readable = data.decode("utf-8", "backslashreplace").encode("unicode_escape").decode("ascii")
    return '"{}"'.format(readable.replace("\\\\", "\\").replace('"', '\\"'))


def plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
