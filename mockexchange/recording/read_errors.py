"""The reasons why a part of a recorded file cannot be read, in words for its user."""

import json

REASON_CHARS_MAX = 200


def reason_of(error: Exception) -> str:
    """Return why a part of a file could not be read: the key that is missing, or what stands there instead."""
    match error:
        case json.JSONDecodeError():
            return f"no JSON: {error.msg} at character {error.pos + 1}"
        case KeyError():
            return f"{error} is missing"
        case RecursionError():
            return "no JSON: its lists and objects are nested too deeply"
        case TypeError() | AttributeError():
            return f"a value is of another type than expected: {error}"[:REASON_CHARS_MAX]
    return str(error)[:REASON_CHARS_MAX]
