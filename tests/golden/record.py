"""Records what the product writes, as digests in digests.txt; the text behind a digest is one command away.

python -m tests.golden.record list                      # the subjects
python -m tests.golden.record show 'demo 2025-11 kalshi reads'
python -m tests.golden.record diff ../other-checkout    # every subject whose text differs; with a subject: how
python -m tests.golden.record write                     # the digests anew, of what this checkout writes
"""

import argparse
import difflib
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from tests.golden.documents import ROOT
from tests.golden.parts import PARTS, Texts, is_possible, part_of
from tests.golden.pinned import normal

DIGESTS = Path(__file__).with_name("digests.txt")
HEX_DIGITS = 20
MODULE = "tests.golden.record"
IN_OTHER = """
import sys
sys.path.insert(0, sys.argv[1])
import mockexchange
sys.path[0] = sys.argv[2]
from tests.golden.record import print_texts
print_texts(sys.argv[3:])
"""
"""The program that prints what the package of another checkout writes, asked by the recorder of this one."""


def recorded(part: str) -> Texts:
    """Return the texts of one part of the recording, by whole subject, without what differs from run to run."""
    return {f"{part} {subject}".strip(): normal(text) for subject, text in PARTS[part]().items()}


def digest(text: str) -> str:
    """Return the digest of a text, as digests.txt has it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:HEX_DIGITS]


def stored(part: str) -> dict[str, str]:
    """Return the stored digests of a part, by subject."""
    rows = (line.split("  ", 1) for line in DIGESTS.read_text(encoding="utf-8").splitlines())
    return {subject: value for value, subject in rows if part_of(subject) == part}


def differences(part: str) -> list[str]:
    """Return a line for each subject of a part whose digest is not the stored one, with the command that shows it."""
    now, before = {subject: digest(text) for subject, text in recorded(part).items()}, stored(part)
    changed = [subject for subject in sorted({*now, *before}) if now.get(subject) != before.get(subject)]
    return [
        f"{subject}: {'changed' if subject in now and subject in before else 'new' if subject in now else 'gone'};"
        f" see it with: python -m {MODULE} diff OTHER_CHECKOUT {subject!r}"
        for subject in changed
    ]


def write(parts: Iterable[str]) -> None:
    """Write the digests of some parts anew; those of parts that this machine cannot record stay."""
    kept = {part: stored(part) for part in PARTS} if DIGESTS.exists() else {}
    for part in filter(is_possible, parts):
        kept[part] = {subject: digest(text) for subject, text in recorded(part).items()}
    lines = [f"{value}  {subject}\n" for part in PARTS for subject, value in sorted(kept.get(part, {}).items())]
    DIGESTS.write_text("".join(lines), encoding="utf-8")


def print_texts(parts: Iterable[str]) -> None:
    """Print the texts of some parts as JSON, for another process."""
    json.dump({part: recorded(part) for part in filter(is_possible, parts)}, sys.stdout)


def texts_of(checkout: Path, parts: Iterable[str]) -> Mapping[str, Texts]:
    """Return what the package of another checkout writes, in the interpreter of that checkout if it has one."""
    own = checkout / ".venv-dev" / "bin" / "python"
    python = str(own) if own.exists() else sys.executable
    command = [python, "-c", IN_OTHER, str(checkout), str(ROOT), *parts]
    found: Mapping[str, Texts] = json.loads(
        subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=ROOT).stdout
    )
    return found


def tell(*lines: str) -> None:
    """Print lines."""
    sys.stdout.writelines(f"{line}\n" for line in lines)


def show(subject: str) -> None:
    """Print the texts of the subjects that begin with some words."""
    for one, text in sorted(recorded(part_of(subject)).items()):
        if one.startswith(subject):
            tell(f"===== {one}", text)


def diff(checkout: Path, subject: str) -> int:
    """Print where another checkout (-) and this one (+) differ, of the subjects that begin with some words.

    Returns the number of subjects that differ.
    """
    parts = [part_of(subject)] if subject else [part for part in PARTS if is_possible(part)]
    others, count = texts_of(checkout, parts), 0
    for part in parts:
        now = recorded(part)
        for one in sorted({*now, *others[part]}):
            old, new = others[part].get(one, ""), now.get(one, "")
            if old != new and one.startswith(subject):
                count += 1
                tell(f"===== {one}")
                if subject:
                    tell(*difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=1))
    return count


def main() -> int:
    """Carry out one command of the recorder; the exit code is 1 if `diff` found something."""
    parser = argparse.ArgumentParser(prog=f"python -m {MODULE}", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list")
    commands.add_parser("show").add_argument("subject")
    comparing = commands.add_parser("diff")
    comparing.add_argument("checkout", type=Path)
    comparing.add_argument("subject", nargs="?", default="")
    commands.add_parser("write").add_argument("part", nargs="*", choices=[*PARTS, []])
    given = parser.parse_args()
    actions: dict[str, Callable[[], int | None]] = {
        "list": lambda: tell(*(subject for part in PARTS for subject in stored(part))),
        "show": lambda: show(given.subject),
        "diff": lambda: int(diff(given.checkout.resolve(), given.subject) > 0),
        "write": lambda: write(given.part or PARTS),
    }
    return actions[given.command]() or 0


if __name__ == "__main__":
    sys.exit(main())
