"""Names in the parts of a scenario that a check leaves out, and the refusals that follow from them.

A check executes what can be read. A step that names something of a part that was left out may be refused only because
that part is missing: such a refusal is not an error of its own.
"""

from collections.abc import Iterable, Iterator

from mockexchange.core.commands import Command
from mockexchange.core.derivatives.derivative import Terms
from mockexchange.core.refusals import RefusalCode
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.scenario.located_text import Located

Name = tuple[str, str]
"""What a part names: the kind of thing, such as "market", and its name."""

ANY = "*"
"""The name that stands for all names of a kind, if a whole section cannot be read."""
SECTIONS = {
    "accounts": "account",
    "series": "series",
    "events": "event",
    "markets": "market",
    "indexes": "index",
    "instruments": "instrument",
}
"""Sections of a scenario that map names to values, and the kind of thing that they name."""
KINDS = {
    **{kind: kind for kind in ("account", "market", "series", "event", "index", "instrument")},
    **{kind: kind for kind in ("order", "group", "payment", "transfer")},
    "against": "account",
    "source": "account",
    "target": "account",
    "against_order": "order",
    "exchange": "exchange",
}
"""Keys of steps whose value is a name, and the kind of thing that they name; all steps share the one exchange."""
DECIDED_BY: dict[RefusalCode, frozenset[str]] = {
    RefusalCode.UNKNOWN_ACCOUNT: frozenset(("account",)),
    RefusalCode.UNKNOWN_SUBACCOUNT: frozenset(("account",)),
    RefusalCode.INSUFFICIENT_CASH: frozenset(("account",)),
    RefusalCode.UNKNOWN_MARKET: frozenset(("market",)),
    RefusalCode.MARKET_NOT_OPEN: frozenset(("market", "event", "exchange")),
    RefusalCode.UNKNOWN_ORDER: frozenset(("order",)),
    RefusalCode.ORDER_NOT_RESTING: frozenset(("order",)),
    RefusalCode.ORDER_MISMATCH: frozenset(("order",)),
    RefusalCode.UNKNOWN_GROUP: frozenset(("group",)),
    RefusalCode.UNKNOWN_PAYMENT: frozenset(("payment",)),
    RefusalCode.UNKNOWN_TRANSFER: frozenset(("transfer",)),
    RefusalCode.UNKNOWN_DERIVATIVE: frozenset(("instrument",)),
    RefusalCode.UNKNOWN_INDEX: frozenset(("index",)),
}
"""The kinds of things on which a refusal depends; refusals that are not in the table may depend on all."""
ALL_KINDS = frozenset(KINDS.values())
EXCHANGE: Name = ("exchange", ANY)


def names_in(node: Located) -> Iterator[Name]:
    """Yield what a step or another part of a scenario names, at any depth; ANY for a name that cannot be read."""
    if isinstance(node.value, list):
        for item in node.value:
            yield from names_in(item)
    elif isinstance(node.value, dict):
        for key, item in node.value.items():
            yield from _named_by(key, item)
            yield from names_in(item)


def _named_by(key: str, item: Located) -> Iterator[Name]:
    kind = KINDS.get(key)
    if kind is not None:
        is_name = kind != "exchange" and isinstance(item.value, str)
        yield kind, str(item.value).partition("/")[0] if is_name else ANY


def names_of(command: Command) -> Iterator[Name]:
    """Yield what a command names, with names that its step does not have, such as those of the step's section."""
    for field in command.__struct_fields__:
        value = getattr(command, field)
        if isinstance(value, SubaccountRef):
            yield "account", value.account
        elif isinstance(value, Terms):
            yield "index", value.index
            yield from (("instrument", name) for name in (value.name, *(leg for leg, _ in value.legs)))
        elif field in KINDS and isinstance(value, str):
            yield KINDS[field], value


def depends_on(names: Iterable[Name], left_out: set[Name], code: RefusalCode | None = None) -> bool:
    """Return whether a refusal of a step with these names can follow from the names that were left out."""
    kinds = DECIDED_BY.get(code, ALL_KINDS) if code else ALL_KINDS
    decisive = {name for name in names if name[0] in kinds} or {(kind, ANY) for kind in kinds}
    return any(_is_left_out(name, left_out) for name in decisive | {EXCHANGE} if name[0] in kinds)


def _is_left_out(name: Name, left_out: set[Name]) -> bool:
    if name[1] == ANY:
        return any(kind == name[0] for kind, _ in left_out)
    return name in left_out or (name[0], ANY) in left_out
