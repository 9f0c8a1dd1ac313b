"""Every run of pytest in the environment loads the plugin: it costs next to nothing, and is found by itself."""

import subprocess
import sys
from importlib.metadata import entry_points

from tests.helpers.patience import PATIENCE_S
from tests.pytest_plugin.suites import Suite

HEAVY = ("asyncio", "cryptography", "http.client", "msgspec", "sortedcontainers", "starlette", "uvicorn", "yaml")
OURS_MAX = 5
"""The package, the plugin, and what its options are declared with."""


def loaded_by(statement: str) -> set[str]:
    program = f"import pytest, sys; before = set(sys.modules); {statement}; print(*set(sys.modules) - before)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=PATIENCE_S
    )
    return set(done.stdout.split())


def test_loading_it_loads_nothing_else() -> None:
    loaded = loaded_by("import mockexchange.pytest_plugin")
    assert not {name for name in loaded if name.startswith(HEAVY)}
    assert len({name for name in loaded if name.startswith("mockexchange")}) <= OURS_MAX
    assert {name for name in loaded_by("import mockexchange.pytest_plugin.collection_checks") if name.startswith(HEAVY)}


def test_it_is_found_by_itself() -> None:
    [found] = [one for one in entry_points(group="pytest11") if one.name == "mockexchange"]
    assert found.value == "mockexchange.pytest_plugin"


def test_a_run_without_exchanges_loads_nothing_else(suite: Suite) -> None:
    suite.file("conftest.py", "import sys\ndef pytest_unconfigure(config): print('loaded', *sys.modules)\n")
    ran = suite.run_text("def test_it(): pass\n")
    loaded = ran.text.partition("loaded ")[2].split()
    assert "mockexchange.pytest_plugin" in loaded
    assert len([name for name in loaded if name.startswith("mockexchange")]) <= OURS_MAX
