"""Makes the content of a server's ready file: its addresses, its token, its accounts and their keys.

Clients find the server by this file.
"""

import os
from typing import Any

from mockexchange.runtime.ready_file import RunDirectory
from mockexchange.sandbox.credentials import Credential
from mockexchange.server.server_state import ServerState


def ready_content(
    server_state: ServerState,
    token: str,
    api_date: str,
    credentials: list[Credential],
    run_directory: RunDirectory,
    pid: int | None = None,
) -> dict[str, Any]:
    """Write the private keys to files, and return the content of the ready file of a server without TLS.

    `pid` is the server's process id, by default that of this process.
    """
    return {
        "pid": os.getpid() if pid is None else pid,
        "control_url": f"{server_state.control_origin()}/_mock",
        "control_token": token,
        "api_date": api_date,
        "ca_cert": None,
        "ca_bundle": None,
        "venues": server_state.urls(),
        "accounts": describe_accounts(credentials, run_directory),
    }


def describe_accounts(credentials: list[Credential], run_directory: RunDirectory) -> list[dict[str, Any]]:
    """Write the private keys to files, and return a JSON object for each account.

    Each object has the account's first key, and all keys in `keys`.
    """
    accounts: dict[str, dict[str, Any]] = {}
    for one in credentials:
        path = run_directory.write_key(one)
        key = {
            "key": one.key,
            "key_id": one.key_id,
            "private_key_path": str(path) if path else None,
            "secret": one.secret,
        }
        account = accounts.setdefault(
            one.account,
            {
                "name": one.account,
                "kind": one.kind.value,
                "venue": one.venue,
                "key_id": key["key_id"],
                "private_key_path": key["private_key_path"],
                "secret": key["secret"],
                "subtraders": one.subtraders,
                "keys": [],
            },
        )
        account["keys"].append(key)
    return list(accounts.values())
