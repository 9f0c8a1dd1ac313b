"""Lists SignalPlus' own rules for servers, beyond its API document."""

from mockexchange.kit.checks import Check
from mockexchange.kit.signalplus.checks import calls, positions, signatures
from mockexchange.kit.target import Target

CHECKS: tuple[Check[Target], ...] = (*calls.CHECKS, *signatures.CHECKS, *positions.CHECKS)
