"""Rules over what crossed the wire, by name: each yields what is against a document or a fact."""

from mockexchange.kit.client.rules import calls, pages, retries, signing, streams
from mockexchange.kit.client.rules.rule import NotSeen, Rule

__all__ = ["RULES", "NotSeen", "Rule"]

RULES: dict[str, Rule] = {rule.name: rule for part in (signing, calls, pages, retries, streams) for rule in part.RULES}
