"""The garbage collector around imports of many modules."""

from types import SimpleNamespace

import pytest

from mockexchange.api import imports
from mockexchange.sandbox import garbage_collection
from tests.helpers.rows import each_row


@each_row(
    ("was_enabled", "frozen", "wanted"),
    [
        (True, 0, ["disable", "import", "freeze", "unfreeze", "enable"]),
        (True, 7, ["disable", "import", "enable"]),
        (False, 0, ["disable", "import"]),
    ],
    ids=["as programs are", "objects of the program are frozen", "no collector"],
)
def test_imported_objects_leave_the_youngest_generation(
    was_enabled: bool, frozen: int, wanted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    collector = {name: lambda name=name: calls.append(name) for name in ("disable", "enable", "freeze", "unfreeze")}
    known = SimpleNamespace(isenabled=lambda: was_enabled, get_freeze_count=lambda: frozen, **collector)
    for module in (imports, garbage_collection):
        monkeypatch.setattr(module, "gc", known)
    with imports.young_objects_aged():
        calls.append("import")
    assert calls == wanted


def test_modules_that_are_kept_are_frozen_before_collections_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    names = ("collect", "disable", "enable", "freeze", "unfreeze")
    collector = {name: lambda *generation, name=name: calls.append(name) for name in names}
    known = SimpleNamespace(isenabled=lambda: True, get_freeze_count=lambda: "freeze" in calls, **collector)
    for module in (imports, garbage_collection):
        monkeypatch.setattr(module, "gc", known)
    with imports.modules_kept():
        calls.append("import")
    assert calls == ["collect", "disable", "import", "freeze", "enable"]
