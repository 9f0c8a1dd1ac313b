"""Hooks of mkdocs for the documentation site.

A bar in a table cell is escaped with a backslash, also within code, as code hosts require it. The Markdown of the site
needs no escape within code and would show the backslash.
"""

import re
from typing import Any

CODE = re.compile(r"<code>[^<]*</code>")


def on_page_content(html: str, **_: Any) -> str:
    """Show bars within code without their backslashes."""
    return CODE.sub(lambda code: code[0].replace("\\|", "|"), html)
