"""The part of the control API that serves pages with the API documents under /_mock/docs/.

They work offline and need no token, since they hold no secret.
"""

import gzip
from functools import cache
from html import escape
from pathlib import Path
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from mockexchange.runtime import api_documents
from mockexchange.runtime.api_documents import ASYNCAPI, OPENAPI
from mockexchange.server.control.about_server import STYLE
from mockexchange.server.control.access import Access
from mockexchange.server.control.errors import ControlError
from mockexchange.server.control.route_table import Resource

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
POLICY = (
    "default-src 'none'; script-src 'self'{more}; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " font-src data:; connect-src 'self'; worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy of the pages: they load only files of this server, and are in no frame."""
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
    return HTMLResponse(html, headers={"content-security-policy": POLICY.format(more="")})


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
    return HTMLResponse(html, headers={"content-security-policy": POLICY.format(more=UNSAFE_EVAL[kind])})


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
