"""The files of the web console: what is served without a token, its policy, and what other sites and pages may do."""

import gzip
import hashlib
import json
import re
import socket
from base64 import b64encode

import pytest

from mockexchange.server.http.console_pages import PAGE_FILES
from tests.helpers.patience import PATIENCE_S
from tests.server.live import Live, SandboxView
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


@pytest.mark.parametrize("dest", ["document", "iframe", "frame", "object", "embed", "empty", ""])
def test_a_page_of_a_stub_has_no_origin(sandbox: SandboxView, dest: str) -> None:
    stub = {
        "request": "GET /page",
        "text": "<script>1</script>",
        "headers": {"Content-Type": "text/html"},
        "signed": False,
    }
    sandbox.call("POST", "/stubs", stub)
    with Connection(sandbox.port) as connection:
        headers = {"Sec-Fetch-Dest": dest} if dest else {}
        reply = connection.ask(request("GET", "/page", headers))
    assert (reply.status, reply.body) == (200, b"<script>1</script>")
    is_page = dest not in ("empty", "")
    assert (reply.headers["content-security-policy"] == "sandbox") is is_page  # after the venue's own, which stays


def test_a_dropped_page_is_dropped(sandbox: SandboxView) -> None:
    sandbox.call("POST", "/faults", {"then": {"drop": True}})
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=PATIENCE_S) as raw:
        raw.sendall(request("GET", "/page", {"Sec-Fetch-Dest": "document"}))
        assert raw.recv(1) == b""
