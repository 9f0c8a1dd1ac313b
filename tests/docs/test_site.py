"""The documentation site: built strictly and without a network, whole, and asking nobody else for anything."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import pytest
import yaml

from mockexchange.scenario.schema import json_schema
from tests.docs.fences import DOCS, pages
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT
from tools.site_hooks import on_page_content

CONFIGURATION = ROOT / "mkdocs.yml"
NOT_IN_THE_SITE: frozenset[str] = frozenset()
"""Pages below docs/ that are for the repository alone."""
NOWHERE = "http://127.0.0.1:9"
"""A proxy where nobody listens: what asks the network fails."""
ATTRIBUTES = {"a": "href", "link": "href"}
"""Where a tag names another file; of all others it is `src`."""
FETCHED = {"script", "img", "iframe", "source", "video", "audio", "embed", "link"}
NOT_FETCHED = {"canonical", "next", "prev"}
"""Relations of a `link` that a browser does not load."""
SVG = "{http://www.w3.org/2000/svg}"


class Reference(NamedTuple):
    page: str
    tag: str
    target: str


class Page(HTMLParser):
    """The anchors, references and classes of a built page."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__()
        self.name = name
        self.anchors: set[str] = set()
        self.references: list[Reference] = []
        self.classes: set[str] = set()
        self.pictures_without_words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        self.anchors |= {named[name] for name in ("id", "name") if name in named}
        self.classes |= set(named.get("class", "").split())
        if tag == "img" and not named.get("alt"):
            self.pictures_without_words.append(named.get("src", ""))
        target = named.get(ATTRIBUTES.get(tag, "src"))
        if target and not (tag == "link" and named.get("rel") in NOT_FETCHED):
            self.references.append(Reference(self.name, tag, target))


def navigation(entries: Iterable[Any]) -> Iterator[str]:
    """The pages of mkdocs' `nav`, in their order."""
    for entry in entries:
        values = entry.values() if isinstance(entry, dict) else [entry]
        for value in values:
            yield from navigation(value) if isinstance(value, list) else [value]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` builds it, but somewhere else; not quietly, for then no warning would count."""
    folder = tmp_path_factory.mktemp("site")
    environment = os.environ | {"http_proxy": NOWHERE, "https_proxy": NOWHERE, "NO_MKDOCS_2_WARNING": "1"}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


@pytest.fixture(scope="module")
def built(site: Path) -> dict[str, Page]:
    names = [path.relative_to(site).as_posix() for path in sorted(site.rglob("*.html"))]
    return {name: Page(name, (site / name).read_text(encoding="utf-8")) for name in names}


def test_every_page_is_built_and_in_the_navigation(built: Mapping[str, Page]) -> None:
    listed = list(navigation(yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))["nav"]))
    assert len(listed) == len(set(listed))
    assert {*listed} == {*pages()} - NOT_IN_THE_SITE
    assert {page.removesuffix(".md") + ".html" for page in listed} == set(built) - {"404.html"}


def test_the_schema_of_scenarios_is_beside_the_pages(site: Path) -> None:
    assert json.loads((site / "scenario.schema.json").read_text(encoding="utf-8")) == json_schema()


def labels(entries: Iterable[Any]) -> Iterator[str]:
    """The labels of pages in mkdocs' `nav`."""
    for entry in entries:
        for label, value in entry.items():
            yield from labels(value) if isinstance(value, list) else [label]


def test_no_label_of_the_navigation_is_there_twice() -> None:
    found = [name.casefold().removeprefix("the ") for name in labels(yaml.safe_load(CONFIGURATION.read_text())["nav"])]
    assert sorted(found) == sorted(set(found))


@each_row(
    ("words", "page"),
    [
        ("place order", "trading.html"),
        ("flip", "trading.html"),
        ("reconcile", "stream.html"),
        ("resync", "stream.html"),
        ("watch", "terminal.html"),
        ("rate limit", "limits.html"),
        ("fork", "recording.html"),
        ("record", "recording.html"),
        ("subaccount", "cookbook/scenarios.html"),
    ],
)
def test_the_search_finds_pages_before_tables(site: Path, words: str, page: str) -> None:
    """A document is ranked by its weight and by how often it has all the words, its title counting more."""
    documents = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))["docs"]
    scores: dict[str, float] = {}
    for one in documents:
        title, text = one["title"].casefold(), one["text"].casefold()
        counts = [10 * title.count(word) + text.count(word) / (1 + len(text) / 1_000) for word in words.split()]
        name = one["location"].partition("#")[0]
        scores[name] = max(scores.get(name, 0.0), one.get("boost", 1.0) * min(counts))
    found = sorted(scores, key=lambda name: -scores[name])[:3]
    assert page in found
    assert not {"wire.html", "clients.html", "verify-rules.html"} & set(found)


def foreign(page: Page) -> list[Reference]:
    """Return what a browser would load from somebody else."""
    return [one for one in page.references if one.tag in FETCHED and urlsplit(one.target).netloc]


def test_nothing_is_loaded_from_anybody_else(site: Path, built: Mapping[str, Page]) -> None:
    assert [one for page in built.values() for one in foreign(page)] == []
    for sheet in site.rglob("*.css"):
        assert re.findall(r"url\(\s*[\"']?(?:https?:)?//[^)]*\)|@import", sheet.read_text(encoding="utf-8")) == []


def test_nothing_is_there_that_the_theme_would_load_a_library_for(built: Mapping[str, Page]) -> None:
    assert {name for name, page in built.items() if "mermaid" in page.classes} == set()


def broken(site: Path, built: Mapping[str, Page], page: Page) -> Iterator[Reference]:
    """Yield what leads nowhere: to a file that is not there, or to an anchor that a page has not."""
    for one in page.references:
        parts = urlsplit(one.target)
        if parts.scheme or parts.netloc:
            continue
        path = (site / page.name).parent / unquote(parts.path) if parts.path else site / page.name
        if not path.resolve().is_file():
            yield one
        elif parts.fragment and path.suffix == ".html":
            other = built[path.resolve().relative_to(site.resolve()).as_posix()]
            if unquote(parts.fragment) not in other.anchors:
                yield one


def test_every_link_leads_somewhere(site: Path, built: Mapping[str, Page]) -> None:
    whole = {name: page for name, page in built.items() if name != "404.html"}
    assert [one for page in whole.values() for one in broken(site, built, page)] == []


def slug(heading: str) -> str:
    """The anchor that a code host makes of a heading."""
    bare = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower())
    return bare.strip().replace(" ", "-")


def test_links_between_pages_work_on_a_code_host_too() -> None:
    anchors = {}
    for page in pages():
        text = re.sub(r"^```.*?^```", "", (DOCS / page).read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
        headings = {slug(heading) for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}
        anchors[page] = headings | set(re.findall(r'id="([^"]+)"', text))
    for page in pages():
        for target in re.findall(r"\]\((?!\w+:)([^)\s]+)\)", (DOCS / page).read_text(encoding="utf-8")):
            path, _, anchor = target.partition("#")
            other = os.path.normpath((Path(page).parent / path).as_posix()) if path else page
            assert (DOCS / other).exists(), (page, target)
            assert not anchor or anchor in anchors[other], (page, target)


def test_a_bar_in_code_has_no_backslash(site: Path) -> None:
    assert on_page_content(r"<td><code>on\|off</code> \|</td>") == r"<td><code>on|off</code> \|</td>"
    assert "<code>{mode: on|off, clock: host|exchange" in (site / "scenarios.html").read_text(encoding="utf-8")


# --- pictures


def picture_problems(text: str) -> list[str]:
    """Return what is wrong with a picture for those who see it in other colours, and for those who do not see it."""
    root = ElementTree.fromstring(text)
    problems = [f"no <{name}>" for name in ("title", "desc") if not (root.findtext(SVG + name) or "").strip()]
    if root.get("role") != "img" or root.get("aria-labelledby") != "title desc":
        problems.append("not named for screen readers")
    if "prefers-color-scheme: dark" not in (root.findtext(SVG + "style") or ""):
        problems.append("no colours for the dark")
    if next(root.iter(f"{SVG}text"), None) is None:
        problems.append("its words are no text")
    loaded = [name for each in root.iter() for name in each.attrib if name.endswith("href")]
    forbidden = [each.tag.removeprefix(SVG) for each in root.iter() if each.tag in {f"{SVG}script", f"{SVG}image"}]
    return problems + [f"has {name}" for name in [*loaded, *forbidden]]


@each_row("path", sorted((DOCS / "images").iterdir()), ids=lambda path: str(path.name))
def test_a_picture_can_be_read_by_everybody(path: Path) -> None:
    assert path.suffix == ".svg"
    assert picture_problems(path.read_text(encoding="utf-8")) == []


def test_every_picture_is_shown_and_described(built: Mapping[str, Page]) -> None:
    shown = {Path(one.target).name for page in built.values() for one in page.references if one.tag == "img"}
    assert {path.name for path in (DOCS / "images").iterdir()} <= shown
    assert [one for page in built.values() for one in page.pictures_without_words] == []


# --- each rule can fail


def test_a_foreign_or_broken_reference_is_reported(tmp_path: Path) -> None:
    text = (
        '<a href="https://example.org/">plain</a><script src="//cdn.example.org/x.js"></script>'
        '<link rel="stylesheet" href="https://example.org/x.css"><link rel="canonical" href="https://example.org/">'
        '<a href="gone.html">a</a><a href="#nowhere">b</a><a href="#here" id="here">c</a><img src="here.html">'
    )
    (tmp_path / "here.html").write_text(text, encoding="utf-8")
    page = Page("here.html", text)
    assert [one.target for one in foreign(page)] == ["//cdn.example.org/x.js", "https://example.org/x.css"]
    assert [one.target for one in broken(tmp_path, {"here.html": page}, page)] == ["gone.html", "#nowhere"]
    assert page.pictures_without_words == ["here.html"]


def test_a_picture_that_some_cannot_read_is_reported() -> None:
    text = '<svg xmlns="http://www.w3.org/2000/svg"><script/><a href="x"/></svg>'
    assert picture_problems(text) == [
        "no <title>",
        "no <desc>",
        "not named for screen readers",
        "no colours for the dark",
        "its words are no text",
        "has href",
        "has script",
    ]


@each_row(
    ("heading", "anchor"),
    [
        ("What each gets right and wrong", "what-each-gets-right-and-wrong"),
        ("POST /sandboxes/{name}/faults", "post-sandboxesnamefaults"),
        ("The `stream`, whole", "the-stream-whole"),
        ("429, and when [to](x.md) come", "429-and-when-to-come"),
    ],
)
def test_an_anchor_is_made_as_code_hosts_make_it(heading: str, anchor: str) -> None:
    assert slug(heading) == anchor
