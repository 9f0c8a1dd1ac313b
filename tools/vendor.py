"""Fetch the libraries of the web console from npm, or compare the files here with the lock.

    python -m tools.vendor            every file is what the lock says
    python -m tools.vendor --fetch    download the packages anew, check their integrity, and write the files

The lock names each package with the integrity that npm publishes, and each file with the SHA-512 of its bytes. Files
are kept as they come from the package, compressed. To change a version, edit the lock and fetch.
"""

import base64
import gzip
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "mockexchange" / "server" / "vendored" / "console"
LOCK = FOLDER / "lock.json"
NOTICES = FOLDER / "NOTICES.txt"


def main() -> None:
    if "--fetch" in sys.argv[1:]:
        fetch()
    found = problems()
    print("\n".join(found) or f"{len(files_of(read_lock()))} files are what {LOCK.name} says")
    sys.exit(bool(found))


def read_lock() -> list[dict[str, Any]]:
    packages: list[dict[str, Any]] = json.loads(LOCK.read_text(encoding="utf-8"))
    return packages


def files_of(packages: list[dict[str, Any]]) -> dict[str, str]:
    """Return the SHA-512 of each file by the name under which it is kept."""
    return {one["file"]: one["sha512"] for package in packages for one in package["files"]}


def problems() -> list[str]:
    """Return a line for each file that is missing, different or not in the lock."""
    wanted = files_of(read_lock())
    kept = {path.name.removesuffix(".gz"): path for path in FOLDER.glob("*.gz")}
    lines = [f"{name}: not in the lock" for name in sorted(kept.keys() - wanted.keys())]
    lines += [f"{name}: missing" for name in sorted(wanted.keys() - kept.keys())]
    for name in sorted(wanted.keys() & kept.keys()):
        if sha512(gzip.decompress(kept[name].read_bytes())) != wanted[name]:
            lines.append(f"{name}: not what the lock says")
    return lines


def sha512(raw: bytes) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(raw).digest()).decode()


def fetch() -> None:
    """Download every package of the lock, and write its files, their hashes and the notices."""
    packages = read_lock()
    notices = []
    with tempfile.TemporaryDirectory() as workspace:
        for package in packages:
            archive = _download(package, Path(workspace))
            with tarfile.open(archive) as opened:
                for one in package["files"]:
                    raw = _member(opened, one["path"])
                    one["sha512"] = sha512(raw)
                    (FOLDER / f"{one['file']}.gz").write_bytes(gzip.compress(raw, mtime=0))
                licence = _member(opened, "LICENSE").decode().strip()
            notices.append(f"{package['package']} {package['version']} ({package['licence']})\n\n{licence}\n")
    LOCK.write_text(json.dumps(packages, indent=2) + "\n", encoding="utf-8")
    NOTICES.write_text(f"\n{'-' * 78}\n\n".join(notices), encoding="utf-8")


def _download(package: dict[str, Any], workspace: Path) -> Path:
    """Download a package with npm. Raises SystemExit if it is not the one that the lock names."""
    wanted = f"{package['package']}@{package['version']}"
    result = subprocess.run(
        ["npm", "pack", wanted, "--silent"], cwd=workspace, check=True, capture_output=True, text=True
    )
    archive = workspace / result.stdout.split()[-1]
    if sha512(archive.read_bytes()) != package["integrity"]:
        raise SystemExit(f"{wanted}: the package is not what {LOCK.name} says")
    return archive


def _member(archive: tarfile.TarFile, path: str) -> bytes:
    found = archive.extractfile(f"package/{path}")
    assert found is not None, path
    return found.read()


if __name__ == "__main__":
    main()
