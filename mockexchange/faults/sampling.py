"""Selects, by probability, those matches of a rule on which the rule fires."""

import hashlib

from mockexchange.scenario.faults.fault_effects import PROBABILITY_UNIT

DIGEST_BYTES = 8


def fires(seed: int, rule: str, ordinal: int, probability_ppm: int) -> bool:
    """Return whether the rule's match number `ordinal` (from 1 on) is one of `probability_ppm` in a million.

    The result depends only on the seed, the rule and the number, so every run samples the same matches.
    """
    digest = hashlib.blake2b(f"{seed}\n{rule}\n{ordinal}".encode(), digest_size=DIGEST_BYTES).digest()
    return int.from_bytes(digest, "big") * PROBABILITY_UNIT >> (8 * DIGEST_BYTES) < probability_ppm
