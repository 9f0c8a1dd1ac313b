"""Opens, replays, imports and compares what an earlier version wrote: the files of `written/`, which never change."""

import gzip
from collections.abc import Iterable
from pathlib import Path

from tests.golden.command_line import folder, run, served
from tests.golden.pinned import pinned_time
from tests.golden.wire import Texts
from tests.helpers.postgres import PostgresServer, program

WRITTEN = Path(__file__).with_name("written")
SCENARIOS = tuple(sorted((WRITTEN / "scenarios").glob("*.yaml")))
SANDBOXES = {"default": "zed", "kalshi": "member", "derivatives": "dora", "forked": "zed"}
"""The sandboxes of the stores, each with an account that asks."""
READS = {
    "derivatives": ("'/private/get_positions?currency=BTC'", "/private/get_open_orders"),
    "kalshi": ("/portfolio/balance", "/portfolio/positions", "/portfolio/orders", "/portfolio/fills"),
}
RULES = ("script", "fault", "stub")


def unpack(name: str) -> Path:
    """Write an unpacked copy of a file of `written/` to this folder."""
    copy = Path(Path(name).stem)
    copy.write_bytes(gzip.decompress((WRITTEN / name).read_bytes()))
    return copy


def record() -> Texts:
    """Return what becomes of the SQLite store, the logs and journals, the recordings and the scenarios."""
    with pinned_time(), folder() as here:
        texts = stored("store.db", f"sqlite:{unpack('store.db.gz')}", here)
        for packed in sorted((WRITTEN / "logs").iterdir()):
            unpack(f"logs/{packed.name}")
        for scenario in SCENARIOS:
            Path(scenario.name).write_bytes(scenario.read_bytes())
            texts |= _named(f"{scenario.stem} check", [f"scenario check {scenario.name} --json"])
        for log in sorted(Path().glob("*.log.jsonl")):
            name = log.name.partition(".")[0]
            journals = [f"--journal {path}" for path in sorted(Path().glob(f"{name}.*.jsonl")) if path != log]
            texts |= _named(f"{name} replay", [f"replay {log} {' '.join(journals)} --json"])
        for name in ("recording", "snapshot"):
            file, made = unpack(f"{name}.jsonl.gz"), Path(f"{name}.yaml")
            texts |= _named(f"{name} import", [f"import {file} --out {made} --accept --json"])
            texts[f"{name} import"] += made.read_text(encoding="utf-8")
            texts |= _named(f"{name} drift", [f"drift {file} --json", f"drift {file} --api-date 2025-11"])
    return texts


def has_postgres() -> bool:
    """Return whether PostgreSQL is installed."""
    return program("initdb") is not None and program("postgres") is not None


def record_postgres() -> Texts:
    """Return the same of the store in a PostgreSQL database."""
    initdb, postgres = program("initdb"), program("postgres")
    assert initdb is not None, "ask has_postgres first"
    assert postgres is not None, "ask has_postgres first"
    server = PostgresServer(initdb, postgres)
    try:
        server.run_sql(gzip.decompress((WRITTEN / "store.sql.gz").read_bytes()).decode())
        with pinned_time(), folder() as here:
            return stored(server.url.text, server.url.text, here)
    finally:
        server.remove()


def stored(name: str, store: str, here: Path) -> Texts:
    """Return what is in a store, and how its sandboxes go on when a server opens it."""
    looks = [f"store {view} {name}{more}" for view in ("list", "check") for more in ("", " --json")]
    exports = [f"store export {name} {sandbox}" for sandbox in SANDBOXES]
    texts = _named("store", [*looks, *exports])
    with served(here / "log.txt", "--store", store):
        for sandbox, account in SANDBOXES.items():
            asked = [f"call {account} GET {path}" for path in READS.get(sandbox, READS["kalshi"])]
            shown = [f"{rules} list --json" for rules in RULES]
            lines = [*shown, *asked, "advance 2m --json", *shown, "log"]
            texts |= _named(f"store {sandbox}", [f"{line} --sandbox {sandbox}" for line in lines])
    return texts


def _named(subject: str, lines: Iterable[str]) -> Texts:
    return {subject: "".join(run(line) for line in lines)}
