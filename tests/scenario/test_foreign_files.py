"""A file that is no scenario may hold secrets: the error about it quotes nothing."""

import json
from pathlib import Path

import pytest

from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.loader import load_file
from tests.helpers.rows import each_row

SECRET = "hunter2-and-more"
KINDS = {
    "variables": f"PASSWORD={SECRET}\n",
    "accounts of a system": f"root:{SECRET}:0:0:root:/root:/bin/sh\n",
    "a netrc": f"machine example.org login bob password {SECRET}\n",
    "a key": f"-----BEGIN OPENSSH PRIVATE KEY-----\n{SECRET}\n-----END OPENSSH PRIVATE KEY-----\n",
    "an ini file": f"[default]\nsecret_key = {SECRET}\n",
    "a configuration of a cluster": f"users:\n- name: {SECRET}\n  user: {{token: {SECRET}}}\n",
    "logins of registries": json.dumps({"auths": {f"{SECRET}.example.org": {"auth": SECRET}}}),
    "a service account": json.dumps({SECRET: SECRET}),
    "credentials in URLs": f"https://bob:{SECRET}@example.org\n",
    "a token": SECRET,
    "a token as JSON": json.dumps(SECRET),
    "a list": f"- {SECRET}\n",
    "a history of commands": f"curl -H 'Authorization: Bearer {SECRET}' https://example.org\n",
    "a tag": f"!{SECRET} x\n",
    "an alias": f"a: *{SECRET}\n",
    "a key twice": f"{SECRET}: 1\n{SECRET}: 2\n",
}


@each_row("kind", KINDS)
@each_row("name", ["a.yaml", "a.json", "a.jsonl", "a"])
def test_a_file_of_another_kind_is_not_quoted(name: str, kind: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(KINDS[kind])
    with pytest.raises(ScenarioError, match=r"a\S*: is no scenario: ") as raised:
        load_file(tmp_path / name)
    assert SECRET not in str(raised.value)
