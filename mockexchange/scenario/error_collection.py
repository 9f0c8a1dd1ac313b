"""Collects all errors of a scenario, instead of stopping at the first.

A check leaves out the parts that have errors. Refusals that follow only from the names in these parts are no errors.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from msgspec import Struct, field

from mockexchange.core.commands import Command
from mockexchange.core.derivatives.derivative import Terms
from mockexchange.core.refusals import RefusalCode
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.located_text import Located

# Names in the parts of a scenario that a check leaves out, and the refusals that follow from them
#
# A check executes what can be read. A step that names something of a part that was left out may be refused only because
# that part is missing: such a refusal is not an error of its own.

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
            kind = KINDS.get(key)
            if kind is not None:
                is_name = kind != "exchange" and isinstance(item.value, str)
                yield kind, str(item.value).partition("/")[0] if is_name else ANY
            yield from names_in(item)


def names_of(command: Command) -> Iterator[Name]:
    """Yield what a command names, with names that its step does not have, such as those of the step's section."""
    for key in command.__struct_fields__:
        value = getattr(command, key)
        if isinstance(value, SubaccountRef):
            yield "account", value.account
        elif isinstance(value, Terms):
            yield "index", value.index
            yield from (("instrument", name) for name in (value.name, *(leg for leg, _ in value.legs)))
        elif key in KINDS and isinstance(value, str):
            yield KINDS[key], value


def depends_on(names: Iterable[Name], left_out: set[Name], code: RefusalCode | None = None) -> bool:
    """Return whether a refusal of a step with these names can follow from the names that were left out."""
    kinds = DECIDED_BY.get(code, ALL_KINDS) if code else ALL_KINDS
    # A step that names nothing of these kinds may depend on any thing of them.
    decisive = {name for name in names if name[0] in kinds} or {(kind, ANY) for kind in kinds}
    if "exchange" in kinds:  # every step depends on it without naming it
        decisive.add(EXCHANGE)
    return any(_is_left_out(name, left_out) for name in decisive)


def _is_left_out(name: Name, left_out: set[Name]) -> bool:
    if name[1] == ANY:
        return any(kind == name[0] for kind, _ in left_out)
    return name in left_out or (name[0], ANY) in left_out


# All errors of a scenario
#
# Inside `collecting_errors`, lists and mappings are read to their end after an error, so that one reading finds all
# errors; what can be read is executed, and a refusal that only follows from what was left out is not collected.


class Collection(Struct):
    """The errors of a scenario, and the names in its parts that were left out because of them."""

    errors: list[ScenarioError] = field(default_factory=list)
    left_out: set[Name] = field(default_factory=set)
    left_out_of_script: set[Name] = field(default_factory=set)
    """Names in steps of the script, which is executed after the history."""


_COLLECTION: ContextVar[Collection | None] = ContextVar("_COLLECTION", default=None)


class NotedErrors(ScenarioError):
    """Raised if a value cannot be made because of errors that were already collected; it has no message of its own."""


@contextmanager
def collecting_errors() -> Iterator[list[ScenarioError]]:
    """Collect the errors of all scenarios that are read in the `with` block, including one that ends the block."""
    collection = Collection()
    token = _COLLECTION.set(collection)
    try:
        yield collection.errors
    except NotedErrors:
        pass
    except ScenarioError as error:
        collection.errors.append(error)
    finally:
        _COLLECTION.reset(token)


def is_collecting() -> bool:
    """Return whether errors are being collected, so that a value that was read may be incomplete."""
    return _COLLECTION.get() is not None


def note_or_raise(error: ScenarioError) -> None:
    """Add an error to the collected errors; outside `collecting_errors`, raise it instead."""
    collection = _COLLECTION.get()
    if collection is None:
        raise error
    if not isinstance(error, NotedErrors):
        collection.errors.append(error)


def note_refusal(error: ScenarioError, code: RefusalCode, command: Command, node: Located | None) -> None:
    """Add the error of a refused command, and leave the command out; outside `collecting_errors`, raise the error.

    A refusal that may follow from something else that was left out is no error.
    """
    collection = _COLLECTION.get()
    if collection is None:
        raise error
    names = {*names_of(command), *(names_in(node) if node else ())}
    if not depends_on(names, collection.left_out, code):
        collection.errors.append(error)
    collection.left_out |= names


def note_left_out(names: Iterable[Name], *, is_script: bool = False) -> None:
    """Note what a part names that is not executed; without effect outside `collecting_errors`."""
    collection = _COLLECTION.get()
    if collection is not None:
        (collection.left_out_of_script if is_script else collection.left_out).update(names)


def follows_from_left_out(step: Located) -> bool:
    """Return whether the refusal of a step of the script may follow from parts that were left out."""
    collection = _COLLECTION.get()
    return collection is not None and depends_on(names_in(step), collection.left_out | collection.left_out_of_script)


def read_on(error: ScenarioError, reads: Iterable[Callable[[], object]]) -> ScenarioError:
    """Return the error to raise for a value with a wrong part; first, collect the errors of the value's other parts.

    `reads` are functions that read those parts. Outside `collecting_errors`, they are not called.
    """
    if not is_collecting():
        return error
    note_or_raise(error)
    for read in reads:
        try:
            read()
        except ScenarioError as further:
            note_or_raise(further)
    return NotedErrors("")
