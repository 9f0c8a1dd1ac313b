"""Makes the report of an import: for each path, whether the scenario reproduces the recorded answers."""

from collections import defaultdict

from mockexchange.importing.comparison import EXPLAINED, NOT_JUDGED, UNEXPLAINED
from mockexchange.importing.importing import Imported
from mockexchange.importing.verification import Verified
from mockexchange.kit.findings import Finding, Report, Verdict

RULE, STEPS, LINES = "import.explained", "import.steps", "import.lines"
PLACE = "docs/recording.md"
DESCRIPTION = "The scenario answers as the recording did."


def report_of(found: Imported) -> Report:
    """Return a report with a verdict for each recorded path, each type of frames and for the steps.

    Answers that stubs give, and answers with another order or other times, are notes.
    """
    report = Report(f"{found.recorded.path.name} as of {found.api_date}")
    by_path: dict[str, list[Verified]] = defaultdict(list)
    for one in [*found.verified, *found.streams, *found.exported]:
        by_path[f"{one.answer.method} {one.answer.path}"].append(one)
    report.add(_verdict(path, verified) for path, verified in by_path.items())
    refused = [Finding(STEPS, found.recorded.path.name, "a step that is refused", why, PLACE) for why in found.refusals]
    unread = [Finding(STEPS, answer.where, why, "rows that can be read", PLACE) for answer, why in found.unread]
    from_frames = [
        Finding(STEPS, f"line {row.line}", f"from frames: {row.why}", "a row in an answer", PLACE)
        for row in found.recorded.from_frames
    ]
    description = "Every row is a step that can be carried out."
    report.add([Verdict(STEPS, "steps", (*refused, *unread), "", tuple(from_frames), description)])
    return report


def _verdict(path: str, verified: list[Verified]) -> Verdict:
    groups = [(one, _finding(one)) for one in verified if one.comparison.kind != EXPLAINED]
    broken = tuple(finding for one, finding in groups if one.comparison.kind == UNEXPLAINED)
    notes = tuple(finding for one, finding in groups if one.comparison.kind != UNEXPLAINED)
    is_judged = any(one.comparison.kind != NOT_JUDGED for one in verified)
    why = "" if is_judged else "the recording has only frames that depend on other participants"
    return Verdict(RULE, path, broken, why, notes, DESCRIPTION)


def _finding(one: Verified) -> Finding:
    """Return a finding with what the mock answers and what was recorded, by the path in the body."""
    kind, differences = one.comparison.kind, one.comparison.differences
    answered = "; ".join(f"{each.path} {each.answered}" for each in differences)
    recorded = "; ".join(f"{each.path} {each.recorded}" for each in differences)
    return Finding(RULE, one.answer.where, f"{kind}: {answered}", recorded, PLACE)
