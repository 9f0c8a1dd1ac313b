"""Lists the rules about the traffic of a client, by name. Each yields a finding for each violation."""

from mockexchange.kit.client.rules import calls, pages, retries, signing, streams
from mockexchange.kit.client.rules.rule import NotSeen, Rule

__all__ = ["RULES", "NotSeen", "Rule"]

RULES: dict[str, Rule] = {rule.name: rule for part in (signing, calls, pages, retries, streams) for rule in part.RULES}
