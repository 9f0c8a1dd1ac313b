"""The part of the control API that lists a sandbox's stubs with their counts, installs stubs, and removes them."""

from collections.abc import Iterable, Sequence

from starlette.responses import Response

from mockexchange.sandbox.clock import Turns
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.stubs import InstalledStub, Stubs
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.stubs import STUB, Stub
from mockexchange.server.control.errors import ControlError
from mockexchange.server.control.json_text import MEDIA_TYPE
from mockexchange.server.control.rules.installed_rules import Installable


async def _install(sandbox: Sandbox, stubs: Sequence[Stub]) -> Response:
    sandbox.stubs.check(stubs)
    installed, turns = [], Turns()
    for stub in stubs:
        installed.append(await sandbox.stubs.install(stub))
        await turns.pause()
    return _shown(installed, 201)


def _read_stubs(body: Located) -> list[Stub]:
    """Read a stub, or a list of stubs. Raises ScenarioError or ControlError."""
    if isinstance(body.value, dict):
        return [STUB.read(body, "")]
    if not isinstance(body.value, list):
        raise ControlError(400, "bad_body", "expected a stub or a list of stubs")
    return [STUB.read(node, f"[{place}]") for place, node in enumerate(body.value)]


def _shown(stubs: Iterable[InstalledStub], status: int = 200) -> Response:
    """Return stubs as JSON in the form of the log, exact to the byte, with their counts of matches and answers."""
    texts = [f'{one.stub.written[:-1]},"matched":{one.matched},"answered":{one.answered}}}' for one in stubs]
    return Response(f"[{','.join(texts)}]".encode(), status, media_type=MEDIA_TYPE)


def _registry_of(sandbox: Sandbox) -> Stubs:
    return sandbox.stubs


def _show(sandbox: Sandbox) -> Response:
    return _shown(sandbox.stubs)


STUB_ANSWERS = Installable("stub", _registry_of, _show, _read_stubs, _install)
