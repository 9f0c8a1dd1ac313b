"""Links that `mockexchange console` makes, in a browser: a code is exchanged once, and is worth nothing afterwards."""

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.console.conftest import ARGUMENTS, CHROMIUM, link_to, open_console
from tests.server.control.test_console import exchange
from tests.server.live import TOKEN, Live


def test_a_link_opens_once_and_the_tab_goes_on_with_its_token(tab: Any, live: Live) -> None:
    link = link_to(live)
    tab.goto(link)
    tab.get_by_text("live", exact=True).wait_for()
    assert tab.url.endswith("/_mock/console/#/s/default/requests")
    tab.reload()
    tab.get_by_text("live", exact=True).wait_for()
    tab.evaluate("link => { location.href = link; }", link)
    tab.get_by_text("was opened before: it opens the console once").wait_for()
    tab.get_by_text("This tab goes on with the token that it has").wait_for()
    tab.get_by_text("live", exact=True).wait_for()
    other = tab.context.new_page()
    other.goto(link)
    alert = other.get_by_role("alert").get_by_text("was opened before").inner_text()
    assert "`mockexchange console --print` prints it" in alert
    other.evaluate("link => { location.href = link; }", link_to(live))
    other.get_by_text("live", exact=True).wait_for()
    assert "code" not in other.url


def test_a_token_is_typed_too_and_a_wrong_one_is_said_to_be_wrong(tab: Any, live: Live) -> None:
    tab.goto(f"http://127.0.0.1:{live.port}/_mock/console/#/s/default/requests")
    for token in ("wrong", TOKEN):
        tab.get_by_label("Token").fill(token)
        tab.get_by_role("button", name="Open").click()
        if token == "wrong":
            tab.get_by_role("alert").get_by_text("does not take the token").wait_for()
            tab.reload()
    tab.get_by_text("live", exact=True).wait_for()


def test_the_browsers_history_keeps_nothing_that_opens_the_console(browser: Any, live: Live, tmp_path: Path) -> None:
    context = browser.browser_type.launch_persistent_context(
        str(tmp_path), executable_path=str(CHROMIUM), args=ARGUMENTS
    )
    try:
        open_console(context.new_page(), live)
    finally:
        context.close()
    found = [path for path in tmp_path.rglob("History*") if path.is_file()]
    assert found
    assert not [path for path in found if TOKEN.encode() in path.read_bytes()]
    with closing(sqlite3.connect(next(path for path in found if path.name == "History"))) as history:
        urls = [row[0] for row in history.execute("SELECT url FROM urls")]
    codes = [match[1] for url in urls if (match := re.search("#code=([^&]+)", url))]
    assert codes, urls  # the address as it was opened is there
    assert [json.loads(exchange(live.port, code).body)["error"]["code"] for code in codes] == ["spent_link"] * len(
        codes
    )
