"""Finds the names that a generator of requests has to be told, by reading the target's lists."""

from mockexchange.kit.schemathesis.hints import Names, operations_of, parameters_of
from mockexchange.kit.target import NotJudged, Target

NAMES_MAX = 5
"""Of each parameter: requests are spread over them."""


def discover_names(target: Target) -> Names:
    """Return values that exist for the variables of paths and for what queries name, where there are any.

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
    """Return the parameters that take a name: variables of paths, and those that the venue knows how to find."""
    document = target.document
    listed = [one for asked in operations_of(document) for one in parameters_of(document, asked)]
    return {one["name"] for one in listed if one["in"] == "path" or one["name"] in target.venue.facts.names}
