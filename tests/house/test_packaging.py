"""What is shipped: the wheel, the promises about versions, the container image."""

import configparser
import importlib
import json
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

import pytest

import mockexchange
from mockexchange.runtime import api_documents
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT, checkout_files
from tests.house.serving import clean_environment
from tools.floors import FIRST_WHEELS, floor, lowest_versions, runtime_requirements

PACKAGE_DATA = (".yaml", ".pem")
DOCUMENTS = ("contracts/control/", "contracts/deribit/", "contracts/kalshi/", "contracts/signalplus/")
SDIST_FILES = (".gitignore", "CHANGELOG.md", "LICENSE", "PKG-INFO", "README.md", "pyproject.toml")
"""The builder puts the first in: it reads from it what does not belong."""
ENTRY_POINTS = {
    "console_scripts": {"mockexchange": "mockexchange.cli:main"},
    "pytest11": {"mockexchange": "mockexchange.pytest_plugin"},
}
INSTALLED = """
import json
from mockexchange.runtime import api_documents
from mockexchange.server.control.document_pages import ASSETS, VENDORED
print(json.dumps({
    "directory": str(api_documents.directory()),
    **{kind: api_documents.subjects(kind) for kind in ("openapi", "asyncapi")},
    "assets": [(VENDORED / asset.path).is_file() for asset in ASSETS.values()],
}))
"""


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


# --- the wheel, and what it is built from


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the source distribution unpacks to."""
    folder = tmp_path_factory.mktemp("sdist")
    build(ROOT, "sdist", folder)
    (path,) = folder.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        archive.extractall(folder, filter="data")
    return folder / path.name.removesuffix(".tar.gz")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.Path]:
    with zipfile.ZipFile(built_wheel(ROOT, tmp_path_factory.mktemp("wheel"))) as archive:
        yield zipfile.Path(archive)


def built_wheel(source: Path, folder: Path) -> Path:
    build(source, "wheel", folder)
    (path,) = folder.glob("*.whl")
    return path


def build(source: Path, target: str, folder: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)


def problems(names: Iterable[str], wanted: Iterable[str]) -> list[str]:
    """Compare what is in an archive with what should be; directories, and what pip needs, do not count."""
    shipped = {name for name in names if not name.endswith("/") and ".dist-info/" not in name}
    missing, foreign = set(wanted) - shipped, shipped - set(wanted)
    return sorted([f"{name} is missing" for name in missing] + [f"{name} does not belong" for name in foreign])


def checkout_names(*prefixes: str) -> list[str]:
    names = (path.relative_to(ROOT).as_posix() for path in checkout_files())
    return [name for name in names if name.startswith(prefixes)]


def test_the_wheel_holds_the_package_the_documents_and_nothing_else(wheel: zipfile.Path) -> None:
    package = checkout_names("mockexchange/")
    api_documents = [f"mockexchange/{name}" for name in checkout_names(*DOCUMENTS)]
    assert problems(wheel.root.namelist(), [*package, *api_documents]) == []
    assert set(PACKAGE_DATA) <= {PurePosixPath(name).suffix for name in package}


@each_row("name", ["py.typed", "scenario/builtin/golden.yaml", "contracts/kalshi/2026-10/openapi.yaml"])
def test_the_wheel_holds_what_a_user_counts_on(wheel: zipfile.Path, name: str) -> None:
    assert (wheel / "mockexchange" / name).is_file()


def test_the_source_distribution_holds_what_the_wheel_is_built_from_and_the_pages(sdist: Path) -> None:
    names = [path.relative_to(sdist).as_posix() for path in sdist.rglob("*") if path.is_file()]
    assert problems(names, [*checkout_names("mockexchange/", "docs/", *DOCUMENTS), *SDIST_FILES]) == []


def test_the_source_distribution_builds_the_same_wheel(sdist: Path, wheel: zipfile.Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(built_wheel(sdist, tmp_path)) as again:
        first = {name: wheel.root.read(name) for name in wheel.root.namelist() if not name.endswith("/")}
        assert set(again.namelist()) == set(first)
        assert [name for name, content in first.items() if again.read(name) != content] == []


def test_what_is_installed_finds_its_documents_and_what_shows_them(wheel: zipfile.Path, tmp_path: Path) -> None:
    wheel.root.extractall(tmp_path)
    told = subprocess.run(
        [sys.executable, "-c", INSTALLED],
        cwd=tmp_path,
        env=clean_environment(tmp_path),
        check=True,
        capture_output=True,
    )
    found = json.loads(told.stdout)
    assert found["directory"] == str(tmp_path / "mockexchange" / "contracts")
    assert (found["openapi"], found["asyncapi"]) == (api_documents.subjects(), api_documents.subjects("asyncapi"))
    assert found["assets"] == [True] * len(found["assets"]) != []


def test_an_archive_with_too_much_or_too_little_is_reported() -> None:
    names = ["mockexchange/", "mockexchange/a.py", "tests/test_a.py", "mockexchange-1.dist-info/RECORD"]
    package = ["mockexchange/a.py", "mockexchange/py.typed"]
    assert problems(names, package) == ["mockexchange/py.typed is missing", "tests/test_a.py does not belong"]


def test_the_wheel_says_what_it_is(wheel: zipfile.Path) -> None:
    about = wheel / f"mockexchange-{mockexchange.__version__}.dist-info"
    metadata = (about / "METADATA").read_text(encoding="utf-8")
    assert "\nLicense-Expression: MIT\n" in metadata
    assert "\nRequires-Python: >=3.11\n" in metadata
    points = configparser.ConfigParser()
    points.read_string((about / "entry_points.txt").read_text(encoding="utf-8"))
    assert {name: dict(points[name]) for name in points.sections()} == ENTRY_POINTS


@each_row("place", [place for points in ENTRY_POINTS.values() for place in points.values()])
def test_an_entry_point_is_there(place: str) -> None:
    module, _, name = place.partition(":")
    assert hasattr(importlib.import_module(module), name) if name else importlib.import_module(module)


# --- versions


def unexplained_floors(pyproject: str) -> list[str]:
    """Return the runtime requirements whose line does not follow a comment that gives the reason."""
    lines = [line.strip() for line in pyproject.splitlines()]
    places = {requirement: lines.index(f'"{requirement}",') for requirement in runtime_requirements(pyproject)}
    return [requirement for requirement, place in places.items() if not lines[place - 1].startswith("# ")]


def lock_problems(lock: str, names: Iterable[str]) -> list[str]:
    """Return the lines of a lock that are not `name==version`, and the names that have no such line."""
    lines = [line for line in lock.splitlines() if not line.startswith("#")]
    locked = {_normal(line.split("==")[0]) for line in lines}
    loose = [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line)]
    return loose + [f"{name} is not locked" for name in names if _normal(name) not in locked]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_runtime_requirement_has_a_floor_a_reason_and_no_cap() -> None:
    pyproject = text_of("pyproject.toml")
    assert unexplained_floors(pyproject) == []
    assert len([floor(requirement) for requirement in runtime_requirements(pyproject)]) > 5


def test_a_floor_without_a_reason_is_reported() -> None:
    pyproject = '[project]\ndependencies = [\n    # why\n    "a>=1",\n    "b>=2; os_name != \'nt\'",\n]\n'
    assert unexplained_floors(pyproject) == ["b>=2; os_name != 'nt'"]


@each_row("requirement", ["a", "a==1", "a>=1,<2", "a<2", "a~=1.0", "a[b]>=1", "a>=1.*"])
def test_a_requirement_that_is_no_plain_floor_is_refused(requirement: str) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(requirement))):
        floor(requirement)


def test_a_floor_is_read_with_and_without_a_marker() -> None:
    assert floor("a-b>=1.2") == ("a-b", "1.2")
    assert floor("a>=3; platform_system != 'Windows'") == ("a", "3")


@each_row("python", FIRST_WHEELS)
def test_on_a_later_python_the_lowest_versions_are_floors_or_later_ones(python: str) -> None:
    pyproject = text_of("pyproject.toml")
    floors, lowest = lowest_versions(pyproject), lowest_versions(pyproject, python)
    assert set(lowest) == set(floors)
    raised = {name for name in floors if lowest[name] != floors[name]}
    assert raised == set(FIRST_WHEELS[python])
    assert all(_numbers(lowest[name]) > _numbers(floors[name]) for name in raised)


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def test_everything_the_gate_uses_is_locked() -> None:
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    wanted = [
        *project["dependencies"],
        *(each for extra in project["optional-dependencies"].values() for each in extra),
    ]
    names = {re.split(r"[<>=;\[ ]", requirement)[0] for requirement in wanted} - {"mockexchange"}
    assert lock_problems(text_of("constraints.txt"), sorted(names)) == []
    for pins in sorted((ROOT / "contracts" / "clients" / "pins").iterdir()):
        assert lock_problems(pins.read_text(encoding="utf-8"), [pins.stem.rpartition("-")[0]]) == []


LOCK = re.compile(
    r"^(?P<name>[\w.-]+)==(?P<version>\S+)(?: ;[^\\]*)? \\\n(?P<hashes>(?: {4}--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)",
    re.MULTILINE,
)


def hashed_versions(lock: str) -> dict[str, str]:
    """Return the versions of a lock by name. Raises AssertionError if a line is neither a version nor a hash of one."""
    rest = LOCK.sub("", lock)
    assert [line for line in rest.splitlines() if not line.startswith("#")] == []
    return {_normal(found["name"]): found["version"] for found in LOCK.finditer(lock)}


def test_what_is_shipped_is_installed_by_hashes() -> None:
    exact = dict(line.split("==") for line in text_of("constraints.txt").splitlines() if "==" in line)
    exact = {_normal(name): version for name, version in exact.items()}
    locks = {name: hashed_versions(text_of(f"locks/{name}.txt")) for name in ("runtime", "postgres", "build")}
    for versions in locks.values():
        assert {name: version for name, version in versions.items() if exact.get(name, version) != version} == {}
    wanted = {floor(requirement)[0] for requirement in runtime_requirements(text_of("pyproject.toml"))}
    assert {_normal(name) for name in wanted} <= locks["runtime"].keys()
    assert {"psycopg", "psycopg-binary"} <= locks["postgres"].keys()
    assert "hatchling" in locks["build"]
    image = text_of("Dockerfile")
    assert "PIP_REQUIRE_HASHES=1" in image
    assert all(f"-r locks/{name}.txt" in image for name in locks)
    assert '--require-hashes -r "$locks/runtime.txt"' in text_of("tools/wheel_smoke.sh")


@each_row("lock", ["a==1\n", "a>=1 \\\n    --hash=sha256:00\n", "a==1 \\\n    --hash=md5:" + "0" * 64 + "\n"])
def test_a_version_without_a_hash_is_reported(lock: str) -> None:
    with pytest.raises(AssertionError):
        hashed_versions(lock)


def test_a_lock_that_is_not_exact_is_reported() -> None:
    lock = "# made\nA_b==1.0\nc>=2\nd @ file:///x\n"
    assert lock_problems(lock, ["a-b", "e"]) == ["c>=2", "d @ file:///x", "e is not locked"]
