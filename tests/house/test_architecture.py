"""Who may import whom, what the pure layers may touch, and that no imports go round in a circle.

    core <- venues <- scenario <- sandbox <- server <- kit <- cli, pytest_plugin
    core <- store <- sandbox

What is above the venues knows none of them by name: it asks the registry.

Every rule is a function over (path, source), so that each is also shown a source it must refuse.
"""

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import pytest

from tests.house.checkout import ROOT, sources

PACKAGE = "mockexchange"
ROOT_LAYER = "__init__"
VENUES = frozenset({"deribit", "kalshi", "signalplus"})
FIRST_VENUE = "kalshi"
REGISTRY = f"{PACKAGE}.venues.registry"


class Layer(NamedTuple):
    imports: frozenset[str]
    """Other layers it may import."""
    libraries: frozenset[str]
    """What it may import from outside the standard library."""


def layer(imports: str = "", libraries: str = "") -> Layer:
    return Layer(frozenset(imports.split()), frozenset(libraries.split()))


LAYERS = {
    "core": layer(libraries="msgspec sortedcontainers"),
    "venues": layer("core", "cryptography msgspec"),
    "store": layer("core", "msgspec"),
    "scenario": layer("core venues", "cryptography faker msgspec yaml"),
    "sandbox": layer("core venues store scenario faults replay", "cryptography msgspec sortedcontainers"),
    "faults": layer("core venues store scenario sandbox replay", "msgspec"),
    "replay": layer("core venues store scenario sandbox faults", "msgspec"),
    "runtime": layer("core venues store scenario sandbox", "yaml"),
    "clients": layer("venues"),
    "server": layer(
        "core venues store scenario sandbox faults replay runtime",
        "anyio cryptography h11 httptools msgspec starlette uvicorn uvloop websockets",
    ),
    # Every child of `run` loads it first, so it is the standard library alone.
    "guard": layer(),
    "api": layer(
        "core venues store scenario sandbox faults replay runtime clients server",
        "cryptography httpx msgspec starlette yaml",
    ),
    ROOT_LAYER: layer("api guard version"),
    "kit": layer(
        "core venues store scenario sandbox faults replay runtime clients server guard api __init__",
        "anyio cryptography httpx hypothesis jsonschema_rs msgspec requests rich schemathesis starlette websockets"
        " yaml",
    ),
    "pytest_plugin": layer("venues runtime clients guard api scenario sandbox server __init__", "pytest"),
    "emulation": layer(
        "core venues store scenario sandbox faults runtime clients server guard api __init__", "cryptography"
    ),
    "cli": layer(
        "core venues store scenario sandbox faults replay runtime clients server kit guard api emulation __init__",
        "click cryptography msgspec rich starlette uvicorn yaml",
    ),
    "__main__": layer("cli"),
    "version": layer(),
    "console": layer(),
}

_WORLD = (
    "asyncio concurrent multiprocessing os random secrets select selectors signal socket ssl subprocess threading time"
)
BANNED_MODULES = {
    "core": frozenset([*_WORLD.split(), "importlib", "io", "pathlib", "tempfile", "urllib", "uuid"]),
    "venues": frozenset([*_WORLD.split(), "tempfile"]),
}
BANNED_NAMES = {
    # `hash` of text differs from process to process, `id` from run to run.
    "core": frozenset({"breakpoint", "eval", "exec", "float", "hash", "id", "input", "open", "print"}),
    "venues": frozenset({"breakpoint", "eval", "exec", "input", "open", "print"}),
}
CLOCKS_AND_DICE = frozenset(
    f"{owner}.{method}"
    for owner, methods in {"date": "today", "datetime": "now today utcnow", "uuid": "uuid1 uuid4"}.items()
    for method in methods.split()
)


def layer_of(module: str) -> str:
    """Return the layer of a dotted module name of this package."""
    return [*module.split("."), ROOT_LAYER][1]


def module_of(path: str) -> str:
    """Return the dotted name of a source file; a package's own is that of the package."""
    dotted = ".".join(PurePosixPath(path).with_suffix("").parts)
    return dotted.removesuffix(".__init__")


class Import(NamedTuple):
    line: int
    module: str
    name: str | None
    """What is taken out of the module, None where the module itself is imported."""

    @property
    def target(self) -> str:
        """The deepest dotted name this can mean."""
        return self.module if self.name is None else f"{self.module}.{self.name}"


def imports_of(path: str, node: ast.AST) -> Iterator[Import]:
    """Yield what one statement imports, relative imports resolved."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(node.lineno, alias.name, None)
    elif isinstance(node, ast.ImportFrom):
        above = PurePosixPath(path).parts[: -node.level] if node.level else ()
        module = ".".join([*above, *([node.module] if node.module else [])])
        for alias in node.names:
            yield Import(node.lineno, module, alias.name)


# --- the rules


def import_problems(path: str, source: str) -> list[str]:
    """Return a line for each import that its layer must not make."""
    here = layer_of(module_of(path))
    if here not in LAYERS:
        return [f"{path}: belongs to no layer; LAYERS says who may import whom"]
    found = [each for node in ast.walk(ast.parse(source)) for each in imports_of(path, node)]
    reasons = ((each, _import_problem(path, here, each)) for each in found)
    return [f"{path}:{each.line}: imports {each.target}: {reason}" for each, reason in reasons if reason]


def _import_problem(path: str, here: str, each: Import) -> str | None:
    top = each.module.split(".")[0]
    if top == PACKAGE:
        return _layer_problem(path, here, each)
    if top in BANNED_MODULES.get(here, ()):
        return f"{here} is pure"
    if top in sys.stdlib_module_names or top in LAYERS[here].libraries:
        return None
    return f"not a library of {here}"


def _layer_problem(path: str, here: str, each: Import) -> str | None:
    there = layer_of(each.target)
    if there not in LAYERS and each.module != PACKAGE:
        return None  # the file itself is reported as belonging to no layer
    there = there if there in LAYERS else ROOT_LAYER
    if there == "version" and here not in BANNED_MODULES:
        return None
    if there != here and there not in LAYERS[here].imports:
        return f"{here} may not import {'the package itself' if there == ROOT_LAYER else there}"
    return _venue_problem(path, each) if there == "venues" else None


def _venue_problem(path: str, each: Import) -> str | None:
    if each.target.startswith(REGISTRY) and _venue_of(module_of(path)):
        return "a venue may not import the registry"
    mine, other = (_venue_of(module) for module in (module_of(path), each.target))
    if other in (None, mine) or (module_of(path) == REGISTRY and each.module == f"{PACKAGE}.venues.{other}.venue"):
        return None
    return f"only {other} and the registry know {other}"


def _venue_of(module: str) -> str | None:
    """The venue that a module of the package is of."""
    parts = module.split(".")
    return next((part for part in parts[2:3] if parts[1] == "venues" and part in VENUES), None)


def foreign_names(files: Mapping[str, Iterable[str]]) -> list[str]:
    """Return a line for each file of a venue that the first venue has nothing of the kind of; `files` are by venue."""
    first, known = FIRST_VENUE, set(files[FIRST_VENUE])
    strange = {name: sorted(set(mine) - known) for name, mine in files.items() if name != first}
    return [f"{name}/{file}: {first} has no such file" for name, found in strange.items() for file in found]


def purity_problems(path: str, source: str) -> list[str]:
    """Return a line for each thing a pure layer does that reads the world, waits for it, or is not exact."""
    here = layer_of(module_of(path))
    if here not in BANNED_NAMES:
        return []
    nodes = list(ast.walk(ast.parse(source)))
    impure = [(node, _impurity(node, here)) for node in nodes]
    return [f"{path}:{getattr(node, 'lineno', 0)}: {reason} in {here}" for node, reason in impure if reason]


def _impurity(node: ast.AST, here: str) -> str | None:
    match node:
        case ast.Name(id=name) if name in BANNED_NAMES[here]:
            return f"`{name}`"
        case ast.Attribute() if (name := ".".join(ast.unparse(node).split(".")[-2:])) in CLOCKS_AND_DICE:
            return f"`{name}`"
        case ast.AsyncFunctionDef() | ast.Await() | ast.AsyncFor() | ast.AsyncWith():
            return "asynchronous code"
    return _inexactness(node) if here == "core" else None


def _inexactness(node: ast.AST) -> str | None:
    match node:
        case ast.Constant(value=float() | complex() as number):
            return f"the float {number}"
        case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
            return "`/`, which makes a float of two integers,"
    return None


def cycles(modules: Mapping[str, str]) -> list[str]:
    """Return the first circle of imports among the sources (path to text), as dotted names; empty if there is none."""
    names = {module_of(path) for path in modules}
    graph = {module_of(path): set(_needed(path, source, names)) - {module_of(path)} for path, source in modules.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        return circle
    return []


def _needed(path: str, source: str, names: set[str]) -> Iterator[str]:
    for node in _run_at_import(ast.parse(source)):
        for each in imports_of(path, node):
            if each.target in names:
                yield each.target
            elif each.module in names:
                yield each.module


def _run_at_import(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that run when the module is imported: no function bodies, nothing for type checkers alone."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            continue
        yield child
        yield from _run_at_import(child)


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
    ("mockexchange/core/exchange.py", "from mockexchange.venues import dated", "core may not import venues"),
    ("mockexchange/core/exchange.py", "from mockexchange import venues", "core may not import venues"),
    ("mockexchange/core/exchange.py", "from ..venues import dated", "core may not import venues"),
    ("mockexchange/core/exchange.py", "def f():\n    import mockexchange.store.log", "core may not import store"),
    ("mockexchange/core/exchange.py", "from mockexchange import __version__", "core may not import the package itself"),
    ("mockexchange/venues/dated.py", "from mockexchange.venues.kalshi import objects", "the registry know kalshi"),
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
    ("mockexchange/store/log.py", "from mockexchange.venues import dated", "store may not import venues"),
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


@pytest.mark.parametrize(("path", "source", "problem"), REFUSED_IMPORTS)
def test_an_import_against_the_layers_is_reported(path: str, source: str, problem: str) -> None:
    (line,) = import_problems(path, source)
    assert line.startswith(path)
    assert problem in line


ACCEPTED_IMPORTS = [
    ("mockexchange/core/exchange.py", "import hashlib\nfrom sortedcontainers import SortedDict\nfrom .ids import new"),
    ("mockexchange/venues/kalshi/fees.py", "import msgspec\nfrom mockexchange.core import ids\nfrom .. import dated"),
    ("mockexchange/venues/kalshi/fees.py", "from mockexchange.venues.kalshi.objects import ROWS"),
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
    ("mockexchange/server/app.py", "import uvicorn\nimport asyncio\nfrom mockexchange.sandbox.sandbox import Sandbox"),
    (
        "mockexchange/cli.py",
        "import click\nfrom mockexchange import __version__, serve\nimport mockexchange.server.app",
    ),
]


@pytest.mark.parametrize(("path", "source"), ACCEPTED_IMPORTS)
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


@pytest.mark.parametrize(("here", "source", "problem"), IMPURE)
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
    files = {"kalshi": ["rest.py", "cursor.py"], "deribit": ["rest.py", "http.py"], "signalplus": ["rest.py"]}
    assert foreign_names(files) == ["deribit/http.py: kalshi has no such file"]
