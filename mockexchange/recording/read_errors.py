"""Makes error texts for users about parts of a recorded file that cannot be read."""

import json

REASON_CHARS_MAX = 200


def reason_of(error: Exception) -> str:
    """Return a text that explains why a part of a file could not be read, such as the name of a missing key."""
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
