"""Patches what modules have, now or once they are imported."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mockexchange.guard.patching import Patches

NAME = "a_module_to_be_wrapped"


@pytest.fixture(autouse=True)
def _importable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / f"{NAME}.py").write_text("def word():\n    return 'plain'\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop(NAME, None)


@pytest.fixture
def wrapping() -> Iterator[Patches]:
    def wrap(self: Patches, module: Any) -> None:
        self.wrap(module, "word", lambda original: lambda: f"wrapped {original()}")
        self.wrap(module, "nothing", lambda original: original)

    made = Patches({NAME: wrap})
    yield made
    made.undo()


def imported() -> Any:
    return importlib.import_module(NAME)


def test_a_module_that_is_there_is_wrapped_at_once(wrapping: Patches) -> None:
    module = imported()
    wrapping.install()
    assert module.word() == "wrapped plain"
    assert not hasattr(module, "nothing")
    wrapping.undo()
    assert module.word() == "plain"


def test_one_that_is_not_is_wrapped_when_it_is_imported(wrapping: Patches) -> None:
    wrapping.install()
    assert NAME not in sys.modules
    module = imported()
    assert module.word() == "wrapped plain"
    assert type(module.__loader__).__name__ == type(module.__spec__.loader).__name__ == "SourceFileLoader"
    wrapping.undo()
    assert module.word() == "plain"


def test_one_that_is_found_before_and_runs_after_the_end_is_let_be(wrapping: Patches) -> None:
    wrapping.install()
    spec = importlib.util.find_spec(NAME)
    assert spec is not None
    assert spec.loader is not None
    wrapping.undo()
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.word() == "plain"


def test_two_wrap_the_same_one_after_the_other(wrapping: Patches) -> None:
    other = Patches({NAME: lambda self, module: self.wrap(module, "word", lambda original: lambda: original().upper())})
    wrapping.install()
    other.install()
    module = imported()
    assert module.word() == "WRAPPED PLAIN"
    other.undo()
    wrapping.undo()
    assert module.word() == "plain"


def test_a_module_that_there_is_not_is_as_missing_as_ever(wrapping: Patches) -> None:
    missing = Patches({"no_such_module": lambda self, module: None})
    missing.install()
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        importlib.import_module("no_such_module")
    missing.undo()
