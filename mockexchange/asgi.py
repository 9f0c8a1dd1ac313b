"""An exchange for a server of one's own: `uvicorn mockexchange.asgi:create_app --factory`.

The server that serves it reads what clients send: of the bounds and the journal rows of broken requests that
`mockexchange serve` has, none apply. `mockexchange.asgi()` makes one with another scenario.
"""

import sys
from types import ModuleType
from typing import Any

from mockexchange.api.serve import Application, asgi


def create_app() -> Application:
    """Return the demo as an ASGI application; it starts and stops with the server's lifespan."""
    return asgi()


class CallableModule(ModuleType):
    """This module. The function `mockexchange.asgi` has its name, and is still called when this is imported."""

    def __call__(self, *arguments: Any, **options: Any) -> Application:
        """Call `asgi`."""
        return asgi(*arguments, **options)


sys.modules[__name__].__class__ = CallableModule
