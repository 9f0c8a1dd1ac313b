"""The pages that show the contract documents: whole, offline, and open to whoever may reach the server."""

import gzip
import re
from pathlib import Path

import pytest

from mockexchange.runtime import api_documents
from mockexchange.server.control import document_pages
from mockexchange.server.control.document_pages import ASSETS, DOCS, RENDERERS
from tests.helpers.effort import one_in
from tests.server.live import Live
from tests.server.wire import Connection, Reply, request

DOCUMENTS = [(kind, subject) for kind in RENDERERS for subject in api_documents.subjects(kind)]
LOADED = re.compile(r'(?:href|src|data-url)="?([^" >]+)')


def get(live: Live, path: str, **headers: str) -> Reply:
    with Connection(live.port) as connection:
        return connection.ask(request("GET", path, headers))


def test_the_index_leads_to_every_document(live: Live) -> None:
    page = get(live, DOCS).body.decode()
    urls = LOADED.findall(page)
    assert sorted(urls) == sorted(
        f"{DOCS}{subject}/{kind}{ending}" for kind, subject in DOCUMENTS for ending in ("", ".yaml")
    )
    assert {get(live, url).status for url in urls} == {200}


@pytest.mark.parametrize(("kind", "subject"), one_in(6, list(DOCUMENTS)))
def test_a_page_loads_what_is_served_here_and_nothing_else(live: Live, kind: str, subject: str) -> None:
    page = get(live, f"{DOCS}{subject}/{kind}")
    loaded = LOADED.findall(page.body.decode())
    assert f"{DOCS}{subject}/{kind}.yaml" in loaded
    assert f"{DOCS}assets/{kind if kind == 'asyncapi' else 'redoc'}.js" in loaded
    assert {get(live, url).status for url in loaded} == {200}
    policy = page.headers.get("content-security-policy") or ""
    assert policy.startswith("default-src 'none'; script-src 'self'")
    assert "http" not in policy
    assert ("'unsafe-eval'" in policy) is (kind == "asyncapi")


@pytest.mark.parametrize(("kind", "subject"), DOCUMENTS)
def test_a_document_is_given_as_it_is(live: Live, kind: str, subject: str) -> None:
    reply = get(live, f"{DOCS}{subject}/{kind}.yaml")
    assert reply.body == api_documents.path_of(subject, kind).read_bytes()
    assert reply.headers.get("content-type") == "application/yaml"


@pytest.mark.parametrize("name", ASSETS)
def test_what_a_page_loads_is_packed_for_who_can_unpack_it(live: Live, name: str) -> None:
    packed = get(live, f"{DOCS}assets/{name}", **{"Accept-Encoding": "gzip, br"})
    plain = get(live, f"{DOCS}assets/{name}")
    assert (packed.headers.get("content-encoding"), plain.headers.get("content-encoding")) == ("gzip", None)
    assert gzip.decompress(packed.body) == plain.body
    assert len(plain.body) > 3 * len(packed.body)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("kalshi/2024-01/openapi", "no document 'kalshi/2024-01' of 'openapi': see /_mock/docs/"),
        ("control/openapi.json", "no document 'control' of 'openapi.json'"),
        ("..%2f..%2fkalshi/2026-10/openapi.yaml", "no document '../../kalshi/2026-10' of 'openapi'"),
        ("assets/nothing.js", "no file 'nothing.js': there are show.js, redoc.js"),
    ],
)
def test_what_is_not_there_is_said(live: Live, path: str, says: str) -> None:
    reply = get(live, f"{DOCS}{path}")
    assert reply.status == 404
    assert says in reply.body.decode()


@pytest.mark.parametrize(
    "path",
    [
        "/_mock/docs/../sandboxes",
        "/_mock/docs/%2e%2e/sandboxes/default/log",
        "/_mock/docs/..%2fsandboxes",
        "/_mock/docs%2f..%2fsandboxes",
        "/_mock/docs/%3f/../../sandboxes",
        "/_mock/docs/kalshi%2f..%2f..%2f..%2fsandboxes/default",
    ],
)
def test_nothing_else_is_reached_by_way_of_them(live: Live, path: str) -> None:
    reply = get(live, path)
    assert reply.status == 404
    assert b'"code":"unknown_document"' in reply.body


@pytest.mark.parametrize(
    "path",
    [
        "/_mock/sandboxes",
        "/_mock/sandboxes#/_mock/docs/",
        "/_mock/sandboxes?/_mock/docs/",
        "/_mock/sandboxes%3f/_mock/docs/",
        "/_mock/docs%3f",
        "/_mock/live%23/sandboxes",
        "/_mock/docs;/",
        "/_mock/do%09cs/",
        "http://127.0.0.1/_mock/sandboxes",
    ],
)
def test_what_is_none_of_them_needs_the_token(live: Live, path: str) -> None:
    assert get(live, path).status == 401


def test_another_host_does_not_reach_them(live: Live) -> None:
    raw = request("GET", DOCS).replace(b"Host: 127.0.0.1", b"Host: evil.test")
    with Connection(live.port) as connection:
        assert connection.ask(raw).status == 403


def test_the_shorter_address_leads_there(live: Live) -> None:
    reply = get(live, DOCS.rstrip("/"))
    assert (reply.status, reply.headers.get("location")) == (307, DOCS)


def test_the_front_page_leads_there(live: Live) -> None:
    assert DOCS in get(live, "/").body.decode()


def test_the_notices_name_what_the_bundles_are_made_of() -> None:
    folder = Path(document_pages.__file__).parents[1] / "vendored"
    for name, packages in (("redoc", ("mobx", "react")), ("asyncapi", ("ajv", "avsc", "highlight.js", "react"))):
        lines = (folder / name / "NOTICES.txt").read_text(encoding="utf-8").splitlines()
        for package in packages:
            assert any(line.startswith(f"{package} (") and "Copyright" in line for line in lines), (name, package)
