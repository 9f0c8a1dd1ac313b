"""Finds the terms of instruments, in recorded rows or else in their names, and margin rates in rows of positions."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from mockexchange.core.derivatives.derivative import MarginTerms, Terms
from mockexchange.core.derivatives.vocabulary import DerivativeKind, Form, OptionType
from mockexchange.core.instants import format_instant, parse_instant
from mockexchange.importing.derivatives.facts import US_PER_MS, ZERO, Facts, Row, amount_of, plain
from mockexchange.scenario.steps import terms_of

Plain = dict[str, Any]
NAME = re.compile(
    r"(?P<base>[A-Z0-9]+?)(?:_(?P<quote>[A-Z0-9]+))?-(?:PERPETUAL|(?P<day>\d{1,2}[A-Z]{3}\d\d))"
    r"(?:-(?P<strike>\d+(?:d\d+)?)-(?P<type>[CP]))?"
)
SPREAD = re.compile(r"(?P<base>[A-Z0-9_]+)-FS-(?P<one>[A-Z0-9]+)_(?P<two>[A-Z0-9]+)")
STRANGLE = re.compile(r"(?P<expiry>[A-Z0-9_]+-STRG-[A-Z0-9]+)-(?P<put>\d+)_(?P<call>\d+)")
"""Patterns of combos whose names have their legs: SPREAD for future spreads, STRANGLE for strangles."""
EXPIRES_AT_HOUR = 8
SIXTH = Decimal("0.000001")
NINTH = Decimal("0.000000001")
_FROM_ROW = {
    "contract_size": "contract_size",
    "amount_min": "min_trade_amount",
    "tick": "tick_size",
    "maker_fee": "maker_commission",
    "taker_fee": "taker_commission",
}


def names_of(facts: Facts) -> list[str]:
    """Return the instruments that the scenario lists: recorded instruments in their order, then those of the account.

    Recorded rows of combos lack the legs, so a combo is listed only if its name has the legs.
    """
    rows = sorted(facts.instruments.values(), key=lambda row: int(row.get("instrument_id") or 0))
    listed = [name for row in rows if NAME.fullmatch(name := row["instrument_name"]) or legs_of(name)]
    held = [name for _, name in facts.positions] + [row["instrument_name"] for row in facts.trades.values()]
    others = dict.fromkeys([*held, *facts.tickers])
    return [*listed, *(name for name in others if name not in facts.instruments and NAME.fullmatch(name))]


def instrument_of(facts: Facts, name: str) -> Plain:
    """Return the entry for an instrument in the scenario, without prices."""
    found, row, legs = NAME.fullmatch(name), facts.instruments.get(name), legs_of(name)
    if row is not None and legs:
        leg = instrument_of(facts, legs[0][0])
        shared: Plain = {key: leg[key] for key in ("base", "quote", "expires") if key in leg}
        return {"kind": row["kind"], **shared, **_from_row(row), "legs": legs}
    if found is None:
        raise ValueError(f"{name} is no name of a future or an option")
    day = found["day"] and datetime.strptime(found["day"], "%d%b%y").replace(tzinfo=UTC, hour=EXPIRES_AT_HOUR)
    plain_terms: Plain = {
        "kind": "option" if found["strike"] else "future",
        "base": found["base"],
        **({"quote": found["quote"]} if found["quote"] else {}),
        **({"expires": format_instant(int(day.timestamp()) * US_PER_MS * US_PER_MS)} if day else {}),
    }
    if found["strike"]:
        option_type = "call" if found["type"] == "C" else "put"
        plain_terms |= {"strike": found["strike"].replace("d", "."), "option_type": option_type}
    if row is not None:
        plain_terms |= _from_row(row)
    margin = _margin(facts, name, core_terms(name, plain_terms))
    return {**plain_terms, **({"margin": margin} if margin else {})}


def _from_row(row: Row) -> Plain:
    found = {key: plain(amount_of(row[source])) for key, source in _FROM_ROW.items() if source in row}
    return {**found, "index": row["price_index"], "period": row["settlement_period"]}


def legs_of(name: str) -> list[list[Any]]:
    """Return the legs in the name of a combo, each with its ratio; an empty list if the name has none."""
    if spread := SPREAD.fullmatch(name):
        sides = [one.replace("PERP", "PERPETUAL") for one in (spread["one"], spread["two"])]
        return [[f"{spread['base']}-{side}", ratio] for side, ratio in zip(sides, (1, -1), strict=True)]
    if strangle := STRANGLE.fullmatch(name):
        expiry = strangle["expiry"].replace("-STRG", "")
        return [[f"{expiry}-{strangle['put']}-P", 1], [f"{expiry}-{strangle['call']}-C", 1]]
    return []


def core_terms(name: str, given: Mapping[str, Any]) -> Terms:
    """Return an instrument's terms as the package `core` represents them, as far as positions need them."""
    option_type = given.get("option_type")
    fees = {name: Decimal(given[name]) for name in ("maker_fee", "taker_fee") if name in given}
    return terms_of(
        name=name,
        kind=DerivativeKind(given["kind"]),
        base=given["base"],
        **fees,
        **({"quote": given["quote"]} if "quote" in given else {}),
        **({"index": given["index"]} if "index" in given else {}),
        **({"expires_at": parse_instant(given["expires"])} if "expires" in given else {}),
        **({"strike": Decimal(given["strike"]), "option_type": OptionType(option_type)} if option_type else {}),
    )


def _margin(facts: Facts, name: str, terms: Terms) -> Plain:
    """Return the rates that give the recorded margins; empty for those of every future."""
    rows = [dated.row for (_, held), dated in facts.positions.items() if held == name and dated.row.get("leverage")]
    usual = MarginTerms()
    if terms.kind is not DerivativeKind.FUTURE:
        return {}
    if not rows:
        most = facts.instruments.get(name, {}).get("max_leverage") or int(1 / usual.initial)
        initial = (Decimal(1) / int(most)).quantize(SIXTH)
        return {} if initial == usual.initial else {"initial": plain(initial)}
    row = max(rows, key=lambda one: abs(amount_of(one["size"])))
    coins = abs(amount_of(row.get("size_currency") or 0))
    value = coins if terms.form is Form.INVERSE else coins * amount_of(row["mark_price"])
    initial = (Decimal(1) / int(row["leverage"])).quantize(SIXTH)
    if not value:
        return {} if initial == usual.initial else {"initial": plain(initial)}
    wanted = [amount_of(row[margin]) / value for margin in ("initial_margin", "maintenance_margin")]
    slopes = (usual.slope, ZERO, (wanted[0] - initial) / coins)
    error = abs(NINTH / value)
    slope = next(one for one in slopes if abs(wanted[0] - initial - one * coins) <= error or one is slopes[-1])
    slope = max(ZERO, slope).quantize(NINTH)
    found = {"initial": initial, "maintenance": (wanted[1] - slope * coins).quantize(SIXTH), "slope": slope}
    known = {"initial": usual.initial, "maintenance": usual.maintenance, "slope": usual.slope}
    return {key: plain(max(ZERO, rate)) for key, rate in found.items()} if found != known else {}


def greeks_of(row: Row, size: Decimal) -> Plain:
    """Return the Greeks of one long unit of an option, from the row of a position of this size."""
    names = ("delta", "gamma", "vega", "theta")
    return {name: plain((amount_of(row[name]) / size).quantize(NINTH**2)) for name in names if row.get(name)}
