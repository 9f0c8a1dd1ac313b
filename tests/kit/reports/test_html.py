"""The page: one file that loads nothing, runs nothing, and in which nothing from the wire is markup."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from mockexchange.kit.findings import Report, Verdict
from mockexchange.kit.reports.html import html_of
from mockexchange.kit.reports.printable_text import SUBJECTS_NAMED_MAX
from tests.kit.reports.reporting import FINDING, TABLES, everything

VOID = {"meta", "input", "br"}


class Page(HTMLParser):
    """Collects elements with their attributes; fails for elements closed in the wrong order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def text() -> str:
    return html_of(everything(), TABLES).decode()


def test_it_is_well_formed_and_has_no_script(text: str) -> None:
    page = Page(text)
    assert page.open == []
    assert {"script", "link", "img", "iframe"}.isdisjoint(tag for tag, _ in page.tags)


def test_it_loads_nothing(text: str) -> None:
    assert not [name for _, attributes in Page(text).tags for name in attributes if name in ("src", "href", "onclick")]
    assert "url(" not in text
    assert "@import" not in text
    assert "default-src 'none'" in text


def test_it_escapes_what_came_from_the_wire(text: str) -> None:
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\\x1b[31m\\x00 \\u202e [red]x &amp; &quot;y&#x27;" in text
    assert text.count("&lt;script&gt;") == 4, "two findings, a subject and a cell of the table"


def test_it_has_every_part_of_a_finding(text: str) -> None:
    for part in (FINDING.rule, FINDING.where, FINDING.expected, FINDING.place, FINDING.reproduction):
        assert f">{part}<" in text


def test_a_button_for_each_outcome_says_how_many(text: str) -> None:
    labels = re.findall(r'<label for="show-(\w+)">([^<]+)</label>', text)
    assert labels == [("all", "all"), ("kept", "kept (2)"), ("broken", "broken (1)"), ("unjudged", "not judged (2)")]
    for name in ("kept", "broken", "unjudged"):
        assert f"#show-{name}:checked ~ main .rule:not(.has-{name})" in text


def test_each_rule_says_which_outcomes_it_has_and_broken_ones_are_open(text: str) -> None:
    rules = re.findall(r'<details class="rule ([^"]+)"( open)?>', text)
    assert rules == [("has-kept has-broken", " open"), ("has-unjudged", ""), ("has-kept", "")]


def test_what_was_not_judged_has_its_reason_once(text: str) -> None:
    assert text.count("<b>not judged</b> no row to look at") == 1


def test_tables_and_notes_are_there(text: str) -> None:
    assert "<h2>Coverage</h2>" in text
    assert "<tr><td>GetFills</td><td>3</td></tr>" in text
    assert '<dl class="note">' in text


def test_a_run_that_was_cut_short_says_so() -> None:
    assert "The run ended before its end: gone &lt;b&gt;" in html_of(Report("x", cut_short="gone <b>")).decode()


def test_it_follows_the_colours_of_the_reader(text: str) -> None:
    assert "prefers-color-scheme: dark" in text


def test_many_subjects_of_one_reason_are_counted() -> None:
    verdicts = [Verdict("a", f"s{index}", why="nothing there") for index in range(SUBJECTS_NAMED_MAX + 3)]
    assert f"s{SUBJECTS_NAMED_MAX - 1} and 3 more</small>" in html_of(Report("x", verdicts)).decode()
