"""The banner of `serve` fits the terminal with every scenario, and stays whole where it is no terminal."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from mockexchange.cli.serve.banner import banner
from mockexchange.runtime.ready_file import RunDirectory, default_ready_file
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.scenario.loader import builtin_names, load_builtin, load_text
from mockexchange.scenario.plan import Plan
from mockexchange.server.ready_content import describe_accounts
from mockexchange.venues.kalshi.named_days import api_date
from tests.cli.conftest import COLOUR, Terminal
from tests.helpers.rows import each_row

URLS = {"base_url": "https://127.0.0.1:8600/trade-api/v2", "ws_url": "wss://127.0.0.1:8600/trade-api/ws/v2"}
KEY_ID = "0123456789abcdef-" * 3
PEOPLE = f"""\
scenario: people
accounts:
  a: {{cash: 10, keys: {{main: {{key_id: {KEY_ID}}}}}}}
  a-name-as-long-as-a-sentence: {{kind: fcm, subtraders: {{north-and-south: {{}}, east-and-west: {{}}, others: {{}}}}}}
  dora: {{venue: deribit}}
  sue: {{venue: signalplus}}
"""
FOR_PASTING = ("export ", "mockexchange call ")


def ready_of(plan: Plan, folder: Path) -> dict[str, Any]:
    credentials = asyncio.run(open_sandbox(plan, SandboxOptions(clock="paused"))).credentials()
    directory = RunDirectory()
    accounts = describe_accounts(credentials, directory)
    directory.remove()
    return {
        "venues": dict.fromkeys(("kalshi", "deribit", "signalplus"), URLS),
        "accounts": accounts,
        "ca_cert": f"{directory.path}/ca-cert.crt",
        "ca_bundle": f"{directory.path}/ca-bundle.crt",
    }


def shown(ready: dict[str, Any], date: str) -> list[str]:
    text = banner(ready, api_date(date), default_ready_file(), faults=2, is_checked=True)
    return COLOUR.sub("", text).splitlines()


@each_row("width", [80, 120])
@each_row("name", [*builtin_names(), "people"])
def test_every_line_fits(name: str, width: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Except lines to paste, which are whole."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    ready = ready_of(load_text(PEOPLE) if name == "people" else load_builtin(name), tmp_path)
    piped = [shown(ready, date) for date in ("compat", "latest", "2025-11")]
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("COLUMNS", str(width))
    for date, whole in zip(("compat", "latest", "2025-11"), piped, strict=True):
        lines = shown(ready, date)
        pasted = [line for line in lines if line.startswith(FOR_PASTING)]
        wrapped = [line for line in lines if line not in pasted]
        too_long = [line for line in wrapped if len(line) > width and str(tmp_path) not in line]
        assert too_long == []
        assert pasted == [line for line in whole if line.startswith(FOR_PASTING)]
        assert " ".join(" ".join(wrapped).split()) == " ".join(
            word for line in whole if not line.startswith(FOR_PASTING) for word in line.split()
        )


def test_columns_are_as_wide_as_names_and_kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    lines = shown(ready_of(load_text(PEOPLE), tmp_path), "latest")
    columns = {line.split()[0]: line.index(" key ") for line in lines if " key " in line}
    assert columns.pop("a-name-as-long-as-a-sentence") > columns["a"]
    assert set(columns.values()) == {len("  ") + 24 + len(" SignalPlus")}
