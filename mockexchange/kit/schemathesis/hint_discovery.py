"""Finds existing names for generated requests, by reading the server's lists."""

from mockexchange.kit.schemathesis.hints import Names, operations_of, parameters_of
from mockexchange.kit.target import NotJudged, Target

NAMES_MAX = 5
"""The most names for each parameter; requests are spread over them."""


def discover_names(target: Target) -> Names:
    """Return existing values for path variables and for query parameters that expect a name, by parameter.

    Raises Unreachable.
    """
    found = {}
    for name in sorted(name_parameters(target)):
        try:
            found[name] = list(target.known(name))[:NAMES_MAX]
        except NotJudged:
            continue
    return found


def name_parameters(target: Target) -> set[str]:
    """Return the parameters that expect a name: path variables, and those that the venue's facts list."""
    document = target.document
    listed = [one for operation in operations_of(document) for one in parameters_of(document, operation)]
    return {one["name"] for one in listed if one["in"] == "path" or one["name"] in target.venue.facts.names}
