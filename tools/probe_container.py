"""The health check of the image: exit code 0 if the server of the container is ready, or 1 and a line with the reason.

The ready file has the address of the server, with port and scheme, and the authority that signed its certificate.
"""

import json
import os
import ssl
import sys
from pathlib import Path
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

SECONDS_MAX = 2.0


def ask(ready_file: Path) -> None:
    """Request the readiness of the server, without a proxy. Raises OSError, ValueError, KeyError or TypeError."""
    ready = json.loads(ready_file.read_text(encoding="utf-8"))
    trust = ssl.create_default_context(cafile=ready["ca_cert"])
    # urlopen raises for every status that is not a success
    with build_opener(ProxyHandler({}), HTTPSHandler(context=trust)).open(
        ready["control_url"] + "/ready", timeout=SECONDS_MAX
    ):
        pass


def main() -> int:
    try:
        ask(Path(os.environ["MOCKEXCHANGE_READY_FILE"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"not ready: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
