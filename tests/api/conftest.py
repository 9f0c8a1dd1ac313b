"""An exchange by each of the four ways, from one server of each for all tests of a module."""

import gc
import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mockexchange import serve
from tests.api.connections import CONNECTIONS


@pytest.fixture(scope="module", params=list(CONNECTIONS))
def server(request: pytest.FixtureRequest) -> Iterator[Any]:
    """An exchange whose sandboxes the tests use."""
    with CONNECTIONS[request.param](scenario="empty") as exchange:
        yield exchange


@pytest.fixture
def exchange(server: Any) -> Iterator[Any]:
    """A fresh `demo`, as of the newest day, on a port of its own."""
    with server.sandbox("demo") as fresh:
        yield fresh


def opened() -> set[str]:
    """What sockets, pipes and files this process has open, but for those of the tests' own output."""
    links = [link for link in Path("/proc/self/fd").iterdir() if int(link.name) > 2 and link.is_symlink()]
    return {f"{link.name} {link.readlink()}" for link in links}


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}


def forget_the_heap() -> None:
    """Collect what there is to collect, and keep later collections from walking what earlier tests have left."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def nothing_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No thread, descriptor, file or patched variable stays behind."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with serve("empty"):
        pass  # what is loaded once and for all
    forget_the_heap()
    before = threading.enumerate(), opened(), environment()
    yield
    gc.collect()
    assert (threading.enumerate(), opened(), environment()) == before
    assert list(folder.iterdir()) == []
