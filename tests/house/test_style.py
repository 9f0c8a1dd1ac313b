"""Leftovers, the public names and the changelog, each as a rule that is also shown what it must refuse."""

import ast
import re
import types
from typing import NamedTuple

import mockexchange
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT, sources, texts


class Leftover(NamedTuple):
    what: str
    pattern: re.Pattern[str]
    where: re.Pattern[str] = re.compile("")
    """Which paths it is forbidden in."""


PYTHON = re.compile(r"\.py$")
TESTS = re.compile(r"^(tests|contracts/suites)/.*\.py$")

# The patterns are written so that they do not match themselves.
LEFTOVERS = [
    Leftover("a path of somebody's machine", re.compile(r"(?<![\w.:~-])/(?:work|tmp|root|Users)(?:/|\b)(?!-)")),
    Leftover(
        "the host of a package index", re.compile(r"pypi[.]org|pythonhosted[.]org|npmjs[.]org|--(?:extra-)?index-url")
    ),
    Leftover("unfinished work", re.compile(r"\b(?:TO[D]O|FIX[M]E|XX[X]|HA[C]K)\b")),
    Leftover("the number of an issue", re.compile(r"\b[Ii]ssues?\s+#?\d+\b")),
    Leftover("a pragma", re.compile(r"#\s*pragma\b"), PYTHON),
    Leftover(
        "a suppression without its rule or without `# reason`",
        re.compile(
            r"#\s*type:\s*ignore(?!\[[\w, -]+\] +# ?\w)|#\s*(?:ruff:\s*)?noqa(?!: [A-Z]+\d+(?:, ?[A-Z]+\d+)* +# ?\w)"
        ),
        PYTHON,
    ),
    Leftover("a test that sleeps", re.compile(r"\btime\.sleep\(|\bfrom time import .*\bsleep\b"), TESTS),
]


def leftovers(path: str, text: str) -> list[str]:
    """Return a line for each thing that does not belong under version control."""
    forbidden = [each for each in LEFTOVERS if each.where.search(path)]
    return [
        f"{path}:{number}: {each.what}: {line.strip()[:80]}"
        for number, line in enumerate(text.splitlines(), start=1)
        for each in forbidden
        if each.pattern.search(line)
    ]


def undeclared_names(path: str, source: str) -> list[str]:
    """Return a line for each public name that a module binds and its `__all__` does not have."""
    tree = ast.parse(source)
    declared = {name for node in tree.body for name in _declared_by(node)}
    bound = {name for node in tree.body for name in _bound_by(node) if not name.startswith("_")}
    return [f"{path}: {name} is public and not in __all__" for name in sorted(bound - declared)]


def _declared_by(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Assign | ast.AnnAssign) and "__all__" in _bound_by(node) and node.value is not None:
        names: list[str] = ast.literal_eval(node.value)
        return names
    return []


def _bound_by(node: ast.stmt) -> list[str]:
    match node:
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            return [alias.asname or alias.name.split(".")[0] for alias in aliases]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
    return []


def false_names(module: types.ModuleType) -> list[str]:
    """Return a line for each name in a module's `__all__` that it does not have, or has twice."""
    declared: list[str] = getattr(module, "__all__", [])
    missing = [f"{module.__name__}.{name} is not there" for name in declared if not hasattr(module, name)]
    return missing + [
        f"{module.__name__}.{name} is there twice" for name in sorted(set(declared)) if declared.count(name) > 1
    ]


def newest_version(changelog: str) -> str | None:
    """Return the version of the first section of the changelog that has one."""
    match = re.search(r"^## \[(\d+\.\d+\.\d+)\]", changelog, re.MULTILINE)
    return match and match[1]


# --- the code obeys


def test_nothing_is_left_over() -> None:
    assert [line for path, text in texts() for line in leftovers(path, text)] == []


def test_the_rules_look_at_every_kind_of_file() -> None:
    seen = {path for path, _ in texts()}
    assert {"Makefile", ".ci/run", "pyproject.toml", "mockexchange/__init__.py", "tests/house/test_style.py"} <= seen


def test_the_public_names_are_the_declared_ones() -> None:
    path = "mockexchange/__init__.py"
    assert undeclared_names(path, sources("mockexchange")[path]) == []
    assert false_names(mockexchange) == []


def test_the_changelog_begins_with_this_version() -> None:
    assert newest_version((ROOT / "CHANGELOG.md").read_text(encoding="utf-8")) == mockexchange.__version__


# --- each rule can fail


CUT = "|"
"""Where the examples are cut, so that this file has no leftovers itself."""

LEFT_OVER = [
    ("README.md", "see /wor|k/notes", "a path of somebody's machine"),
    ("Dockerfile", 'COPY "/ro|ot/.config" .', "a path of somebody's machine"),
    ("docs/a.md", "/Use|rs/me/x", "a path of somebody's machine"),
    ("constraints.txt", "--index|-url https://example.org", "the host of a package index"),
    ("README.md", "https://pypi|.org/project/x", "the host of a package index"),
    ("a.yaml", "# TO|DO: later", "unfinished work"),
    ("a.sh", "# FIX|ME", "unfinished work"),
    ("a.py", "# see issue| #12", "the number of an issue"),
    ("a.py", "if x:  # prag|ma: no cover", "a pragma"),
    ("a.py", "x = y  # type|: ignore", "a suppression without its rule or without `# reason`"),
    ("a.py", "x = y  # type|: ignore[arg-type]", "a suppression without its rule or without `# reason`"),
    ("a.py", "x = y  # no|qa", "a suppression without its rule or without `# reason`"),
    ("a.py", "x = y  # no|qa: S603", "a suppression without its rule or without `# reason`"),
    ("tests/a.py", "time.|sleep(1)", "a test that sleeps"),
    ("contracts/suites/a.py", "from time| import monotonic, sleep", "a test that sleeps"),
]


@each_row(("path", "text", "what"), LEFT_OVER)
def test_a_leftover_is_reported(path: str, text: str, what: str) -> None:
    (line,) = leftovers(path, f"first line\n{text.replace(CUT, '')}\n")
    assert line.startswith(f"{path}:2: {what}: ")


CLEAN = [
    ("README.md", "https://example.org/work and ~/work, ./tmp/x, /workers, GET /rooted"),
    ("a.py", "x = y  # type|: ignore[arg-type]  # the stub is behind its library"),
    ("a.py", "x = y  # no|qa: S603, S607  # a fixed program"),
    ("README.md", "turn it off with # prag|ma: no cover or time.|sleep(1)"),
    ("mockexchange/sandbox/clock.py", "time.|sleep(1)"),
    ("a.md", "two issues at once; KXXXX-1"),
]


@each_row(("path", "text"), CLEAN)
def test_what_only_looks_like_a_leftover_is_not_reported(path: str, text: str) -> None:
    assert leftovers(path, text.replace(CUT, "")) == []


def test_an_undeclared_name_is_reported() -> None:
    source = (
        "import json\nfrom a import b as c, _d\nX: int = 1\n_Y = 2\n__version__ = '1'\ndef f(): ...\n__all__ = ['f']\n"
    )
    names = ["X", "c", "json"]
    assert undeclared_names("a.py", source) == [f"a.py: {name} is public and not in __all__" for name in names]
    assert undeclared_names("a.py", source.replace("['f']", "['X', 'c', 'f', 'json']")) == []


def test_a_false_public_name_is_reported() -> None:
    module = types.ModuleType("shop")
    module.__dict__.update(open=1, __all__=["open", "closed", "open"])
    assert false_names(module) == ["shop.closed is not there", "shop.open is there twice"]


def test_the_newest_version_of_a_changelog_is_found() -> None:
    assert newest_version("# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-01-01\n\n## [1.2.2]\n") == "1.2.3"
    assert newest_version("# Changelog\n\n## [Unreleased]\n") is None
