"""A report with one of everything, and hostile texts from the wire in it."""

from mockexchange.kit.findings import Finding, Report, Table, Verdict

HOSTILE = "<script>alert(1)</script>\x1b[31m\x00 \u202e [red]x & \"y'"
FINDING = Finding(
    rule="pages.partition",
    where="GET /portfolio/fills?limit=2",
    seen=HOSTILE,
    expected="every row once",
    place="contracts/kalshi/2026-10/openapi.yaml#/paths/~1portfolio~1fills/get",
    reproduction="curl \\\n  http://127.0.0.1:1/",
)
NOTE = Finding("times.zone", "GET /markets", "a time without a zone", "one in UTC", "docs/wire.md")
TABLES = [Table("Coverage", ("operation", "asked"), [("GetFills", "3"), (HOSTILE, "0")])]


def everything() -> Report:
    report = Report("http://127.0.0.1:1 as of 2026-10")
    report.add(
        [
            Verdict(
                "pages.partition",
                "GetFills",
                (FINDING, FINDING),
                description="a walk gives every row once",
                seconds=1.25,
            ),
            Verdict("pages.partition", "GetOrders", seconds=0.5),
            Verdict("pages.end", "GetFills", why="no row to look at"),
            Verdict("pages.end", HOSTILE, why="no row to look at"),
            Verdict("times.zone", "GetMarkets", notes=(NOTE,)),
        ]
    )
    return report
