"""Faults of keys, signatures, bounds, statuses and error messages."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from msgspec.structs import replace as changed

from contracts.suites.planted.planting import Planter, fault
from mockexchange.core.queries import lists
from mockexchange.venues.kalshi import authentication, rest, routes, signatures
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.resources import orders, positions, row_owner
from mockexchange.venues.kalshi.resources.call import AccountOperation, Operation
from mockexchange.venues.registry import DEFAULT
from mockexchange.venues.request import Answer

WINDOW_US = 3_600_000_000


def one_route_needs_no_key(planter: Planter) -> None:
    def make(authenticate: Any) -> Any:
        def let_in(state: Any, *given: Any) -> Any:
            reply: Answer = given[-1]
            try:
                return authenticate(state, *given)
            except Rejected:
                if reply.operation != "GetOrderGroups":
                    raise
                return next(iter(state.keys.values()))

        return let_in

    planter.function(authentication.authenticate, make)


def timestamps_of_the_last_hour_are_fresh(planter: Planter) -> None:
    planter.member(
        authentication,
        "check_window",
        lambda check: lambda timestamp, now, past_us, future_us: check(timestamp, now, WINDOW_US, future_us),
    )


def another_padding_is_accepted(planter: Planter) -> None:
    def make(verify: Any) -> Any:
        def verify_either(key: Any, signature: bytes, message: bytes) -> str:
            try:
                key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
            except InvalidSignature:
                return str(verify(key, signature, message))
            return "good"

        return verify_either

    planter.function(signatures.verify, make)


def query_is_signed(planter: Planter) -> None:
    planter.function(signatures.signed_message, lambda before: _signed_with_query)


def _signed_with_query(timestamp: str, request: Any) -> bytes:
    target = request.path + (f"?{request.query}" if request.query else "")
    return f"{timestamp}{request.method}{target}".encode("latin-1")


def signed_query_is_accepted_too(planter: Planter) -> None:
    def make(authenticate: Any) -> Any:
        def authenticate_either(state: Any, settings: Any, request: Any, *given: Any) -> Any:
            try:
                return authenticate(state, settings, request, *given)
            except Rejected:
                if not request.query:
                    raise
                whole = changed(request, path=f"{request.path}?{request.query}")
                return authenticate(state, settings, whole, *given)

        return authenticate_either

    planter.function(authentication.authenticate, make)


def writes_are_never_late(planter: Planter) -> None:
    """Verify a write by the time that it names."""

    def make(authenticate: Any) -> Any:
        def believe(
            state: Any, settings: Any, request: Any, credentials: Any, at: int, host_at: int, reply: Any
        ) -> Any:
            if request.method != "GET" and (credentials.timestamp or "").isdigit():
                host_at = int(credentials.timestamp) * 1_000
            return authenticate(state, settings, request, credentials, at, host_at, reply)

        return believe

    planter.function(authentication.authenticate, make)


def signed_as(method: str, other: str) -> Callable[[Planter], None]:
    """Verify requests of a method, if their signature is wrong, as if they were of the other method."""

    def plant(planter: Planter) -> None:
        def make(authenticate: Any) -> Any:
            def authenticate_either(state: Any, settings: Any, request: Any, *given: Any) -> Any:
                try:
                    return authenticate(state, settings, request, *given)
                except Rejected:
                    if request.method != method:
                        raise
                    return authenticate(state, settings, changed(request, method=other), *given)

            return authenticate_either

        planter.function(authentication.authenticate, make)

    return plant


def deletions_need_no_signature(planter: Planter) -> None:
    def make(authenticate: Any) -> Any:
        def let_in(state: Any, settings: Any, request: Any, *given: Any) -> Any:
            try:
                return authenticate(state, settings, request, *given)
            except Rejected:
                if request.method != "DELETE":
                    raise
                return next(iter(state.keys.values()))

        return let_in

    planter.function(authentication.authenticate, make)


def others_orders_can_be_read(planter: Planter) -> None:
    planter.member(orders, "named_order", lambda before: lambda call: call.state.orders[call.path_params["order_id"]])


def rows_of(owner: str) -> Callable[[Planter], None]:
    """Show another account's trades to the account `neighbour`."""

    def plant(planter: Planter) -> None:
        planter.function(
            lists.find_fills,
            lambda find: lambda state, account, query: find(state, owner if account == "neighbour" else account, query),
        )

    return plant


def restricted_key_reads_the_account(planter: Planter) -> None:
    planter.member(AccountOperation, "admits_restricted", lambda before: lambda operation, api_date: True)


def restricted_key_reads_another_book(planter: Planter) -> None:
    planter.function(row_owner.requested_subaccount, lambda before: _any_subaccount)


def _any_subaccount(call: Any) -> str | None:
    asked = call.params.get("subaccount")
    return call.key.subaccount if asked is None else str(asked)


def restricted_key_sees_the_parts(planter: Planter) -> None:
    planter.answers(
        "GetBalance",
        lambda body: body.setdefault("balance_breakdown", [{"balance": body["balance_dollars"], "exchange_index": 0}]),
    )


def scopes_are_not_checked(planter: Planter) -> None:
    def make(authenticate: Any) -> Any:
        return lambda *given: changed(authenticate(*given), scopes=DEFAULT.auth.scopes)

    planter.function(authentication.authenticate, make)


def plain_member_reads_what_is_for_fcms(planter: Planter) -> None:
    planter.member(rest, "answer_plain_member", lambda before: lambda operation, *given: operation.empty or b"{}")


def bound_key_reads_another_subtrader(planter: Planter) -> None:
    planter.function(row_owner.requested_subtrader, lambda before: _any_subtrader)


def _any_subtrader(call: Any) -> str | None:
    asked = str(call.params.get("subtrader_id") or "")
    subaccount: str | None = call.key.subaccount
    return asked.rpartition("_")[2] or subaccount


def limit_may_be_one_larger(planter: Planter) -> None:
    planter.parameter("GetFills", "limit", maximum=1001)


def limit_may_be_zero(planter: Planter) -> None:
    planter.parameter("GetPositions", "limit", minimum=0)


def largest_limit_is_refused(planter: Planter) -> None:
    planter.parameter("GetOrders", "limit", maximum=999)


def largest_limit_breaks_the_server(planter: Planter) -> None:
    def make(answer: Any) -> Any:
        def break_down(context: Any, request: Any, *given: int) -> Answer:
            reply: Answer = answer(context, request, *given)
            if "limit=1000" in request.query.split("&"):
                reply.status, reply.body = 500, b"{}"
            return reply

        return break_down

    planter.function(rest.answer, make)


def repeated_parameter_breaks_the_server(planter: Planter) -> None:
    planter.error(Situation.REPEATED, status=500)


def unknown_name_is_a_good_request(planter: Planter) -> None:
    planter.error(Situation.NOT_FOUND, status=400)


def forbidden_is_not_found(planter: Planter) -> None:
    planter.error(Situation.FORBIDDEN, status=404)


def error_has_another_text(planter: Planter) -> None:
    planter.error(Situation.OUT_OF_BOUNDS, message="limit is out of bounds")


def error_is_of_another_date(planter: Planter) -> None:
    planter.error(Situation.NOT_FOUND, service="query-exchange")


def error_has_another_code(planter: Planter) -> None:
    planter.error(Situation.TIMESTAMP_EXPIRED, code="authentication_error", message="authentication_error")


def wrong_choices_are_taken(planter: Planter) -> None:
    planter.parameter("GetPositions", "settlement_status", choices=())
    planter.member(positions, "SETTLED_BY_STATUS", lambda settled: defaultdict(lambda: None, settled))


def required_name_is_optional(planter: Planter) -> None:
    planter.function(
        row_owner.requested_subtrader, lambda asked: lambda call: asked(call) or next(iter(call.account.subaccounts))
    )


def body_is_called_text(planter: Planter) -> None:
    named = ((name, b"text/plain" if name == b"content-type" else value) for name, value in DEFAULT.rest.headers)
    planter.venue(DEFAULT.name, rest=changed(DEFAULT.rest, headers=tuple(named)))


def allow_is_missing(planter: Planter) -> None:
    def edit(reply: Answer) -> None:
        if reply.status == 405:
            reply.headers = ()

    planter.replies(edit)


def other_methods_are_taken_for_reads(planter: Planter) -> None:
    planter.member(routes, "READ_METHODS", lambda before: {**before, "PATCH": "GET"})


def old_writes_are_still_there(planter: Planter) -> None:
    planter.member(Operation, "is_retired", lambda before: lambda operation, api_date: False)


def unknown_path_is_empty(planter: Planter) -> None:
    planter.error(Situation.NO_ROUTE, status=200)


REFUSALS = (
    fault("one route needs no key", "signatures.each_read", one_route_needs_no_key),
    fault(
        "a timestamp may be an hour old", "stream.refusals signatures.refused", timestamps_of_the_last_hour_are_fresh
    ),
    fault("PKCS#1 v1.5 is accepted", "signatures.refused", another_padding_is_accepted),
    fault("the query is part of what is signed", "reads.answered", query_is_signed),
    fault("a signed query is accepted too", "signatures.refused", signed_query_is_accepted_too),
    fault("a write is never late", "signatures.each_write", writes_are_never_late),
    fault("a signature for a read is one for a change", "signatures.each_write", signed_as("PUT", "GET")),
    fault("a signature for a read is one for a new order", "signatures.each_write", signed_as("POST", "GET")),
    fault("who cancels needs no signature", "signatures.each_write writes.refused", deletions_need_no_signature),
    fault("another account's order can be read", "keys.others_items", others_orders_can_be_read),
    fault("a member's rows are listed for another", "keys.others_rows", rows_of("member")),
    fault("an FCM's rows are listed for a member", "keys.others_rows", rows_of("desk")),
    fault("a restricted key reads the whole account", "keys.restricted_account", restricted_key_reads_the_account),
    fault("a restricted key reads another book", "keys.restricted_book", restricted_key_reads_another_book),
    fault("a restricted key sees the parts", "keys.restricted_breakdown", restricted_key_sees_the_parts),
    fault("scopes are not checked", "keys.scopes", scopes_are_not_checked),
    fault("a plain member reads what is for FCMs", "keys.plain_member", plain_member_reads_what_is_for_fcms),
    fault("a bound key reads another subtrader", "keys.bound_other", bound_key_reads_another_subtrader),
    fault("a limit may be one larger", "parameters.bounds", limit_may_be_one_larger),
    fault("a limit may be zero", "parameters.bounds", limit_may_be_zero),
    fault("the largest limit is refused", "pages.partition parameters.bounds", largest_limit_is_refused),
    fault(
        "the largest limit breaks the server", "answers.documented parameters.bounds", largest_limit_breaks_the_server
    ),
    fault("a repeated parameter breaks the server", "parameters.repeated", repeated_parameter_breaks_the_server),
    fault("what is not found is a bad request", "kalshi.queue_of_one refusals.words", unknown_name_is_a_good_request),
    fault("what is forbidden is not found", "keys.plain_member refusals.words", forbidden_is_not_found),
    fault("an error has another text", "answers.documented refusals.words", error_has_another_text),
    fault("an error is of another date", "answers.documented refusals.words", error_is_of_another_date),
    fault("an error has another code", "answers.documented refusals.words", error_has_another_code),
    fault("any word is a choice", "answers.documented parameters.choices", wrong_choices_are_taken),
    fault(
        "a required name is optional",
        "parameters.required keys.bound_own refusals.words requests.as_sent",
        required_name_is_optional,
    ),
    fault("JSON is called text", "answers.documented", body_is_called_text),
    fault("Allow is missing", "methods.refused", allow_is_missing),
    fault(
        "PATCH is taken for GET", "methods.refused schemathesis.unsupported_method", other_methods_are_taken_for_reads
    ),
    fault("old writes are still there", "writes.refused", old_writes_are_still_there),
    fault("an unknown path is answered", "stream.paths routes.unknown", unknown_path_is_empty),
)
