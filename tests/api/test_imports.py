"""The garbage collector around imports of many modules."""

from types import SimpleNamespace

import pytest

from mockexchange.api import imports


@pytest.mark.parametrize(
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
    monkeypatch.setattr(imports, "gc", known)
    with imports.collector_paused():
        calls.append("import")
    assert calls == wanted
