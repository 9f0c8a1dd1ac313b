"""The start of workers in one process: what they share, and what is left of it at the end."""

import os
import signal
import sys
from pathlib import Path
from threading import Thread

import pytest

from mockexchange.runtime.redaction import WholeSecrets
from mockexchange.server.http.listener import PortInUse, bind
from mockexchange.server.serve_options import ServeOptions, WorkersOptions
from mockexchange.server.workers.parent import Parent, Worker
from mockexchange.server.workers.start import (
    StartedWorker,
    become_worker,
    has_served_as_reader,
    with_shared,
)
from mockexchange.store.sqlite_store import lock
from mockexchange.store.stores import StoreError
from tests.helpers.sandboxes import SMALL
from tests.server.live import serving
from tests.server.wire import ADDRESS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers are for Linux")


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WorkersOptions:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return WorkersOptions(2, ADDRESS, 0, tmp_path / "ready.json", None, None, None, None)


def test_one_worker_is_a_server_as_ever(given: WorkersOptions) -> None:
    worker = become_worker(given._replace(workers=1))
    options = ServeOptions(host=ADDRESS, port=0, ready_file=given.ready_file)
    assert worker == StartedWorker()
    assert with_shared(options, worker) == options


def test_workers_share_sockets_and_a_file_until_the_parent_ends(
    given: WorkersOptions, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(Parent, "run", lambda parent: Worker(1, "it ended"))
    worker = become_worker(given._replace(workers=3, control_port=0, sandboxes_max=5))
    assert worker[:2] == (1, "it ended")
    mine = with_shared(ServeOptions(host=ADDRESS, port=0, ready_file=given.ready_file), worker)
    assert mine.shared
    assert len({sock.getsockname()[1] for sock in mine.shared.sockets}) == 1
    assert len(mine.shared.sockets) == 3
    assert mine.durability == "off"
    assert mine.store == mine.shared.run_directory.path / "store.db"
    assert mine.token == mine.shared.token
    mine.shared.close()
    assert not list(tmp_path.glob("mockexchange/run-*"))


def test_the_parent_leaves_nothing_behind(given: WorkersOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    def end(parent: Parent) -> Worker:
        raise SystemExit(0)

    monkeypatch.setattr(Parent, "run", end)
    folder = given.ready_file.parent
    kept = given._replace(store=folder / "mock.db")
    given.ready_file.write_text(f'{{"pid": {os.getpid()}}}')
    for _ in range(2):  # the second one finds the file unlocked
        with pytest.raises(SystemExit):
            become_worker(kept)
    assert not given.ready_file.exists()
    assert not list(folder.glob("mockexchange/run-*"))


def test_a_port_or_a_file_in_use_is_refused_and_leaves_nothing_behind(given: WorkersOptions) -> None:
    folder = given.ready_file.parent
    store = folder / "mock.db"
    with bind(ADDRESS, 0) as taken, pytest.raises(PortInUse):
        become_worker(given._replace(store=store, port=taken.getsockname()[1], control_port=0))
    held = lock(store)
    with pytest.raises(StoreError, match="another server uses it"):
        become_worker(given._replace(store=store))
    held.release()
    assert not list(folder.glob("mockexchange/run-*"))


def test_a_reader_serves_until_a_signal(
    given: WorkersOptions, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Parent, "run", lambda parent: Worker(1, "it ended"))
    worker = become_worker(given)
    shared = worker.shared
    assert shared

    def be_first() -> None:
        with serving(given.ready_file.parent, SMALL, store=shared.store, shared=shared, durability="off"):
            os.kill(os.getpid(), signal.SIGTERM)

    first = Thread(target=be_first)
    first.start()
    assert has_served_as_reader(worker, None, (), WholeSecrets())
    first.join()
    shared.close()
    assert caplog.messages == ["it ended"]
    assert not has_served_as_reader(StartedWorker(), None, (), WholeSecrets())
