"""Store files of a killed server: missing records are named by their numbers, and sound files are accepted."""

import asyncio
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from mockexchange.cli import main
from mockexchange.store import commit_marks
from mockexchange.store.commit_marks import mark_path
from mockexchange.store.sqlite_store import SqliteReader, SqliteStore, delete
from mockexchange.store.stores import StoreError
from tests.helpers.rows import each_row
from tests.store.test_logs import HEADER, record, records


def killed(folder: Path, durability: str = "full") -> Path:
    """Return a store file as `kill -9` leaves it: 3 records are in the file, and 2 more in its write-ahead log."""
    path, left = folder / "used" / "mock.db", folder / "left"

    path.parent.mkdir()

    async def life() -> None:
        store = SqliteStore.open(path, durability)
        log = await store.create("default", HEADER, b"{}", records(1, 3))
        store.writer.execute("pragma wal_checkpoint(truncate)")
        await log.append([record(4)], "a")
        await log.append([record(5)], "b")
        shutil.copytree(path.parent, left)
        store.close()

    asyncio.run(life())
    assert not mark_path(path).exists(), "a server that ends by itself leaves none"
    return left / "mock.db"


def wal_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def cut_in_half(path: Path) -> None:
    # The frames of the first of two equal transactions.
    wal = wal_of(path)
    content = wal.read_bytes()
    wal.write_bytes(content[: 32 + (len(content) - 32) // 2])


def problems_of(path: Path) -> list[str]:
    reader = SqliteReader(path)
    try:
        return [*reader.damages(), *(one.problem for one in reader.stored() if one.problem)]
    finally:
        reader.close()


LOST = (
    "were committed and missing: {path}-wal was cut or lost: put it back, or delete {path}.mark to go on without them"
)


@each_row(
    ("harm", "problem"),
    [
        (lambda path: None, None),
        (lambda path: wal_of(path).unlink(), f"records 4 to 5 {LOST}"),
        (lambda path: wal_of(path).write_bytes(b""), f"records 4 to 5 {LOST}"),
        (cut_in_half, f"record 5 {LOST.replace('were', 'was', 1)}"),
    ],
)
def test_what_a_lost_write_ahead_log_had_is_named(
    tmp_path_factory: pytest.TempPathFactory, harm: Callable[[Path], object], problem: str | None
) -> None:
    path = killed(tmp_path_factory.mktemp("store"))
    harm(path)
    wanted = [] if problem is None else [problem.format(path=path)]
    assert problems_of(path) == wanted
    store = SqliteStore.open(path)  # a server sets the sandbox aside, and does not forget why when it ends
    assert [one.problem for one in store.stored() if one.problem] == wanted
    store.close()
    assert problems_of(path) == wanted
    mark_path(path).unlink(missing_ok=True)
    assert problems_of(path) == []


def test_store_check_fails_for_missing_records(tmp_path: Path) -> None:
    path = killed(tmp_path)
    wal_of(path).unlink()
    run = CliRunner().invoke(main, ["store", "check", str(path), "--json"])
    assert run.exit_code == 1
    found = json.loads(run.stdout)
    assert (found["sandbox"], found["problem"].partition(":")[0]) == (
        "default",
        "records 4 to 5 were committed and missing",
    )


def test_a_store_without_a_sandbox_that_was_created_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "mock.db"
    SqliteStore.open(path).close()
    before = path.read_bytes()

    async def life() -> bytes:
        store = SqliteStore.open(path)
        await store.create("default", HEADER, b"{}", [])
        marks = mark_path(path).read_bytes()
        store.close()
        return marks

    marks = asyncio.run(life())
    path.write_bytes(before)
    mark_path(path).write_bytes(marks)
    with pytest.raises(
        StoreError, match=r"the sandbox with the id 1 was created and is missing: .*-wal was cut or lost"
    ):
        SqliteStore.open(path)
    assert mark_path(path).read_bytes() == marks
    assert problems_of(path) != []


def test_deleted_and_reset_sandboxes_are_not_missed(tmp_path: Path) -> None:
    path = killed(tmp_path)

    async def life() -> None:
        store = SqliteStore.open(path)
        [old] = store.stored()
        log = await store.create("default", HEADER, b"{}", records(1, 1), replaced=old.id)
        other = await store.create("other", HEADER, b"{}", [])
        await store.delete(other.id)
        marks = mark_path(path).read_bytes()
        assert log.id != old.id
        store.close()
        mark_path(path).write_bytes(marks)

    asyncio.run(life())
    assert problems_of(path) == []
    delete(path, "default")
    assert problems_of(path) == []


@each_row(
    ("durability", "boot", "is_said"), [("normal", b"later", False), ("full", b"later", True), ("normal", b"", False)]
)
def test_a_machine_that_starts_again_may_have_lost_what_was_not_synchronized(
    tmp_path_factory: pytest.TempPathFactory, durability: str, boot: bytes, is_said: bool
) -> None:
    folder = tmp_path_factory.mktemp("store")
    path, boot_id = killed(folder, durability), folder / "boot_id"
    wal_of(path).unlink()
    boot_id.write_bytes(boot)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(commit_marks, "BOOT_ID", boot_id)
        assert (problems_of(path) != []) is is_said
        SqliteStore.open(path).close()
        assert (problems_of(path) != []) is is_said


def test_a_file_of_marks_that_cannot_be_read_says_nothing(tmp_path: Path) -> None:
    path = killed(tmp_path)
    for content in (b"", b"x" * 20, b"x" * 200):
        mark_path(path).write_bytes(content)
        assert problems_of(path) == []
