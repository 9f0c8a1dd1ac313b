"""Programs of other languages: found, or a reason to skip; run in a copy of their example."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from mockexchange.clients.published import CLIENT_SETUPS
from tests.helpers.installations import await_installations
from tests.helpers.patience import PATIENCE_S
from tests.house.checkout import ROOT
from tests.house.serving import COMMAND, unmeasured

EXAMPLES = ROOT / "examples"
NODE_ENVIRONMENT = ROOT / ".node-env" / "kalshi"


def require(*programs: str) -> None:
    missing = [name for name in programs if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not installed here: {', '.join(missing)}")


def require_node() -> None:
    await_installations()
    require("node")
    if not (NODE_ENVIRONMENT / "node_modules").is_dir():
        pytest.skip("kalshi-typescript is not installed here: make node-env")


def environment(home: Path, **variables: str) -> dict[str, str]:
    """This one without what points at an exchange, and with the command on its path."""
    scrubbed = ("KALSHI_", "MOCKEXCHANGE_", "XDG_", "NODE_")
    kept = {name: value for name, value in unmeasured(os.environ).items() if not name.startswith(scrubbed)}
    return {**kept, "HOME": str(home), "PATH": f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}", **variables}


def pointed(ready: Mapping[str, object], name: str) -> dict[str, str]:
    """The variables by which an account is pointed, from a ready file."""
    from mockexchange.cli.commands.env import template_values

    accounts = ready["accounts"]
    assert isinstance(accounts, list)
    account = next(each for each in accounts if each["name"] == name)
    words = template_values(ready, account)
    return {
        variable: template.format(**words) for variable, template in CLIENT_SETUPS[account["venue"]].pointers.items()
    }


def by_url(ready: Mapping[str, str]) -> dict[str, str]:
    """The variables that say where a server is which is reached by its port alone, as a container's is."""
    return {
        "MOCKEXCHANGE_URL": ready["control_url"].removesuffix("/_mock"),
        "MOCKEXCHANGE_TOKEN": ready["control_token"],
    }


def run(
    command: list[str], folder: Path, variables: Mapping[str, str], *, code: int = 0
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end. Raises AssertionError with what it said if it ends otherwise."""
    done = subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == code, f"exit code {done.returncode}:\n{done.stdout}{done.stderr}"
    return done
