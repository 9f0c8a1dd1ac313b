"""Places and cancels an order with a published client, in an interpreter of its own.

The arguments are the client's name, the base URL, a key id, the file of its private key and a market. Writes what the
client understood as JSON: {placed: [order id, remaining count], again: status of the second order with the same client
order id, canceled: count}. Imports nothing but the standard library and the client, by name.
"""

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

ORDER = {
    "side": "bid",
    "count": "1.00",
    "price": "0.0100",
    "time_in_force": "good_till_canceled",
    "self_trade_prevention_type": "taker_at_cross",
    "client_order_id": "by-a-published-client",
}


def official(base_url: str, key_id: str, key_file: str, market: str) -> dict[str, Any]:
    sdk: Any = import_module("kalshi_python_sync")
    configuration = sdk.Configuration(host=base_url)
    configuration.api_key_id, configuration.private_key_pem = key_id, Path(key_file).read_text(encoding="ascii")
    client = sdk.KalshiClient(configuration)
    fields = {"ticker": market, **ORDER}
    placed = client.create_order_v2(**fields)
    again = None
    try:
        client.create_order_v2(**fields)
    except sdk.ApiException as error:
        again = error.status
    canceled = client.cancel_order_v2(placed.order_id)
    return {"placed": [placed.order_id, placed.remaining_count], "again": again, "canceled": canceled.reduced_by}


def sdk_22(base_url: str, key_id: str, key_file: str, market: str) -> dict[str, Any]:
    kalshi: Any = import_module("kalshi")
    models: Any = import_module("kalshi.models.orders")
    client = kalshi.KalshiClient(key_id=key_id, private_key_path=key_file, base_url=base_url)
    request = models.CreateOrderV2Request(ticker=market, **ORDER)
    placed = client.orders.create_v2(request=request)
    again = None
    try:
        client.orders.create_v2(request=request)
    except kalshi.KalshiError as error:
        again = error.status_code
    canceled = client.orders.cancel_v2(placed.order_id)
    return {
        "placed": [placed.order_id, str(placed.remaining_count)],
        "again": again,
        "canceled": str(canceled.reduced_by),
    }


def pykalshi(base_url: str, key_id: str, key_file: str, market: str) -> dict[str, Any]:
    module: Any = import_module("pykalshi")
    client = module.KalshiClient(api_key_id=key_id, private_key_path=key_file, api_base=base_url)

    def place() -> Any:
        return client.portfolio.place_order(
            market,
            book_side=ORDER["side"],
            count_fp=ORDER["count"],
            price_dollars=ORDER["price"],
            client_order_id=ORDER["client_order_id"],
        )

    placed, again = place(), None
    try:
        place()
    except module.KalshiAPIError as error:
        again = error.status_code
    rest = client.portfolio.get_order(placed.order_id)
    client.portfolio.cancel_order(placed.order_id)
    gone = client.portfolio.get_order(placed.order_id)
    return {
        "placed": [placed.order_id, str(rest.remaining_count_fp)],
        "again": again,
        "canceled": {"canceled": "1.00"}.get(str(getattr(gone.status, "value", gone.status)), str(gone.status)),
    }


if __name__ == "__main__":
    RUNNERS = {"kalshi-python-sync": official, "kalshi-sdk": sdk_22, "pykalshi": pykalshi}
    sys.stdout.write(json.dumps(RUNNERS[sys.argv[1]](*sys.argv[2:6])))
