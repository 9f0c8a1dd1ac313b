"""Names that a person tells: each has to be one that something is asked for by."""

from difflib import get_close_matches

from mockexchange.kit.schemathesis.hint_discovery import name_parameters
from mockexchange.kit.server.preflight import CannotJudge
from mockexchange.kit.target import Target


def require_names(target: Target) -> None:
    """Raise CannotJudge for a name that nothing is asked for by: most likely it is misspelt."""
    known = sorted({*name_parameters(target), *target.venue.facts.needs})
    for name in target.names:
        if name not in known:
            nearest = get_close_matches(name, known, 1)
            words = f"did you mean {nearest[0]}?" if nearest else f"there are {', '.join(known)}"
            raise CannotJudge(f"--name {name}: nothing is asked for by that name: {words}")
