"""What is not the same in every run: the host's time stands still, and the rest is replaced in the recorded text."""

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from mockexchange import __version__

HOST_NS: Final = 1_781_159_370_000_000_000
"""2026-06-11T06:29:30Z, the time of the host in every recording."""


class Rule:
    """A part of a recording that differs from run to run.

    `marker` is a text without which the pattern never matches.
    """

    def __init__(self, marker: str, pattern: str, replacement: str) -> None:
        self.marker, self.pattern, self.replacement = marker, re.compile(pattern), replacement


RULES: Final = {
    "salted signatures (RSA-PSS)": Rule(
        "-signature", r"(?i)(kalshi-access-signature\W+(?:value\W+)?)[A-Za-z0-9+/]{86,}={0,2}", r"\1(signature)"
    ),
    "time that an answer took": Rule("latency", r'("latency_(?:us|ms)": ?)[0-9.]+', r"\1(latency)"),
    "time that an answer took, in words": Rule(" ms", r"\b[0-9]+(?:\.[0-9]+)? ms\b", "(latency) ms"),
    "time that an answer took, in a column": Rule("\t", r"(?<=\t)[0-9]+\.[0-9](?=\t)", "(latency)"),
    "time that rules took, in columns": Rule("waited after 429", r" +[0-9]+\.[0-9] +(?:s +)?", " (seconds) "),
    "process ids": Rule("pid", r'(\bpid"?:? ?)[0-9]+', r"\1(pid)"),
    "version of the package": Rule("version", rf'(version"?:? ?"?){re.escape(__version__)}\b', r"\1(version)"),
    "time that answers took, of metrics": Rule(
        "_duration_seconds", r"(_duration_seconds_(?:sum|bucket)\{[^}]*\}) [0-9.e-]+", r"\1 (seconds)"
    ),
    "interpreter": Rule("python", rf"{re.escape(sys.executable)}", "(python)"),
    "version of the interpreter": Rule("python", r'(python="?:? ?"?)3\.[0-9]+\.[0-9]+', r"\1(version)"),
    "reason of a 413, which Python 3.13 renamed": Rule("413", "413 (Request Entity|Content) Too Large", "413 (reason)"),
    "folder of the package": Rule(
        "/mockexchange/scenario/", r"/[^\s\"']*/mockexchange/scenario/", "(package)/scenario/"
    ),
    "folder of the recorder": Rule("/tests/golden/", r"/[^\s\"']*/tests/golden/", "(recorder)/"),
    "folders of a run": Rule("/run-", r"/[^\s\"']*/run-\w+/", "(folder)/"),
    "folders of a database": Rule("host=", r"host=/[\w./-]+", "host=(folder)"),
    "ports of this machine": Rule("127.0.0.1:", r"127\.0\.0\.1:[0-9]+", "127.0.0.1:(port)"),
    "codes of links to the console": Rule('"code"', r'("code": ?)"[A-Za-z0-9_-]{43}"', r'\1"(code)"'),
    "generated private keys": Rule(
        "PRIVATE KEY", r"-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]+-----END [A-Z ]*PRIVATE KEY-----", "(private key)"
    ),
}


def normal(text: str) -> str:
    """Return a text of a recording without the parts that differ from run to run."""
    for rule in RULES.values():
        if rule.marker in text:
            text = rule.pattern.sub(rule.replacement, text)
    return text


@contextmanager
def pinned_time() -> Iterator[None]:
    """Stop the time of the host; what counts seconds, such as the event loop's timers, goes on."""
    real = time.time, time.time_ns
    time.time, time.time_ns = lambda: HOST_NS / 1e9, lambda: HOST_NS
    try:
        yield
    finally:
        time.time, time.time_ns = real
