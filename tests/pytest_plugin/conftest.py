from pathlib import Path

import pytest

from tests.pytest_plugin.suites import Suite


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    """An empty suite with the plugin alone; its configuration is its own."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return Suite(tmp_path)
