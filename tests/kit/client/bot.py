"""A command for the tests: it carries out its arguments with the settings of the environment, as a user's bot would."""

import os
import socket
import sys
from contextlib import suppress
from pathlib import Path
from threading import Event
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

sys.path.insert(0, str(Path(__file__).parents[3]))

from contracts.clients.examples.careful_client import Client, Refused

NAMES = ("KALSHI_API_BASE_URL", "KALSHI_WS_URL", "KALSHI_API_KEY_ID", "KALSHI_PRIVATE_KEY_PATH")
WAIT_S = 60.0


def positions() -> None:
    Client(*map(os.environ.__getitem__, NAMES)).rows("/portfolio/positions", "market_positions", "ticker")


def first_page() -> None:
    """The mistake: rows on further pages are lost."""
    Client(*map(os.environ.__getitem__, NAMES)).get("/portfolio/positions")


def poll() -> None:
    """Ask for ever."""
    client = Client(*map(os.environ.__getitem__, NAMES))
    while True:
        client.get("/portfolio/balance")


def poll_and_tell() -> None:
    """The same, and write to a file, after twenty answers, the port on which a child process listens."""
    listener = socket.create_server(("127.0.0.1", 0))
    client = Client(*map(os.environ.__getitem__, NAMES))
    for _ in range(20):
        client.get("/portfolio/balance")
    with Path(os.environ["KIT_TOLD"]).open("w") as told:
        told.write(f"{listener.getsockname()[1]}\n")
    poll()


def hang() -> None:
    """Ask once, and then do nothing for ever."""
    first_page()
    Event().wait(WAIT_S)


def unsigned() -> None:
    """The mistake: it sends a key, and signs nothing."""
    request = Request(os.environ["KALSHI_API_BASE_URL"] + "/portfolio/positions")
    request.add_header("KALSHI-ACCESS-KEY", os.environ["KALSHI_API_KEY_ID"])
    with suppress(HTTPError), urlopen(request):
        pass


def listen() -> None:
    Client(*map(os.environ.__getitem__, NAMES)).listen("market_positions", [], 1, 2.0)


def listen_on() -> None:
    Client(*map(os.environ.__getitem__, NAMES)).listen("market_positions", [], 9, 1.5)


def crowd() -> None:
    """Open far more connections than anybody needs."""
    parts = urlsplit(os.environ["KALSHI_API_BASE_URL"])
    kept = [socket.create_connection((parts.hostname, parts.port)) for _ in range(1_000)]
    Event().wait(WAIT_S)
    print(len(kept))  # noqa: T201  # so that they are kept


def order() -> None:
    """Send an order, and once more where that fails."""
    client = Client(*map(os.environ.__getitem__, NAMES))
    for _ in range(2):
        client.connection.request("POST", urlsplit(client.base_url).path + "/portfolio/orders", body=b"{}")
        response = client.connection.getresponse()
        response.read()
        if response.status < 500:
            break


def order_blindly() -> None:
    """The mistake: an order whose answer was lost is sent again under another id."""
    send_order("first", "second")


def order_again() -> None:
    """Send an order whose answer was lost again under its id."""
    send_order("first", "first")


def send_order(*client_order_ids: str) -> None:
    client = Client(*map(os.environ.__getitem__, NAMES))
    wanted = {"ticker": "KXKIT-A", "side": "bid", "count": "1.00", "price": "0.1000"}
    words = {"time_in_force": "good_till_canceled", "self_trade_prevention_type": "taker_at_cross"}
    for client_order_id in client_order_ids:
        with suppress(Refused):
            body = {**wanted, **words, "client_order_id": client_order_id}
            client.once(client.base_url + "/portfolio/events/orders", "POST", body)
            break


def silent() -> None:
    print("nothing to do")  # noqa: T201  # what its message quotes
    sys.exit(3)


def fussy() -> None:
    """End with an error over a field that it does not know."""
    if "novelty" in Client(*map(os.environ.__getitem__, NAMES)).get("/portfolio/positions"):
        print("a novelty!")  # noqa: T201  # what its message quotes
        sys.exit(7)


def brittle() -> None:
    """End with an error where anything is disturbed."""
    try:
        Client(*map(os.environ.__getitem__, NAMES)).get("/portfolio/positions")
    except Refused:
        sys.exit(1)


DEEDS = {
    deed.__name__: deed
    for deed in (
        *(positions, first_page, poll, poll_and_tell, hang, unsigned),
        *(listen, listen_on, crowd, order, order_blindly, order_again, silent, brittle, fussy),
    )
}

if __name__ == "__main__":
    for word in sys.argv[1:]:
        DEEDS[word]()
