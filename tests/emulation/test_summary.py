"""What is said of a run."""

from typing import Any

from mockexchange.emulation.run import DEMO, LOCAL, RunResult, RunSettings
from mockexchange.emulation.summary import dial_lines, lines_of, run_checks
from mockexchange.guard import Dial
from mockexchange.sandbox.journal import FrameEntry, JournalEntry
from mockexchange.venues.registry import DEFAULT
from tests.helpers.rows import each_row

DIAL = Dial("kalshi.com", 443, "kalshi", "production", "kyro", "kyro calls the real exchange", "bot.py:1")


def entry(path: str = "/x", status: int = 200, **words: Any) -> JournalEntry:
    return JournalEntry(1, 0, 0, 0, "GET", path, b"", None, status, (), **words)


def frame(direction: str, kind: str) -> FrameEntry:
    return FrameEntry(0, 0, 0, 1, "alice", direction, b"", kind)


def ran(*requests: JournalEntry, mode: str = LOCAL, client: str = "generic", **words: Any) -> RunResult:
    settings = RunSettings(
        command=["bot"], environment={}, mode=mode, client=client, api_date=DEFAULT.api_date("latest")
    )
    return RunResult(settings, requests=list(requests), seconds=1.25, **words)


def test_the_first_line_is_the_whole() -> None:
    frames = [frame("out", "open"), frame("out", "fill"), frame("in", ""), frame("out", "close")]
    asked = entry(operation="GetBalance"), entry(operation="GetBalance"), entry("/odd?a=1")
    found = ran(*asked, frames=frames, proxied=1)
    assert list(lines_of(found)) == ["3 requests (GetBalance 2, GET /odd 1), 1 stream, 1 frame sent in 1.2 s"]


def test_of_many_operations_the_frequent_ones_are_named() -> None:
    found = ran(*(entry(operation=f"Op{number}") for number in range(8)), proxied=1)
    (line,) = lines_of(found)
    assert line == "8 requests (Op0 1, Op1 1, Op2 1, Op3 1, Op4 1, Op5 1 and 2 more) in 1.2 s"


def test_refusals_are_told_once_with_their_diagnosis() -> None:
    found = ran(
        *[entry("/balance?a=1", 401, diagnosis="sign the path")] * 2,
        entry("/b", 503, fault="outage"),
        entry("/c", 404),
        proxied=1,
    )
    assert list(lines_of(found))[1:] == [
        "2 times refused GET /balance: 401, sign the path",
        "refused GET /b: 503, the fault outage",
        "refused GET /c: 404",
    ]


def test_findings_are_told() -> None:
    assert list(lines_of(ran(entry(findings=("a salt of 8",)), guarded={"python"})))[1:] == ["finding: a salt of 8"]


def test_a_loop_of_refusals_is_cut_short() -> None:
    lines = list(lines_of(ran(*(entry(f"/{number}/{'x' * 200}", 404) for number in range(12)), proxied=1)))
    assert lines[-1] == "and 2 more refusals"
    assert len(lines) == 12
    assert max(map(len, lines)) < 400


@each_row(
    ("mode", "client", "guarded", "line"),
    [
        (
            LOCAL,
            "generic",
            {"python"},
            "no request arrived, and no real venue was dialled; what a program asks of a mock server that it starts",
        ),
        (
            LOCAL,
            "pykalshi",
            {"node"},
            "pykalshi reads no variable for its URLs, so write: client = KalshiClient.from_env(",
        ),
        (LOCAL, "generic", set(), "was not seen and could not be refused"),
        (LOCAL, "kyro", set(), "until then give it no real keys and no network"),
        (
            DEMO,
            "generic",
            set(),
            "or let it use HTTPS_PROXY, and trust SSL_CERT_FILE; until then",
        ),
    ],
)
def test_where_nothing_arrived_it_is_said_why_that_may_be(mode: str, client: str, guarded: set[str], line: str) -> None:
    lines = list(lines_of(ran(mode=mode, client=client, guarded=guarded)))
    assert lines[0] == "0 requests in 1.2 s"
    assert line in lines[1]
    assert lines[1].startswith("WARNING: ") is (not guarded)


def test_requests_of_a_program_that_nobody_looked_into_are_no_proof() -> None:
    """REST is pointed here, and the stream may have gone past us."""
    (_, line) = lines_of(ran(entry(), entry()))
    assert line == (
        "WARNING: 2 requests arrived, but no Python and no Node was started that the guard could look into, and nothing"
        " came through HTTPS_PROXY: what else the program dialled was not seen and could not be refused, such as a"
        " stream. See that REST and stream are both pointed here, or let it use HTTPS_PROXY; until then give it no real"
        " keys and no network"
    )
    for seen in ({"guarded": {"node"}}, {"proxied": 1}, {"dials": [DIAL]}):
        assert [line for line in lines_of(ran(entry(), **seen)) if line.startswith("WARNING")] == []
    assert "no real venue was dialled" in list(lines_of(ran(proxied=1)))[1]


def test_who_dialled_is_told_once() -> None:
    assert dial_lines(ran(dials=[DIAL, DIAL])) == [f"refused {DIAL} (2 times)"]
    assert dial_lines(ran(dials=[DIAL])) == [f"refused {DIAL}"]
    assert list(lines_of(ran(dials=[DIAL]))) == ["0 requests in 1.2 s"]


def test_of_a_demo_that_could_be_here_it_is_said_how() -> None:
    demo = DIAL._replace(host="demo-api.kalshi.co", kind="demo")
    assert dial_lines(ran(dials=[demo]))[1:] == ["with --as demo that demo is answered here"]
    assert dial_lines(ran(dials=[demo], mode=DEMO))[1:] == []


def broken(found: RunResult) -> dict[str, list[str]]:
    return {one.rule: [seen for _, seen, _ in one.broken] for one in run_checks(found)}


def test_a_good_run_breaks_nothing() -> None:
    assert broken(ran(entry())) == {"run.exit": [], "run.venues": [], "run.refused": [], "run.requests": []}


def test_a_bad_one_breaks_everything() -> None:
    found = ran(entry(status=401, diagnosis="why"), code=5, was_ended=True, dials=[DIAL, DIAL])
    assert broken(found) == {
        "run.exit": ["exit code 5, ended by us"],
        "run.venues": [str(DIAL)],
        "run.refused": ["401, why"],
        "run.requests": [],
    }
    assert "no request arrived" in broken(ran())["run.requests"][0]
