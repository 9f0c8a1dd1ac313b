"""Bodies of generated requests: whole numbers are written as integers, everything else stays as it is."""

from mockexchange.kit.schemathesis.relay import integers_as_such
from tests.helpers.rows import each_row


@each_row(
    ("sent", "relayed"),
    [
        (b'{"a":3.0,"b":-10.00}', b'{"a":3,"b":-10}'),
        (b'{"a":3.05,"b":1.0e3,"c":1.0E3}', b'{"a":3.05,"b":1.0e3,"c":1.0E3}'),
        (b'{"a.0":"3.0 and \\"4.0","b":2.0}', b'{"a.0":"3.0 and \\"4.0","b":2}'),
        (b"no json", b"no json"),
    ],
)
def test_whole_numbers_are_integers(sent: bytes, relayed: bytes) -> None:
    assert integers_as_such(sent) == relayed
