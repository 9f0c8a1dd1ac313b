"""The JSON response of the control API."""

import json
from typing import Any

from starlette.responses import JSONResponse

MEDIA_TYPE = "application/json"


class ControlJson(JSONResponse):
    """A JSON response of any text: half of a surrogate pair, which UTF-8 cannot encode, becomes a question mark."""

    def render(self, content: Any) -> bytes:
        text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode(errors="replace")
