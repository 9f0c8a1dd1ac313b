"""Makes error texts for users about parts of a recorded file that cannot be read."""

import json
import os
import ssl

REASON_CHARS_MAX = 200


def reason_of(error: Exception) -> str:
    """Return a text that explains why a part of a file could not be read, such as the name of a missing key."""
    match error:
        case json.JSONDecodeError():
            return f"no JSON: {error.msg.removesuffix(' at')} at character {error.pos + 1}"
        case UnicodeDecodeError():
            return f"not UTF-8 text at byte {error.start}"
        case KeyError():
            return f"{error} is missing"
        case RecursionError():
            return "no JSON: its lists and objects are nested too deeply"
        case TypeError() | AttributeError():
            return f"a value is of another type than expected: {error}"[:REASON_CHARS_MAX]
    return str(error)[:REASON_CHARS_MAX]


def network_reason(error: Exception) -> str:
    """Return why a server was not reached, without the number of the error; "it does not answer" if it has no text."""
    if isinstance(error, ssl.SSLError):
        return f"no TLS: {getattr(error, 'verify_message', '') or getattr(error, 'reason', '') or error}"
    if isinstance(error, OSError) and error.errno is not None:
        return os.strerror(error.errno) if error.errno > 0 else str(error.strerror)
    return str(error) or "it does not answer"
