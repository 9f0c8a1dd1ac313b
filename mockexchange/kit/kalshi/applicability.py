"""Which subjects a date has."""

from collections.abc import Callable

from mockexchange.kit.target import Target

Subjects = Callable[[Target], list[str]]


def applies_to(*operation_ids: str) -> Subjects:
    """Those of the reads that the date has."""
    return lambda target: [name for name in operation_ids if name in target.operations]


def with_parameter(parameter: str, *operation_ids: str) -> Subjects:
    """Those of the reads, or all that there are, that take a parameter."""
    return lambda target: [
        name
        for name, operation in target.operations.items()
        if parameter in operation.query and (not operation_ids or name in operation_ids)
    ]


def applies_if_all(operation_id: str, *others: str) -> Subjects:
    """A read, where the date has it and the others too."""
    return lambda target: [operation_id] if {operation_id, *others} <= set(target.operations) else []


def dated_only(subjects: Subjects) -> Subjects:
    """Subjects of a rule about the wire of one day: a document for clients of every year has none."""
    return lambda target: subjects(target) if target.document["info"]["version"][0].isdigit() else []


def applies_if_subaccounts_shown(operation_id: str) -> Subjects:
    """A read, where rows tell of which book of the account they are."""
    return lambda target: [operation_id] if _tell_books(target) else []


def _tell_books(target: Target) -> bool:
    return all("subaccount_number" in target.row_schema(name)["properties"] for name in ("GetFills", "GetOrders"))
