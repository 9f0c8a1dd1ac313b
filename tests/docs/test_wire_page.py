"""docs/wire.md is what the tables say today."""

from mockexchange.venues.kalshi.resources import OBJECTS, OPERATIONS
from tools.write_wire_page import TARGET, render


def test_the_page_is_written_from_the_tables_of_today() -> None:
    assert TARGET.read_text(encoding="utf-8") == render(), "run: python -m tools.write_wire_page"


def test_it_shows_every_operation_and_every_key_of_every_object() -> None:
    page = render()
    assert [one.name for one in OPERATIONS if f"| `{one.method} {one.path}` |" not in page] == []
    for name, rows in OBJECTS.items():
        section = page.partition(f"## {name}\n")[2].partition("\n## ")[0]
        assert [row.name for row in rows if f"| `{row.name}` |" not in section] == []
