"""Hooks of mkdocs for the documentation site, which has the JSON Schema of scenarios beside its pages.

The search finds pages for readers before the tables of the wire, which have every word of the API many times.

A bar in a table cell is escaped with a backslash, also within code, as code hosts require it. The Markdown of the site
needs no escape within code and would show the backslash.
"""

import json
import re
from pathlib import Path
from typing import Any

from mockexchange.scenario.schema import json_schema

CODE = re.compile(r"<code>[^<]*</code>")
TABLES = frozenset(
    ("wire.md", "clients.md", "control-api.md", "choices.md", "recipes.md", "scenarios.md", "verify-rules.md")
)
"""Pages of long tables."""
TABLE_BOOST = 0.1
GUIDES = frozenset(("quick-start.md", "trading.md", "stream.md", "concepts.md", "terminal.md"))
GUIDE_BOOST = 2.0


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Set the weight of a page in the search; the Markdown stays the same."""
    weight = TABLE_BOOST if page.file.src_uri in TABLES else GUIDE_BOOST if page.file.src_uri in GUIDES else 1.0
    page.meta.setdefault("search", {"boost": weight})
    return markdown


def on_page_content(html: str, **_: Any) -> str:
    """Show bars within code without their backslashes."""
    return CODE.sub(lambda code: code[0].replace("\\|", "|"), html)


def on_post_build(config: Any, **_: Any) -> None:
    (Path(config.site_dir) / "scenario.schema.json").write_text(json.dumps(json_schema()), encoding="utf-8")
