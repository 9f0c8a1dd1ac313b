"""What a user names is a regular file, or a pipe with content where it is read once; all else is one line."""

import os
import resource
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from mockexchange.named_files import WrongFile, open_file, read_file
from mockexchange.venues.keys.development_keys import development_keys
from tests.helpers.effort import chosen
from tests.helpers.patience import PATIENCE_S
from tests.house.checkout import ROOT
from tests.house.serving import clean_environment, unmeasured

LIMIT_BYTES = 1024 * 1024 * 1024
"""The address space of a command: one that reads a device that never ends needs more."""
PROGRAM = (sys.executable, "-m", "mockexchange")
KEY = "verify server --url http://127.0.0.1:9 --key-id ID --key {}"
READERS = {
    "scenario check {}": "{}",
    "serve --port 0 --scenario {}": "'--scenario': {}",
    "run --scenario {} -- true": "{}",
    "serve --port 0 --tokens {}": "'--tokens': {}",
    "serve --port 0 --from-log {}": "'--from-log': {}",
    "replay {}": "'LOG': {}",
    "replay log.jsonl --journal {}": "'--journal': {}",
    "drift {}": "'[RECORDING]': {}",
    "import {}": "'RECORDING': {}",
    "record --har {} --out out.jsonl": "'--har': {}",
    "fork --of-log {}": "'--of-log': {}",
    "explain --method GET --path /x --timestamp 1 --signature a --key {}": "'--key': {}",
    KEY: "'--key': {}",
    "verify server --url http://127.0.0.1:9 --key-id ID --key key.pem --role fcm=a:{}": "--role fcm: {}",
    "snapshot --url http://127.0.0.1:9 --key-id ID --key {} --out out.jsonl": "'--key': {}",
    "doctor --key {}": "'--key': {}",
    "journal --ready-file {}": "{}",
    "verify client --more-cards cards -- true": "cards/card.yaml",
    "scenario check keys.yaml": "{}",
}
"""Commands that read a file, with how they name it in the error."""
KINDS = {"zero": "is a device", "folder": "is a directory", "fifo": "is a pipe", "socket": "is a socket"}


def confined() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = unmeasured(clean_environment(folder)) | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*PROGRAM, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
        preexec_fn=confined,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "cards").mkdir()
    (tmp_path / "log.jsonl").write_text("{}\n")
    (tmp_path / "key.pem").write_text(str(development_keys()[0].private_pem))
    return tmp_path


@pytest.mark.parametrize("command", READERS)
def test_what_is_no_file_is_one_line(command: str, folder: Path, subtests: pytest.Subtests) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(folder / "socket"))
        for kind in KINDS if command == KEY else chosen(list(KINDS), "zero"):
            words = KINDS[kind]
            with subtests.test(kind):
                named = READERS[command].format(kind)
                if kind == "fifo" and "cards" not in command:
                    named = "fifo"  # a pipe is opened by what reads it
                (folder / "cards" / "card.yaml").unlink(missing_ok=True)
                (folder / "cards" / "card.yaml").symlink_to(folder / kind)
                keys = f"scenario: a\naccounts: {{alice: {{keys: {{main: {{private_key: {kind}}}}}}}}}\n"
                (folder / "keys.yaml").write_text(keys)
                ended = run(folder, *(part.format(kind) for part in command.split()))
                said = ended.stdout + ended.stderr
                (line,) = [one for one in said.splitlines() if words in one]
                assert named in line, said
                assert "expected a regular file" in line
                assert ended.returncode, said
                assert "Traceback" not in said


def test_a_pipe_with_content_is_a_file_that_is_read_once(folder: Path) -> None:
    (folder / "demo.yaml").write_text("scenario: mine\n")
    for command, said in (
        ("mockexchange scenario check <(cat demo.yaml)", "ok: "),
        ("mockexchange scenario check /dev/stdin < demo.yaml", "ok: "),
        (
            "cat key.pem | mockexchange verify server --url http://127.0.0.1:9 --key-id ID --key /dev/stdin",
            "no connection",
        ),
        ("mockexchange replay - < log.jsonl", "<stdin>: expected a log"),
        ("mockexchange replay <(sleep 0.2; cat log.jsonl)", "expected a log"),
        ("mockexchange replay - < /dev/zero", "has a line of more than"),
        ("mockexchange scenario check <(cat /dev/zero)", "is too large: expected at most 67,108,864 bytes, got more"),
        ("mockexchange replay --journal <(cat /dev/zero | head -c 2000) log.jsonl", "mockexchange"),
    ):
        environment = unmeasured(clean_environment(folder)) | {"PYTHONPATH": str(ROOT)}
        ended = subprocess.run(
            ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE_S,
            check=False, preexec_fn=confined,
        )  # fmt: skip
        assert said in ended.stdout + ended.stderr, command
        assert "Traceback" not in ended.stderr, command


def test_what_has_too_much_or_grows_is_bounded(tmp_path: Path) -> None:
    growing = tmp_path / "growing"
    growing.write_bytes(b"1234")
    with pytest.raises(WrongFile, match="growing is too large: expected at most 3 bytes, got 4"):
        read_file(growing, 3)
    with open_file(growing, 6) as file:
        assert file.read(4) == b"1234"
        with growing.open("ab") as more:
            more.write(b"5678")
        with pytest.raises(WrongFile, match="expected at most 6 bytes, got more"):
            file.read()
    with_writer = tmp_path / "fifo"
    os.mkfifo(with_writer)
    descriptor = os.open(with_writer, os.O_RDWR)
    os.write(descriptor, b"1234")
    with pytest.raises(WrongFile, match=r"is a pipe: expected a regular file$"):
        read_file(with_writer)
    os.close(descriptor)
    for path in ("/proc/self/status", "/proc/self/mem", "/proc/kmsg"):  # of no size, of no content, and waiting
        with suppress(OSError):
            assert len(read_file(path, 10_000)) <= 10_000
    with pytest.raises(OSError, match="expected at most 10 bytes, got more"):
        read_file("/proc/self/status", 10)
