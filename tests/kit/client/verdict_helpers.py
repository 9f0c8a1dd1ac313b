"""Running the judges of the kit on the clients of the tests."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mockexchange.kit.client.adapter import Adapter
from mockexchange.kit.client.adapter_mode import Judge
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.local_exchange import Exchange, exchange
from tests.house.checkout import ROOT


class Bench:
    """An exchange, and a client that reads everything right, or has the fault that is asked for."""

    def __init__(self, running: Exchange, adapter: Adapter, fault_file: Path) -> None:
        self.exchange, self.adapter, self._fault_file = running, adapter, fault_file

    def give(self, fault: str) -> None:
        """Let the client have a fault from now on."""
        self._fault_file.write_text(fault, encoding="utf-8")

    def judged(self, judge: Judge, fault: str = "") -> list[Finding]:
        self.give(fault)
        return list(judge(self.adapter, self.exchange, KALSHI))


@contextmanager
def bench(directory: Path) -> Iterator[Bench]:
    fault_file = directory / "fault"
    command = [sys.executable, "-m", "tests.kit.client.mirror", str(fault_file)]
    with exchange() as running, Adapter(command, task_s_max=60, directory=ROOT) as adapter:
        yield Bench(running, adapter, fault_file)


def summaries_of(findings: list[Finding]) -> list[tuple[str, str, str, str]]:
    """Rule, where, seen and expected of findings."""
    return [(one.rule, one.where, one.seen, one.expected) for one in findings]
