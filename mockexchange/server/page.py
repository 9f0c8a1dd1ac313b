"""The front page: what the banner prints, for a browser."""

import shlex
from html import escape
from typing import Any

from starlette.responses import HTMLResponse, Response

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:3rem auto;max-width:52rem;padding:0 1rem;color:#1a1a1a}"
    "pre{background:#f4f4f1;padding:1rem;overflow:auto;border-radius:6px}table{border-collapse:collapse}"
    "td,th{text-align:left;padding:.2rem 1rem .2rem 0}code{background:#f4f4f1}"
)

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""The page has no script and loads nothing."""


def render_page(ready: dict[str, Any]) -> Response:
    """Render the ready file's facts; nothing secret is in them but the token, which is left out."""
    rows = "".join(
        f"<tr><td>{escape(one['name'])}</td><td>{one['kind']}</td><td><code>{escape(one['key_id'])}</code></td></tr>"
        for one in ready["accounts"]
    )
    base_url = ready["venues"]["kalshi"]["base_url"]
    first = next(iter(ready["accounts"]), None)
    html = (
        "<!doctype html><html lang=en><meta charset=utf-8><title>mockexchange</title>"
        f"<style>{STYLE}</style><h1>mockexchange</h1><p>An exchange you own, speaking Kalshi's wire as of"
        f" <b>{escape(ready['api_date'])}</b> at <code>{escape(base_url)}</code>.</p>"
        f"<table><tr><th>account<th>kind<th>key id</tr>{rows}</table>{_exports(base_url, first)}"
        '<p><a href="/_mock/docs/">What goes over the wire</a>, on every API date.'
    )
    return HTMLResponse(html, headers={"content-security-policy": POLICY})


def _exports(base_url: str, account: dict[str, Any] | None) -> str:
    if account is None:
        return "<p>The scenario has no accounts.</p>"
    lines = (
        f"export KALSHI_API_BASE_URL={shlex.quote(base_url)}",
        f"export KALSHI_API_KEY_ID={shlex.quote(account['key_id'])}",
        f"export KALSHI_PRIVATE_KEY_PATH={shlex.quote(str(account['private_key_path']))}",
        "",
        f"mockexchange call {shlex.quote(account['name'])} GET /portfolio/positions",
    )
    return f"<pre>{escape(chr(10).join(lines))}</pre>"
