"""What a viewer is not shown is not matched either: a frame, and bytes that are no text."""

from mockexchange.sandbox.journal import FrameEntry
from mockexchange.scenario.located_text import located_json
from mockexchange.server.control.secret_filter import SecretFilter
from mockexchange.server.control.waits import read_wait
from mockexchange.server.sandbox_secrets import SandboxSecrets
from tests.helpers.sandboxes import make
from tests.helpers.stream_reader import Reader

SECRET = '{"for": {"frame": {"contains": {"api_secret": "of-somebody"}}}}'
PLAIN = '{"for": {"frame": {"contains": {"id": 7}}}}'


def test_hidden_secrets_of_frames_are_not_matched() -> None:
    sandbox = make()
    Reader(sandbox).connection.receive(b'{"api_secret": "of-somebody", "id": 7}')
    for text, matches in ((SECRET, False), (PLAIN, True)):
        for hide, is_met in ((None, True), (SecretFilter.now(SandboxSecrets(lambda: [sandbox])).clean_item, matches)):
            wanted = located_json(text, "", 0).value
            assert isinstance(wanted, dict)
            condition = read_wait(wanted)[0](sandbox, hide)
            condition.look_back()
            assert condition.is_met() == is_met
            assert (hide is None or matches) or "api_secret is '[secret]'" in condition.misses()


def test_secrets_in_bytes_that_are_no_text_are_hidden() -> None:
    sandbox = make()
    frame = FrameEntry(0, 0, 0, 1, None, "in", b"\xff api_secret=of-somebody \xfe")
    shown = SecretFilter.now(SandboxSecrets(lambda: [sandbox])).clean_item(frame)
    assert isinstance(shown, FrameEntry)
    assert shown.raw == b"\xff api_secret=[secret] \xfe"
