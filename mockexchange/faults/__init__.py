"""Faults: rules that disturb what crosses the wire, never the state of the exchange.

A rule looks for requests, handshakes or frames and counts what it finds; on some of it it fires. Its dice are a
function of the seed, its name and that count, so a run can be repeated. Installing and removing is logged, firing is
journalled.
"""

from mockexchange.faults.registry import FaultError, Faults

__all__ = ["FaultError", "Faults"]
