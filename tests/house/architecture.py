"""The layers of the package: allowed imports, what the pure layers may touch, and no import cycles.

    core <- venues <- scenario <- sandbox <- server <- kit <- cli, pytest_plugin
    core <- store <- sandbox
    named_files <- all that read what a user names

What is above the venues knows none of them by name: it asks the registry.

Every rule is a function over (path, source), so that each is also shown a source it must refuse.
"""

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import PurePosixPath
from typing import NamedTuple

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
    "store": layer("core", "msgspec psycopg"),
    "scenario": layer("named_files core venues", "cryptography faker msgspec yaml"),
    "sandbox": layer("named_files core venues store scenario faults replay", "cryptography msgspec sortedcontainers"),
    "faults": layer("core venues store scenario sandbox replay", "msgspec"),
    "replay": layer("core venues store scenario sandbox faults", "msgspec"),
    "runtime": layer("named_files core venues store scenario sandbox", "msgspec yaml"),
    "clients": layer("venues guard"),
    "server": layer(
        "named_files core venues store scenario sandbox faults replay runtime",
        "anyio cryptography httptools msgspec starlette uvloop websockets",
    ),
    # Every child of `run` loads it first, so it is the standard library alone.
    "guard": layer(),
    "api": layer(
        "named_files core venues store scenario sandbox faults replay runtime clients server",
        "cryptography httpx msgspec starlette yaml",
    ),
    ROOT_LAYER: layer("api guard version"),
    "kit": layer(
        "named_files core venues store scenario sandbox faults replay runtime clients server guard api __init__",
        "anyio cryptography httpx hypothesis jsonschema_rs msgspec requests rich schemathesis starlette urllib3"
        " websockets yaml",
    ),
    "pytest_plugin": layer("venues runtime clients guard api scenario sandbox server __init__", "pytest"),
    "emulation": layer(
        "named_files core venues store scenario sandbox faults runtime clients server guard api __init__",
        "cryptography",
    ),
    "recording": layer("named_files core venues clients guard runtime emulation", "h11"),
    "importing": layer("named_files core venues scenario sandbox clients recording kit"),
    "snapshot": layer("core venues runtime recording kit", "httpx"),
    "drift": layer("named_files core venues scenario runtime recording importing kit", "yaml"),
    "cli": layer(
        "named_files core venues store scenario sandbox faults replay runtime clients server kit guard api emulation"
        " recording importing snapshot drift __init__",
        "click cryptography msgspec rich starlette yaml",
    ),
    "__main__": layer("cli"),
    "asgi": layer("api"),
    "version": layer(),
    "named_files": layer(),
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
    """Return a line for each file of a venue that the first venue has nothing of the kind of; `files` are by venue.

    A file may be of the kind of a folder of its name, where a subject takes several files.
    """
    first = FIRST_VENUE
    known = {*files[first], *(f"{folder}.py" for folder in files[first])}
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
