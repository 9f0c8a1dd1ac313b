"""Serves the web console under /_mock/console/: a page, its modules and libraries. It works offline.

The files hold no secret and need no token; everything else the page gets from the control API, with the token. A link
brings a one-time code, which the page exchanges for the token that made the link.
"""

import base64
import gzip
import hashlib
import re
import secrets
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mockexchange.runtime.redaction import sha256_of
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.value_types import TEXT, Record, must
from mockexchange.server.control.access import GRANT, Access, Grant, grant_of
from mockexchange.server.control.answers import ControlJson
from mockexchange.server.control.errors import ControlError, misread
from mockexchange.server.control.requests import read_object, read_raw, receive
from mockexchange.server.control.route_table import Resource

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
EXCHANGE = Record({"code": must(TEXT)})
EXCHANGE_BYTES_MAX = 1_000
"""The size of the largest body of an exchange, which whoever reaches the server may send."""
CODE_S = 300
"""The seconds in which a code is exchanged: time enough to carry a printed link to another machine."""
CODES_MAX = 1_000
"""The most codes that are remembered. The oldest are forgotten first, and not accepted any more."""
CODE_BYTES = 32
OPEN_ANOTHER = "`mockexchange console` opens another one, and `mockexchange console --print` prints it"


def console_routes() -> list[Resource]:
    """Return the routes of the console's page and files, and of the codes of links to it."""
    codes = LinkCodes()

    async def to_page(request: Request) -> Response:
        return RedirectResponse(CONSOLE)

    return [
        Resource(CONSOLE.rstrip("/"), GET=(Access.OPEN, to_page)),
        Resource(CONSOLE, GET=(Access.OPEN, show_page)),
        Resource(f"{CONSOLE}codes", POST=(Access.LOOK, partial(issue_code, codes))),
        Resource(f"{CONSOLE}token", POST=(Access.EXCHANGE, partial(exchange_code, codes))),
        Resource(f"{CONSOLE}{{name:path}}", GET=(Access.OPEN, give_file)),
    ]


async def show_page(request: Request) -> Response:
    page = (PAGE_FILES / "index.html").read_bytes()
    found = IMPORT_MAP.search(page)
    assert found is not None, "the page has an import map"
    digest = base64.b64encode(hashlib.sha256(found[1]).digest()).decode()
    modules = sorted(path.relative_to(PAGE_FILES).as_posix() for path in PAGE_FILES.rglob("*.js"))
    preloads = "\n".join(f'<link rel="modulepreload" href="{name}">' for name in modules).encode()
    headers = {
        "content-security-policy": POLICY.format(import_map=digest),
        "cross-origin-opener-policy": "same-origin",  # what opened the page, or is opened by it, gets no hold of it
        "referrer-policy": "no-referrer",
    }
    return Response(page.replace(PRELOADS, preloads), media_type="text/html", headers=headers)


async def issue_code(codes: "LinkCodes", request: Request) -> Response:
    """Return a new code for a link. It stands for the token of the request, with its role and its sandbox."""
    token = request.headers["authorization"].partition(" ")[2]
    code = codes.issue(Credential(token, grant_of(request)))
    return ControlJson({"code": code, "expires_after_s": CODE_S}, status_code=201)


async def exchange_code(codes: "LinkCodes", request: Request) -> Response:
    """Return the token that a code stands for. Raises ControlError if the code is spent."""
    body = await read_raw(request, await receive(request, EXCHANGE_BYTES_MAX), read_object)
    try:
        code = EXCHANGE.read(Located(dict(body)), "")["code"]
    except ScenarioError as error:
        raise misread("bad_body", error) from None
    token, request.scope[GRANT] = codes.exchange(code)
    return ControlJson({"token": token})


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


# --- the one-time codes of links


class Credential(NamedTuple):
    """A token with the grant that it has."""

    token: str
    grant: Grant


class _Issued(NamedTuple):
    """What is known of a code: the end of its time, and what it stands for; None once it was exchanged."""

    until_s: float
    credential: Credential | None


class LinkCodes:
    """The codes that were issued, by their SHA-256.

    They are of one process: of the one that answers the control API, to which other workers and servers of the same
    store hand all requests to it over.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        """`now_s` returns the present in seconds."""
        self._now_s = now_s
        self._issued: dict[str, _Issued] = {}

    def issue(self, credential: Credential) -> str:
        """Return a new code that stands for a token, for CODE_S seconds."""
        code = secrets.token_urlsafe(CODE_BYTES)
        self._issued[sha256_of(code)] = _Issued(self._now_s() + CODE_S, credential)
        while len(self._issued) > CODES_MAX:
            del self._issued[next(iter(self._issued))]
        return code

    def exchange(self, code: str) -> Credential:
        """Return what a code stands for, which is then spent. Raises ControlError with what to do instead."""
        issued = self._issued.get(sha256_of(code))
        if issued is None:
            raise _spent("this server made no such link, or was started anew since")
        if issued.credential is None:
            raise _spent("this link was opened before: it opens the console once")
        if self._now_s() >= issued.until_s:
            raise _spent(f"this link is older than {CODE_S // 60} minutes")
        self._issued[sha256_of(code)] = issued._replace(credential=None)
        return issued.credential


def _spent(why: str) -> ControlError:
    return ControlError(410, "spent_link", f"{why}: {OPEN_ANOTHER}")
