"""docs/faults.md: every example can be read, every word of the schema is named."""

import re

from mockexchange.faults.preset_rules import preset_names
from mockexchange.scenario.fault_effects import BUCKET, EFFECTS
from mockexchange.scenario.fault_rules import FAULT, MATCH
from mockexchange.scenario.loader import load_text
from mockexchange.scenario.located_text import read_yaml
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT

PAGE = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^\| `(\{.*?\})` \|", PAGE, re.MULTILINE)


@each_row("example", EXAMPLES)
def test_every_example_can_be_read(example: str) -> None:
    FAULT.read(read_yaml(f"{{then: {example}}}", "docs/faults.md"), "")


def test_there_is_an_example_of_every_effect() -> None:
    kinds = {FAULT.read(read_yaml(f"{{then: {example}}}", "docs/faults.md"), "").kind for example in EXAMPLES}
    assert kinds == set(EFFECTS)


def test_every_word_is_named() -> None:
    words = set(re.findall(r"\w+", PAGE))
    assert {*MATCH.fields, *BUCKET.fields, *(key for kind in EFFECTS.values() for key in kind.record.fields)} <= words
    conditions = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", PAGE, re.MULTILINE)
    assert set(MATCH.fields) <= {name for cell in conditions for name in re.findall(r"\w+", cell)}


def test_the_scenarios_that_are_shown_can_be_read() -> None:
    shown = [block for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if block.startswith("faults:")]
    accounts = "accounts: {alice: {}, dora: {venue: deribit}}"
    assert [len(load_text(f"scenario: shown\n{accounts}\n{block}").faults) for block in shown] == [3, 3]


def test_every_preset_has_a_line() -> None:
    lines = re.findall(r"^\| `([\w-]+)` \|", PAGE.partition("## Presets")[2], re.MULTILINE)
    assert sorted(lines) == list(preset_names())
