"""Write the table of docs/run.md: the variables that `mockexchange run` sets, from the code that sets them."""

from collections.abc import Iterator

from mockexchange.clients.published import CLIENT_SETUPS
from mockexchange.venues.client_setup import ClientSetup
from tools.pages import DOCS, with_parts

TARGET = DOCS / "run.md"
VALUES = {
    "{key_id}": "id of the key",
    "{key_path}": "path of its file",
    "{key_pem}": "the key itself, PEM",
    "{key_base64}": "the PEM file in base64",
    "{secret}": "secret",
    "{base_url}": "URL of REST, with its path",
    "{origin}": "URL of REST, without a path",
    "{ws_url}": "URL of the stream",
    "{ws_origin}": "URL of the stream, without a path",
    "{ws_origin}/trade-api/ws/v2": "URL of the stream",
    "": "empty",
}
"""What the page calls the value of a template of `mockexchange.clients.published.template_values`."""


def render(page: str) -> str:
    """Return the page with its table as the code has the variables. Raises KeyError for a template without a name."""
    rows = [row for setup in CLIENT_SETUPS.values() for row in _rows(setup)]
    return with_parts(page, {"variables": ["| venue | value | variables |", "|---|---|---|", *rows]})


def _rows(setup: ClientSetup) -> Iterator[str]:
    """Yield a row for each value: its variables, the published clients' before the bots'."""
    names: dict[str, list[str]] = {}
    for name, template in {**setup.generic.exports, **setup.bot_keys}.items():
        names.setdefault(VALUES[template], []).append(name)
    for name, choice in setup.demo_choices.items():
        names.setdefault(f"`{choice}`, with `--as demo`", []).append(name)
    for name in setup.generic.unset:
        names.setdefault("removed, with `--as local`" if name in setup.demo_choices else "removed", []).append(name)
    for value, called in names.items():
        yield f"| {setup.title} | {value} | {', '.join(f'`{name}`' for name in called)} |"


def main() -> None:
    TARGET.write_text(render(TARGET.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
