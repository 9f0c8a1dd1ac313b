"""Learns from repeated requests which values a venue changes by itself, and which words the mock uses."""

import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from mockexchange.venues.json_comparison import class_of, leaves

CHARS_MAX = 4 * 1024 * 1024
"""The most characters of answers that are held to be compared with the next ones; the oldest are dropped."""
NUMBER = re.compile(r"\[\d+\]")


class Answers(NamedTuple):
    """The bodies that the venue and the mock returned for the same request."""

    recorded: str
    emulated: str

    @property
    def chars(self) -> int:
        return len(self.recorded) + len(self.emulated)


@dataclass(slots=True)
class Learnt:
    """Values that change at the venue without a recorded reason (`noise`), and the mock's enumeration words (`words`).

    Both are by operation and path.
    """

    noise: set[tuple[str, str]] = field(default_factory=set)
    words: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    _last: dict[str, Answers] = field(default_factory=dict)
    """The last answers by request, the oldest first."""
    _chars: int = 0

    def add(self, operation: str, target: str, now: Answers) -> None:
        """Learn from the answers to a request, and from what differs from the last answers to the same one."""
        # Hold answers in place of the last ones to the same request, and return those.
        before = self._last.pop(target, None)
        self._chars += now.chars - (before.chars if before else 0)
        self._last[target] = now
        while self._chars > CHARS_MAX:
            self._chars -= self._last.pop(next(iter(self._last))).chars
        if before is None or before.emulated != now.emulated:
            for path, value in leaves(json.loads(now.emulated)):
                if class_of(value) == "word":
                    self.words[operation, NUMBER.sub("[]", path)].add(value)
        if before is not None and before.recorded != now.recorded:
            self._add_noise(operation, before, now)

    def _add_noise(self, operation: str, before: Answers, now: Answers) -> None:
        was, wanted = (dict(leaves(json.loads(one.recorded))) for one in (before, now))
        had, got = (dict(leaves(json.loads(one.emulated))) for one in (before, now))
        for path in wanted.keys() & was.keys() & got.keys() & had.keys():
            if wanted[path] != was[path] and got[path] == had[path]:
                self.noise.add((operation, NUMBER.sub("[]", path)))
