"""What the diagnosis of a wrong order says beside the venue's body: what would have been right."""

from typing import Any

from tests.helpers.rows import each_row
from tests.helpers.sandboxes import send
from tests.venues.kalshi.rest_answers import why
from tests.venues.kalshi.test_order_entry import UNKNOWN, V2, error, opened, place, v2

ADVICE = [
    ({"count": 2}, ' of type string: expected a text such as "2.00"'),
    ({"price": 0.5}, ' of type string: expected a text such as "0.5600"'),
    ({"price": None, "yes_price": 50}, "price is required in CreateOrderV2Request; 'yes_price' is no field of it"),
    ({"price": None}, "price is required in CreateOrderV2Request"),
    ({"ticker": "RAIN-2"}, "no market 'RAIN-2': did you mean 'RAIN-1'? known: RAIN-1"),
]


@each_row(("fields", "words"), ADVICE)
def test_a_mistake_in_a_body_is_explained(fields: dict[str, Any], words: str) -> None:
    assert why(send(opened(), "POST", V2, v2(**fields))).endswith(words)


def test_a_client_order_id_in_a_path_is_recognized() -> None:
    sandbox = opened()
    order = place(sandbox, client_order_id="mine")["order_id"]
    answer = send(sandbox, "DELETE", f"{V2}/mine")
    assert error(answer)[:2] == (404, "not_found")
    assert why(answer) == f"mine is the client_order_id of order {order}: give its order id"
    foreign = send(sandbox, "DELETE", f"{V2}/mine", who="bob/main")
    assert why(foreign) == "order_id='mine': expected a UUID"
    place(sandbox, client_order_id=UNKNOWN)
    assert why(send(sandbox, "DELETE", f"{V2}/{UNKNOWN}")).startswith(f"{UNKNOWN} is the client_order_id of order ")
