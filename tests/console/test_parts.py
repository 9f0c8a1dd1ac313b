"""What the page computes, run in it: differences, the event parser, words of gaps and counts, and lanes."""

from typing import Any

from tests.console.conftest import open_console
from tests.server.live import Live

CASES: dict[str, tuple[str, str, Any]] = {
    "diff": (
        "diff.js",
        """return it.diffJson({a: [1, 2], b: '1', same: {}}, {a: [1, 3], c: null, same: {}})
            .map((row) => [row.path, row.left ?? "", row.right ?? ""]);""",
        [["$.a[1]", "2", "3"], ["$.b", '"1"', ""], ["$.c", "", "null"]],
    ),
    "events in pieces": (
        "sse.js",
        """const got = []; const feed = it.makeParser((one) => got.push([one.kind, one.data, one.id]));
        const parts = ["id: 1\\nevent: fr", "ame\\ndata: {\\"a\\":1}\\n", "\\n: beat\\n\\nevent: x\\n\\n"];
        for (const part of parts) feed(part);
        return got;""",
        [["frame", {"a": 1}, "1"]],
    ),
    "gaps": (
        "format.js",
        "return [[3, 0], [3, 1], [8, 4], [8, -1]].map(([seq, missing]) => it.gapOf({seq, missing}));",
        ["", "seq 2 is missing", "seq 4 to 7 are missing", "seq 8 came before"],
    ),
    "counts": (
        "format.js",
        "return [0, 1, 1200].map((count) => it.counted(count, 'request'));",
        ["0 requests", "1 request", "1,200 requests"],
    ),
    "lanes": (
        "lanes.js",
        """const row = (connection, sid, channel) => ({connection, sid, channel});
        const rows = [row(1, 2, "fill"), row(2, null, "book.X"), row(1, null, ""), row(1, 2, ""), row(2, null, "")];
        return it.lanesOf(rows).map((one) => one.label);""",
        ["stream 2", "book.X", "stream 1", "sid 2 fill"],
    ),
    "digits stay": ("format.js", """return it.pretty('{"a":1.10,"b":[]}');""", '{\n  "a": 1.10,\n  "b": []\n}'),
    "waits": (
        "profit.js",
        """const times = [0, 10, 20, 1000];
        return [it.hasLongWait(times), it.hasLongWait([0, 10, 20, 30]), it.hasLongWait([0, 1000, 1001]),
            it.instantAt(times, 0.5), it.instantAt(times, 9), it.placeOf(times, 15), it.placeOf(times, 20),
            String(it.placeOf(times, 2000))];""",
        [True, False, False, 5, 1000, 1.5, 2, "NaN"],
    ),
    "positions after": (
        "profit.js",
        """const fill = (book, side, action, count) => ({book, instrument: "A", side, action, count});
        const fills = [
                fill("0", "yes", "buy", "4.00"), fill("1", "yes", "buy", "7.00"), fill("0", "no", "buy", "1.50")];
        return it.withPositions(fills, [{book: "0", instrument: "A", quantity: "0.00"}],
            [{book: "0", instrument: "A", held: "2.50"}]).map((row) => row["position after"] ?? "");""",
        ["4.00", "", "2.50"],
    ),
    "idle": ("format.js", "return [59e6, 61e6, 7200e6].map(it.idleOf);", ["59 s", "1 min", "2 h"]),
}


def test_what_the_page_computes(tab: Any, live: Live) -> None:
    open_console(tab, live)
    found = {}
    for name, (module, body, _) in CASES.items():
        found[name] = tab.evaluate(f"async () => {{ const it = await import('/_mock/console/lib/{module}'); {body} }}")
    assert found == {name: case[2] for name, case in CASES.items()}
