"""Functions that select the operations of an API date that a rule applies to."""

from collections.abc import Callable

from mockexchange.kit.target import Target

Subjects = Callable[[Target], list[str]]


def applies_to(*operation_ids: str) -> Subjects:
    """Return a function that selects, from these reads, the ones that the target's API date has."""
    return lambda target: [name for name in operation_ids if name in target.operations]


def with_parameter(parameter: str, *operation_ids: str) -> Subjects:
    """Return a function that selects the reads that take a parameter, from these or (if none are given) from all."""
    return lambda target: [
        name
        for name, operation in target.operations.items()
        if parameter in operation.query and (not operation_ids or name in operation_ids)
    ]


def applies_if_all(operation_id: str, *others: str) -> Subjects:
    """Return a function that selects a read if the target's API date has it and all the others."""
    return lambda target: [operation_id] if {operation_id, *others} <= set(target.operations) else []


def dated_only(subjects: Subjects) -> Subjects:
    """Return a function that selects the same subjects, but none at the API date `compat`."""
    return lambda target: subjects(target) if target.document["info"]["version"][0].isdigit() else []


def applies_if_subaccounts_shown(operation_id: str) -> Subjects:
    """Return a function that selects a read if the rows of fills and orders show their subaccount."""
    return lambda target: [operation_id] if _show_subaccounts(target) else []


def _show_subaccounts(target: Target) -> bool:
    return all("subaccount_number" in target.row_schema(name)["properties"] for name in ("GetFills", "GetOrders"))
