"""What the tests of every client share: the API dates and clocks they run at, and names of the built-in scenarios."""

from datetime import timedelta

from tests.helpers.effort import chosen

API_DATES = chosen(("compat", "latest"))
CLOCKS = ("paused", "real")

ADVANCE = timedelta(days=90)

# A step at the exchange's later time, in `golden`.
FILL_LATER = {
    "fill": {
        "account": "long_yes",
        "market": "KXRAINNYC-25NOV05-T2",
        "side": "no",
        "action": "buy",
        "count": "2.50",
        "price": "0.79",
    }
}

# The merchants of `fcm`: each subtrader's id on the wire, and the book that it names.
SUBTRADERS = {
    "north": {
        "fcm7_alpha": "alpha",
        "fcm7_beta": "beta",
        "fcm7_omnibus-01": "omnibus",
        "fcm7_quiet": "quiet",
    },
    "south": {"9f0c1a_alpha": "alpha", "9f0c1a_gamma": "gamma"},
}
