"""Draw the pictures of the documentation into docs/images."""

from collections.abc import Callable

from tools.drawing import Picture
from tools.pages import DOCS

FOLDER = DOCS / "images"


def signed_request() -> Picture:
    picture = Picture(
        "signed-request",
        820,
        330,
        "The life of a signed request",
        "A client signs timestamp, method and path and sends the request. The server notes both clocks, looks for "
        "faults, checks the signature, reads the parameters as of the API date, asks the exchange for a page, and "
        "writes the bytes of that date. A wrong signature is a 401 with a diagnosis. Everything is in the "
        "journal.",
    )
    picture.box((20, 40, 150, 64), ["Your client", "signs the path"])
    picture.arrow((170, 72), (218, 72))
    picture.box((220, 40, 130, 64), ["Faults", "by rule"], "wrong")
    picture.arrow((350, 72), (388, 72))
    picture.box((390, 40, 130, 64), ["Signature", "host time"], "ours")
    picture.arrow((520, 72), (558, 72))
    picture.box((560, 40, 240, 64), ["Parameters of the API date", "exchange time"], "ours")
    picture.arrow((680, 104), (680, 148))
    picture.box((560, 150, 240, 64), ["The exchange", "a page of its state"], "ours")
    picture.arrow((560, 182), (522, 182))
    picture.box((350, 150, 170, 64), ["Bytes", "of the API date"], "ours")
    picture.arrow((350, 182), (95, 182), (95, 106))
    picture.text((200, 175), "200, 400, 404", "small")
    picture.arrow((455, 104), (455, 128), (130, 128), (130, 106), dashed=True)
    picture.text((200, 122), "401 and X-Mock-Diagnosis", "small")
    picture.box(
        (20, 255, 780, 50), ["Journal", "every request, answer, diagnosis and fault, with the length of the log"]
    )
    picture.arrow((435, 214), (435, 253), dashed=True)
    return picture


def one_log() -> Picture:
    picture = Picture(
        "one-log",
        820,
        360,
        "One log, many views",
        "Steps of scenarios, scripts and tests are commands in one ordered log. The exchange carries them out. "
        "Lists, streams, the truth of the control API and the replay are views of the same state.",
    )
    for place, lines in zip((30, 110, 190, 270), SOURCES, strict=True):
        picture.box((20, place, 180, 56), lines)
        picture.arrow((200, place + 28), (258, 176))
    picture.box((260, 140, 120, 72), ["Log", "commands"], "ours")
    picture.arrow((380, 176), (428, 176))
    picture.box((430, 140, 120, 72), ["Exchange", "no clock inside"], "ours")
    for place, lines in zip((30, 110, 190, 270), VIEWS, strict=True):
        picture.arrow((550, 176), (608, place + 28))
        picture.box((610, place, 190, 56), lines)
    picture.arrow((320, 212), (320, 340), (705, 340), (705, 328), dashed=True)
    return picture


SOURCES = (
    ["Scenario", "history"],
    ["Script", "time or a client"],
    ["Test", "exchange.fill(...)"],
    ["Command line", "mockexchange do"],
)
VIEWS = (
    ["REST", "lists and pages"],
    ["Stream", "frames as it happens"],
    ["Truth", "positions, ledger"],
    ["Replay", "the same, again"],
)


def two_clocks() -> Picture:
    picture = Picture(
        "two-clocks",
        820,
        250,
        "Two clocks",
        "Host time goes on by itself: it checks signatures and times out streams. Exchange time stands still on a "
        "paused clock and leaps when a test advances it: it dates rows and runs scripts and settlements. "
        "Advancing the exchange by thirty days leaves signatures valid.",
    )
    picture.text((20, 40), "Host time", "strong")
    picture.text((20, 58), "signatures, heartbeats, delays", "small")
    picture.arrow((250, 45), (790, 45))
    for place in range(290, 780, 60):
        picture.arrow((place, 40), (place, 50), plain=True)
    picture.text((20, 160), "Exchange time", "strong")
    picture.text((20, 178), "rows, scripts, settlements", "small")
    picture.arrow((250, 165), (410, 165))
    picture.text((262, 155), "stands still", "small")
    picture.arrow((410, 165), (430, 125), (590, 125), (610, 165), dashed=True)
    picture.text((510, 117), 'advance("30d")', "code", "middle")
    picture.arrow((610, 165), (790, 165))
    picture.text((630, 155), "30 days later", "small")
    picture.box((440, 185, 140, 44), "settlement is due", "ours")
    picture.arrow((510, 183), (510, 128), dashed=True)
    picture.arrow((410, 50), (410, 160), dashed=True, plain=True)
    picture.arrow((610, 50), (610, 160), dashed=True, plain=True)
    picture.text((510, 75), "a moment of the test", "small", "middle")
    return picture


def sandboxes() -> Picture:
    picture = Picture(
        "sandboxes",
        820,
        330,
        "Sandboxes and ports",
        "One server holds many sandboxes. The default one is at port 8600, with the control API; tests have one "
        "each, on ports of their own, with accounts, clock, log, journal and faults of their own. Tests reach "
        "theirs directly and make it over the control API.",
    )
    picture.box((20, 40, 150, 60), ["Test 1", "or xdist worker 1"])
    picture.box((20, 135, 150, 60), ["Test 2", "or xdist worker 2"])
    picture.box((20, 230, 150, 60), ["You", "shell, browser"])
    picture.text((290, 28), "one server, one process", "small")
    picture.box((280, 36, 520, 274), "", "box")
    for place, name, port in ((50, "sandbox 1", ":40001"), (145, "sandbox 2", ":40002"), (240, "default", ":8600")):
        picture.box((300, place - 6, 100, 62), [port, "port"])
        picture.arrow((400, place + 25), (438, place + 25))
        picture.box((440, place - 6, 340, 62), [name, "accounts, clock, log, journal, faults, stubs"], "ours")
        picture.arrow((170, place + 20), (298, place + 20))
    picture.text((176, 56), "the wire", "small")
    picture.arrow((262, 165), (262, 268), (298, 268), dashed=True)
    picture.text((176, 222), "POST /_mock", "code")
    return picture


def run_as_demo() -> Picture:
    picture = Picture(
        "run-as-demo",
        820,
        310,
        "mockexchange run --as demo",
        "A program that was written for the demo host is started with another environment: Python programs find names "
        "at the exchange, Node's connections are led there, others ask a proxy. Demo hosts end in a fresh sandbox, "
        "with a certificate for their names. Production hosts are refused, noted in the journal, and the exit code is "
        "3. Other hosts are reached as ever. Keys of the real venue are not passed on.",
    )
    picture.box((20, 100, 190, 100), ["Your program", "as it is, no changes", "https://demo-api..."])
    picture.text((20, 32), "by name (Python),", "small")
    picture.text((20, 50), "NODE_OPTIONS, HTTPS_PROXY;", "small")
    picture.text((20, 68), "none of your KALSHI_* variables", "small")
    picture.arrow((115, 76), (115, 98), dashed=True)
    picture.arrow((210, 150), (318, 150))
    picture.text((264, 142), "dials", "small", "middle")
    picture.box((320, 110, 160, 80), ["mockexchange run", "whose host is it?"], "ours")
    picture.arrow((400, 110), (400, 68), (578, 68))
    picture.text((412, 60), "demo", "small")
    picture.box((580, 36, 220, 64), ["Fresh sandbox", "certificate for that name"], "ours")
    picture.arrow((400, 190), (400, 242), (578, 242))
    picture.text((412, 234), "production", "small")
    picture.box((580, 210, 220, 64), ["Refused", "journal row, exit code 3"], "wrong")
    picture.arrow((480, 150), (578, 150))
    picture.text((490, 142), "no venue's", "small")
    picture.box((580, 124, 220, 54), ["Reached as ever", "through your own proxy"])
    return picture


def verify_client() -> Picture:
    picture = Picture(
        "verify-client",
        820,
        300,
        "Verify a client",
        "The kit starts your program with its environment pointing at fresh sandboxes, one for each card. It "
        "disturbs what crosses the wire as the card says, judges requests and frames by the contract documents, "
        "compares what an adapter understood with the truth, and writes a report.",
    )
    picture.box((20, 110, 160, 80), ["Your program", "bot or adapter"])
    picture.arrow((180, 140), (298, 140), both=True)
    picture.text((239, 130), "the wire", "small", "middle")
    picture.box((300, 110, 190, 80), ["Sandbox of a card", "scenario and faults"], "ours")
    picture.arrow((395, 110), (395, 75), (598, 75))
    picture.arrow((395, 190), (395, 212), (598, 212))
    picture.box((600, 40, 200, 70), ["Contract documents", "requests, frames, order"])
    picture.box((600, 190, 200, 70), ["Truth", "signs, units, digits"])
    picture.box((510, 124, 290, 52), ["Verdicts", "console, JUnit, HTML"])
    picture.arrow((700, 110), (700, 122))
    picture.arrow((700, 190), (700, 178))
    picture.arrow((100, 190), (100, 240), (598, 240), dashed=True)
    picture.text((120, 232), "what an adapter understood, as JSON lines", "small")
    return picture


PICTURES: tuple[Callable[[], Picture], ...] = (
    signed_request,
    one_log,
    two_clocks,
    sandboxes,
    run_as_demo,
    verify_client,
)


def drawn() -> dict[str, str]:
    """Return every picture, by the name of its file."""
    return {f"{picture.name}.svg": picture.svg() for picture in (draw() for draw in PICTURES)}


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, text in drawn().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
