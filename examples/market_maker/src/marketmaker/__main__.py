"""`marketmaker TICKER`: quote a market until Ctrl-C, then cancel all quotes."""

import logging
import sys
import time
from contextlib import suppress

from marketmaker.kalshi import Kalshi
from marketmaker.maker import MarketMaker
from marketmaker.settings import Settings

STEP_S = 1.0

log = logging.getLogger("marketmaker")


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    if len(sys.argv) != 2:
        sys.exit("usage: marketmaker TICKER")
    kalshi = Kalshi(Settings.from_environment())
    maker = MarketMaker(kalshi, sys.argv[1], name=f"mm-{time.time_ns()}")
    with suppress(KeyboardInterrupt):
        while True:
            maker.step()
            log.info("position %s, %s quotes", maker.position, len(maker.orders))
            time.sleep(STEP_S)
    maker.cancel_all()
    kalshi.close()


if __name__ == "__main__":
    main()
