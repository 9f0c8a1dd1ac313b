"""Checks the server, the clocks of both machines, and the port."""

import socket
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from mockexchange.cli.doctor_checks.finding import FAIL, OK, WARN, CheckContext, Finding
from mockexchange.runtime.http_request import Reply, Unreachable, send
from mockexchange.runtime.ready_file import START_ONE, NoServer, is_running, read_ready

PATIENCE_S = 5.0
SKEW_S_OK = 2.0
"""A clock difference, in seconds, that is ignored: the Date header has whole seconds, and requests take time."""
SKEW_S_MAX = 10.0
"""The clock difference, in seconds, from which the check fails: venues refuse timestamps too far from their clocks."""
TCP_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
LISTENING = "0A"


class TimedReply(NamedTuple):
    """An answer, and the seconds by which this machine's clock is ahead of the server's.

    The seconds are None if the answer has no Date header.
    """

    reply: Reply
    ahead_s: float | None


def check_server(context: CheckContext) -> Iterator[Finding]:
    try:
        ready = read_ready(context.ready_file)
    except NoServer as missing:
        yield Finding("server", WARN if missing.is_missing else FAIL, str(missing), START_ONE)
        return
    if not is_running(ready["pid"]):
        message = f"the server that wrote {context.ready_file} (pid {ready['pid']}) is gone"
        yield Finding("server", FAIL, message, START_ONE)
        return
    url = f"{ready['control_url']}/live"
    try:
        reply = send("GET", url, {}, patience_s=PATIENCE_S, ca_cert=ready.get("ca_cert"))
    except Unreachable as error:
        message = f"the server (pid {ready['pid']}) does not answer at {url}: {error}"
        yield Finding("server", FAIL, message, f"end process {ready['pid']}, and {START_ONE}")
        return
    is_ours = reply.status == 200 and reply.headers.get("X-Mock-Exchange") is not None
    message = f"pid {ready['pid']} answers at {ready['control_url']}, API date {ready.get('api_date')}"
    if is_ours:
        yield Finding("server", OK, message)
    else:
        message = f"something else answers at {url}: status {reply.status}"
        yield Finding("server", FAIL, message, f"remove {context.ready_file}, and {START_ONE}")


def check_clock(context: CheckContext) -> Iterator[Finding]:
    ready = context.server
    if ready is None:
        return
    try:
        clocked = ask_time(f"{ready['control_url']}/live", ready.get("ca_cert"))
    except Unreachable:
        return  # as the check of the server says
    yield judge_clock(clocked, "the server's")


def check_named_clock(context: CheckContext) -> Iterator[Finding]:
    if context.url is None:
        return
    host = urlsplit(context.url).hostname or ""
    ca_cert = context.server.get("ca_cert") if context.server else None
    try:
        yield judge_clock(ask_time(context.url, ca_cert), f"that of {host}")
    except Unreachable as error:
        yield Finding("clock", FAIL, f"{context.url} does not answer: {error}", "look at the URL, and at the network")


def ask_time(url: str, ca_cert: str | None) -> TimedReply:
    """Send a request, and compare the clocks by the Date header of the answer. Raises Unreachable."""
    began_s = time.time()
    reply = send("GET", url, {"Connection": "close"}, patience_s=PATIENCE_S, ca_cert=ca_cert)
    middle_s = (began_s + time.time()) / 2
    try:
        told_s = parsedate_to_datetime(reply.headers["Date"]).timestamp() + 0.5  # it has no fractions
    except (TypeError, ValueError):
        return TimedReply(reply, None)
    return TimedReply(reply, middle_s - told_s)


def judge_clock(clocked: TimedReply, whose: str) -> Finding:
    ahead_s = clocked.ahead_s
    if ahead_s is None:
        return Finding("clock", WARN, f"{whose} clock is unknown: the answer has no Date")
    if abs(ahead_s) <= SKEW_S_OK:
        return Finding("clock", OK, f"this machine's clock and {whose} agree")
    message = f"this machine's clock is {abs(ahead_s):.0f} s {'ahead of' if ahead_s > 0 else 'behind'} {whose}"
    remedy = "set the clock (timedatectl set-ntp true): signatures carry its time, and a wrong one is a 401"
    return Finding("clock", FAIL if abs(ahead_s) > SKEW_S_MAX else WARN, message, remedy)


def check_port(context: CheckContext) -> Iterator[Finding]:
    host, port = context.host, context.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except (OSError, OverflowError) as error:
        yield _judge_taken_port(context, error)
    else:
        yield Finding("port", OK, f"{port} on {host} is free")


def _judge_taken_port(context: CheckContext, error: Exception) -> Finding:
    port, ready = context.port, context.server
    if ready and urlsplit(ready["control_url"]).port == port:
        return Finding("port", OK, f"{port} is the running server's (pid {ready['pid']})")
    owner = owner_of(port)
    by = f" by pid {owner}" if owner else ""
    if _is_ours(context):
        by = f" by another mockexchange{f' (pid {owner})' if owner else ''}"
    message = f"{port} on {context.host} is taken{by}: {getattr(error, 'strerror', None) or error}"
    return Finding("port", WARN, message, "mockexchange serve --port 0 takes a free one")


def _is_ours(context: CheckContext) -> bool:
    """Return whether a mockexchange server listens on the port."""
    host = f"[{context.host}]" if ":" in context.host else context.host
    try:
        reply = send("GET", f"http://{host}:{context.port}/_mock/live", {}, patience_s=PATIENCE_S)
    except Unreachable:
        return False
    return reply.headers.get("X-Mock-Exchange") is not None


def owner_of(port: int) -> int | None:
    """Return the id of the process that listens on a port, if Linux shows it to this user; else None."""
    sockets = {f"socket:[{inode}]" for inode in _inodes_of(port)}
    for process in Path("/proc").glob("[0-9]*") if sockets else ():
        try:
            if any(str(one.readlink()) in sockets for one in (process / "fd").iterdir()):
                return int(process.name)
        except OSError:  # the process has ended, or belongs to another user
            continue
    return None


def _inodes_of(port: int) -> Iterator[str]:
    """Yield the inodes of the sockets that listen on a port, from the kernel's tables of TCP sockets (proc(5))."""
    for table in TCP_TABLES:
        try:
            lines = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for columns in map(str.split, lines):
            if columns[3] == LISTENING and int(columns[1].rpartition(":")[2], 16) == port:
                yield columns[9]
