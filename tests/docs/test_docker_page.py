"""docs/docker.md names every setting as the image has it, and shows parts of files that are there."""

import re
from collections.abc import Mapping

from mockexchange.scenario.loader import load_text
from tests.docs.fences import Fence, fences_of
from tests.docs.test_languages_page import is_part
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT
from tests.house.image import dockerfile, pairs_of
from tests.house.test_container import OPTIONS, PREFIX

PAGE = "docker.md"
TEXT = (ROOT / "docs" / PAGE).read_text(encoding="utf-8")
YAML = [fence for fence in fences_of(PAGE) if fence.language == "yaml"]
NAME = re.compile(r"`([^`]+)`")


def settings() -> Mapping[str, str | None]:
    """Return what the table says that each variable is in the image, None where it says nothing."""
    rows = [line.strip("|").split(" | ") for line in TEXT.splitlines() if line.startswith(f"| `{PREFIX}")]
    found: dict[str, str | None] = {}
    for names, *_, values in rows:
        shown = NAME.findall(values)
        found |= {name: shown[place] if shown else None for place, name in enumerate(NAME.findall(names))}
    return found


def test_every_option_is_in_the_table_with_its_value() -> None:
    image = pairs_of(dockerfile(), "ENV")
    defaults = {PREFIX + (each.name or "").upper(): each.default for each in OPTIONS}
    shown = settings()
    assert set(shown) == set(defaults)
    for name, value in shown.items():
        assert value == image.get(name, defaults[name] if isinstance(defaults[name], str) else None), name


@each_row("fence", [each for each in YAML if each.title], ids=lambda fence: fence.place)
def test_a_part_of_a_file_is_in_it(fence: Fence) -> None:
    assert is_part(fence)


def test_the_scenario_that_is_shown_is_one_but_for_its_key() -> None:
    [shown] = [each.text for each in YAML if not each.title]
    plan = load_text(re.sub(r", public_key: [^}]+", "", shown))
    assert "5f3c8a52-6d0e-4c58-9d2e-0b7e6c1f4a10" in {key.key_id for key in plan.keys}
