"""What is shipped: the wheel, the promises about versions, the container image."""

import json
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import click
import pytest

import mockexchange
from mockexchange import documents
from scripts.floors import floor, runtime_requirements
from tests.house.checkout import ROOT, checkout_files
from tests.house.serving import clean_environment, served

PACKAGE_DATA = (".yaml", ".pem")
DOCUMENTS = ("contracts/control/", "contracts/kalshi/")
TELL = """
import json
from mockexchange import documents
from mockexchange.server.document_pages import ASSETS, VENDORED
print(json.dumps({
    "directory": str(documents.directory()),
    **{kind: documents.subjects(kind) for kind in ("openapi", "asyncapi")},
    "assets": [(VENDORED / asset.path).is_file() for asset in ASSETS.values()],
}))
"""


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


# --- the wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return zipfile.Path(path)


def wheel_problems(names: Iterable[str], package: Iterable[str]) -> list[str]:
    """Compare the names in a wheel with the files of the package; directories, and what pip needs, do not count."""
    shipped = {name for name in names if not name.endswith("/") and ".dist-info/" not in name}
    missing, foreign = set(package) - shipped, shipped - set(package)
    return sorted([f"{name} is missing" for name in missing] + [f"{name} does not belong" for name in foreign])


def test_the_wheel_holds_the_package_the_documents_and_nothing_else(wheel: zipfile.Path) -> None:
    files = [path.relative_to(ROOT).as_posix() for path in checkout_files()]
    package = [name for name in files if name.startswith("mockexchange/")]
    shipped = [f"mockexchange/{name}" for name in files if name.startswith(DOCUMENTS)]
    assert wheel_problems(wheel.root.namelist(), [*package, *shipped]) == []
    assert "mockexchange/py.typed" in package
    assert set(PACKAGE_DATA) <= {PurePosixPath(name).suffix for name in package}


def test_what_is_installed_finds_its_documents_and_what_shows_them(wheel: zipfile.Path, tmp_path: Path) -> None:
    wheel.root.extractall(tmp_path)
    told = subprocess.run(
        [sys.executable, "-c", TELL], cwd=tmp_path, env=clean_environment(tmp_path), check=True, capture_output=True
    )
    found = json.loads(told.stdout)
    assert found["directory"] == str(tmp_path / "mockexchange" / "contracts")
    assert (found["openapi"], found["asyncapi"]) == (documents.subjects(), documents.subjects("asyncapi"))
    assert found["assets"] == [True] * len(found["assets"]) != []


def test_a_wheel_with_too_much_or_too_little_is_reported() -> None:
    names = ["mockexchange/", "mockexchange/a.py", "tests/test_a.py", "mockexchange-1.dist-info/RECORD"]
    package = ["mockexchange/a.py", "mockexchange/py.typed"]
    assert wheel_problems(names, package) == ["mockexchange/py.typed is missing", "tests/test_a.py does not belong"]


def test_the_wheel_says_what_it_is(wheel: zipfile.Path) -> None:
    about = wheel / f"mockexchange-{mockexchange.__version__}.dist-info"
    metadata = (about / "METADATA").read_text(encoding="utf-8")
    assert "\nLicense-Expression: MIT\n" in metadata
    assert "\nRequires-Python: >=3.11\n" in metadata
    assert "mockexchange = mockexchange.cli:main" in (about / "entry_points.txt").read_text(encoding="utf-8")


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


@pytest.mark.parametrize("requirement", ["a", "a==1", "a>=1,<2", "a<2", "a~=1.0", "a[b]>=1", "a>=1.*"])
def test_a_requirement_that_is_no_plain_floor_is_refused(requirement: str) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(requirement))):
        floor(requirement)


def test_a_floor_is_read_with_and_without_a_marker() -> None:
    assert floor("a-b>=1.2") == ("a-b", "1.2")
    assert floor("a>=3; platform_system != 'Windows'") == ("a", "3")


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


def test_a_lock_that_is_not_exact_is_reported() -> None:
    lock = "# made\nA_b==1.0\nc>=2\nd @ file:///x\n"
    assert lock_problems(lock, ["a-b", "e"]) == ["c>=2", "d @ file:///x", "e is not locked"]


# --- the container image


def instructions(dockerfile: str) -> list[tuple[str, str]]:
    """Return (instruction, arguments) of a Dockerfile, continued lines joined."""
    lines = (line for line in dockerfile.splitlines() if not line.startswith("#"))
    joined = "\n".join(lines).replace("\\\n", " ")
    return [(line.split()[0].upper(), line.split(maxsplit=1)[1]) for line in joined.splitlines() if line.strip()]


def last_of(dockerfile: str, instruction: str) -> str:
    """Return the arguments that are in force at the end, "" if the last stage has no such instruction."""
    found = instructions(dockerfile)
    stage = max(place for place, (name, _) in enumerate(found) if name == "FROM")
    return next((arguments for name, arguments in reversed(found[stage:]) if name == instruction), "")


def image_problems(dockerfile: str) -> list[str]:
    """Return what is wrong with an image: one stage, root, no probe of readiness, a shell in front of the command."""
    stages = sum(name == "FROM" for name, _ in instructions(dockerfile))
    rules = {
        "is built in one stage": stages > 1,
        "runs as root": last_of(dockerfile, "USER") not in ("", "root", "0"),
        "has no health check on readiness": "/_mock/ready" in last_of(dockerfile, "HEALTHCHECK"),
        "starts through a shell": last_of(dockerfile, "ENTRYPOINT").startswith("["),
    }
    return [problem for problem, holds in rules.items() if not holds]


def ignored_sources(dockerfile: str, dockerignore: str) -> list[str]:
    """Return what COPY takes from the checkout and .dockerignore, which begins by ignoring everything, keeps away."""
    let_through = {line.removeprefix("!") for line in dockerignore.splitlines() if line.startswith("!")}
    copies = [arguments.split()[:-1] for name, arguments in instructions(dockerfile) if name == "COPY"]
    taken = [source for sources in copies if not sources[0].startswith("--from") for source in sources]
    return [source for source in taken if source not in let_through]


def packed_from_elsewhere(pyproject: str) -> list[str]:
    """Return the folders outside the package that the wheel is made of too."""
    wheel = tomllib.loads(pyproject)["tool"]["hatch"]["build"]["targets"]["wheel"]
    return list(wheel.get("force-include", {}))


def test_the_image_is_built_from_all_that_the_wheel_is_made_of() -> None:
    copied = [arguments.split()[0] for name, arguments in instructions(text_of("Dockerfile")) if name == "COPY"]
    wanted = packed_from_elsewhere(text_of("pyproject.toml"))
    assert wanted
    assert [folder for folder in wanted if folder.split("/")[0] not in copied] == []


def entry_point(dockerfile: str) -> list[str]:
    command: list[str] = json.loads(last_of(dockerfile, "ENTRYPOINT"))
    return command


def health_check(dockerfile: str) -> list[str]:
    command: list[str] = json.loads(last_of(dockerfile, "HEALTHCHECK").split("CMD", 1)[1])
    return command


def test_the_image_is_what_it_should_be() -> None:
    assert image_problems(text_of("Dockerfile")) == []
    assert ignored_sources(text_of("Dockerfile"), text_of(".dockerignore")) == []
    assert text_of(".dockerignore").splitlines()[1] == "*"


def test_an_image_that_is_not_what_it_should_be_is_reported() -> None:
    bad = "FROM a\nUSER me\nHEALTHCHECK CMD true\nENTRYPOINT mockexchange \\\n  serve\n"
    assert image_problems(bad) == [
        "is built in one stage",
        "has no health check on readiness",
        "starts through a shell",
    ]
    assert "runs as root" in image_problems("FROM a\nUSER me\nFROM b\n")
    assert "runs as root" in image_problems("FROM a\nFROM b\nUSER me\nUSER root\n")


def test_a_source_that_is_ignored_is_reported() -> None:
    dockerfile = "FROM a AS b\nCOPY one two /x/\nFROM a\nCOPY --from=b three /y\n"
    assert ignored_sources(dockerfile, "*\n!one\n") == ["two"]


def test_the_image_gives_the_command_arguments_it_knows() -> None:
    from mockexchange.cli import main

    command, name, *arguments = entry_point(text_of("Dockerfile"))
    assert command == "mockexchange"
    assert isinstance(main, click.Group)
    context = main.commands[name].make_context(name, [*arguments, "--scenario", "demo"])
    assert context.params["host"] == "0.0.0.0"


def test_the_image_serves_and_its_health_check_sees_it(tmp_path: Path) -> None:
    probe = health_check(text_of("Dockerfile"))
    with served(tmp_path, *entry_point(text_of("Dockerfile"))) as ready:
        port = ready["control_url"].split(":")[2].split("/")[0]
        here = [part.replace("127.0.0.1:8600", f"127.0.0.1:{port}") for part in probe]
        assert here != probe
        assert _exit_code(here, tmp_path) == 0
    assert _exit_code(here, tmp_path) != 0


def _exit_code(command: list[str], home: Path) -> int:
    return subprocess.run(command, env=clean_environment(home), capture_output=True, check=False).returncode
