"""The files of this checkout, which the house rules are held against."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
LISTING = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")


def checkout_files() -> list[Path]:
    """Return every file that is, or would be, under version control; all files but hidden ones where git is absent."""
    try:
        listing = subprocess.run(LISTING, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    except (FileNotFoundError, subprocess.CalledProcessError):
        visible = (path for path in ROOT.iterdir() if not path.name.startswith("."))
        found = [path for top in visible for path in (top, *top.rglob("*")) if "__pycache__" not in path.parts]
    else:
        found = [ROOT / name for name in listing.split("\0") if name]
    return sorted(path for path in found if path.is_file())


def texts(*suffixes: str) -> Iterator[tuple[str, str]]:
    """Yield (path from the root, text) of the checkout's text files, of all of them if no suffix is given."""
    for path in checkout_files():
        if suffixes and path.suffix not in suffixes:
            continue
        try:
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def sources(*folders: str) -> dict[str, str]:
    """Return the Python sources below the folders, of the whole checkout if none is given, by path from the root."""
    return {path: text for path, text in texts(".py") if not folders or path.split("/")[0] in folders}
