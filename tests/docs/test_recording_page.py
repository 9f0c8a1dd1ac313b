"""The workflow of docs/recording.md is YAML, skips without a key, and gives options that there are."""

import re

import click
import yaml

from mockexchange.cli.commands.drift import drift
from tests.docs.fences import fences_of


def test_the_workflow_gives_options_that_there_are() -> None:
    (workflow,) = [yaml.safe_load(fence.text) for fence in fences_of("recording.md") if fence.language == "yaml"]
    steps = workflow["jobs"]["drift"]["steps"]
    assert {step["if"] for step in steps} == {"env.KEY_ID == ''", "env.KEY_ID != ''"}
    known = {name for parameter in drift.params if isinstance(parameter, click.Option) for name in parameter.opts}
    assert set(re.findall(r"--[a-z-]+", steps[-1]["run"])) <= known
