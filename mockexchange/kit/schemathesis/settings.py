"""How schemathesis runs: its phases, its checks, and what keeps a run the same each time."""

from mockexchange.kit.schemathesis.hints import SchemathesisHints, SchemathesisSettings, operation_ids, operations_of
from mockexchange.kit.validation.references import resolved
from mockexchange.runtime.api_documents import Document

PHASES = ("examples", "coverage", "fuzzing", "stateful")
CHAIN_STEPS_MAX = 40
"""Of requests that follow each other: in a short chain most of them begin it, and few follow a link."""
CHAINS_MAX = 10
"""They are made of all operations together, where the other phases generate examples for each."""
TIMEOUT_S = 120
"""For one answer: a client that keeps to a rate may let a request wait for long."""
UNSENDABLE_IN_HEADERS = "".join(map(chr, (*range(0x20), 0x7F)))
"""HTTP has no way to send them, and clients refuse to."""
METHODS_TRIED = ["get", "put", "post", "delete", "options", "patch", "trace"]


def settings(
    hints: SchemathesisHints, asked: frozenset[str], *, is_brief: bool, may_write: bool, examples: int, seed: int
) -> SchemathesisSettings:
    """Return what schemathesis is configured with: it asks the operations of the ids in `asked`.

    A brief run asks each of them, but not at every boundary.
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
        "operations": [_operation(name, asked, hints) for name in operation_ids(hints.document)],
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


def _operation(name: str, asked: frozenset[str], hints: SchemathesisHints) -> SchemathesisSettings:
    return {"include-operation-id": name, "enabled": name in asked, "checks": hints.checks.get(name, {})}


def has_links(document: Document) -> bool:
    """Whether any answer tells what may be asked next."""
    answers = [answer for asked in operations_of(document) for answer in asked.node["responses"].values()]
    return any("links" in resolved(document, answer) for answer in answers)
