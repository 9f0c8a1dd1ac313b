"""kalshi-python-sync 3.34.0, the official client, as an adapter. It has no stream."""

from contracts.clients.adapting import BY_HAND, Program, serve_adapter
from contracts.clients.neutral import Driver
from contracts.clients.official import connect, reads_of
from contracts.clients.official_3_34 import FAMILIES, METHODS
from contracts.clients.order_tasks_official import CALLS

if __name__ == "__main__":
    driver = Driver(connect, METHODS, reads_of(FAMILIES))
    dates = ("compat", "2026-10")
    serve_adapter(Program("kalshi-python-sync", "3.34.0", driver, BY_HAND, api_dates=dates, orders=CALLS))
