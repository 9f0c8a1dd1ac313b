"""The part of the control API that keeps reports: verifications send them, and the console shows them."""

import re
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from mockexchange.core.instants import format_instant
from mockexchange.sandbox.clock import host_now_us
from mockexchange.server.control.access import Access
from mockexchange.server.control.answers import MEDIA_TYPE, ControlJson
from mockexchange.server.control.errors import ControlError
from mockexchange.server.control.report_document import (
    NAME,
    OUTCOMES,
    REPORT_BYTES_MAX,
    REPORTS_MAX,
    ReportDocument,
    read_report,
)
from mockexchange.server.control.requests import receive
from mockexchange.server.control.route_table import Resource


class KeptReport(NamedTuple):
    """A report that the server keeps: its content, its bytes, and the host time at which it was received."""

    raw: bytes
    report: ReportDocument
    host_at: int


def report_routes() -> list[Resource]:
    api = ReportHandlers()
    return [
        Resource("/_mock/reports", GET=(Access.LOOK_AT_ALL, api.list_reports)),
        Resource("/_mock/reports/{report}", GET=(Access.LOOK_AT_ALL, api.show), PUT=(Access.CHANGE, api.keep)),
    ]


class ReportHandlers:
    """The handlers of requests about reports, one for each operation. They keep the server's reports by name."""

    def __init__(self) -> None:
        self._kept: dict[str, KeptReport] = {}

    async def list_reports(self, request: Request) -> Response:
        return ControlJson([_summary(name, kept) for name, kept in reversed(self._kept.items())])

    async def show(self, request: Request) -> Response:
        name = request.path_params["report"]
        if name not in self._kept:
            known = ", ".join(self._kept) or "none"
            raise ControlError(404, "unknown_report", f"no report {name[:80]!r}; kept: {known}")
        return Response(self._kept[name].raw, media_type=MEDIA_TYPE)

    async def keep(self, request: Request) -> Response:
        """Keep a report, in place of one with the same name. Beyond REPORTS_MAX, the oldest report is dropped."""
        name = request.path_params["report"]
        raw = await receive(request, REPORT_BYTES_MAX)
        if not re.fullmatch(NAME, name):
            raise ControlError(
                400, "bad_name", f"name {name[:80]!r}: expected letters, digits, dots, dashes, at most 64"
            )
        try:
            report = read_report(raw)
        except ValueError as error:
            raise ControlError(400, "bad_report", str(error)) from None
        self._kept.pop(name, None)
        self._kept[name] = KeptReport(raw, report, host_now_us())
        while len(self._kept) > REPORTS_MAX:
            del self._kept[next(iter(self._kept))]
        return ControlJson(_summary(name, self._kept[name]))


def _summary(name: str, kept: KeptReport) -> dict[str, Any]:
    rules = kept.report.rules
    return {
        "report": name,
        "title": kept.report.title,
        "at": format_instant(kept.host_at),
        "cut_short": kept.report.cut_short,
        **{outcome.replace(" ", "_"): sum(rule.outcome == outcome for rule in rules) for outcome in OUTCOMES},
    }
