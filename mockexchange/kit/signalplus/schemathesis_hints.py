"""Gives schemathesis what the API document lacks to generate valid requests to SignalPlus."""

import copy
from collections.abc import Collection

from mockexchange.kit.schemathesis.hints import Names, SchemathesisHints, mark_posts_as_reads
from mockexchange.kit.signalplus.signing import role_of
from mockexchange.runtime.api_documents import Document

SUBACCOUNT = "subaccountId"


def make_hints(
    document: Document, names: Names, roles: Collection[str], *, must_answer: bool = False
) -> SchemathesisHints:
    """Return hints with which schemathesis generates valid requests; `names` has the numbers of subaccounts."""
    document = copy.deepcopy(document)
    mark_posts_as_reads(document)
    known = [int(one) for one in names.get(SUBACCOUNT, ["0"])]
    body = document["paths"]["/private/get_positions"]["post"]["requestBody"]["content"]["application/json"]
    schema = {"oneOf": [{"type": "integer", "enum": known}, {"type": "null"}]}
    body["schema"]["properties"]["params"]["properties"][SUBACCOUNT] = schema
    body["example"]["params"][SUBACCOUNT] = known[0]
    return SchemathesisHints(
        document=document,
        role_of=lambda node, path, query: role_of(node, path),
        must_answer=must_answer,
    )
