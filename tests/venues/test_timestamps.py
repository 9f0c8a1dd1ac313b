"""The window of timestamps."""

from mockexchange.venues.timestamps import check_window
from tests.helpers.rows import each_row

AT = 1_780_000_000_000_000
MILLISECOND = 1_000


@each_row("distance_ms", [-15_000, 0, 45_000])
def test_a_timestamp_inside_the_window_has_no_explanation(distance_ms: int) -> None:
    assert check_window(str(AT // MILLISECOND + distance_ms), AT, 15_000_000, 45_000_000) == ""


@each_row(
    ("timestamp", "explanation"),
    [
        (
            str(AT // MILLISECOND - 15_001),
            "your clock is 15.0 s behind the server's; the window is 15 s back, 45 s ahead",
        ),
        (str(AT // MILLISECOND + 45_001), "your clock is 45.0 s ahead of the server's; the window is 15 s back"),
        ("1780000000", "the timestamp 1780000000 is in seconds"),
        ("9" * 19, "your clock is"),
        (f"0{AT // MILLISECOND}", f"the timestamp 0{AT // MILLISECOND} has leading zeros"),
        ("\u0661", 'the timestamp "'),
        ("", "the timestamp is empty"),
    ],
)
def test_a_timestamp_outside_the_window_is_explained(timestamp: str, explanation: str) -> None:
    assert check_window(timestamp, AT, 15_000_000, 45_000_000).startswith(explanation)
