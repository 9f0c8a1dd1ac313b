"""Cards: valid ones are read completely, invalid ones are refused with file and line."""

from pathlib import Path
from textwrap import dedent

import pytest

from mockexchange.kit.client.adapter_mode import BOOK, LISTEN, judges
from mockexchange.kit.client.cards import (
    BUILTIN_CARDS,
    ORDER_TASKS,
    TASKS,
    Card,
    CardError,
    Needs,
    Task,
    load_cards,
    read_card,
    select_cards,
)
from mockexchange.kit.client.rules import RULES
from mockexchange.kit.client.sandboxes import load_plan
from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.venues import KITS
from tests.helpers.rows import each_row

MINIMAL = "card: X01\ntitle: A card\nsays: What must be.\n"


def written(directory: Path, text: str) -> Path:
    path = directory / "x01.yaml"
    path.write_text(dedent(text), encoding="utf-8")
    return path


def built_in(number: str) -> Card:
    return next(card for card in load_cards() if card.number == number)


def test_our_cards_have_numbers_in_order_and_files_of_their_own() -> None:
    cards = load_cards()
    assert [card.number for card in cards] == sorted({card.number for card in cards})
    assert {card.number[0] for card in cards} == {"R", "S", "W"}
    assert all(card.title[0].isupper() and not card.title.endswith(".") for card in cards)
    assert all(card.description.endswith(".") for card in cards)
    assert all(read_card(path).number.lower() == path.stem.partition("_")[0] for path in BUILTIN_CARDS.rglob("*.yaml"))


def test_every_rule_and_every_judge_is_on_a_card() -> None:
    cards = [card for kit in KITS.values() for card in load_cards(builtin=kit.cards)]
    assert {rule for card in cards for rule in card.see.rules} == set(RULES)
    assert {card.judge for card in cards if card.judge} == set(judges())


def test_every_card_of_a_stream_needs_one() -> None:
    for card in load_cards():
        is_of_stream = card.number.startswith("S") and not card.is_survey_only
        assert card.needs.has_stream == is_of_stream, card.number


@each_row(
    ("venue", "card"),
    [(name, card) for name, kit in KITS.items() for card in load_cards(builtin=kit.cards)],
    ids=lambda given: getattr(given, "number", given),
)
def test_every_card_names_a_scenario_and_an_account_that_there_are(venue: str, card: Card) -> None:
    plan = load_plan(card.scenario or KITS[venue].client_scenario)
    assert card.account in ("", *(key.account for key in plan.keys))


def test_a_card_is_read(tmp_path: Path) -> None:
    card = read_card(
        written(
            tmp_path,
            """
            card: X01
            title: A card
            says: What must be.
            needs: {operation: GetFills}
            task: {name: listen, arguments: {channel: fill, markets: "A,B", count: 2, seconds: 0.5}}
            faults: [{match: {operation: GetFills}, then: {status: 503}}]
            signatures: checked
            seconds: 250ms
            see: {rules: [retries.final], requests: {max: 3}, pause: 1s, last: {ticker: A}}
            """,
        )
    )
    assert card.needs == Needs("GetFills", None, stream=False, method=None)
    assert card.task == Task("listen", {"channel": "fill", "markets": ["A", "B"], "count": 2, "seconds": 0.5})
    assert (card.seconds, card.is_checking_signatures, len(card.faults)) == (0.25, True, 1)
    assert (card.see.requests, card.see.pause, card.see.last) == ((0, 3), 1.0, {"ticker": "A"})
    assert card.place == f"{tmp_path / 'x01.yaml'}:2"
    assert not card.is_survey_only
    assert not card.expects_only_success


@each_row(
    ("text", "words"),
    [
        (MINIMAL + "sees: {}\n", "x01.yaml:4: unknown key 'sees': did you mean 'see'?"),
        (MINIMAL, "x01.yaml:1: expected the key 'see', which is missing: nothing would be judged"),
        (MINIMAL + "see: {answer: rows}\n", "expected rules under `see`: without a task nothing else can be seen"),
        (
            MINIMAL + "see: {rules: [signing.quary]}\n",
            "see.rules[0]: expected a rule over traffic, got 'signing.quary'",
        ),
        (MINIMAL + "needs: {operation: GetPosition}\n", "x01.yaml:4: needs.operation: expected an operation"),
        (
            MINIMAL + "task: {name: balanze}\n",
            "x01.yaml:4: task.name: expected a task such as positions, got 'balanze'",
        ),
        (MINIMAL + "task: {name: balanze}\n", ": did you mean 'balance'?"),
        (MINIMAL + "faults:\n  - {then: {statue: 503}}\n", "x01.yaml:5: faults[0].then"),
        (MINIMAL + "judge: guess\n", "judge: expected account, dates, poison, floats, fuzz, got 'guess'"),
        (
            MINIMAL.replace("X01", "X1") + "see: {}\n",
            "x01.yaml:1: card: expected a number such as R07 or S12, got 'X1'",
        ),
        (
            MINIMAL + "task: {name: place}\ntasks: [{name: place}]\n",
            "x01.yaml:5: expected `task` or `tasks`, got both",
        ),
        (
            MINIMAL + "tasks: [{name: place, told: [maybe]}]\n",
            "tasks[0].told[0]: expected placed, canceled, amended, refused or unknown",
        ),
        ("title: [\n", "x01.yaml:2: not valid YAML"),
        ("", "x01.yaml:1: expected a card, got an empty file"),
    ],
    ids=[
        "key",
        "no see",
        "no task",
        "rule",
        "operation",
        "task",
        "nearest",
        "fault",
        "judge",
        "number",
        "two tasks",
        "told",
        "yaml",
        "empty",
    ],
)
def test_a_card_that_cannot_be_meant_is_refused_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(CardError) as caught:
        read_card(written(tmp_path, text))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_card_about_orders_is_read(tmp_path: Path) -> None:
    card = read_card(
        written(
            tmp_path,
            """
            card: X01
            title: A card
            says: What must be.
            tasks:
              - {name: batch, orders: [{market: A, count: 5.00, post_only: true}], told: [placed, unknown]}
              - {name: trade, arguments: {market: A, count: 10, seconds: 2}, advance: 2s, before: [close: {market: A}]}
            """,
        )
    )
    batch, trade = card.tasks
    assert (card.changes_orders, card.is_for_adapters, card.expects_only_success) == (True, True, False)
    assert batch.arguments == {"orders": [{"market": "A", "count": "5.00", "post_only": True}]}
    assert (batch.allowed_results, card.task) == (("placed", "unknown"), batch)
    assert (trade.arguments, trade.advance_us) == ({"market": "A", "count": "10", "seconds": 2}, 2_000_000)
    assert [type(command).__name__ for command in trade.before] == ["CloseMarket"]


def test_a_card_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CardError, match="cannot be read: No such file"):
        read_card(tmp_path / "none.yaml")
    (tmp_path / "x.yaml").write_bytes(b"card: \xff")
    with pytest.raises(CardError, match="utf-8"):
        read_card(tmp_path / "x.yaml")


def test_cards_of_ones_own_come_beside_ours(tmp_path: Path) -> None:
    written(tmp_path, MINIMAL + "see: {rules: [signing.present]}\n")
    assert [card.number for card in load_cards(tmp_path)] == [*(card.number for card in load_cards()), "X01"]


def test_a_number_that_is_taken_and_a_directory_without_cards_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CardError, match="expected cards, found no file there"):
        load_cards(tmp_path)
    with pytest.raises(CardError, match="expected a directory with cards, found a file"):
        load_cards(Path(__file__))
    written(tmp_path, MINIMAL.replace("X01", "R01") + "see: {rules: [signing.present]}\n")
    with pytest.raises(CardError, match=r"the number R01 is taken by .*r01_requests_are_signed\.yaml"):
        load_cards(tmp_path)


@each_row(
    ("wanted", "numbers"),
    [
        (["r01,S01"], ["R01", "S01"]),
        (["S01", " R01 "], ["R01", "S01"]),
        (["R0*"], [f"R0{place}" for place in range(1, 10)]),
        (["*", "R01"], None),
        (["R0*,!R05", "!r07"], ["R01", "R02", "R03", "R04", "R06", "R08", "R09"]),
        ([], None),
    ],
)
def test_cards_are_chosen_by_number(wanted: list[str], numbers: list[str] | None) -> None:
    cards = load_cards()
    every = [card.number for card in cards]
    assert [card.number for card in select_cards(cards, wanted)] == (numbers or every)


def test_a_number_that_there_is_not_is_refused() -> None:
    with pytest.raises(CardError, match="no card 'R0l': --list-cards shows"):
        select_cards(load_cards(), ["R01", "R0l"])
    with pytest.raises(CardError, match="no card 'R7l': --list-cards shows"):
        select_cards(load_cards(), ["!R7l"])
    for nothing in ("", " , "):
        with pytest.raises(CardError, match=r"expected numbers of cards such as R07,S\* or !R71"):
            select_cards(load_cards(), [nothing])


def test_all_cards_but_one_can_be_chosen() -> None:
    cards = load_cards()
    assert [card for card in cards if card not in select_cards(cards, ["!R71"])] == [built_in("R71")]


def test_the_card_about_digits_has_amounts_that_no_float_gives_back() -> None:
    amounts = [row[name] for row in built_in("R63").see.holds[:1] for name in ("cost", "traded")]
    assert amounts
    assert all(str(float(amount)) != amount for amount in amounts)


def test_the_tasks_of_cards_are_those_of_the_venue() -> None:
    assert (*(task.name for task in KALSHI.tasks), LISTEN, BOOK, *ORDER_TASKS) == TASKS


def test_our_cards_are_explained_on_their_page() -> None:
    assert built_in("R71").place == "docs/verify-client.md#r71"
