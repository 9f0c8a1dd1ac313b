"""What control requests ask for, read and checked whole before anything happens."""

from starlette.requests import Request

from mockexchange.clock import ExchangeClock
from mockexchange.core.instants import parse_duration
from mockexchange.journal import Entry, Journal
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.source import Located, located_json
from mockexchange.scenario.steps import STEP, Step
from mockexchange.server.control_errors import ControlError, misread

BODY_BYTES_MAX = 64 * 1024 * 1024
"""A scenario given inline; longer histories come from a file."""
STEPS_MAX = 100_000
JOURNAL_FILTERS = ("operation", "account", "method", "path", "key_id")
JOURNAL_NUMBERS = ("status", "after", "last")
NUMBER_DIGITS_MAX = 18


async def read_json(request: Request) -> Located:
    """Read the body as JSON whose scalars are all text; no body is an empty object. Raises ControlError."""
    size, parts = 0, []
    async for part in request.stream():
        size += len(part)
        if size > BODY_BYTES_MAX:
            raise ControlError(413, "body_too_large", f"expected at most {BODY_BYTES_MAX} bytes")
        parts.append(part)
    try:
        return located_json(b"".join(parts).decode() or "{}", "", 0)
    except UnicodeDecodeError as error:
        raise ControlError(400, "bad_json", f"not valid JSON: not UTF-8 text at byte {error.start}") from None
    except ScenarioError as error:
        raise misread("bad_json", error) from None


def read_object(body: Located) -> dict[str, Located]:
    if not isinstance(body.value, dict):
        raise ControlError(400, "bad_body", "expected a JSON object")
    return body.value


def read_steps(body: Located) -> list[Step]:
    """Read a list of steps that happen now. Raises ControlError."""
    if not isinstance(body.value, list):
        raise ControlError(400, "bad_body", "expected a list of steps, such as [{'settle': {...}}]")
    if len(body.value) > STEPS_MAX:
        raise ControlError(400, "too_many_steps", f"expected at most {STEPS_MAX} steps, got {len(body.value)}")
    return [_read_step(node, f"[{place}]") for place, node in enumerate(body.value)]


def _read_step(node: Located, path: str) -> Step:
    try:
        step = STEP.read(node, path)
    except ScenarioError as error:
        raise misread("bad_step", error) from None
    if step.at is not None or step.after_us is not None:
        raise ControlError(400, "bad_step", "a step here happens now: expected neither `at` nor `after`", path)
    return step


def move_clock(clock: ExchangeClock, body: dict[str, Located]) -> None:
    """Advance a clock or change its mode. Raises ControlError, the clock being as it was."""
    words = {name: node.value for name, node in body.items()}
    try:
        match words:
            case {"advance": str(duration), **rest} if not rest:
                clock.advance(parse_duration(duration))
            case {"run": str(mode), **rest} if not rest:
                clock.run(mode)
            case _:
                raise ValueError('expected {"advance": "5s"} or {"run": "paused"}')
    except ValueError as error:
        raise ControlError(400, "bad_body", str(error)) from None


def find_entries(journal: Journal, request: Request) -> list[Entry]:
    """Return the entries that a query asks for. Raises ControlError."""
    asked = _read_query(request)
    numbers = {name: _number(name, asked.pop(name)) for name in JOURNAL_NUMBERS if name in asked}
    wanted = {**asked, **({"status": numbers["status"]} if "status" in numbers else {})}
    found = [entry for entry in journal.find(**wanted) if entry.number > numbers.get("after", 0)]
    return found[max(0, len(found) - numbers.get("last", len(found))) :]


def _read_query(request: Request) -> dict[str, str]:
    asked: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name not in (*JOURNAL_FILTERS, *JOURNAL_NUMBERS):
            known = ", ".join((*JOURNAL_FILTERS, *JOURNAL_NUMBERS))
            raise ControlError(400, "bad_query", f"unknown filter {name[:40]!r}; known: {known}")
        if name in asked:
            raise ControlError(400, "bad_query", f"{name}: expected it once")
        asked[name] = value
    return asked


def _number(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > NUMBER_DIGITS_MAX:
        raise ControlError(400, "bad_query", f"{name}: expected a whole number, got {text[:40]!r}")
    return int(text)
