"""Lists all commands. Each has a module here: `mockexchange NAME` is in `NAME.py`."""

from mockexchange.cli.click_base import CommandEntry

SECTIONS = {
    "Start an exchange": {
        "serve": CommandEntry("serve", "Start the server and print credentials to copy and paste."),
        "run": CommandEntry("run", "Run a program against a fresh sandbox, and never against a real venue."),
        "doctor": CommandEntry(
            "doctor",
            "Check what may stop a client: versions, server, clocks, port, keys, variables, proxies, certificates.",
        ),
    },
    "Use it": {
        "env": CommandEntry("env", "Print shell commands that point a client at the running server."),
        "call": CommandEntry("call", "Send a signed request and print the answer."),
        "console": CommandEntry("console", "Open the web console: requests and why they were refused, live."),
        "do": CommandEntry("do", "Carry out steps now, and print what happened, with numbers to 12 decimal places."),
        "script": CommandEntry(
            "script", "Add steps that the server carries out by itself: at a time, or when a client does something."
        ),
        "advance": CommandEntry("advance", "Move the sandbox's clock forward, and print its time."),
        "fault": CommandEntry(
            "fault", "Add faults: errors, delays, wrong bodies and lost frames, at requests and frames of your choice."
        ),
        "stub": CommandEntry(
            "stub", "Add stubs: fixed answers to requests, also to requests that the server does not emulate."
        ),
        "fork": CommandEntry("fork", "Copy a sandbox as it was after a command, or at an instant, into a new one."),
    },
    "See what happened": {
        "journal": CommandEntry("journal", "Print requests and answers, newest last; or the frames of streams."),
        "why": CommandEntry(
            "why", "Print why requests, commands of streams and steps of the script were refused, or channels left out."
        ),
        "watch": CommandEntry(
            "watch", "Show events as they happen: positions, fills, frames, requests, script steps and faults."
        ),
        "wait": CommandEntry(
            "wait", "Wait for a subscription, request, frame, fault or the script's end; print each as a line of JSON."
        ),
        "log": CommandEntry("log", "Print the log of commands, as `replay` reads it."),
        "replay": CommandEntry("replay", "Carry a log out again and print what happened."),
    },
    "Prepare scenarios, keys and stores": {
        "scenario": CommandEntry(
            "scenario",
            "List, check and generate scenarios: the accounts, markets and steps that a sandbox begins with.",
        ),
        "keys": CommandEntry("keys", "Create key pairs."),
        "explain": CommandEntry("explain", "Print why a signature does not verify."),
        "store": CommandEntry("store", "List, export, delete, compact and check what `serve --store` keeps."),
    },
    "Compare with the venue": {
        "api": CommandEntry(
            "api",
            "List the dates of a venue's API, and print what changed between two, or is new in a later document.",
        ),
        "verify": CommandEntry("verify", "Prove that a server or a client keeps the documented contract."),
        "record": CommandEntry(
            "record", "Record what a real venue answers, through a proxy that holds no key and writes no secret."
        ),
        "snapshot": CommandEntry("snapshot", "Read an account with its key, and write a recording without secrets."),
        "import": CommandEntry(
            "import_recording",
            "Make a scenario of a recording or a CSV export, and list the answers that it does not reproduce.",
        ),
        "drift": CommandEntry(
            "drift", "Compare a recording with the API of a date, and print where the venue's answers differ."
        ),
    },
    "Set up this shell": {
        "completion": CommandEntry(
            "completion",
            "Print the script that has SHELL complete commands, options, scenarios, clients and account names.",
        ),
    },
}
"""The sections of `--help`, each with its commands by name, in order."""

COMMANDS = {name: entry for entries in SECTIONS.values() for name, entry in entries.items()}
"""All commands by name."""
