"""pykalshi 2.0.0 as an adapter."""

from contracts.clients.adapting import BY_ITSELF, Program, serve_adapter
from contracts.clients.neutral import Driver
from contracts.clients.order_tasks_pykalshi import CALLS
from contracts.clients.pykalshi_2 import METHODS, connect, offered
from contracts.clients.stream_pykalshi_2 import PykalshiStream

if __name__ == "__main__":
    driver = Driver(connect, METHODS, offered)
    dates = ("compat", "2026-02", "2026-04", "2026-06", "2026-10")
    serve_adapter(Program("pykalshi", "2.0.0", driver, BY_ITSELF, PykalshiStream, dates, CALLS))
