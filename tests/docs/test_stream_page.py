"""The conversation on the page is one that a session has."""

import re

from mockexchange.venues.kalshi.stream.channels import CHANNELS
from tests.house.checkout import ROOT
from tests.venues.kalshi.stream.sessions import line, make_venue, open_session, tell

PAGE = (ROOT / "docs" / "stream.md").read_text(encoding="utf-8")


def test_the_conversation_is_held_as_written() -> None:
    [block] = re.findall(r"```\n(> .*?)```", PAGE, re.DOTALL)
    session, said = open_session(make_venue(), "latest"), []
    for text in block.splitlines():
        if text.startswith("> "):
            said += [text, *(f"< {line(frame)}" for frame in tell(session, text[2:]))]
    assert said == block.splitlines()


def test_every_channel_that_is_fed_has_its_row() -> None:
    rows = {match[1] for match in re.finditer(r"^\| `(\w+)`", PAGE, re.MULTILINE)}
    assert {row.name for row in CHANNELS if row.is_emulated} == rows
