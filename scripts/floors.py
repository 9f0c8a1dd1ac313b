"""Print the lowest versions pyproject.toml promises to work with, as constraints for pip.

Usage: python scripts/floors.py [PYPROJECT]
"""

import re
import sys
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"
REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)>=(?P<floor>[0-9][0-9.]*)(?:\s*;.*)?")


def floor(requirement: str) -> tuple[str, str]:
    """Return (name, lowest version) of `name>=version`, with or without a marker.

    Raises ValueError for anything else: no floor, a cap, an exact version, an extra.
    """
    match = REQUIREMENT.fullmatch(requirement)
    if match is None:
        raise ValueError(f"expected name>=version and no cap, got {requirement!r}")
    return match["name"], match["floor"]


def runtime_requirements(pyproject: str) -> list[str]:
    """Return the runtime requirements in the text of a pyproject.toml."""
    requirements: list[str] = tomllib.loads(pyproject)["project"]["dependencies"]
    return requirements


def main(arguments: list[str]) -> None:
    path = Path(arguments[0]) if arguments else PYPROJECT
    for requirement in runtime_requirements(path.read_text(encoding="utf-8")):
        print("==".join(floor(requirement)))


if __name__ == "__main__":
    main(sys.argv[1:])
