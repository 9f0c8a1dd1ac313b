"""JSON as the control API writes it."""

import json
from typing import Any

from starlette.responses import JSONResponse

MEDIA_TYPE = "application/json"


class ControlJson(JSONResponse):
    """Any text can be shown: half of a surrogate pair, which no UTF-8 can say, is a question mark."""

    def render(self, content: Any) -> bytes:
        text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode(errors="replace")
