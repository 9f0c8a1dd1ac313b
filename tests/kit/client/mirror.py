"""An adapter whose client reads everything right, or has the fault whose name is in a file.

`python -m tests.kit.client.mirror FILE`; the file is read for each task, so that one process serves for all faults.
"""

import json
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from mockexchange.kit.client.read_tasks import ReadTask, Unit, read_body
from mockexchange.kit.kalshi.read_tasks import TASKS
from mockexchange.kit.kalshi.signing import Signer, load_signer

Row = dict[str, Any]
AMOUNTS = ("position", "cost", "realized", "fees", "traded", "balance", "value", "count", "yes_price", "revenue")
SUPPORTED = {task.name: task for task in TASKS}
PAGES_MAX = 100
OF_ALL = ("", "floats", "coarse", "zeros", "upper", "concluding")
OF_FILLS = ("merging", "replacing", "primary", "alone")
"""Faults of every task, and of fills; the others are of positions."""


@cache
def signer(key_id: str, path: str) -> Signer:
    return load_signer(key_id, Path(path).read_text(encoding="utf-8"))


def bodies(asked: Row, task: ReadTask, http: httpx.Client, limit: int = 3) -> list[Any]:
    """Every page of an answer."""
    url, query, pages = asked["base_url"] + task.path, {"limit": str(limit)} if task.rows else {}, []
    for _ in range(PAGES_MAX):
        headers = signer(asked["key_id"], asked["private_key_path"]).headers("GET", url)
        answer = http.get(url, params=query, headers=headers)
        answer.raise_for_status()
        pages.append(answer.json())
        if not task.rows or not pages[-1]["cursor"]:
            return pages
        query["cursor"] = pages[-1]["cursor"]
    raise OverflowError("the cursors go in circles")


def right(task: ReadTask, body: Any) -> list[Row]:
    return [dict(row) for row in read_body(task, body)]


def changed(
    change: Callable[[str, Any], Any], names: tuple[str, ...] = AMOUNTS
) -> Callable[[ReadTask, Any], list[Row]]:
    def read(task: ReadTask, body: Any) -> list[Row]:
        rows = right(task, body)
        return [{name: change(name, cell) if name in names else cell for name, cell in row.items()} for row in rows]

    return read


def coarse(task: ReadTask, body: Any) -> list[Row]:
    """Read the fields that the exchange has removed, where it still sends them."""
    reversed_names = {name: tuple(reversed(wires)) for name, wires in task.names.items()}
    return right(task._replace(names=reversed_names), body)


def zeros(task: ReadTask, body: Any) -> list[Row]:
    """Report 0 if the response has no such field."""
    names = [name for name, wires in task.names.items() if wires and wires[0].unit not in (Unit.TEXT, Unit.INSTANT)]
    return [{**dict.fromkeys(names, "0"), **row} for row in right(task, body)]


def needy(task: ReadTask, body: Any) -> list[Row]:
    """Need a field that the exchange has removed."""
    for row in body.get("market_positions", ()):
        row["position"]
    return right(task, body)


def nameless(task: ReadTask, body: Any) -> list[Row]:
    return [{name: cell for name, cell in row.items() if name != task.key} for row in right(task, body)]


def closed(task: ReadTask, body: Any) -> list[Row]:
    """Refuse fields that are not known."""
    known = {wire.name for wires in task.names.values() for wire in wires}
    unknown = {name for row in body.get(task.rows, ()) for name in row} - known
    if unknown:
        raise ValueError(f"unknown fields: {', '.join(sorted(unknown))}")
    return right(task, body)


def some(task: ReadTask, body: Any) -> list[Row]:
    """Need a row."""
    body[task.rows][0]
    return right(task, body)


def coded(task: ReadTask, body: Any) -> list[Row]:
    """Write names in ASCII."""
    for row in right(task, body):
        str(row["ticker"]).encode("ascii")
    return right(task, body)


def rude(task: ReadTask, body: Any) -> list[Row]:
    """Put several lines into an error."""
    if not body[task.rows]:
        raise ValueError("first\nsecond\u2028third")
    return right(task, body)


def odd(task: ReadTask, body: Any) -> list[Row]:
    """Lose a row where there are three or more."""
    rows = right(task, body)
    return rows[:-1] if len(rows) >= 3 else rows


def concluding(task: ReadTask, body: Any) -> list[Row]:
    """Derive values from other fields of equal meaning, which is no fault."""
    rows = right(task, body)
    if task.name not in ("fills", "orders"):
        return rows
    return [{**row, **concluded(wire)} for row, wire in zip(rows, body[task.rows], strict=True)]


def concluded(wire: Row) -> Row:
    outcome = wire["side"] if (wire["action"] == "buy") else {"yes": "no", "no": "yes"}[wire["side"]]
    yes_price = next(wire[name] for name in ("yes_price_dollars", "yes_price_fixed") if name in wire)
    cells = {"outcome_side": outcome, "book_side": {"yes": "bid", "no": "ask"}[outcome]}
    cells |= {"no_price": str(1 - Decimal(yes_price))}
    return cells | (
        {"created_seconds": wire["ts"], "market": wire["ticker"], "trade": wire["fill_id"]} if "ts" in wire else {}
    )


def summing(task: ReadTask, body: Any) -> list[Row]:
    """Add the fills of a subaccount to the position of the primary one."""
    rows = right(task, body)
    mixed = {"position": "13.00", "cost": "7.28", "traded": "7.28", "fees": "0.2243"}
    return [{**row, **mixed} if row["ticker"] == "KXRAINNYC-25NOV05-T1" else row for row in rows]


def merging(task: ReadTask, body: Any) -> list[Row]:
    """Add up the fills of an order."""
    merged: dict[str, Row] = {}
    for row in right(task, body):
        known = merged.setdefault(row["order"], {**row, "count": "0"})
        known["count"] = str(Decimal(known["count"]) + Decimal(row["count"]))
    return list(merged.values())


def replacing(task: ReadTask, body: Any) -> list[Row]:
    """Keep one fill of an order."""
    return list({row["order"]: row for row in right(task, body)}.values())


FAULTS: Mapping[str, Callable[[ReadTask, Any], list[Row]]] = {
    "": right,
    "concluding": concluding,
    "floats": changed(lambda name, cell: cell and float(cell)),
    "dust": changed(lambda name, cell: float(cell) * 3 / 3 + 1e-9, ("cost",)),
    "sign": changed(lambda name, cell: cell.lstrip("-"), ("position",)),
    "cents": changed(lambda name, cell: str(int(Decimal(cell) * 100)), ("traded",)),
    "label": lambda task, body: [{**row, "cost_cents": row["cost"]} for row in right(task, body)],
    "whole": changed(lambda name, cell: str(int(float(cell))), ("position",)),
    "words": changed(lambda name, cell: f"${cell}", ("cost",)),
    "nulls": changed(lambda name, cell: None if cell == "0.00" else cell, ("position",)),
    "nothing": changed(lambda name, cell: "0", ("position",)),
    "local": changed(lambda name, cell: cell.rstrip("Z"), ("updated",)),
    "late": changed(lambda name, cell: cell.replace("12:00", "13:00"), ("updated",)),
    "never": changed(lambda name, cell: "yesterday", ("updated",)),
    "last": lambda task, body: right(task, body)[:-1],
    "twice": lambda task, body: [*right(task, body), *right(task, body)[-1:]],
    "novel": lambda task, body: [{**row, "Position": "1"} for row in right(task, body)],
    "upper": changed(lambda name, cell: cell.upper(), ("side",)),
    "coarse": coarse,
    "zeros": zeros,
    "needy": needy,
    "nameless": nameless,
    "closed": closed,
    "some": some,
    "odd": odd,
    "coded": coded,
    "rude": rude,
    "summing": summing,
    "merging": merging,
    "replacing": replacing,
    "primary": changed(lambda name, cell: "0", ("subaccount",)),
    "alone": lambda task, body: [row for row in right(task, body) if row["subaccount"] == "0"],
}


def answer(asked: Row, fault: str, http: httpx.Client) -> Row:
    task = SUPPORTED.get(asked["task"])
    if (
        task is None
        or fault == "mute"
        or (fault not in OF_ALL and task.name != ("fills" if fault in OF_FILLS else "positions"))
    ):
        return {"unsupported": True}
    limit = 100 if fault in OF_FILLS else 3
    try:
        return {"rows": [row for body in bodies(asked, task, http, limit) for row in FAULTS[fault](task, body)]}
    except httpx.HTTPStatusError as error:
        return {"error": str(error), "status": error.response.status_code}
    except (httpx.HTTPError, LookupError, ArithmeticError, TypeError, ValueError) as error:
        return {"error": f"{type(error).__name__}: {error}", "status": None}


def main() -> None:
    file = Path(sys.argv[1])
    with httpx.Client(trust_env=False) as http:
        for line in sys.stdin:
            asked, fault = json.loads(line), file.read_text(encoding="utf-8")
            sys.stdout.write(f"{json.dumps({'id': asked['id'], **answer(asked, fault, http)})}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
