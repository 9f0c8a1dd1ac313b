"""Makes stubs that answer with the recorded bodies where the scenario does not reproduce an answer.

A stub answers every request that has its parameters, and perhaps others. So an answer that the scenario does reproduce
gets a stub too if another stub would match its request. So do all pages of a list if one page has a stub, since the
mock's cursors differ from the recorded ones.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

from mockexchange.importing.comparison import UNEXPLAINED
from mockexchange.importing.recorded_answers import Recorded, RecordedAnswer
from mockexchange.importing.verification import Verified

CURSOR = "cursor"
WILDCARDS = "*{}"
"""Characters of paths that have a special meaning in a stub's pattern."""
HEADERS = {"Content-Type": "application/json"}


class _Stubbed(NamedTuple):
    answer: RecordedAnswer
    path: str
    query: Mapping[str, str]
    cursor: str
    """Of the next page."""

    def answers(self, other: "_Stubbed") -> bool:
        """Return whether a stub of this request would answer another one, or has another page of its list."""
        if self.path != other.path:
            return False
        is_page = any(one.cursor and one.cursor == two.query.get(CURSOR) for one, two in ((self, other), (other, self)))
        return is_page or self.query.items() <= other.query.items()


def stubs_of(recorded: Recorded, verified: Iterable[Verified]) -> list[dict[str, Any]]:
    """Return stubs for the answers that the scenario does not reproduce, in the order of installation.

    Of several stubs that match a request, the last installed one answers.
    """
    known = [
        (_stubbed(recorded, one.answer), one.comparison.kind == UNEXPLAINED) for one in verified if not one.answer.body
    ]
    found = [one for one, is_unexplained in known if is_unexplained and not set(one.path) & set(WILDCARDS)]
    others = [one for one, is_unexplained in known if not is_unexplained]
    added = found
    while added:
        added = [one for one in others if any(stub.answers(one) for stub in added)]
        others = [one for one in others if one not in added]
        found += added
    return _written(recorded, found)


def _written(recorded: Recorded, found: Sequence[_Stubbed]) -> list[dict[str, Any]]:
    """Return stubs; of one request answered often, each but the last answers once."""
    stubs: list[dict[str, Any]] = []
    seen: set[str] = set()
    for one in sorted(found, key=lambda one: (len(one.query), -one.answer.at, -one.answer.line)):
        request = f"{one.path}?{sorted(one.query.items())}"
        stub: dict[str, Any] = {"name": f"line-{one.answer.line}", "request": f"GET {one.path}"}
        stub |= {"query": dict(one.query)} if one.query else {}
        stub |= {"times": 1} if request in seen else {}
        stubs.append({**stub, "headers": HEADERS, "text": recorded.text_of(one.answer).replace("$", "$$")})
        seen.add(request)
    return stubs


def _stubbed(recorded: Recorded, answer: RecordedAnswer) -> _Stubbed:
    body = json.loads(recorded.text_of(answer))
    query = dict(parse_qsl(answer.query, keep_blank_values=True))
    return _Stubbed(answer, unquote(answer.path), query, str(body.get(CURSOR) or ""))
