"""Makes the report of an import: for each path, whether the scenario reproduces the recorded answers."""

from collections import defaultdict

from mockexchange.importing.comparison import EXPLAINED, NOT_JUDGED, UNEXPLAINED, Comparison
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
    description = "Every row is a step that can be carried out."
    # A note for each row that only frames show.
    rows = found.recorded.from_frames
    report.add(
        [
            Verdict(
                STEPS,
                "steps",
                tuple(refused + unread),
                "",
                tuple(
                    Finding(STEPS, f"line {row.line}", f"from frames: {row.why}", "a row in an answer", PLACE)
                    for row in rows
                ),
                description,
            )
        ]
    )
    return report


def _verdict(path: str, verified: list[Verified]) -> Verdict:
    groups = [(one, _finding(one)) for one in verified if one.comparison.kind != EXPLAINED]
    broken = tuple(finding for one, finding in groups if one.comparison.kind == UNEXPLAINED)
    notes = tuple(finding for one, finding in groups if one.comparison.kind != UNEXPLAINED)
    is_judged = any(one.comparison.kind != NOT_JUDGED for one in verified)
    why = "" if is_judged else "the recording has only frames that depend on other participants"
    return Verdict(RULE, path, broken, why, notes, DESCRIPTION)


def _finding(one: Verified) -> Finding:
    seen, expected = _shown(one.comparison)
    return Finding(f"{RULE}", one.answer.where, seen, expected, PLACE)


def _shown(comparison: Comparison) -> tuple[str, str]:
    """Return what the mock answers and what was recorded, by path."""
    answered = "; ".join(f"{one.path} {one.answered}" for one in comparison.differences)
    recorded = "; ".join(f"{one.path} {one.recorded}" for one in comparison.differences)
    return f"{comparison.kind}: {answered}", recorded
