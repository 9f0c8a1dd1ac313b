"""The program without the extra `kit`: what needs its libraries names the command that installs them."""

import json
import subprocess
import sys

from mockexchange.cli.commands import COMMANDS
from tests.cli.test_click_base import ENVIRONMENT
from tests.helpers.patience import PATIENCE_S

HELP_OF_EACH = """\
import json, sys

for name in sys.argv[1].split():
    sys.modules[name] = None  # as if it were not installed

from click.testing import CliRunner
from mockexchange.cli import main

results = {}
for words in sys.argv[2:]:
    result = CliRunner().invoke(main, [*words.split(), "--help"], prog_name="mockexchange")
    results[words] = result.exit_code, result.stderr, str(result.exception)
print(json.dumps(results))
"""
NEEDING = ("drift", "snapshot", "verify client", "verify server")


def test_no_command_ends_with_a_traceback() -> None:
    libraries = "httpx hypothesis jsonschema_rs schemathesis"
    command = [sys.executable, "-c", HELP_OF_EACH, libraries, *COMMANDS, "verify server", "verify client"]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE_S, check=True)
    results = json.loads(done.stdout)
    assert {words for words, (code, _, _) in results.items() if code} == set(NEEDING)
    for words in NEEDING:
        code, error, exception = results[words]
        assert (code, exception) == (2, "2")
        assert error.startswith(f"mockexchange {words.split()[0]}: httpx, hypothesis, jsonschema_rs, schemathesis not ")
        assert error.endswith(" -m pip install 'mockexchange[kit]'\n")
