"""Reads the plugin's options from the command line, else the environment, else the configuration file."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import pytest

if TYPE_CHECKING:
    from mockexchange.guard import Guard

MARKER = "mockexchange"
MARKER_HELP = (
    "mockexchange(scenario, api_date, clock, faults, allow_hosts): what the exchange_sandbox of the test is made of;"
    " each has its default, and what is said nearer to the test counts"
)
SCENARIO_DEFAULT, API_DATE_DEFAULT, CLOCK_DEFAULT = "demo", "latest", "real"


class Option(NamedTuple):
    """An option. `name` is its name in the configuration file; its flag and its variable are derived from that."""

    name: str
    help: str
    kind: Literal["string", "bool", "linelist"] = "string"
    is_secret: bool = False
    """Whether the option is a secret, which the configuration file must not have, since it is shared."""
    metavar: str = "VALUE"
    alias: str = ""
    """Another flag of the same meaning."""

    @property
    def flag(self) -> str:
        return f"--{self.name.replace('_', '-')}"

    @property
    def variable(self) -> str:
        return self.name.upper()


URL = Option("mockexchange_url", "use the server at this URL instead of starting one", metavar="URL")
TOKEN = Option("mockexchange_token", "the token of that server's control API", is_secret=True, metavar="TOKEN")
SCENARIO = Option(
    "mockexchange_scenario",
    f"the scenario of tests that name none: built in, or a file (default: {SCENARIO_DEFAULT})",
    metavar="SCENARIO",
)
API_DATE = Option(
    "mockexchange_api_date",
    f"the API date of tests that name none (default: {API_DATE_DEFAULT})",
    metavar="DATE",
)
OWN_PORTS = Option("mockexchange_own_ports", "at a server elsewhere, too, give each sandbox a port of its own", "bool")
ALLOW_HOSTS = Option(
    "mockexchange_allow_hosts",
    "a real venue's host that tests may dial, such as one that resolves to this machine; may be given again",
    "linelist",
    metavar="HOST",
)
LOGS = Option(
    "mockexchange_logs",
    "keep the log and the journal of failed tests in this directory, for replays",
    metavar="DIR",
    alias="--mockexchange-keep",
)
OVERLAY = Option(
    "mockexchange_overlay",
    "add the new fields of this OpenAPI document to answers of the newest API date",
    metavar="FILE",
)
OPTIONS = (URL, TOKEN, SCENARIO, API_DATE, OWN_PORTS, ALLOW_HOSTS, LOGS, OVERLAY)
YES = frozenset({"1", "true", "yes", "on"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginSettings:
    """The settings of a pytest run. Paths are relative to pytest's root directory."""

    url: str | None
    token: str | None
    scenario: str
    api_date: str
    has_own_ports: bool
    allow_hosts: tuple[str, ...]
    logs: Path | None
    overlay: Path | None

    @property
    def is_remote(self) -> bool:
        return self.url is not None


SETTINGS = pytest.StashKey[PluginSettings]()
GUARD: "pytest.StashKey[Guard]" = pytest.StashKey()
"""The stash key of the guard that watches a test's connections."""


def add_to(parser: pytest.Parser) -> None:
    """Declare the plugin's options on pytest's command line and in its configuration."""
    group = parser.getgroup("mockexchange", "an exchange you own")
    for option in OPTIONS:
        words: dict[str, Any] = {"dest": option.name, "default": None, "help": option.help}
        if option.kind == "bool":
            group.addoption(option.flag, action="store_true", **words)
        else:
            action = "append" if option.kind == "linelist" else "store"
            flags = [option.flag, *([option.alias] if option.alias else [])]
            group.addoption(*flags, action=action, metavar=option.metavar, **words)
        if not option.is_secret:
            parser.addini(option.name, option.help, type=option.kind, default=None)


def settings_of(config: pytest.Config) -> PluginSettings:
    """Return the settings of this run, which are read once and then cached."""
    if SETTINGS not in config.stash:
        config.stash[SETTINGS] = _settings_of(config)
    return config.stash[SETTINGS]


def _settings_of(config: pytest.Config) -> PluginSettings:
    logs, overlay = _given(config, LOGS), _given(config, OVERLAY)
    return PluginSettings(
        url=_given(config, URL),
        token=_given(config, TOKEN),
        scenario=_given(config, SCENARIO) or SCENARIO_DEFAULT,
        api_date=_given(config, API_DATE) or API_DATE_DEFAULT,
        has_own_ports=bool(_given(config, OWN_PORTS)),
        allow_hosts=tuple(_given(config, ALLOW_HOSTS) or ()),
        logs=config.rootpath / logs if logs else None,
        overlay=config.rootpath / overlay if overlay else None,
    )


def origin_of(config: pytest.Config, option: Option) -> str:
    """Return where an option's value comes from, for errors: its flag, its variable, or its name in the file."""
    if config.getoption(option.name):
        return option.flag
    return option.variable if os.environ.get(option.variable) else option.name


def _given(config: pytest.Config, option: Option) -> Any:
    """Return the value of an option by precedence; an empty value counts as not given."""
    value = config.getoption(option.name)
    if value:
        return value
    text = os.environ.get(option.variable, "")
    if text:
        match option.kind:
            case "bool":
                return text.lower() in YES
            case "linelist":
                return text.split(",")
        return text
    return None if option.is_secret else config.getini(option.name)
