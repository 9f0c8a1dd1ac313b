"""Makes the front page of a server, which shows in a browser what the terminal shows at the start."""

import shlex
from html import escape
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse, Response

from mockexchange.venues.dated import COMPAT
from mockexchange.venues.registry import DEFAULT, VENUES, client_setups

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:3rem auto;max-width:52rem;padding:0 1rem;color:#1a1a1a}"
    "pre{background:#f4f4f1;padding:1rem;overflow:auto;border-radius:6px}table{border-collapse:collapse}"
    "td,th{text-align:left;padding:.2rem 1rem .2rem 0}code{background:#f4f4f1}"
)

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""The Content-Security-Policy of the page, which has no script and loads nothing."""


def render_page(ready: dict[str, Any]) -> Response:
    """Return the page with the content of the ready file, except its only secret, the token."""
    rows = "".join(
        f"<tr><td>{escape(one['name'])}</td><td>{VENUES[one['venue']].title}</td><td>{one['kind']}</td>"
        f"<td><code>{escape(one['key_id'])}</code></td></tr>"
        for one in ready["accounts"]
    )
    own = ready["venues"][DEFAULT.name]
    others = "".join(
        f", {VENUES[name].title}'s at {_places(urls)}" for name, urls in ready["venues"].items() if urls is not own
    )
    every = ", every field of every date," if ready["api_date"] == COMPAT else ""
    first = min(ready["accounts"], key=lambda one: one["venue"] != DEFAULT.name, default=None)
    exports = _exports(own, first, ready.get("ca_cert"))
    html = (
        "<!doctype html><html lang=en><meta charset=utf-8><title>mockexchange</title>"
        f"<style>{STYLE}</style><h1>mockexchange</h1><p>An exchange you own, speaking {DEFAULT.title}'s wire as of"
        f" <b>{escape(ready['api_date'])}</b>{every} at {_places(own)}{others}.</p>"
        f"<table><tr><th>account<th>venue<th>kind<th>key id</tr>{rows}</table>{exports}"
        '<p><a href="/_mock/console/">Console</a>: requests and why they were refused, live; <code>mockexchange'
        " console</code> opens it with its token."
        '<p><a href="/_mock/docs/">What goes over the wire</a>, on every API date.'
    )
    return HTMLResponse(html, headers={"content-security-policy": POLICY})


def _places(urls: dict[str, str]) -> str:
    """Return the URLs of a venue's REST API and of its stream."""
    return " and ".join(f"<code>{escape(urls[name])}</code>" for name in ("base_url", "ws_url"))


def _exports(urls: dict[str, str], account: dict[str, Any] | None, ca_cert: str | None) -> str:
    if account is None:
        return "<p>The scenario has no accounts.</p>"
    name = shlex.quote(account["name"])
    lines: tuple[str, ...] = (f'eval "$(mockexchange env --account {name})"',)
    if account["venue"] == DEFAULT.name and not ca_cert:
        lines = _lines(urls, name, account)
    trust = f"<p>Clients have to trust <code>{escape(ca_cert)}</code>; these lines see to it:" if ca_cert else ""
    return f"{trust}<pre>{escape(chr(10).join(lines))}</pre>"


def _origin(url: str) -> str:
    return urlsplit(url)._replace(path="").geturl()


def _lines(urls: dict[str, str], name: str, account: dict[str, Any]) -> tuple[str, ...]:
    """Return the variables of a client of the default venue, and a first request."""
    setup = client_setups()[DEFAULT.name]
    origins = {"origin": _origin(urls["base_url"]), "ws_origin": _origin(urls["ws_url"])}
    values = {**urls, **origins, "key_id": account["key_id"], "key_path": str(account["private_key_path"])}
    exports = (
        f"export {variable}={shlex.quote(template.format(**values))}" for variable, template in setup.pointers.items()
    )
    return (*exports, "", f"mockexchange call {name} {setup.example_request}")
