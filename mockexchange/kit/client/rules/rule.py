"""Defines the type of a rule about a client's traffic."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from mockexchange.kit.client.api_documents import ApiDocuments
from mockexchange.kit.client.traffic import Traffic
from mockexchange.kit.findings import Finding

REPEATS_SHOWN_MAX = 3
"""The most findings of one rule in a run, since the same mistake on a thousand requests is one mistake."""


class NotSeen(Exception):
    """Raised by a rule if the client sent nothing to which it applies. The message names what is missing."""


class Rule(NamedTuple):
    """A rule about a client's traffic.

    `judge` yields findings, or raises NotSeen. With `is_advice` its findings are notes that break no test card.
    """

    name: str
    description: str
    judge: Callable[[Traffic, ApiDocuments], Iterator[Finding]]
    is_advice: bool = False
