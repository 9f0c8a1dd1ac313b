"""Where the server leaves word of itself, and who may read it."""

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mockexchange.core.vocabulary import AccountKind
from mockexchange.runtime import process_lock
from mockexchange.runtime.process_lock import LOCK
from mockexchange.runtime.ready_file import (
    APPLICATION,
    SPARE,
    NoServer,
    RunDirectory,
    default_ready_file,
    read_ready,
    remove_ready_file,
    runtime_directory,
    write_private,
    write_ready_file,
)
from mockexchange.sandbox.credentials import Credential
from mockexchange.venues.registry import NAMES
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row

READY = {"pid": os.getpid(), "control_url": "http://127.0.0.1:8600/_mock", "name": "Zoë"}
WHOLE = {**READY, "control_token": "t", "accounts": [], "venues": {NAMES[0]: {"base_url": "http://127.0.0.1:8600"}}}


def credential(account: str, key: str = "main", pem: str | None = "PEM") -> Credential:
    return Credential(account, key, AccountKind.MEMBER, "id", pem, [])


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@each_row(
    ("platform", "environment", "wanted"),
    [
        ("linux", {"HOME": "/h", "XDG_RUNTIME_DIR": "/run/7"}, "/run/7/mockexchange"),
        ("linux", {"HOME": "/h", "XDG_RUNTIME_DIR": ""}, "/h/.cache/mockexchange"),
        ("linux", {"HOME": "/h", "XDG_CACHE_HOME": "/c"}, "/c/mockexchange"),
        ("linux", {"HOME": "/h"}, "/h/.cache/mockexchange"),
        ("darwin", {"HOME": "/h", "XDG_CACHE_HOME": "/c"}, "/h/Library/Caches/mockexchange"),
        ("darwin", {"HOME": "/h", "XDG_RUNTIME_DIR": "/run/7"}, "/run/7/mockexchange"),
        ("win32", {"USERPROFILE": "/u", "LOCALAPPDATA": "/local"}, "/local/mockexchange"),
        ("win32", {"USERPROFILE": "/u"}, "/u/mockexchange"),
    ],
)
def test_each_system_has_its_directory(platform: str, environment: dict[str, str], wanted: str) -> None:
    assert runtime_directory(environment, platform) == Path(wanted)


def test_without_a_home_it_is_a_temporary_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert runtime_directory({}, "linux") == tmp_path / ".cache" / "mockexchange"


def test_the_default_ready_file_is_in_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert default_ready_file() == tmp_path / "mockexchange" / "ready.json"


# --- the default ready file, of several servers


@pytest.fixture
def default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return default_ready_file()


def started(default: Path, pid: object, name: str) -> RunDirectory:
    """What a server of that process leaves."""
    directory = RunDirectory()
    write_ready_file(default, {**READY, "pid": pid, "name": name}, directory.path)
    return directory


def test_the_default_ready_file_goes_to_the_newest_server_that_still_runs(default: Path) -> None:
    gone = 2**22 + 1  # beyond what a system counts to
    for age_s, (pid, name) in enumerate([(gone, "gone"), (os.getppid(), "young"), (os.getppid(), "old")]):
        spare = started(default, pid, name).path / SPARE
        os.utime(spare, (1_000_000 - age_s, 1_000_000 - age_s))
    for spoilt in ("no JSON", "[]", '{"pid": null}'):
        (RunDirectory().path / SPARE).write_text(spoilt, encoding="utf-8")
    started(default, os.getpid(), "ours")
    remove_ready_file(default)
    assert json.loads(default.read_text(encoding="utf-8"))["name"] == "young"
    assert mode(default) == 0o600
    remove_ready_file(default)
    assert default.exists(), "it is another's now"


def test_the_last_server_takes_the_default_ready_file_along(default: Path) -> None:
    started(default, os.getpid(), "ours")
    remove_ready_file(default)
    assert not default.exists()


def test_a_ready_file_that_was_asked_for_is_nobody_elses(default: Path, tmp_path: Path) -> None:
    started(default, os.getppid(), "other")
    mine, directory = tmp_path / "mine.json", RunDirectory()
    write_ready_file(mine, READY, directory.path)
    assert [path.name for path in directory.path.iterdir()] == [LOCK]
    remove_ready_file(mine)
    assert not mine.exists()


# --- the ready file


def test_the_ready_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "ready.json"
    write_ready_file(target, READY)
    assert json.loads(target.read_text()) == READY
    assert (mode(target), mode(target.parent)) == (0o600, 0o700)


def test_it_replaces_another_that_all_could_read(tmp_path: Path) -> None:
    target = tmp_path / "ready.json"
    target.write_text("old")
    target.chmod(0o644)
    write_ready_file(target, READY)
    assert (mode(target), json.loads(target.read_text())) == (0o600, READY)
    assert list(tmp_path.iterdir()) == [target]


def test_it_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "ready.json"
    write_ready_file(target, READY)
    with pytest.raises(UnicodeEncodeError):
        write_private(target, "half a pair: \ud800")
    assert json.loads(target.read_text()) == READY
    assert list(tmp_path.iterdir()) == [target]


def test_nobody_ever_sees_a_part_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the name points to is complete at the moment it appears."""
    seen: list[str] = []
    replace = Path.replace

    def watch(self: Path, target: Path) -> Path:
        seen.append(self.read_text())
        assert not target.exists()
        assert mode(self) == 0o600
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", watch)
    write_private(tmp_path / "file", "all of it")
    assert seen == ["all of it"]


def test_the_server_removes_its_own(tmp_path: Path) -> None:
    target = tmp_path / "ready.json"
    write_ready_file(target, READY)
    remove_ready_file(target)
    assert not target.exists()
    remove_ready_file(target)


@each_row("text", ['{"pid": 1}', "{", "{}", "[]", "7", "null", ""])
def test_it_leaves_what_is_not_its_own(tmp_path: Path, text: str) -> None:
    target = tmp_path / "ready.json"
    target.write_text(text)
    remove_ready_file(target)
    assert target.read_text() == text


# --- the run directory


def test_keys_are_files_of_their_owner_that_go_with_the_server(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path / "deep")
    paths = [run.write_key(credential("alice")), run.write_key(credential("alice", "ro"))]
    assert [path and path.name for path in paths] == ["alice.pem", "alice.ro.pem"]
    assert [path and (mode(path), path.read_text()) for path in paths] == [(0o600, "PEM")] * 2
    assert mode(run.path) == 0o700
    run.remove()
    assert not run.path.exists()
    run.remove()


def test_a_key_of_which_only_the_public_half_is_known_has_no_file(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    assert run.write_key(credential("alice", pem=None)) is None
    assert [path.name for path in run.path.iterdir()] == [LOCK]


@each_row(
    ("account", "name"),
    [("../../etc/passwd", ".._.._etc_passwd.pem"), ("a b\n", "a_b_.pem"), ("Zoë", "Zoë.pem"), ("C:\\x", "C__x.pem")],
)
def test_no_name_leads_out_of_the_directory(tmp_path: Path, account: str, name: str) -> None:
    run = RunDirectory(tmp_path)
    path = run.write_key(credential(account))
    assert path == run.path / name
    assert path.exists()


def test_names_that_are_spelt_alike_are_files_of_their_own(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    alike = [credential("a b", pem="1"), credential("a_b", pem="2"), credential("a:b", pem="3")]
    alike += [credential("x", "ro", pem="4"), credential("x.ro", pem="5")]
    paths = [run.write_key(one) for one in alike]
    assert [path and path.name for path in paths] == ["a_b.pem", "a_b-2.pem", "a_b-3.pem", "x.ro.pem", "x.ro-2.pem"]
    assert [path and path.read_text() for path in paths] == ["1", "2", "3", "4", "5"]


def test_long_names_are_cut(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    first, second = run.write_key(credential("\U00020000" * 200)), run.write_key(credential("\U00020000" * 199))
    assert first != second


def test_two_servers_have_two_directories(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    first, second = RunDirectory(), RunDirectory()
    assert first.path != second.path
    assert first.path.parent == second.path.parent == tmp_path / APPLICATION


# --- servers that were killed


def test_a_start_removes_what_a_killed_server_left(tmp_path: Path) -> None:
    """Only the lock tells: a process id may be used again, or mean another process elsewhere."""
    text = "import sys; from pathlib import Path; from mockexchange.runtime.ready_file import RunDirectory\n"
    text += "print(RunDirectory(Path(sys.argv[1])).path, flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", text, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        left = Path(process.stdout.readline().strip())
        (left / "alice.pem").write_text("private")
        foreign = tmp_path / "run-of-another-program"
        foreign.mkdir()
        RunDirectory(tmp_path).remove()
        assert left.exists(), "its server runs"
        process.send_signal(signal.SIGSTOP)
        RunDirectory(tmp_path).remove()
        assert (left / "alice.pem").exists(), "its server is stopped, and goes on later"
        process.kill()
        process.wait()
    ours = RunDirectory(tmp_path)
    assert (left.exists(), foreign.exists(), ours.path.exists()) == (False, True, True)
    RunDirectory(tmp_path).remove()
    assert ours.path.exists(), "it is in use by this process"
    ours.remove()


def test_a_start_leaves_what_a_server_of_another_machine_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock in a shared folder may be known to the machine alone that took it: it says nothing about the others."""
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(process_lock, "machine", lambda: "another machine")
        theirs = RunDirectory(tmp_path)
        key = theirs.write_key(credential("alice"))
    assert theirs._lock is not None
    os.close(theirs._lock)  # as a file system has it that keeps locks to itself
    RunDirectory(tmp_path).remove()
    assert key is not None
    assert key.exists()
    monkeypatch.setattr(process_lock, "machine", lambda: "another machine")
    RunDirectory(tmp_path).remove()
    assert not theirs.path.exists(), "on its own machine it is known that its server has ended"


def test_commands_find_the_older_server_if_the_newer_was_killed(default: Path) -> None:
    gone = 2**22 + 1
    started(default, os.getppid(), "older")
    started(default, gone, "killed")
    write_ready_file(default, {**WHOLE, "pid": gone, "name": "killed"})
    spare = next(path for path in default.parent.glob(f"run-*/{SPARE}") if "older" in path.read_text())
    spare.write_text(json.dumps({**WHOLE, "pid": os.getppid(), "name": "older"}))
    assert read_ready(default)["name"] == "older"
    default.unlink()
    assert read_ready(default)["name"] == "older"
    spare.unlink()
    with pytest.raises(NoServer):
        read_ready(default)


@each_row("number", [errno.ENOSPC, errno.EACCES])
def test_a_file_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refuse(*given: object, **options: object) -> None:
        raise OSError(number, os.strerror(number))  # as a write that fails: without a name

    target = tmp_path / "key.pem"
    monkeypatch.setattr(os, "fdopen", refuse)
    with pytest.raises(OSError, match=os.strerror(number)) as raised:
        write_private(target, "PEM")
    assert (raised.value.errno, raised.value.filename) == (number, str(target))
    is_full = "the folder for keys and the ready file is full; XDG_RUNTIME_DIR names another" in str(raised.value)
    assert is_full == (number == errno.ENOSPC)
    assert list(tmp_path.iterdir()) == []


FILL = """
mkdir -p {folder} && mount -t tmpfs -o {size} none {folder} || exit
echo mounted
env XDG_RUNTIME_DIR={folder} {python} -m mockexchange serve --port 0 --quiet --scenario demo
status=$?
find {folder} -name ".*" >&2
exit $status
"""


@pytest.mark.untraced
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux mounts a small file system for a test")
@each_row("size", ["nr_inodes=3", "size=4k"], ids=["lock", "bytes"])
def test_a_server_reports_that_its_folder_is_full(tmp_path: Path, size: str) -> None:
    """The folder is a file system of its own without room: for the lock, or for a key."""
    script = FILL.format(folder=tmp_path / "run", size=size, python=sys.executable)
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    if "mounted" not in done.stdout:
        pytest.skip(f"this system mounts nothing for a test: {done.stderr}")
    assert done.returncode == 2, done.stderr
    [told] = done.stderr.splitlines()
    assert "No space left on device: the folder for keys and the ready file is full; XDG_RUNTIME_DIR" in told
    assert str(tmp_path / "run") in told


@each_row("step", ["tempfile.mkdtemp", "mockexchange.runtime.ready_file.take_lock"])
def test_a_full_folder_for_run_directories_is_named_as_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def refuse(*given: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(step, refuse)
    with pytest.raises(OSError, match="is full; XDG_RUNTIME_DIR names another"):
        RunDirectory(tmp_path)
    assert list(tmp_path.iterdir()) == [], "nothing is left in it"


def test_a_device_or_pipe_is_neither_replaced_nor_read(tmp_path: Path) -> None:
    """A device may have no end, and a pipe no writer: a server read 24 GB of /dev/full."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for target in (pipe, Path("/dev/zero")):
        before = target.stat()
        with pytest.raises(OSError, match="expected a regular file"):
            write_private(target, "{}")
        with pytest.raises(NoServer, match="expected a regular file"):
            read_ready(target)
        remove_ready_file(target)
        assert target.stat().st_ino == before.st_ino


def test_a_link_leads_to_the_file_that_is_replaced(tmp_path: Path) -> None:
    target, link = tmp_path / "file", tmp_path / "link"
    target.write_text("before")
    link.symlink_to(target)
    write_private(link, "after")
    assert (link.is_symlink(), target.read_text()) == (True, "after")
