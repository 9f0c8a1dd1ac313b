"""Situations that the doctor is shown, and what its checks say of them."""

import json
import os
from pathlib import Path
from typing import Any

from mockexchange.cli.doctor_checks import Check, CheckContext

EVAL = 'eval "$(mockexchange env)"'


def situation(home: Path, environment: dict[str, str] | None = None, **changed: Any) -> CheckContext:
    given: dict[str, Any] = {"ready_file": home / "ready.json", "host": "127.0.0.1", "port": 1, **changed}
    return CheckContext(environment or {}, **given)


def found(check: Check, given: CheckContext) -> list[tuple[str, str]]:
    return [(one.verdict, one.message) for one in check(given)]


def ready(home: Path, **changed: Any) -> Path:
    """A ready file of this process."""
    plain = {
        "pid": os.getpid(),
        "control_url": "http://127.0.0.1:1/_mock",
        "control_token": "t",
        "api_date": "latest",
        "venues": {"kalshi": {"base_url": "http://127.0.0.1:1/trade-api/v2"}},
        "accounts": [{"name": "alice", "key_id": "k1", "private_key_path": None}],
    }
    file = home / "ready.json"
    file.write_text(json.dumps({**plain, **changed}))
    return file
