"""Selects the operations to which a rule applies at an API date."""

from collections.abc import Callable

from mockexchange.kit.target import Target

Subjects = Callable[[Target], list[str]]


def applies_to(*operation_ids: str) -> Subjects:
    """Return a function that selects, of these reads, those that exist at the server's API date."""
    return lambda target: [name for name in operation_ids if name in target.operations]


def with_parameter(parameter: str, *operation_ids: str) -> Subjects:
    """Return a function that selects, of these reads or of all if none are given, those that have a parameter."""
    return lambda target: [
        name
        for name, operation in target.operations.items()
        if parameter in operation.query and (not operation_ids or name in operation_ids)
    ]


def applies_if_all(operation_id: str, *others: str) -> Subjects:
    """Return a function that selects a read if that read and all `others` exist at the server's API date."""
    return lambda target: [operation_id] if {operation_id, *others} <= set(target.operations) else []


def dated_only(subjects: Subjects) -> Subjects:
    """Return a function that selects the same subjects, but none at `compat`, which has all fields of all dates."""
    return lambda target: subjects(target) if target.document["info"]["version"][0].isdigit() else []


def applies_if_subaccounts_shown(operation_id: str) -> Subjects:
    """Return a function that selects a read if fills and orders show their subaccount at the server's API date."""
    return lambda target: [operation_id] if _show_subaccounts(target) else []


def _show_subaccounts(target: Target) -> bool:
    return all("subaccount_number" in target.row_schema(name)["properties"] for name in ("GetFills", "GetOrders"))
