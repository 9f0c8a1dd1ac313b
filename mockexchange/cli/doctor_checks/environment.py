"""Checks environment variables: the URLs, proxies and trusted certificates that clients read from them."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from mockexchange.cli.doctor_checks.finding import FAIL, OK, WARN, CheckContext, Finding
from mockexchange.clients.published import CLIENT_SETUPS, LOOPBACK, PROXIES, TRUST
from mockexchange.guard.hosts import PRODUCTION, find_place

TABLES = tuple(setup.checked for setup in CLIENT_SETUPS.values())
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
