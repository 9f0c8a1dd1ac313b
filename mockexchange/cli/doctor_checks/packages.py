"""Checks Python and the installed packages."""

import platform
import re
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution, version
from typing import NamedTuple

from mockexchange.cli.doctor_checks.finding import FAIL, OK, WARN, CheckContext, Finding
from mockexchange.version import __version__, install_command

PACKAGE = "mockexchange"
PYTHON_MIN = (3, 11)
REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)[^>;]*(?:>=(?P<floor>[0-9.]+))?[^;]*(?:;(?P<marker>.*))?")
EXTRA = re.compile(r"extra\s*==\s*['\"](?P<name>[^'\"]+)['\"]")
EXTRAS = {
    "generate": "`mockexchange scenario generate`",
    "kit": "`mockexchange verify` and `serve --self-check`",
    "postgres": "`serve --store postgresql://...`",
}
"""Optional dependency groups, and the commands that need them; groups for developing this project are left out."""


class Requirement(NamedTuple):
    name: str
    floor: str
    extra: str | None
    is_of_windows: bool | None
    """True for a requirement on Windows only, False for one on all other systems, None for one on every system."""


def read_requirement(text: str) -> Requirement | None:
    """Parse a requirement in a package's metadata, such as `uvloop>=0.17; platform_system != "Windows"`."""
    found = REQUIREMENT.fullmatch(text)
    if found is None:
        return None
    marker = found["marker"] or ""
    extra = EXTRA.search(marker)
    is_of_windows = ("==" in marker.partition("Windows")[0]) if "Windows" in marker else None
    return Requirement(found["name"], found["floor"] or "0", extra and extra["name"], is_of_windows)


def requirements() -> list[Requirement]:
    """Return the requirements of mockexchange on this system; an empty list if mockexchange is not installed."""
    try:
        lines = distribution(PACKAGE).requires or []
    except PackageNotFoundError:
        return []
    is_windows = sys.platform == "win32"
    found = [one for one in map(read_requirement, lines) if one]
    return [one for one in found if one.is_of_windows in (None, is_windows)]


def check_python(context: CheckContext) -> Iterator[Finding]:
    message = (
        f"mockexchange {__version__}, {platform.python_implementation()} {platform.python_version()}, {sys.platform}"
    )
    if sys.version_info[:2] < PYTHON_MIN:
        yield Finding("python", FAIL, message, f"expected Python {'.'.join(map(str, PYTHON_MIN))} or later")
    else:
        yield Finding("python", OK, message)


def check_dependencies(context: CheckContext) -> Iterator[Finding]:
    needed = [one for one in requirements() if one.extra is None]
    if not needed:
        yield Finding(
            "packages", WARN, "mockexchange runs from its source: what it needs is not known", install_command(".")
        )
        return
    problems = [(one, problem_of(one)) for one in needed]
    wrong = [(one, problem) for one, problem in problems if problem]
    for one, problem in wrong:
        yield Finding("packages", FAIL, problem, install_command(f"{one.name}>={one.floor}"))
    if not wrong:
        shown = ", ".join(f"{one.name} {version(one.name)}" for one in needed)
        yield Finding("packages", OK, shown)


def problem_of(needed: Requirement) -> str | None:
    """Return the problem with a required package; None if it is installed and new enough."""
    try:
        found = version(needed.name)
    except PackageNotFoundError:
        return f"{needed.name} is not installed"
    if numbers_of(found) < numbers_of(needed.floor):
        return f"{needed.name} {found} is too old: expected {needed.floor} or later"
    return None


def numbers_of(text: str) -> tuple[int, ...]:
    """Return a version as comparable numbers without zeros at the end, such as (2,) for both 2.0rc1 and 2.0."""
    found = re.match(r"[0-9]+(?:\.[0-9]+)*", text)
    numbers = [int(part) for part in found[0].split(".")] if found else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def check_extras(context: CheckContext) -> Iterator[Finding]:
    known = requirements()
    for extra, needed_for in EXTRAS.items():
        wanted = [one for one in known if one.extra == extra]
        missing = [problem for one in wanted if (problem := problem_of(one))]
        if missing:
            message = f"{extra}, which {needed_for} takes: {'; '.join(missing)}"
            yield Finding("extras", OK, message, f"if wanted: {install_command(f'mockexchange[{extra}]')}")
        elif wanted:
            yield Finding("extras", OK, f"{extra} is there, for {needed_for}")


def check_node(context: CheckContext) -> Iterator[Finding]:
    found = shutil.which("node", path=context.environment.get("PATH"))
    message = f"node is {found}" if found else "node is not on the PATH: only clients in TypeScript want it"
    yield Finding("node", OK, message)
