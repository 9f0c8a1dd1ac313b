"""The file of tokens in docs/team.md is read as the page says."""

from pathlib import Path

from mockexchange.server.control.access import Grant, Role, read_tokens
from tests.docs.fences import fences_of

PAGE = "team.md"


def test_the_file_of_the_page_has_each_form_and_each_role(tmp_path: Path) -> None:
    [text] = [fence.text for fence in fences_of(PAGE) if fence.language == "yaml"]
    for name in ("ci-token", "friend.token"):
        (tmp_path / name).write_text(f"the-token-of-{name}\n")
    path = tmp_path / "tokens.yaml"
    path.write_text(text.replace("/run/secrets/", ""))
    assert [one.grant for one in read_tokens(path)] == [
        Grant("ci", Role.ADMIN),
        Grant("alice", Role.SANDBOX, "alice"),
        Grant("wall", Role.VIEWER),
        Grant("bob-s-friend", Role.VIEWER, "bob"),
    ]
