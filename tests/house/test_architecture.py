"""The code obeys the rules of `architecture.py`, and each rule reports what breaks it."""

from pathlib import Path

from tests.helpers.rows import each_row
from tests.house.architecture import PACKAGE, VENUES, cycles, foreign_names, import_problems, purity_problems
from tests.house.checkout import ROOT, sources

# --- the code obeys


def test_every_import_goes_the_way_of_the_layers() -> None:
    assert [line for path, text in sources(PACKAGE).items() for line in import_problems(path, text)] == []


def test_the_pure_layers_are_pure() -> None:
    assert [line for path, text in sources(PACKAGE).items() for line in purity_problems(path, text)] == []


def test_no_imports_go_round_in_a_circle() -> None:
    assert cycles(sources(PACKAGE)) == []


def test_the_rules_look_at_the_package() -> None:
    assert f"{PACKAGE}/__init__.py" in sources(PACKAGE)
    assert any(path.startswith(f"{PACKAGE}/core/") for path in sources(PACKAGE))


def test_every_venue_is_known_to_the_rules() -> None:
    folders = {path.parent.name for path in (ROOT / PACKAGE / "venues").glob("*/venue.py")}
    assert folders <= VENUES


def test_what_is_alike_in_two_venues_has_the_same_name() -> None:
    folders = (ROOT / PACKAGE / "venues").glob("*/venue.py")
    assert foreign_names({init.parent.name: _names_in(init.parent) for init in folders}) == []


def _names_in(folder: Path) -> list[str]:
    """Its modules and packages."""
    return [path.name for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()]


# --- each rule can fail

REFUSED_IMPORTS = [
    ("mockexchange/core/exchange.py", "import asyncio", "imports asyncio: core is pure"),
    ("mockexchange/core/exchange.py", "from os import path", "imports os.path: core is pure"),
    ("mockexchange/core/exchange.py", "import httpx", "imports httpx: not a library of core"),
    ("mockexchange/core/exchange.py", "from mockexchange.venues import dated_fields", "core may not import venues"),
    ("mockexchange/core/exchange.py", "from mockexchange import venues", "core may not import venues"),
    ("mockexchange/core/exchange.py", "from ..venues import dated_fields", "core may not import venues"),
    ("mockexchange/core/exchange.py", "def f():\n    import mockexchange.store.log", "core may not import store"),
    ("mockexchange/core/exchange.py", "from mockexchange import __version__", "core may not import the package itself"),
    (
        "mockexchange/venues/dated_fields.py",
        "from mockexchange.venues.kalshi import objects",
        "the registry know kalshi",
    ),
    ("mockexchange/venues/kalshi/fees.py", "from mockexchange.venues import deribit", "only deribit and the registry"),
    (
        "mockexchange/sandbox/sandbox.py",
        "from mockexchange.venues.kalshi.venue import KALSHI",
        "only kalshi and the registry",
    ),
    ("mockexchange/server/app.py", "import mockexchange.venues.deribit", "only deribit and the registry"),
    (
        "mockexchange/cli/commands/do.py",
        "def f():\n    import mockexchange.venues.kalshi.rest",
        "only kalshi and the registry",
    ),
    ("mockexchange/kit/kalshi/kit.py", "from mockexchange.venues.kalshi import rest", "only kalshi and the registry"),
    (
        "mockexchange/venues/registry.py",
        "from mockexchange.venues.kalshi.rest import answer",
        "only kalshi and the registry",
    ),
    ("mockexchange/venues/registry.py", "from mockexchange.scenario import plan", "venues may not import scenario"),
    (
        "mockexchange/venues/kalshi/fees.py",
        "from mockexchange.venues import registry",
        "a venue may not import the registry",
    ),
    ("mockexchange/store/log.py", "from mockexchange.venues import registry", "store may not import venues"),
    ("mockexchange/venues/kalshi/fees.py", "import time", "imports time: venues is pure"),
    ("mockexchange/venues/kalshi/fees.py", "import mockexchange.sandbox.sandbox", "venues may not import sandbox"),
    ("mockexchange/venues/kalshi/fees.py", "import starlette", "not a library of venues"),
    ("mockexchange/store/log.py", "from mockexchange.venues import dated_fields", "store may not import venues"),
    ("mockexchange/sandbox/sandbox.py", "from mockexchange.server import app", "sandbox may not import server"),
    ("mockexchange/sandbox/journal.py", "from starlette.requests import Request", "not a library of sandbox"),
    ("mockexchange/sandbox/clock.py", "from mockexchange import serve", "sandbox may not import the package itself"),
    ("mockexchange/server/app.py", "from mockexchange.cli import main", "server may not import cli"),
    ("mockexchange/server/app.py", "import click", "not a library of server"),
    ("mockexchange/kit/checks.py", "import mockexchange.cli", "kit may not import cli"),
    ("mockexchange/pytest_plugin/__init__.py", "from mockexchange import cli", "pytest_plugin may not import cli"),
    ("mockexchange/__init__.py", "from mockexchange.kit import checks", "__init__ may not import kit"),
    ("mockexchange/server/app.py", "import mockexchange.__main__", "server may not import __main__"),
    (
        "mockexchange/console/page.py",
        "from mockexchange.sandbox.sandbox import Sandbox",
        "console may not import sandbox",
    ),
    ("mockexchange/helpers/misc.py", "", "belongs to no layer"),
]


@each_row(("path", "source", "problem"), REFUSED_IMPORTS)
def test_an_import_against_the_layers_is_reported(path: str, source: str, problem: str) -> None:
    (line,) = import_problems(path, source)
    assert line.startswith(path)
    assert problem in line


ACCEPTED_IMPORTS = [
    ("mockexchange/core/exchange.py", "import hashlib\nfrom sortedcontainers import SortedDict\nfrom .ids import new"),
    (
        "mockexchange/venues/kalshi/fees.py",
        "import msgspec\nfrom ..core import ids\nfrom .. import dated_fields",
    ),
    ("mockexchange/venues/kalshi/fees.py", "from mockexchange.venues.kalshi.resources import ROWS"),
    ("mockexchange/venues/registry.py", "from mockexchange.venues.kalshi.venue import KALSHI"),
    (
        "mockexchange/sandbox/sandbox.py",
        "from mockexchange.venues.registry import VENUES\nfrom mockexchange.venues import venue",
    ),
    ("mockexchange/kit/checks.py", "from mockexchange.kit.kalshi import kit"),
    (
        "mockexchange/sandbox/sandbox.py",
        "from mockexchange.version import __version__\nfrom mockexchange.sandbox import journal",
    ),
    (
        "mockexchange/server/app.py",
        "import httptools\nimport asyncio\nfrom mockexchange.sandbox.sandbox import Sandbox",
    ),
    (
        "mockexchange/cli.py",
        "import click\nfrom mockexchange import __version__, serve\nimport mockexchange.server.app",
    ),
]


@each_row(("path", "source"), ACCEPTED_IMPORTS)
def test_an_import_along_the_layers_is_accepted(path: str, source: str) -> None:
    assert import_problems(path, source) == []


IMPURE = [
    ("core", "price = 0.5", "the float 0.5"),
    ("core", "half = count / 2", "`/`"),
    ("core", "half /= 2", "`/`"),
    ("core", "price: float", "`float`"),
    ("core", "price = float(text)", "`float`"),
    ("core", "at = datetime.now(UTC)", "`datetime.now`"),
    ("core", "order = hash(name)", "`hash`"),
    ("core", "async def execute(): ...", "asynchronous"),
    ("venues", "at = datetime.datetime.utcnow()", "`datetime.utcnow`"),
    ("venues", "key = uuid.uuid4()", "`uuid.uuid4`"),
    ("venues", "text = open(path).read()", "`open`"),
    ("venues", "async def answer(): ...", "asynchronous"),
]


@each_row(("here", "source", "problem"), IMPURE)
def test_an_impurity_is_reported(here: str, source: str, problem: str) -> None:
    (line,) = purity_problems(f"mockexchange/{here}/module.py", source)
    assert problem in line


def test_what_is_impure_in_a_pure_layer_is_not_so_elsewhere() -> None:
    for _, source, _ in IMPURE:
        assert purity_problems("mockexchange/server/app.py", source) == []
    assert purity_problems("mockexchange/venues/kalshi/fees.py", "ratio = 0.5 / call.now") == []
    assert purity_problems("mockexchange/core/fees.py", "half = count // 2") == []


def test_a_circle_of_imports_is_reported() -> None:
    circle = {
        "mockexchange/core/a.py": "from mockexchange.core import b",
        "mockexchange/core/b.py": "from mockexchange.core.c import thing",
        "mockexchange/core/c.py": "import mockexchange.core.a",
    }
    assert set(cycles(circle)) == {"mockexchange.core.a", "mockexchange.core.b", "mockexchange.core.c"}


def test_an_import_that_runs_later_or_never_closes_no_circle() -> None:
    there = "import mockexchange.core.a"
    for back in ("if TYPE_CHECKING:\n    import mockexchange.core.b", "def f():\n    import mockexchange.core.b"):
        assert cycles({"mockexchange/core/a.py": back, "mockexchange/core/b.py": there}) == []


def test_a_file_that_only_another_venue_has_is_reported() -> None:
    files = {"kalshi": ["rest.py", "bodies"], "deribit": ["rest.py", "http.py"], "signalplus": ["bodies.py"]}
    assert foreign_names(files) == ["deribit/http.py: kalshi has no such file"]
