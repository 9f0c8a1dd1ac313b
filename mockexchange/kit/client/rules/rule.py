"""What a rule is."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from mockexchange.kit.client.api_documents import ApiDocuments
from mockexchange.kit.client.traffic import Traffic
from mockexchange.kit.findings import Finding

REPEATS_SHOWN_MAX = 3
"""The same mistake on a thousand requests is one mistake."""


class NotSeen(Exception):
    """Nothing crossed the wire that the rule could be judged by; the message says what was missing."""


class Rule(NamedTuple):
    """`judge` yields findings, or raises NotSeen. `is_advice`: what it finds breaks nothing."""

    name: str
    says: str
    judge: Callable[[Traffic, ApiDocuments], Iterator[Finding]]
    is_advice: bool = False
