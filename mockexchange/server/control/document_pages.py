"""Makes the front page of a server, and the pages with the API documents under /_mock/docs/.

They work offline and need no token, since they hold no secret.
"""

import gzip
import shlex
from functools import cache
from html import escape
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from mockexchange.runtime import api_documents
from mockexchange.runtime.api_documents import ASYNCAPI, OPENAPI
from mockexchange.server.control.access import Access
from mockexchange.server.control.errors import ControlError
from mockexchange.server.control.route_table import Resource
from mockexchange.venues.dated import COMPAT
from mockexchange.venues.registry import DEFAULT, VENUES, client_setups

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:3rem auto;max-width:52rem;padding:0 1rem;color:#1a1a1a}"
    "pre{background:#f4f4f1;padding:1rem;overflow:auto;border-radius:6px}table{border-collapse:collapse}"
    "td,th{text-align:left;padding:.2rem 1rem .2rem 0}code{background:#f4f4f1}"
)
FRONT_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
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
    return HTMLResponse(html, headers={"content-security-policy": FRONT_POLICY})


def _places(urls: dict[str, str]) -> str:
    """Return the URLs of a venue's REST API and of its stream."""
    return " and ".join(f"<code>{escape(urls[name])}</code>" for name in ("base_url", "ws_url"))


def _exports(urls: dict[str, str], account: dict[str, Any] | None, ca_cert: str | None) -> str:
    """Return the lines for a shell that point a client at the account, with a first request if that takes one line."""
    if account is None:
        return "<p>The scenario has no accounts.</p>"
    name = shlex.quote(account["name"])
    lines = [f'eval "$(mockexchange env --account {name})"']
    if account["venue"] == DEFAULT.name and not ca_cert:
        setup = client_setups()[DEFAULT.name]
        origins = {
            place: urlsplit(urls[url])._replace(path="").geturl()
            for place, url in (("origin", "base_url"), ("ws_origin", "ws_url"))
        }
        values = {**urls, **origins, "key_id": account["key_id"], "key_path": str(account["private_key_path"])}
        pointers = setup.pointers.items()
        lines = [f"export {variable}={shlex.quote(template.format(**values))}" for variable, template in pointers]
        lines += ["", f"mockexchange call {name} {setup.example_request}"]
    trust = f"<p>Clients have to trust <code>{escape(ca_cert)}</code>; these lines see to it:" if ca_cert else ""
    return f"{trust}<pre>{escape(chr(10).join(lines))}</pre>"


# --- the API documents

DOCS = "/_mock/docs/"
VENDORED = Path(__file__).parents[1] / "vendored"
SHOW = b"""\
const place = document.getElementById("document"), {kind, url} = place.dataset;
if (kind === "asyncapi") AsyncApiStandalone.render({schema: {url}, config: {show: {sidebar: true}}}, place);
else Redoc.init(url, {hideDownloadButton: true, nativeScrollbars: true}, place);
"""


class Asset(NamedTuple):
    """A file that a page loads. `path` is its compressed copy, below the folder of third-party files in the package."""

    media_type: str
    path: str


ASSETS = {
    "redoc.js": Asset("text/javascript", "redoc/redoc.js.gz"),
    "asyncapi.js": Asset("text/javascript", "asyncapi/asyncapi.js.gz"),
    "asyncapi.css": Asset("text/css", "asyncapi/asyncapi.css.gz"),
}
RENDERERS = {OPENAPI: ("redoc.js",), ASYNCAPI: ("asyncapi.css", "asyncapi.js")}
DOCUMENT_POLICY = (
    "default-src 'none'; script-src 'self'{more}; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " font-src data:; connect-src 'self'; worker-src blob:"
)
"""The Content-Security-Policy of the pages: they load only files of this server."""
UNSAFE_EVAL = {OPENAPI: "", ASYNCAPI: " 'unsafe-eval'"}
"""The part of the policy that the page of each kind of document needs besides: the AsyncAPI page compiles schemas."""
TITLES = {OPENAPI: "requests and answers", ASYNCAPI: "the stream"}


def document_routes() -> list[Resource]:
    """Return the routes of the pages, of the files that they load, and of the documents."""

    async def to_index(request: Request) -> Response:
        return RedirectResponse(DOCS)

    return [
        Resource(DOCS.rstrip("/"), GET=(Access.OPEN, to_index)),
        Resource(DOCS, GET=(Access.OPEN, show_index)),
        Resource(f"{DOCS}assets/{{name}}", GET=(Access.OPEN, give_asset)),
        Resource(f"{DOCS}{{subject:path}}/{{kind}}.yaml", GET=(Access.OPEN, give_document)),
        Resource(f"{DOCS}{{subject:path}}/{{kind}}", GET=(Access.OPEN, show_document)),
    ]


async def show_index(request: Request) -> Response:
    rows = ""
    for subject in api_documents.subjects():
        kinds = [kind for kind in RENDERERS if subject in api_documents.subjects(kind)]
        pages = "".join(f'<td><a href="{_url(subject, kind)}">{TITLES[kind]}</a>' for kind in kinds)
        files = "".join(f'<td><a href="{_url(subject, kind)}.yaml">{kind}.yaml</a>' for kind in kinds)
        blank = "<td>" * (len(RENDERERS) - len(kinds))
        rows += f"<tr><td>{escape(subject)}{pages}{blank}{files}</tr>"
    html = (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Contract documents</title><style>{STYLE}</style>"
        "<h1>Contract documents</h1><p>What the wire was on each API date, and the control API of this server."
        f"<table><tr><th>document<th colspan=2>to read<th colspan=2>as files</tr>{rows}</table>"
    )
    return HTMLResponse(html, headers={"content-security-policy": DOCUMENT_POLICY.format(more="")})


async def show_document(request: Request) -> Response:
    subject, kind = _asked(request)
    urls = [f"{DOCS}assets/{name}" for name in RENDERERS[kind]]
    files = "".join(
        f'<link rel=stylesheet href="{url}">' if url.endswith(".css") else f'<script src="{url}"></script>'
        for url in urls
    )
    html = (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(subject)}: {TITLES[kind]}</title>{files}"
        '<body style="margin:0;font-family:system-ui,sans-serif">'
        f'<div id=document data-kind={kind} data-url="{_url(subject, kind)}.yaml"></div>'
        f'<script src="{DOCS}assets/show.js"></script>'
    )
    return HTMLResponse(html, headers={"content-security-policy": DOCUMENT_POLICY.format(more=UNSAFE_EVAL[kind])})


async def give_document(request: Request) -> Response:
    subject, kind = _asked(request)
    return Response(api_documents.path_of(subject, kind).read_bytes(), media_type="application/yaml")


async def give_asset(request: Request) -> Response:
    name = request.path_params["name"]
    if name == "show.js":
        return Response(SHOW, media_type="text/javascript")
    if name not in ASSETS:
        raise ControlError(404, "unknown_document", f"no file {name[:80]!r}: there are show.js, {', '.join(ASSETS)}")
    asset = ASSETS[name]
    packed = _read(VENDORED / asset.path)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(packed, media_type=asset.media_type, headers={"content-encoding": "gzip"})
    return Response(gzip.decompress(packed), media_type=asset.media_type)


@cache
def _read(path: Path) -> bytes:
    return path.read_bytes()


def _asked(request: Request) -> tuple[str, str]:
    """Return the subject and kind of the document that a path names. Raises ControlError if there is none."""
    subject, kind = request.path_params["subject"], request.path_params["kind"]
    if kind not in RENDERERS or subject not in api_documents.subjects(kind):
        raise ControlError(404, "unknown_document", f"no document {subject[:80]!r} of {kind[:80]!r}: see {DOCS}")
    return subject, kind


def _url(subject: str, kind: str) -> str:
    return f"{DOCS}{subject}/{kind}"
