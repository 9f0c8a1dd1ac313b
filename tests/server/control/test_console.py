"""The web console: its files, which need no token, their policy, and the codes of links, exchanged once for a token."""

import gzip
import hashlib
import json
import re
from base64 import b64encode
from pathlib import Path

import pytest

from mockexchange.runtime.redaction import sha256_of
from mockexchange.server.control.access import ADMIN, Grant, NamedToken, Role
from mockexchange.server.control.console import CODE_S, CODES_MAX, PAGE_FILES, Credential, LinkCodes
from mockexchange.server.control.errors import ControlError
from mockexchange.server.serve_options import Sharing
from tests.server.live import TOKEN, Live, SandboxView, serving
from tests.server.small import error_of
from tests.server.wire import Connection, Reply, request
from tools import vendor

MODULES = sorted(path.relative_to(PAGE_FILES).as_posix() for path in PAGE_FILES.rglob("*.js"))


def get(live: Live, path: str, **headers: str) -> Reply:
    with Connection(live.port) as connection:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return connection.ask(request("GET", path, {"Connection": "close", **given}))


def test_the_page_has_a_policy_without_inline_scripts(live: Live) -> None:
    page = get(live, "/_mock/console/")
    assert (page.status, page.headers["referrer-policy"]) == (200, "no-referrer")
    assert page.headers["cross-origin-opener-policy"] == "same-origin"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self' 'sha256-" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe-eval" not in policy
    [inline] = re.findall(rb"<script[^>]*>([^<]+)</script>", page.body)
    assert b64encode(hashlib.sha256(inline).digest()).decode() in policy
    imports = json.loads(inline)["imports"].values()
    assert all(get(live, f"/_mock/console/{name[2:]}").status == 200 for name in imports)
    assert [name.decode() for name in re.findall(rb'modulepreload" href="([^"]+)"', page.body)] == MODULES


def test_modules_are_checked_and_import_what_exists() -> None:
    for name in MODULES:
        text = (PAGE_FILES / name).read_text(encoding="utf-8")
        assert text.startswith("// @ts-check\n"), name
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|dangerouslySet|eval\(|https?://",
            text.replace("http://${host}", ""),
        ), name
        for target in re.findall(r'from "(\.[^"]+)"', text):
            assert ((PAGE_FILES / name).parent / target).resolve().is_file(), f"{name}: {target}"


def test_files_need_no_token_and_data_do(live: Live) -> None:
    moved = get(live, "/_mock/console")
    assert (moved.status, moved.headers["location"]) == (307, "/_mock/console/")
    assert get(live, "/_mock/console/main.js").headers["content-type"].startswith("text/javascript")
    assert get(live, "/_mock/info").status == 401


def test_the_front_page_leads_to_it(live: Live) -> None:
    assert 'href="/_mock/console/"' in get(live, "/").body.decode()


@pytest.mark.parametrize("path", ["", "main.js", "vendored/preact.js"])
def test_another_host_does_not_reach_it(live: Live, path: str) -> None:
    raw = request("GET", f"/_mock/console/{path}").replace(b"Host: 127.0.0.1", b"Host: evil.test")
    with Connection(live.port) as connection:
        assert connection.ask(raw).status == 403


@pytest.mark.parametrize(
    "path", ["../app.py", "..%2fapp.py", "vendored/lock.json", "nothing.js", "lib/../main.js", "lib"]
)
def test_no_other_file_is_given(live: Live, path: str) -> None:
    reply = get(live, f"/_mock/console/{path}")
    assert reply.status in (401, 404)
    assert b"import" not in reply.body


def test_libraries_come_compressed_to_those_who_can(live: Live) -> None:
    path = "/_mock/console/vendored/preact.js"
    packed = get(live, path, accept_encoding="gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == get(live, path).body


def test_libraries_are_those_of_the_lock() -> None:
    assert vendor.problems() == []
    notices = vendor.NOTICES.read_text(encoding="utf-8")
    assert all(f"{one['package']} {one['version']}" in notices for one in vendor.read_lock())


@pytest.mark.parametrize(
    ("path", "dest", "status"),
    [
        ("/_mock/console/", "document", 200),
        ("/_mock/console/", "iframe", 403),
        ("/_mock/console/main.js", "script", 403),
        ("/_mock/info", "document", 403),
        ("/_mock/info", "empty", 403),
        ("/", "document", 200),
    ],
)
def test_another_site_may_link_here_and_no_more(live: Live, path: str, dest: str, status: int) -> None:
    reply = get(live, path, sec_fetch_site="cross-site", sec_fetch_dest=dest)
    assert reply.status == status
    if status == 403:
        assert error_of(reply)["code"] == "cross_site"


@pytest.mark.parametrize(
    ("content_type", "is_page"),
    [
        ("text/html", True),
        ("TEXT/HTML; charset=utf-8", True),
        ("image/svg+xml", True),
        ("application/xhtml+xml", True),
        ("text/xml", True),
        ("application/pdf", True),
        ("application/jsonp", True),
        ("", True),
        ("application/json", False),
        ("application/json; charset=utf-8", False),
        ("text/plain", False),
    ],
)
def test_what_a_browser_could_show_as_a_page_has_no_origin(
    sandbox: SandboxView, content_type: str, is_page: bool
) -> None:
    policy = {"Content-Security-Policy": "script-src 'unsafe-inline'", "Content-Type": content_type}
    stub = {"request": "GET /page", "text": "<script>1</script>", "headers": policy, "signed": False}
    sandbox.call("POST", "/stubs", stub)
    with Connection(sandbox.port) as connection:
        reply = connection.ask(request("GET", "/page"))
    assert (reply.status, reply.body) == (200, b"<script>1</script>")
    # Beside the stub's own, which cannot loosen it: a browser obeys each policy that it gets.
    assert (reply.headers["content-security-policy"] == "sandbox") is is_page


@pytest.mark.parametrize("path", ["/", "/_mock/docs/", "/_mock/console/"])
def test_no_page_of_the_server_is_shown_in_a_frame(live: Live, path: str) -> None:
    assert "frame-ancestors 'none'" in get(live, path).headers["content-security-policy"]


# --- codes of links


WALL, OWNER = "a-token-that-looks", "a-token-of-its-own"
TOKENS = (
    NamedToken(Grant("wall", Role.VIEWER), sha256_of(WALL)),
    NamedToken(Grant("alice", Role.SANDBOX, "alice"), sha256_of(OWNER), OWNER),
)
FILE_OF = Credential(TOKEN, ADMIN)


def code_of(live: Live, token: str) -> str:
    reply = live.control("POST", "/console/codes", token=token)
    assert reply.status == 201, reply
    return str(json.loads(reply.body)["code"])


def exchange(port: int, code: object) -> Reply:
    """Exchange a code as the page does: without a token."""
    with Connection(port) as connection:
        return connection.ask(
            request("POST", "/_mock/console/token", {"Connection": "close"}, json.dumps({"code": code}).encode())
        )


def test_a_code_is_of_the_token_that_made_it_and_is_audited_with_it(tmp_path: Path) -> None:
    audit = tmp_path / "audit.jsonl"
    with serving(tmp_path, sharing=Sharing(TOKENS, audit)) as live:
        for token in (TOKEN, WALL, OWNER):
            code = code_of(live, token)
            given = exchange(live.port, code)
            assert (given.status, json.loads(given.body)) == (200, {"token": token})
            again = exchange(live.port, code)
            assert (again.status, error_of(again)["code"]) == (410, "spent_link")
            assert code not in audit.read_text()
        assert live.control("POST", "/console/codes", token="wrong").status == 401
        long = exchange(live.port, "x" * 2_000)
        assert (long.status, error_of(long)["message"]) == (413, "expected a body of at most 1,000 bytes, got 2,012")
    rows = [json.loads(line) for line in audit.read_text().splitlines()]
    assert {row["path"] for row in rows} == {"/_mock/console/token"}
    names = [pair for name in ("admin", "wall", "alice") for pair in ((name, 200), (None, 410))]
    assert [(row["token"], row["status"]) for row in rows] == [*names, (None, 413)]


def test_a_spent_code_says_why_and_what_to_do() -> None:
    now_s = 0.0
    codes = LinkCodes(lambda: now_s)
    used, old, young = (codes.issue(FILE_OF) for _ in range(3))
    now_s = CODE_S - 1
    assert codes.exchange(used) == codes.exchange(young) == FILE_OF
    now_s = CODE_S
    for code, why in ((used, "was opened before"), (old, "is older than 5 minutes"), ("", "made no such link")):
        with pytest.raises(ControlError, match=f"{why}.*`mockexchange console --print` prints it"):
            codes.exchange(code)


def test_codes_that_are_never_exchanged_do_not_pile_up() -> None:
    codes = LinkCodes()
    first, second = codes.issue(FILE_OF), codes.issue(FILE_OF)
    for _ in range(CODES_MAX - 1):
        codes.issue(FILE_OF)
    assert codes.exchange(second) == FILE_OF
    with pytest.raises(ControlError, match="made no such link"):
        codes.exchange(first)
