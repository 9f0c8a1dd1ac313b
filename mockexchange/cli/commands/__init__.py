"""The table of all commands. Each has a module here: `mockexchange NAME` is in `NAME.py`."""

from mockexchange.cli.click_base import CommandEntry

COMMANDS = {
    "serve": CommandEntry("serve", "Start the server and print credentials to copy and paste."),
    "env": CommandEntry("env", "Print exports that point a client here."),
    "call": CommandEntry("call", "Send a signed request and print the answer."),
    "do": CommandEntry("do", "Carry out steps now and print what happened, numbers to 12 places."),
    "script": CommandEntry("script", "Let things happen by themselves, at a time or when a client does something."),
    "fault": CommandEntry("fault", "Disturb what crosses the wire, on purpose."),
    "stub": CommandEntry("stub", "Answer requests literally, also those that nothing here emulates."),
    "advance": CommandEntry("advance", "Move exchange time forward; print it, and whose it is."),
    "journal": CommandEntry("journal", "Print requests and answers, newest last; or the frames of streams."),
    "why": CommandEntry(
        "why", "Print why requests, commands of streams and steps of the script were refused, or channels left out."
    ),
    "watch": CommandEntry(
        "watch", "Show what happens, while it happens: positions, fills, frames, requests, the script and faults."
    ),
    "console": CommandEntry("console", "Open the web console: requests and why they were refused, live."),
    "wait": CommandEntry("wait", "Wait until something is so, and print what was found, a JSON line each."),
    "log": CommandEntry("log", "Print the log of commands, as `replay` reads it."),
    "fork": CommandEntry("fork", "Open another sandbox as one was after a command, or at an instant."),
    "keys": CommandEntry("keys", "Key pairs of your own."),
    "explain": CommandEntry("explain", "Say why a signature does not verify."),
    "scenario": CommandEntry("scenario", "What an exchange is before its clock starts."),
    "api": CommandEntry("api", "The days of the wire, and what changed between them."),
    "replay": CommandEntry("replay", "Carry a log out again and print what happened."),
    "store": CommandEntry("store", "List, export, compact and check what `serve --store` keeps."),
    "verify": CommandEntry("verify", "Prove that a server or a client keeps the documented contract."),
    "run": CommandEntry("run", "Run a program against a fresh sandbox, and never against a real venue."),
    "record": CommandEntry(
        "record", "Record what a real venue answers, through a proxy that holds no key and writes no secret."
    ),
    "snapshot": CommandEntry("snapshot", "Read an account with its key, and write a recording without secrets."),
    "import": CommandEntry(
        "import_recording", "Make a scenario of a recording or of a CSV export, and say what it cannot explain."
    ),
    "drift": CommandEntry(
        "drift", "Compare a recording with the wire of an API date, and print what a venue answers otherwise."
    ),
    "doctor": CommandEntry(
        "doctor",
        "Look for what is in a client's way: versions, the server, clocks, the port, keys, variables, proxies, trust.",
    ),
    "completion": CommandEntry(
        "completion",
        "Print the script that has SHELL complete commands, options, scenarios, clients and account names.",
    ),
}
"""The commands by name, in the order of `--help`: the module that has the command, and its summary."""
