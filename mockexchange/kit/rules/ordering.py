"""The rule that a list documented as newest first is sorted so."""

from collections.abc import Iterator

from mockexchange.kit.checks import Check, NotJudged
from mockexchange.kit.findings import Finding
from mockexchange.kit.rules.finding_format import finding, lists_of, views_of
from mockexchange.kit.rules.timestamps import instant_of
from mockexchange.kit.target import Target

NEWEST = "lists.order"


def judge(target: Target, operation_id: str) -> Iterator[Finding]:
    fields, judged = target.listing(operation_id).newest, False
    for view in views_of(target, operation_id):
        whole = target.whole(operation_id, view)
        for before, after in zip(whole.rows, whole.rows[1:], strict=False):
            name = next((field for field in fields if field in before and field in after), None)
            earlier, later = (instant_of(row.get(name or "")) for row in (before, after))
            if name is None or earlier is None or later is None:
                continue
            judged = True
            if later > earlier:
                seen = f"{name} {after[name]} after {before[name]}"
                yield finding(target, NEWEST, whole.where, seen, "newest first", operation_id)
    if not judged:
        raise NotJudged("there are fewer than two rows to compare")


CHECKS: tuple[Check[Target], ...] = (
    Check(
        NEWEST,
        "A list has its newest row first.",
        "the summary of each list",
        lambda target: [name for name in lists_of(target) if target.listing(name).newest],
        judge,
    ),
)
