"""One REST request from bytes to bytes: access to subaccounts, API dates, filters, pages and answers."""

import pytest

from mockexchange.core.commands import Deposit, OpenPosition, OpenSubaccount, RestOrder, SettleMarket
from mockexchange.core.vocabulary import Action, Result, Side, SubaccountRef
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.venues.kalshi import rest
from mockexchange.venues.kalshi.resources.call import QUERY_CHARS_CACHED_MAX
from mockexchange.venues.kalshi.resources.row_owner import subtrader_ids
from mockexchange.venues.kalshi.rest import TARGET_CHARS_MAX
from mockexchange.venues.request import Request
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import POSITIONS, PREFIX, SMALL, WALL, do, make
from tests.venues.kalshi import bodies
from tests.venues.kalshi.keyring import spell
from tests.venues.kalshi.rest_answers import ask, at, read, refusal, tickers, why

BALANCE = f"{PREFIX}/portfolio/balance"
FCM = f"{PREFIX}/fcm/positions"
SECOND = 1_000_000


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return make()


# --- books


@pytest.mark.parametrize(
    ("who", "query", "wanted"),
    [
        ("alice/main", "", ["HEAT-1", "RAIN-2", "RAIN-1"]),
        ("alice/main", "?subaccount=0", ["HEAT-1", "RAIN-2", "RAIN-1"]),
        ("alice/main", "?subaccount=3", []),
        ("bob/main", "", []),
        ("alice/only_3", "", []),
        ("alice/only_3", "?subaccount=3", []),
        ("desk/main", "", []),
        ("desk/st1", "", ["RAIN-1"]),
    ],
)
def test_a_key_sees_the_book_it_may_and_asks_for(sandbox: Sandbox, who: str, query: str, wanted: list[str]) -> None:
    answer = ask(sandbox, POSITIONS + query, who)
    assert tickers(answer) == wanted
    assert answer.findings == []


def test_a_subaccount_that_is_not_there_is_empty_and_told(sandbox: Sandbox) -> None:
    page, balance = ask(sandbox, f"{POSITIONS}?subaccount=5"), ask(sandbox, f"{BALANCE}?subaccount=5")
    assert (
        page.findings
        == balance.findings
        == ["alice has no subaccount 5: answered as an empty one; its subaccounts: 0, 3"]
    )
    assert page.body == bodies.EMPTY_PAGE
    assert read(balance)["balance_dollars"] == "0.0000"


def test_what_is_in_a_subaccount_is_seen_there_alone() -> None:
    sandbox = make()
    do(
        sandbox,
        OpenPosition(subaccount_ref=SubaccountRef("alice", "3"), market="RAIN-1", quantity_centis=-5, cost_micros=1),
    )
    assert tickers(ask(sandbox, f"{POSITIONS}?subaccount=3")) == tickers(ask(sandbox, who="alice/only_3")) == ["RAIN-1"]
    assert read(ask(sandbox, who="alice/only_3"))["market_positions"][0]["position_fp"] == "-0.05"
    assert read(ask(sandbox))["market_positions"][2]["position_fp"] == "10.00"


@pytest.mark.parametrize(
    ("target", "who", "words"),
    [
        (f"{POSITIONS}?subaccount=0", "alice/only_3", "key only_3 of alice is restricted to subaccount 3, asked for 0"),
        (f"{BALANCE}?subaccount=4", "alice/only_3", "key only_3 of alice is restricted to subaccount 3, asked for 4"),
        (POSITIONS, "alice/writer", "key writer of alice has scopes write: GetPositions needs read"),
        (
            BALANCE,
            "alice/writer",
            "key writer of alice has scopes write: GetBalance needs read or read::portfolio_balance",
        ),
        (f"{FCM}?subtrader_id=fcm7_st2", "desk/st1", "key st1 of desk is bound to subtrader st1, asked for 'fcm7_st2'"),
        (f"{FCM}?subtrader_id=nobody", "desk/st1", "key st1 of desk is bound to subtrader st1, asked for 'nobody'"),
        (FCM, "bob/main", "bob is a plain member: /fcm/positions needs an account of kind fcm"),
    ],
)
def test_what_a_key_may_not(sandbox: Sandbox, target: str, who: str, words: str) -> None:
    answer = ask(sandbox, target, who)
    assert refusal(answer) == at(bodies.FORBIDDEN)
    assert why(answer) == words


def test_a_child_scope_may_stand_alone() -> None:
    sandbox = make(SMALL.replace("{scopes: [write]}", "{scopes: ['read::portfolio_balance']}"))
    assert ask(sandbox, BALANCE, "alice/writer").status == 200
    assert refusal(ask(sandbox, POSITIONS, "alice/writer")) == at(bodies.FORBIDDEN)


def test_a_key_without_any_scope_may_nothing() -> None:
    sandbox = make(SMALL.replace("{scopes: [write]}", "{scopes: []}"))
    assert why(ask(sandbox, who="alice/writer")) == "key writer of alice has scopes none: GetPositions needs read"


def test_a_subtrader_is_asked_for_by_its_id(sandbox: Sandbox) -> None:
    assert tickers(ask(sandbox, f"{FCM}?subtrader_id=fcm7_st1", "desk/main")) == ["RAIN-1"]
    assert tickers(ask(sandbox, f"{FCM}?subtrader_id=fcm7_st2", "desk/main")) == []
    assert tickers(ask(sandbox, FCM, "desk/st1")) == ["RAIN-1"]
    assert tickers(ask(sandbox, f"{FCM}?subtrader_id=fcm7_st1", "desk/st1")) == ["RAIN-1"]


def test_an_id_given_by_the_scenario_is_taken_verbatim() -> None:
    text = SMALL.replace("st2: {}", "st2: {subtrader_id: fcm7_second}")
    sandbox = make(text)
    assert subtrader_ids(sandbox.exchange.state.accounts["desk"]) == {"st1": "fcm7_st1", "st2": "fcm7_second"}
    assert ask(sandbox, f"{FCM}?subtrader_id=fcm7_second", "desk/main").status == 200
    answer = ask(sandbox, f"{FCM}?subtrader_id=fcm7_st2", "desk/main")
    assert refusal(answer) == at(bodies.NOT_FOUND)
    assert why(answer) == "desk has no subtrader 'fcm7_st2'; its subtraders: fcm7_st1, fcm7_second"


def test_an_fcm_without_subtraders_has_none() -> None:
    sandbox = make("scenario: bare\naccounts: {desk: {kind: fcm}}\n")
    answer = ask(sandbox, f"{FCM}?subtrader_id=desk_st1", "desk/main")
    assert why(answer) == "desk has no subtrader 'desk_st1'; its subtraders: none"
    do(sandbox, OpenSubaccount(account="desk", subaccount="st1"))
    assert ask(sandbox, f"{FCM}?subtrader_id=desk_st1", "desk/main").status == 200


@each_row(
    ("setting", "wanted"),
    [("403", at(bodies.FORBIDDEN)), ("404", at(bodies.NOT_FOUND)), ("empty", (200, bodies.EMPTY_PAGE))],
)
def test_a_plain_member_among_fcms(setting: str, wanted: tuple[int, bytes]) -> None:
    answer = ask(make(SMALL + f'fcm: {{plain_member: "{setting}"}}\n'), FCM)
    assert refusal(answer) == wanted
    words = "alice is a plain member: /fcm/positions needs an account of kind fcm"
    assert (answer.findings or [why(answer)]) == [words]


# --- the balance


@pytest.mark.parametrize(
    ("who", "query", "cash", "value"),
    [
        ("alice/main", "", "92.9342", 706),
        ("alice/main", "?exchange_index=0", "93.9342", 606),
        ("alice/main", "?exchange_index=1", "-1.0000", 100),
        ("alice/main", "?exchange_index=7", "0.0000", 0),
        ("alice/main", "?subaccount=3", "10.0000", 0),
        ("alice/only_3", "", "10.0000", 0),
        ("bob/main", "", "50.0000", 0),
    ],
)
def test_the_balance_of_a_book_and_an_exchange(sandbox: Sandbox, who: str, query: str, cash: str, value: int) -> None:
    balance = read(ask(sandbox, BALANCE + query, who))
    assert (balance["balance_dollars"], balance["portfolio_value"]) == (cash, value)
    assert balance["updated_ts"] == sandbox.clock.now() // SECOND
    index = int(query.partition("exchange_index=")[2] or 0)
    wanted = [{"balance": cash, "exchange_index": index}]
    if (who, query) == ("alice/main", ""):
        wanted = [{"balance": "93.9342", "exchange_index": 0}, {"balance": "-1.0000", "exchange_index": 1}]
    assert balance.get("balance_breakdown") == (None if who == "alice/only_3" else wanted)


def test_cash_in_resting_orders_is_not_free() -> None:
    sandbox = make()
    order = RestOrder(
        subaccount_ref=SubaccountRef("bob"),
        market="RAIN-1",
        side=Side.YES,
        action=Action.BUY,
        count_centis=1_000,
        price_centicents=5_000,
    )
    do(sandbox, order)
    assert read(ask(sandbox, BALANCE, "bob/main"))["balance"] == 4_500


# --- dates


def test_a_key_may_have_a_day_of_its_own() -> None:
    keys = "keys: {main: {}, old: {api_date: 2025-11}, bold: {api_date: compat}}"
    sandbox = make(SMALL.replace("keys: {main: {}, only_3: {subaccount: 3}, writer: {scopes: [write]}}", keys))
    rows = {key: read(ask(sandbox, who=f"alice/{key}"))["market_positions"][1] for key in ("main", "old", "bold")}
    assert ("position" in rows["main"], "position_fp" in rows["main"]) == (False, True)
    assert ("position" in rows["old"], "position_fp" in rows["old"]) == (True, False)
    assert (rows["bold"]["position"], rows["bold"]["position_fp"]) == (-1, "-1.37")
    assert refusal(ask(sandbox, f"{POSITIONS}?settlement_status=x", "alice/old")) == at(bodies.BAD_REQUEST)
    stale = WALL - 60 * SECOND
    assert refusal(ask(sandbox, who="alice/bold", at=stale)) == at(bodies.EXPIRED, "compat")
    assert refusal(ask(sandbox, who="alice/main", at=stale)) == at(bodies.EXPIRED)


def test_two_days_never_share_cached_pages() -> None:
    sandbox = make(SMALL.replace("only_3: {subaccount: 3}", "only_3: {api_date: 2025-11}"))
    first = [ask(sandbox, who=who).body for who in ("alice/main", "alice/only_3")]
    assert first[0] != first[1]
    assert [ask(sandbox, who=who).body for who in ("alice/main", "alice/only_3")] == first


@each_row("date", ["2025-11", "2026-06", "compat"])
def test_a_page_is_cached_until_its_book_changes(date: str) -> None:
    sandbox = make(date=date)
    first = ask(sandbox)
    assert ask(sandbox).body is first.body
    assert read(ask(sandbox, f"{POSITIONS}?limit=1"))["cursor"]
    do(sandbox, Deposit(subaccount_ref=SubaccountRef("bob"), amount_micros=1))
    assert ask(sandbox).body == first.body
    do(sandbox, SettleMarket(market="RAIN-1", result=Result.YES))
    assert tickers(ask(sandbox)) == ["HEAT-1", "RAIN-2"]


def test_long_queries_are_answered_without_a_cache(sandbox: Sandbox) -> None:
    target = f"{POSITIONS}?ticker=RAIN-1&event_ticker=RAIN&x={'a' * QUERY_CHARS_CACHED_MAX}"
    first, second = ask(sandbox, target), ask(sandbox, target)
    assert first.body == second.body
    assert first.body is not second.body
    assert tickers(first) == ["RAIN-1"]


# --- filters and pages


@each_row(
    ("query", "wanted"),
    [
        ("ticker=RAIN-2", ["RAIN-2"]),
        ("ticker=NONE", []),
        ("event_ticker=RAIN", ["RAIN-2", "RAIN-1"]),
        ("event_ticker=HEAT,RAIN", ["HEAT-1", "RAIN-2", "RAIN-1"]),
        ("event_ticker=NONE", []),
        ("ticker=HEAT-1&event_ticker=RAIN", []),
        ("count_filter=position", ["HEAT-1", "RAIN-2", "RAIN-1"]),
        ("count_filter=resting_order_count", ["HEAT-1"]),
        ("count_filter=resting_order_count&event_ticker=RAIN", []),
        ("settlement_status=settled", ["SNOW-1"]),
        ("settlement_status=all", ["SNOW-1", "HEAT-1", "RAIN-2", "RAIN-1"]),
        ("exchange_index=1", ["HEAT-1"]),
        ("exchange_index=0&limit=1", ["RAIN-2"]),
    ],
)
def test_filters(query: str, wanted: list[str]) -> None:
    text = SMALL.replace("  HEAT-1:", "  SNOW-1: {event: SNOW, series: SNOW}\n  HEAT-1:") + (
        "  - rest: {account: alice, market: HEAT-1, side: yes, action: buy, count: 5, price: 0.4}\n"
        "  - fill: {account: alice, market: SNOW-1, side: yes, action: buy, count: 1, price: 0.5}\n"
        "  - settle: {market: SNOW-1, result: no}\n"
    )
    assert tickers(ask(make(text, "compat"), f"{POSITIONS}?{query}")) == wanted


@each_row("limit", [1, 2, 3, 100])
@each_row("date", ["2025-11", "2026-10", "compat"])
def test_pages_give_every_row_once(date: str, limit: int) -> None:
    sandbox = make(date=date)
    seen, cursor = [], ""
    for _ in range(4):
        page = read(ask(sandbox, f"{POSITIONS}?limit={limit}&cursor={cursor}"))
        seen += [row["ticker"] for row in page["market_positions"]]
        assert len(page["market_positions"]) <= limit
        cursor = page["cursor"]
        if not cursor:
            break
    assert seen == ["HEAT-1", "RAIN-2", "RAIN-1"]


@each_row(
    ("date", "query", "pages"),
    [
        ("2026-10", "settlement_status=all&limit=1", [["HEAT-1"], ["RAIN-2", "RAIN-1"]]),
        ("2026-09-30", "limit=1", [["HEAT-1"], ["RAIN-2"]]),
        ("2026-10", "settlement_status=unsettled&limit=1", [["HEAT-1"], ["RAIN-2"]]),
        ("compat", "settlement_status=all&limit=1", [["HEAT-1"], ["RAIN-2"]]),
        ("2025-11", "settlement_status=all&limit=1", [["HEAT-1"], ["RAIN-2"]]),
    ],
)
def test_from_2026_10_settled_pages_are_cut_per_event(date: str, query: str, pages: list[list[str]]) -> None:
    sandbox = make(date=date)
    first = ask(sandbox, f"{POSITIONS}?{query}")
    second = ask(sandbox, f"{POSITIONS}?{query}&cursor={read(first)['cursor']}")
    assert [tickers(first), tickers(second)] == pages


# --- answers


def test_an_answer_says_who_asked_what(sandbox: Sandbox) -> None:
    key = sandbox.credentials()[0].key_id
    known = ask(sandbox, f"{BALANCE}?page=1")
    assert (known.operation, known.account, known.key_id) == ("GetBalance", "alice", key)
    assert known.findings == ["parameter 'page' is unknown to GetBalance: ignored"]
    stale = ask(sandbox, at=0)
    assert (stale.operation, stale.account, stale.key_id) == ("GetPositions", "alice", key)
    stranger = ask(sandbox, headers={b"kalshi-access-key": b"nobody"})
    assert (stranger.operation, stranger.account, stranger.key_id) == ("GetPositions", None, "nobody")
    nowhere = ask(sandbox, f"{PREFIX}/nope")
    assert (nowhere.operation, nowhere.account, nowhere.key_id) == (None, None, None)


def test_a_wrong_signature_is_explained_between_pauses(sandbox: Sandbox) -> None:
    answer = ask(sandbox, headers={b"kalshi-access-signature": spell(b"\0" * 256).encode()})
    assert answer.diagnose is not None
    pauses: list[None] = []
    assert "nothing known fits" in answer.diagnose(lambda: pauses.append(None))
    assert pauses


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_head_is_answered_as_get(sandbox: Sandbox, method: str) -> None:
    assert tickers(ask(sandbox, method=method)) == ["HEAT-1", "RAIN-2", "RAIN-1"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "get", ""])
def test_other_methods_are_told_which_there_are(sandbox: Sandbox, method: str) -> None:
    answer = ask(sandbox, method=method)
    assert refusal(answer) == at(bodies.WRONG_METHOD)
    assert answer.headers == ((b"allow", b"GET, HEAD"),)
    assert why(answer) == f"{POSITIONS} answers GET, not {method}"


@each_row(
    ("resource", "date", "allowed"),
    [
        ("portfolio/orders/batched", "2026-04", b"DELETE, POST"),
        ("portfolio/orders/queue_positions", "2026-10", b"GET, HEAD"),
        ("api_keys/generate", "2026-10", b"POST"),
        ("portfolio/orders/6c170f2d", "2026-04", b"DELETE, GET, HEAD"),
    ],
)
def test_a_fixed_path_has_no_methods_of_the_template_beside_it(resource: str, date: str, allowed: bytes) -> None:
    """`OPTIONS` of schemathesis, which compares the header with the documents' methods of the path."""
    answer = make(date=date).answer(Request("OPTIONS", f"{PREFIX}/{resource}"))[0]
    assert (answer.status, answer.headers) == (405, ((b"allow", allowed),))


@pytest.mark.parametrize(("path", "query"), [("/" + "a" * TARGET_CHARS_MAX, ""), ("/a", "b" * (TARGET_CHARS_MAX - 1))])
def test_a_target_has_a_length(sandbox: Sandbox, path: str, query: str) -> None:
    answer = sandbox.answer(Request("GET", path, query))[0]
    assert refusal(answer) == at(bodies.TARGET_TOO_LONG)
    shorter = Request("GET", path[: TARGET_CHARS_MAX - len(query)], query[: TARGET_CHARS_MAX - 2])
    assert sandbox.answer(shorter)[0].status == 404


def test_no_path_is_explained(sandbox: Sandbox) -> None:
    answer = ask(sandbox, f"{PREFIX}/portfolio/position")
    assert refusal(answer) == at(bodies.NOT_FOUND)
    assert why(answer).endswith(f'did you mean "{POSITIONS}"?')


def test_a_request_shows_its_headers_and_its_target() -> None:
    request = Request("GET", "/a%20b", "c=d", ((b"x", b"1"), (b"x", b"2"), (b"y", b"\xe9")))
    assert (request.header(b"x"), request.header(b"y"), request.header(b"z")) == ("1", "é", None)
    assert (request.target, Request("GET", "/a").target) == ("/a%20b?c=d", "/a")


def test_nothing_is_ever_answered_without_a_reason(sandbox: Sandbox) -> None:
    """A 500 would be a bug, and the server has no other place to make one."""
    raised = rest.answer(sandbox.context, Request("GET", "\x00"), 0, 0)
    assert raised.status == 404
