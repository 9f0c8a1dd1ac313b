"""What a server imports when it is first used is imported before an attack is measured."""

import pytest

from tests.attacks.attacking import Target, attacked, head, play
from tests.attacks.test_bodies import upgraded
from tests.server.streaming import TEXT, frame

PATHS = ("/trade-api/v2/exchange/status", "/api/v2/public/test", "/signalplus/api/v2/positions", "/nope")


async def use_everything(target: Target) -> None:
    for path in PATHS:
        await target.ask(head(path, "Connection: close"))
        await target.ask(head(path, "Connection: close", "Content-Length: 2", method="POST") + b"{}")
    await target.ask(b"nonsense\r\n\r\n")
    reader, writer = await upgraded(target)
    writer.write(frame(TEXT, b"{}") + frame(TEXT, b"", is_final=False) + frame(TEXT, b""))  # the last is an error
    await reader.read()
    writer.close()


@pytest.fixture(scope="session", autouse=True)
def imported() -> None:
    """Use each venue and a stream once: a turn that imports them takes 60 ms, and more on a busy machine."""

    async def scene() -> None:
        async with attacked() as target:
            await use_everything(target)

    play(scene())
