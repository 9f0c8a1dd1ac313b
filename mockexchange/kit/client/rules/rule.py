"""The type of a rule about traffic."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from mockexchange.kit.client.api_documents import ApiDocuments
from mockexchange.kit.client.traffic import Traffic
from mockexchange.kit.findings import Finding

REPEATS_SHOWN_MAX = 3
"""Findings of one rule in a run: the same mistake on a thousand requests is one mistake."""


class NotSeen(Exception):
    """The traffic has nothing to judge the rule by; the message names what is missing."""


class Rule(NamedTuple):
    """A rule about traffic. `judge` yields findings or raises NotSeen. With `is_advice` findings become notes."""

    name: str
    says: str
    judge: Callable[[Traffic, ApiDocuments], Iterator[Finding]]
    is_advice: bool = False
