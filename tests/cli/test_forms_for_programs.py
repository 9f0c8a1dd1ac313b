"""Every command prints JSON for programs, or has another form that programs read."""

import re

from tests.cli.test_click_base import commands

PROGRAMS = {
    "serve": "--log-format json, and the ready file",
    "env": "--format json",
    "console": "--print",
    "wait": "prints JSON",
    "log": "prints JSON",
    "scenario generate": "prints JSON",
    "scenario schema": "prints JSON",
    "store export": "prints JSON",
    "verify server": "--report junit:FILE",
    "verify client": "--report junit:FILE",
    "run": "--report junit:FILE, and --journal",
    "record": "writes JSON",
    "snapshot": "writes JSON",
    "completion": "prints a script",
}
"""What commands without --json have for programs."""


def test_every_command_has_a_form_for_programs() -> None:
    named = {words: [option for each in command.params for option in each.opts] for words, command in commands()}
    assert {words for words, names in named.items() if "--json" not in names} == PROGRAMS.keys()
    for words, form in PROGRAMS.items():
        assert all(option in named[words] for option in re.findall(r"--[a-z-]+", form)), words
