"""The rule that every read answers as documented."""

from collections.abc import Iterator

from mockexchange.kit.checks import Check, NotJudged
from mockexchange.kit.findings import Finding
from mockexchange.kit.rules.finding_format import answer_text, finding
from mockexchange.kit.target import Target

ANSWERED = "reads.answered"


def judge(target: Target, operation_id: str) -> Iterator[Finding]:
    """Judge the status; the target compares the answer itself with the document."""
    operation, answer = target.operations[operation_id], target.read(operation_id)
    if answer.status == 404 and "404" in operation.node["responses"] and not operation.names:
        raise NotJudged(f"{answer.where}: there is nothing of the kind, which is a documented 404")
    if answer.status != 200:
        yield finding(target, ANSWERED, answer.where, answer_text(answer), "status 200", operation_id)


CHECKS: tuple[Check[Target], ...] = (
    Check(ANSWERED, "A read answers as documented.", "each read", lambda target: list(target.operations), judge),
)
