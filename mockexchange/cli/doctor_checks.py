"""The checks of `mockexchange doctor`: what may stop a client on this machine, each with its remedy."""

import platform
import re
import shutil
import socket
import stat
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cached_property
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from mockexchange.clients.published import CLIENT_SETUPS, LOOPBACK, PROXIES, TRUST
from mockexchange.guard.hosts import PRODUCTION, find_place
from mockexchange.named_files import KEY_BYTES_MAX, read_file
from mockexchange.runtime.http_request import Reply, Unreachable, send
from mockexchange.runtime.ready_file import START_ONE, NoServer, is_running, read_ready
from mockexchange.version import __version__, install_command

OK, WARN, FAIL = "ok", "warn", "fail"


class Finding(NamedTuple):
    """The result of a check. `verdict` is ok, warn or fail; `remedy` is empty if none is needed."""

    check: str
    verdict: str
    message: str
    remedy: str = ""


@dataclass(frozen=True)
class CheckContext:
    """The input of the checks: the environment, the ready file, the address of a server, and the given URL and key."""

    environment: Mapping[str, str]
    ready_file: Path
    host: str
    port: int
    url: str | None = None
    key: Path | None = None

    @cached_property
    def server(self) -> dict[str, Any] | None:
        """Return the ready file of the running server; None if no server runs or the file cannot be read."""
        try:
            ready = read_ready(self.ready_file)
        except NoServer:
            return None
        return ready if is_running(ready["pid"]) else None


Check = Callable[[CheckContext], Iterator[Finding]]


# Python and the installed packages


PACKAGE = "mockexchange"
PYTHON_MIN = (3, 11)
REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)[^>;]*(?:>=(?P<floor>[0-9.]+))?[^;]*(?:;(?P<marker>.*))?")
EXTRA = re.compile(r"extra\s*==\s*['\"](?P<name>[^'\"]+)['\"]")
EXTRAS = {
    "generate": "`mockexchange scenario generate`",
    "kit": "`mockexchange verify` and `serve --self-check`",
    "postgres": "`serve --store postgresql://...`",
}
"""Optional dependency groups, and the commands that need them; groups for developing this project are left out."""


class Requirement(NamedTuple):
    name: str
    floor: str
    extra: str | None
    is_of_windows: bool | None
    """True for a requirement on Windows only, False for one on all other systems, None for one on every system."""


def read_requirement(text: str) -> Requirement | None:
    """Parse a requirement in a package's metadata, such as `uvloop>=0.17; platform_system != "Windows"`."""
    found = REQUIREMENT.fullmatch(text)
    if found is None:
        return None
    marker = found["marker"] or ""
    extra = EXTRA.search(marker)
    is_of_windows = ("==" in marker.partition("Windows")[0]) if "Windows" in marker else None
    return Requirement(found["name"], found["floor"] or "0", extra and extra["name"], is_of_windows)


def requirements() -> list[Requirement]:
    """Return the requirements of mockexchange on this system; an empty list if mockexchange is not installed."""
    try:
        lines = distribution(PACKAGE).requires or []
    except PackageNotFoundError:
        return []
    is_windows = sys.platform == "win32"
    found = [one for one in map(read_requirement, lines) if one]
    return [one for one in found if one.is_of_windows in (None, is_windows)]


def check_python(context: CheckContext) -> Iterator[Finding]:
    message = (
        f"mockexchange {__version__}, {platform.python_implementation()} {platform.python_version()}, {sys.platform}"
    )
    if sys.version_info[:2] < PYTHON_MIN:
        yield Finding("python", FAIL, message, f"expected Python {'.'.join(map(str, PYTHON_MIN))} or later")
    else:
        yield Finding("python", OK, message)


def check_dependencies(context: CheckContext) -> Iterator[Finding]:
    needed = [one for one in requirements() if one.extra is None]
    if not needed:
        yield Finding(
            "packages", WARN, "mockexchange runs from its source: what it needs is not known", install_command(".")
        )
        return
    problems = [(one, problem_of(one)) for one in needed]
    wrong = [(one, problem) for one, problem in problems if problem]
    for one, problem in wrong:
        yield Finding("packages", FAIL, problem, install_command(f"{one.name}>={one.floor}"))
    if not wrong:
        shown = ", ".join(f"{one.name} {version(one.name)}" for one in needed)
        yield Finding("packages", OK, shown)


def problem_of(needed: Requirement) -> str | None:
    """Return the problem with a required package; None if it is installed and new enough."""
    try:
        found = version(needed.name)
    except PackageNotFoundError:
        return f"{needed.name} is not installed"
    if numbers_of(found) < numbers_of(needed.floor):
        return f"{needed.name} {found} is too old: expected {needed.floor} or later"
    return None


def numbers_of(text: str) -> tuple[int, ...]:
    """Return a version as comparable numbers without zeros at the end, such as (2,) for both 2.0rc1 and 2.0."""
    found = re.match(r"[0-9]+(?:\.[0-9]+)*", text)
    numbers = [int(part) for part in found[0].split(".")] if found else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def check_extras(context: CheckContext) -> Iterator[Finding]:
    known = requirements()
    for extra, needed_for in EXTRAS.items():
        wanted = [one for one in known if one.extra == extra]
        missing = [problem for one in wanted if (problem := problem_of(one))]
        if missing:
            message = f"{extra}, which {needed_for} takes: {'; '.join(missing)}"
            yield Finding("extras", OK, message, f"if wanted: {install_command(f'mockexchange[{extra}]')}")
        elif wanted:
            yield Finding("extras", OK, f"{extra} is there, for {needed_for}")


def check_node(context: CheckContext) -> Iterator[Finding]:
    found = shutil.which("node", path=context.environment.get("PATH"))
    message = f"node is {found}" if found else "node is not on the PATH: only clients in TypeScript want it"
    yield Finding("node", OK, message)


# The server, the clocks of both machines, and the port


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
    host, port, ready = context.host, context.port, context.server
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
    else:
        yield Finding("port", OK, f"{port} on {host} is free")
        return
    if ready and urlsplit(ready["control_url"]).port == port:
        yield Finding("port", OK, f"{port} is the running server's (pid {ready['pid']})")
        return
    owner = owner_of(port)
    by = f" by pid {owner}" if owner else ""
    try:
        url = f"http://{f'[{host}]' if ':' in host else host}:{port}/_mock/live"
        if send("GET", url, {}, patience_s=PATIENCE_S).headers.get("X-Mock-Exchange") is not None:
            by = f" by another mockexchange{f' (pid {owner})' if owner else ''}"
    except Unreachable:
        pass
    message = f"{port} on {host} is taken{by}: {reason}"
    yield Finding("port", WARN, message, "mockexchange serve --port 0 takes a free one")


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


# Private keys: whether clients can read them, and their kind


TABLES = tuple(setup.checked for setup in CLIENT_SETUPS.values())
KEY_PATHS = tuple(name for table in TABLES for name in table.key_paths)
INLINE_KEYS = tuple(name for table in TABLES for name in table.inline_keys)
KEY_IDS = tuple(name for table in TABLES for name in table.key_ids)
RSA_BITS_MIN = 2_048
READABLE_BY_OTHERS = stat.S_IRGRP | stat.S_IROTH
MAKE_KEY = "mockexchange keys new"
USE_ANOTHER_KEY = f"another file, or {MAKE_KEY}"
UNUSABLE_MARKS = (
    (b"PUBLIC KEY", "is the public half of a key: clients sign with the private one", USE_ANOTHER_KEY),
    (b"BEGIN CERTIFICATE-----", "is a certificate, and no key", USE_ANOTHER_KEY),
    (b"OPENSSH PRIVATE", "is in OpenSSH's own form, which clients cannot read", "ssh-keygen -p -m PEM -f {file}"),
    (b"ENCRYPTED", "is encrypted: most clients ask for no passphrase", "openssl pkey -in {file} -out PLAIN.pem"),
)
"""Byte strings that show that a file is no private key: each with a description and a remedy."""
Judgement = tuple[str, str, str]


def check_key_file(context: CheckContext) -> Iterator[Finding]:
    if context.key is not None:
        yield from judge_file(context.key, "--key")


def check_key_variables(context: CheckContext) -> Iterator[Finding]:
    environment = context.environment
    for name in KEY_PATHS:
        if environment.get(name):
            yield from judge_file(Path(environment[name]).expanduser(), name)
    for name in INLINE_KEYS:
        if environment.get(name):
            yield judge_inline(environment[name], name)
    for table in TABLES:
        pair = (*table.inline_keys[:1], *table.key_paths[:1])
        if table.key_conflict and all(environment.get(name) for name in pair):
            yield Finding("key", WARN, f"{' and '.join(pair)} are both set: {table.key_conflict}", f"unset {pair[0]}")


def judge_file(path: Path, named_by: str) -> Iterator[Finding]:
    """Yield findings about a private key's file: whether this user and others can read it, and its contents."""
    try:
        raw = read_file(path, KEY_BYTES_MAX, takes_pipes=True)
        mode = path.stat().st_mode
    except OSError as error:
        yield Finding(
            "key", FAIL, f"{named_by}: {path} cannot be read: {error.strerror or error}", f"look at {named_by}"
        )
        return
    verdict, message, remedy = judge_key(raw, str(path))
    yield Finding("key", verdict, f"{named_by}: {path} {message}", remedy)
    if sys.platform != "win32" and mode & READABLE_BY_OTHERS:
        yield Finding("key", WARN, f"{named_by}: others on this machine may read {path}", f"chmod 600 {path}")


def judge_inline(text: str, name: str) -> Finding:
    """Return a finding about a private key that is the value of a variable. The key itself is not printed."""
    if "\n" not in text and "\\n" in text:
        message = f"{name} has \\n in two letters for its line breaks: some clients remedy that, most do not"
        return Finding("key", WARN, message, f'export {name}="$(cat FILE)"')
    verdict, message, remedy = judge_key(text.encode("utf-8", "surrogateescape"), "FILE")
    return Finding("key", verdict, f"{name} {message}", remedy)


def judge_key(raw: bytes, file: str) -> Judgement:
    """Return a verdict about the bytes of a private key, a description of the key, and the remedy."""
    for mark, message, remedy in UNUSABLE_MARKS:
        if mark in raw:
            return FAIL, message, remedy.format(file=file)
    if b"-----BEGIN" not in raw:
        return FAIL, "is no PEM text", f"openssl pkey -inform DER -in {file}, if it is DER; or {MAKE_KEY}"
    try:
        key = load_pem_private_key(raw, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        return FAIL, f"cannot be used: {error}", MAKE_KEY
    return judge_kind(key)


def judge_kind(key: object) -> Judgement:
    if isinstance(key, RSAPrivateKey):
        if key.key_size < RSA_BITS_MIN:
            return WARN, f"is an RSA key of {key.key_size} bits: expected {RSA_BITS_MIN} or more", MAKE_KEY
        return OK, f"is an RSA key of {key.key_size} bits", ""
    if isinstance(key, Ed25519PrivateKey):
        return OK, "is an Ed25519 key: some clients sign with RSA alone", ""
    return FAIL, f"is no RSA or Ed25519 key, but {type(key).__name__.removesuffix('PrivateKey')}", MAKE_KEY


def check_key_id(context: CheckContext) -> Iterator[Finding]:
    ready = context.server
    if ready is None:
        return
    known = {key["key_id"]: one["name"] for one in ready["accounts"] for key in one.get("keys") or [one]}
    for name in KEY_IDS:
        key_id = context.environment.get(name)
        if key_id in known:
            yield Finding("key id", OK, f"{name} is a key of {known[key_id]}")
        elif key_id:
            message = f"{name} is no key of the server's default exchange"
            yield Finding("key id", WARN, message, 'eval "$(mockexchange env)"')


# URLs, proxies and trusted certificates in environment variables


REST_URLS = {name: path for table in TABLES for name, path in table.rest_urls.items()}
STREAM_URLS = {name: path for table in TABLES for name, path in table.stream_urls.items()}
SCHEMES = {**dict.fromkeys(REST_URLS, ("http", "https")), **dict.fromkeys(STREAM_URLS, ("ws", "wss"))}
PLAIN = ("http", "ws")
URL_OVERRIDES = tuple(name for table in TABLES for name in table.url_overrides)
PLAIN_URL_REFUSALS = tuple(table.plain_url_refusal for table in TABLES if table.plain_url_refusal)
EVAL_ENV = 'eval "$(mockexchange env)"'


def check_urls(context: CheckContext) -> Iterator[Finding]:
    given = {name: path for name, path in {**REST_URLS, **STREAM_URLS}.items() if context.environment.get(name)}
    for name, path in given.items():
        yield judge_url(name, context.environment[name], path, context)
    if not given:
        message = "no variable points a client anywhere: one that is given no URL calls the real exchange"
        yield Finding("client", WARN, message, EVAL_ENV)


def judge_url(name: str, text: str, path: str, context: CheckContext) -> Finding:
    """Return a finding about the URL in an environment variable: its syntax, host, path and scheme."""
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError as error:
        return Finding("client", FAIL, f"{name}={text} is no URL: {error}", EVAL_ENV)
    if parts.scheme not in SCHEMES[name] or not host:
        expected = " or ".join(f"{scheme}://" for scheme in SCHEMES[name])
        return Finding("client", FAIL, f"{name}={text} is no URL that begins with {expected}", EVAL_ENV)
    place = find_place(host)
    if place:
        kind = "the real exchange, with real money" if place.kind == PRODUCTION else "the venue's demo"
        return Finding("client", WARN, f"{name} leads to {kind}: {host}", EVAL_ENV)
    if parts.path.rstrip("/") != path:
        message = f"{name}={text} has the path {parts.path or '/'!r}: clients sign and call below {path or '/'!r}"
        return Finding("client", WARN, message, f"export {name}={parts._replace(path=path).geturl()}")
    return _judge_scheme(name, parts, context)


def _judge_scheme(name: str, parts: SplitResult, context: CheckContext) -> Finding:
    host = parts.hostname or ""
    is_plain = parts.scheme in PLAIN
    if is_plain and host not in LOOPBACK:
        clients = " and ".join(PLAIN_URL_REFUSALS)
        message = f"{name} is {parts.scheme}:// beyond this machine: {clients} refuses that, whatever it is told"
        return Finding("client", WARN, message, f"mockexchange serve --tls --tls-name {host}")
    server = context.server
    own = urlsplit(server["control_url"]) if server else None
    if own and own.port == parts.port and host in LOOPBACK and is_plain != (own.scheme == "http"):
        message = f"{name} is {parts.scheme}://, and the server speaks {own.scheme}"
        return Finding("client", FAIL, message, EVAL_ENV)
    return Finding("client", OK, f"{name} leads to {parts.netloc}")


def check_demo_switch(context: CheckContext) -> Iterator[Finding]:
    for name in URL_OVERRIDES:
        if context.environment.get(name):
            yield Finding(
                "client", WARN, f"{name} is set: some clients then pass by the URL they are given", f"unset {name}"
            )


def check_proxies(context: CheckContext) -> Iterator[Finding]:
    environment = context.environment
    names = [name for plain in PROXIES for name in (plain, plain.upper()) if environment.get(name)]
    if not names:
        yield Finding("proxy", OK, "no proxy is set")
        return
    spared = [one.strip() for one in (environment.get("no_proxy") or environment.get("NO_PROXY") or "").split(",")]
    missing = [host for host in ("127.0.0.1", "localhost") if host not in spared and "*" not in spared]
    if missing:
        message = f"{', '.join(names)}: clients would ask the proxy for {' and '.join(missing)} as well"
        value = ",".join([*(one for one in spared if one), *missing])
        yield Finding("proxy", WARN, message, f"export NO_PROXY={value} no_proxy={value}")
    else:
        yield Finding("proxy", OK, f"{', '.join(names)}: this machine is spared")


def check_trust(context: CheckContext) -> Iterator[Finding]:
    bundle = context.server.get("ca_bundle") if context.server else None
    for name in TRUST:
        path = context.environment.get(name)
        if path and not Path(path).is_file():
            message = f"{name} names {path}, which is not there: clients trust nobody, or do not start"
            yield Finding("trust", FAIL, message, EVAL_ENV if bundle else f"unset {name}")
        elif bundle and path != bundle and name == TRUST[0]:
            message = f"the server has an authority of its own, and {name} does not name its bundle"
            yield Finding("trust", WARN, message, EVAL_ENV)
        elif bundle and path == bundle:
            yield Finding("trust", OK, f"{name} names the server's bundle")


CHECKS: tuple[Check, ...] = (
    check_python,
    check_dependencies,
    check_extras,
    check_node,
    check_server,
    check_clock,
    check_named_clock,
    check_port,
    check_key_file,
    check_key_variables,
    check_key_id,
    check_urls,
    check_demo_switch,
    check_proxies,
    check_trust,
)
"""The checks, in the order in which they are shown."""
