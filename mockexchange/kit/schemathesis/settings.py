"""Makes the configuration of schemathesis: its phases, its checks, and what makes runs reproducible."""

from mockexchange.kit.schemathesis.hints import SchemathesisHints, SchemathesisSettings, operation_ids, operations_of
from mockexchange.kit.validation.schemas import resolved
from mockexchange.runtime.api_documents import Document

PHASES = ("examples", "coverage", "fuzzing", "stateful")
CHAIN_STEPS_MAX = 40
"""The most requests in a chain; in short chains few requests follow a link."""
CHAINS_MAX = 10
"""The number of chains, which are generated for all operations together."""
TIMEOUT_S = 120
"""The timeout of an answer in seconds; a rate-limited client may delay a request for long."""
UNSENDABLE_IN_HEADERS = "".join(map(chr, (*range(0x20), 0x7F)))
"""Characters that HTTP headers cannot have, and that clients refuse to send."""
METHODS_TRIED = ["get", "put", "post", "delete", "options", "patch", "trace"]


def settings(
    hints: SchemathesisHints, tested: frozenset[str], *, is_brief: bool, may_write: bool, examples: int, seed: int
) -> SchemathesisSettings:
    """Return the configuration of schemathesis for the operations with the ids in `tested`.

    A brief run leaves out the coverage phase, which tries boundary values.
    """
    alone = {"extra-data-sources": {"responses": False}}  # else requests depend on the answers before them
    return {
        "seed": seed,
        "cache": {"enabled": False},
        "analysis": {"constants": {"enabled": False}},
        "request-timeout": TIMEOUT_S,
        "dictionaries": {name: {"values": list(values)} for name, values in hints.values.items()},
        "parameters": {name: {"dictionary": name, "probability": 0.5} for name in hints.values},
        "generation": _generation(examples),
        "checks": _checks(may_write),
        "operations": _operations(tested, hints),
        "phases": {
            "examples": {"fill-missing": True, **alone},
            "coverage": {
                "enabled": not is_brief,
                "generate-duplicate-query-parameters": True,
                "unexpected-methods": METHODS_TRIED if may_write else [],
                **alone,
            },
            "fuzzing": {"error-feedback": {"enabled": False}, **alone},
            "stateful": {
                "enabled": has_links(hints.document),
                "max-steps": CHAIN_STEPS_MAX,
                "generation": _generation(min(examples, CHAINS_MAX)),
                "inference": {"algorithms": []},  # the links that are documented, and no guesses
                "link-calibration": False,
            },
        },
    }


def _generation(examples: int) -> SchemathesisSettings:
    return {
        "mode": "all",
        "max-examples": examples,
        "deterministic": True,
        "database": "none",
        "exclude-header-characters": UNSENDABLE_IN_HEADERS,
    }


def _checks(may_write: bool) -> SchemathesisSettings:
    return {
        "positive_data_acceptance": {"expected-statuses": ["2xx"]},
        "negative_data_rejection": {"expected-statuses": ["400", "401", "404"]},
        "missing_required_header": {"expected-statuses": ["401"]},
        "unsupported_method": {"enabled": may_write},
    }


def _operations(tested: frozenset[str], hints: SchemathesisHints) -> list[SchemathesisSettings]:
    """Return settings for the operations that need some, those with equal ones together.

    schemathesis goes through all of them several times for each request, which takes time.
    """
    left_out = [name for name in operation_ids(hints.document) if name not in tested]
    found: list[tuple[SchemathesisSettings, list[str]]] = [({"enabled": False}, left_out)] if left_out else []
    for name in sorted(tested & hints.checks.keys()):
        own: SchemathesisSettings = {"checks": hints.checks[name]}
        same = next((names for known, names in found if known == own), None)
        if same is None:
            found.append((own, [name]))
        else:
            same.append(name)
    return [{"include-operation-id": names, **own} for own, names in found]


def has_links(document: Document) -> bool:
    """Return whether any documented response has OpenAPI links to further operations."""
    answers = [answer for operation in operations_of(document) for answer in operation.node["responses"].values()]
    return any("links" in resolved(document, answer) for answer in answers)
