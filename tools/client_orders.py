"""Programs that place one order each, by the published clients' own methods, for the recipes; the tests run them.

The Kalshi ones bid 0.45 for two contracts of RAIN-1, the Deribit ones 113000 for 100 USD of BTC-PERPETUAL.
"""

from typing import NamedTuple

FIRST_GENERATION_DATE = "2026-02"
"""An API date for clients that place orders of the first generation only, which ended on 2026-06-17."""


class OrderProgram(NamedTuple):
    """`api_date` is that of the exchange that it runs against, empty for the newest."""

    code: str
    api_date: str = ""


ORDER_PROGRAMS: dict[str, OrderProgram] = {
    "pykalshi": OrderProgram(
        """\
import os
from pykalshi import KalshiClient

client = KalshiClient.from_env(api_base=os.environ["KALSHI_API_BASE_URL"])
order = client.portfolio.place_order("RAIN-1", book_side="bid", count_fp="2.00", price_dollars="0.4500")
print(order.order_id)
"""
    ),
    "pykalshi-client": OrderProgram(
        """\
import asyncio
import os
from pykalshi import create_http_client
from pykalshi.api.event_orders import create_event_order


async def main():
    client = create_http_client(os.environ["KALSHI_API_KEY_ID"], os.environ["KALSHI_PRIVATE_KEY_PATH"])
    order = await create_event_order(
        client,
        ticker="RAIN-1",
        side="bid",
        count="2.00",
        price="0.4500",
        client_order_id="first",
        time_in_force="good_till_canceled",
        self_trade_prevention_type="taker_at_cross",
    )
    print(order["order_id"])


asyncio.run(main())
"""
    ),
    "kalshi-sdk": OrderProgram(
        """\
from kalshi import KalshiClient
from kalshi.models.orders import CreateOrderV2Request

client = KalshiClient.from_env()
order = client.orders.create_v2(
    request=CreateOrderV2Request(
        ticker="RAIN-1",
        side="bid",
        count="2.00",
        price="0.4500",
        client_order_id="first",
        time_in_force="good_till_canceled",
        self_trade_prevention_type="taker_at_cross",
    )
)
print(order.order_id)
"""
    ),
    "kalshi-python-sync": OrderProgram(
        """\
import os
from kalshi_python_sync import Configuration, KalshiClient

configuration = Configuration(host=os.environ["KALSHI_API_BASE_URL"])
configuration.api_key_id = os.environ["KALSHI_API_KEY_ID"]
configuration.private_key_pem = open(os.environ["KALSHI_PRIVATE_KEY_PATH"]).read()
client = KalshiClient(configuration)
order = client.create_order_v2(
    ticker="RAIN-1",
    side="bid",
    count="2.00",
    price="0.4500",
    time_in_force="good_till_canceled",
    self_trade_prevention_type="taker_at_cross",
)
print(order.order_id)
"""
    ),
    "kalshi-python-async": OrderProgram(
        """\
import asyncio
import os
from kalshi_python_async import Configuration, KalshiClient

configuration = Configuration(host=os.environ["KALSHI_API_BASE_URL"])
configuration.api_key_id = os.environ["KALSHI_API_KEY_ID"]
configuration.private_key_pem = open(os.environ["KALSHI_PRIVATE_KEY_PATH"]).read()


async def main():
    async with KalshiClient(configuration) as client:
        order = await client.create_order_v2(
            ticker="RAIN-1",
            side="bid",
            count="2.00",
            price="0.4500",
            time_in_force="good_till_canceled",
            self_trade_prevention_type="taker_at_cross",
        )
        print(order.order_id)


asyncio.run(main())
"""
    ),
    "kyro": OrderProgram(
        """\
import asyncio
from kyro import RestClient, config_from_env
from kyro.rest import orders


async def main():
    async with RestClient(config_from_env()) as client:
        answer = await orders.create_order(client, ticker="RAIN-1", side="yes", action="buy", count=2, yes_price=45)
        print(answer["order"]["order_id"])


asyncio.run(main())
""",
        FIRST_GENERATION_DATE,
    ),
    "ccxt": OrderProgram(
        """\
import os, ccxt

urls = {"api": {"rest": os.environ["DERIBIT_ORIGIN"], "ws": os.environ["DERIBIT_WS_URL"]}}
keys = {"apiKey": os.environ["DERIBIT_CLIENT_ID"], "secret": os.environ["DERIBIT_CLIENT_SECRET"]}
exchange = ccxt.deribit({**keys, "urls": urls})
print(exchange.create_order("BTC/USD:BTC", "limit", "buy", 100, 113000)["id"])
"""
    ),
    "typed-deribit": OrderProgram(
        """\
import asyncio
import os
from typed_deribit import Deribit
from typed_deribit.core.auth import resolve_credentials
from typed_deribit.core.transport.http import OAuthHttpRpcClient
from typed_deribit.core.transport.ws import SocketRpcStreamClient

key = resolve_credentials(None, None, public=False, testnet=False)
http = OAuthHttpRpcClient(base_url=os.environ["DERIBIT_API_URL"], credentials=key)
socket = SocketRpcStreamClient.new(os.environ["DERIBIT_WS_URL"], credentials=key)


async def main():
    async with Deribit(rpc_client=http, ws_client=socket) as client:
        order = {"instrument_name": "BTC-PERPETUAL", "type": "limit", "amount": 100.0, "price": 113000.0}
        answer = await client.trading.buy(order)
        print(answer["order"]["order_id"])


asyncio.run(main())
"""
    ),
    "kalshi-typescript": OrderProgram(
        """\
const { Configuration, OrdersApi } = require("kalshi-typescript")

const { KALSHI_API_BASE_URL, KALSHI_API_KEY_ID, KALSHI_PRIVATE_KEY_PATH } = process.env
const configuration = new Configuration({
  basePath: KALSHI_API_BASE_URL, apiKey: KALSHI_API_KEY_ID, privateKeyPath: KALSHI_PRIVATE_KEY_PATH })
const order = {
  ticker: "RAIN-1", side: "bid", count: "2.00", price: "0.4500",
  time_in_force: "good_till_canceled", self_trade_prevention_type: "taker_at_cross" }
new OrdersApi(configuration).createOrderV2(order).then(({ data }) => console.log(data.order_id))
"""
    ),
}
