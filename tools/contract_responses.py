"""The statuses, headers and security schemes that all documents share."""

from typing import Any

from tools.contract_facts import Node

SECURITY: list[Node] = [{"accessKey": [], "accessSignature": [], "accessTimestamp": []}]
"""One requirement with three members: all three headers are needed."""


def response(words: str, schema: Node, example: Any) -> Node:
    return {"description": words, "content": {"application/json": {"schema": schema, "example": example}}}


ALLOW = {"required": True, "schema": {"type": "string", "pattern": "(^|, *)GET($|,)"}, "example": "GET, HEAD"}
MORE_STATUSES = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    503: "ServiceUnavailable",
    504: "GatewayTimeout",
}
COMMON_RESPONSES = {
    "BadRequest": ("Documented, though there is no parameter that could be wrong.", "BadRequestError"),
    "Unauthorized": ("Headers, key, timestamp or signature were not accepted.", "AuthenticationError"),
    "Forbidden": ("The key is good but may not do this.", "PermissionDeniedError"),
    "NotFound": ("No such thing, or none of this account's.", "NotFoundError"),
    "UnknownRoute": ("No such route; belongs to no operation.", "UnknownRouteError"),
    "MethodNotAllowed": ("The path exists, the method does not.", "MethodNotAllowedError"),
    "OrderRefused": ("The request is wrong, or the order may not be placed or changed like that.", "OrderRefusedError"),
    "OrderNotFound": ("No such market, order or group, or it does not rest any more.", "OrderNotFoundError"),
    "OrderConflict": ("A name was used before, nothing to fill it with, or no trading now.", "OrderConflictError"),
    "QuoteRefused": ("The request is wrong or cannot be carried out.", "QuoteRefusedError"),
    "WriteRefused": ("The request is wrong or cannot be carried out.", "WriteRefusedError"),
    "WriteForbidden": ("The key is good but may not do this, or the account may not.", "WriteForbiddenError"),
    "WriteNotFound": ("No such thing, or none of this account's.", "WriteNotFoundError"),
    "WriteConflict": ("It was done or made before.", "WriteConflictError"),
    "RetiredWrite": ("There is a newer operation for this.", "RetiredWriteError"),
    "TooManyRequests": ("Over the rate limit. No Retry-After, no rate headers.", "TooManyRequestsError"),
    "InternalServerError": ("The venue failed. Documented for each operation, never recorded.", "InternalServerError"),
    "ServiceUnavailable": ("The venue is down.", "ServiceUnavailableError"),
    "GatewayTimeout": ("The venue did not answer in time. Documented without a body.", ""),
}
SIGNATURE_WORDS = (
    "Padded standard base64 of the signature over timestamp, upper-case method and raw path with the server's prefix, "
    "without query, nothing between them."
)
SECURITY_SCHEMES = {
    scheme: {"type": "apiKey", "in": "header", "name": f"KALSHI-ACCESS-{header}", "description": words}
    for scheme, header, words in (
        ("accessKey", "KEY", "The key id, a UUID."),
        (
            "accessSignature",
            "SIGNATURE",
            SIGNATURE_WORDS,
        ),
        ("accessTimestamp", "TIMESTAMP", "Unix milliseconds in decimal."),
    )
}
