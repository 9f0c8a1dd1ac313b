"""Serves the web console under /_mock/console/: a page, its modules and libraries. It works offline.

The files hold no secret and need no token; everything else the page gets from the control API, with the token.
"""

import base64
import gzip
import hashlib
import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mockexchange.server.control.access.roles import Access
from mockexchange.server.control.errors import ControlError
from mockexchange.server.control.route_table import Resource, resource

CONSOLE = "/_mock/console/"
PAGE_FILES = Path(__file__).parents[1] / "console"
VENDORED = Path(__file__).parents[1] / "vendored" / "console"
MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
FILE_NAME = re.compile(r"([a-z_]+/)?[a-z_-]+\.(js|css|svg)")
VENDORED_PREFIX = "vendored/"
IMPORT_MAP = re.compile(rb'<script type="importmap">(.*?)</script>', re.DOTALL)
PRELOADS = b"<!-- preloads -->"
"""The text in the page that is replaced by links, by which a browser loads all modules at once."""
POLICY = (
    "default-src 'none'; script-src 'self' 'sha256-{import_map}'; style-src 'self' 'unsafe-inline'; connect-src 'self';"
    " img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'"
)


def console_routes() -> list[Resource]:
    """Return the routes of the console's page and files."""
    return [
        resource(CONSOLE.rstrip("/"), GET=(Access.OPEN, to_page)),
        resource(CONSOLE, GET=(Access.OPEN, show_page)),
        resource(f"{CONSOLE}{{name:path}}", GET=(Access.OPEN, give_file)),
    ]


async def to_page(request: Request) -> Response:
    return RedirectResponse(CONSOLE)


async def show_page(request: Request) -> Response:
    page = (PAGE_FILES / "index.html").read_bytes()
    found = IMPORT_MAP.search(page)
    assert found is not None, "the page has an import map"
    digest = base64.b64encode(hashlib.sha256(found[1]).digest()).decode()
    headers = {"content-security-policy": POLICY.format(import_map=digest), "referrer-policy": "no-referrer"}
    return Response(page.replace(PRELOADS, _preloads()), media_type="text/html", headers=headers)


async def give_file(request: Request) -> Response:
    """Return the response with a file of the console or of a library that it uses. Libraries are stored compressed.

    Raises ControlError if there is no such file.
    """
    name = request.path_params["name"]
    vendored = name.removeprefix(VENDORED_PREFIX)
    folder, file = (VENDORED, f"{vendored}.gz") if vendored != name else (PAGE_FILES, name)
    if not FILE_NAME.fullmatch(name) or not (folder / file).is_file():
        raise ControlError(404, "not_found", f"no file {name[:80]!r} of the console")
    raw = (folder / file).read_bytes()
    media_type = MEDIA_TYPES[Path(name).suffix]
    if folder is not VENDORED:
        return Response(raw, media_type=media_type)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(raw, media_type=media_type, headers={"content-encoding": "gzip"})
    return Response(gzip.decompress(raw), media_type=media_type)


def _preloads() -> bytes:
    modules = sorted(path.relative_to(PAGE_FILES).as_posix() for path in PAGE_FILES.rglob("*.js"))
    return "\n".join(f'<link rel="modulepreload" href="{name}">' for name in modules).encode()
