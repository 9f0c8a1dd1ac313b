"""The key `stream` of a scenario as settings of the venue."""

import pytest
from msgspec.structs import asdict

from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.loader import load_text
from mockexchange.scenario.schema import STREAM
from mockexchange.scenario.settings import STREAM_SETTINGS
from mockexchange.venues.kalshi.settings import KalshiSettings
from tests.helpers.rows import each_row

ALL = """
scenario: all
stream: {repeat: error_6, anonymous: accept, origin: refuse, connections: 3, empty_side: empty,
  answer_numbers: never, sending_time: never, position_fee_cost: paid, heartbeat: 250ms, pong: 0s, outbox: 2048}
"""


def test_every_word_has_its_setting() -> None:
    settings = load_text(ALL).settings["kalshi"]
    assert settings == KalshiSettings(
        stream_repeat="error_6",
        stream_anonymous="accept",
        stream_origin="refuse",
        stream_connections=3,
        stream_empty_side="empty",
        stream_answer_numbers="never",
        stream_sending_time="never",
        stream_position_fee_cost="paid",
        stream_heartbeat_us=250_000,
        stream_pong_us=0,
        stream_outbox_bytes=2048,
    )
    assert load_text("scenario: none\n").settings["kalshi"] == KalshiSettings()


def test_no_word_is_without_a_setting() -> None:
    assert set(STREAM_SETTINGS) == set(STREAM.fields)
    assert set(STREAM_SETTINGS.values()) == {name for name in asdict(KalshiSettings()) if name.startswith("stream_")}


@each_row("word", ["repeat: twice", "connections: 0", "outbox: 10", "heartbeat: soon", "ping: 1s"])
def test_a_wrong_word_is_refused(word: str) -> None:
    with pytest.raises(ScenarioError):
        load_text(f"scenario: wrong\nstream: {{{word}}}\n")
