"""Readers with one mistake each: careful clients that do one thing otherwise."""

import json
from http.client import HTTPConnection
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import urlsplit

from websockets.exceptions import InvalidStatus

from contracts.clients.examples.careful_client import Client, Refused

TEMPORARY = 307

Row = dict[str, Any]


TIMEOUT_S = 2.0
"""How long a reader waits for an answer, which comes at once but on a busy machine."""


class Quick(Client):
    """A careful client in a hurry: it gives up soon."""

    def __init__(self, *where: str) -> None:
        super().__init__(*where)
        self.connection.timeout = TIMEOUT_S
        self.logged: list[str] = []


# --- redirects


class Following(Quick):
    """Follows a redirect with the headers that it has signed."""

    def once(self, url: str, method: str = "GET", content: Row | None = None) -> Row:
        try:
            return super().once(url, method, content)
        except Refused as refused:
            if refused.status != TEMPORARY:
                raise
            return self.followed(url, self.headers(url))

    def followed(self, url: str, headers: dict[str, str]) -> Row:
        parts = urlsplit(url)
        other = HTTPConnection(f"localhost:{parts.port}", timeout=1)
        other.request("GET", parts.path, headers=headers)
        body: Row = json.loads(other.getresponse().read())
        other.close()
        return body


class FollowingAnew(Following):
    """Signs the redirected request anew, for the other host."""

    def followed(self, url: str, headers: dict[str, str]) -> Row:
        return super().followed(url, self.headers(url.replace("127.0.0.1", "localhost")))


class FollowingHalf(Following):
    """Leaves the signature out, and sends its key id."""

    def followed(self, url: str, headers: dict[str, str]) -> Row:
        return super().followed(url, {name: value for name, value in headers.items() if name.endswith("KEY")})


class FollowingNowhere(Following):
    """Takes a redirect for an empty answer."""

    def followed(self, url: str, headers: dict[str, str]) -> Row:
        return {}


# --- answers that do not come


class Waiting(Quick):
    """Waits for an answer as long as it takes."""

    def __init__(self, *where: str) -> None:
        super().__init__(*where)
        self.connection.timeout = 60


class Circling(Quick):
    """Never stops after a timeout."""

    def once(self, url: str, method: str = "GET", content: Row | None = None) -> Row:
        try:
            return super().once(url, method, content)
        except Refused as refused:
            if refused.status is None:
                Event().wait(60)
            raise


class Assuming(Quick):
    """Takes no answer for an answer without rows."""

    def once(self, url: str, method: str = "GET", content: Row | None = None) -> Row:
        try:
            return super().once(url, method, content)
        except Refused as refused:
            if refused.status is None:
                return {}
            raise


# --- lists


class Forgiving(Quick):
    """Takes a 404 for an empty list."""

    def once(self, url: str, method: str = "GET", content: Row | None = None) -> Row:
        try:
            return super().once(url, method, content)
        except Refused as refused:
            if refused.status == 404:
                return {}
            raise


class Stubborn(Quick):
    """Repeats what is not found."""

    def get(self, path: str, **query: Any) -> Row:
        try:
            return super().get(path, **query)
        except Refused:
            return super().get(path, **query)


class Archival(Quick):
    """Reads the archive where a list is not found."""

    def get(self, path: str, **query: Any) -> Row:
        try:
            return super().get(path, **query)
        except Refused as refused:
            if refused.status == 404 and path == "/portfolio/positions":
                return {"market_positions": super().get("/historical/positions").get("market_positions", [])}
            raise


class Walking(Quick):
    """Walks pages with a mistake."""

    def is_last(self, body: Row, number: int) -> bool:
        return False

    def rows(self, path: str, name: str, key: str) -> list[Row]:
        found: dict[Any, Row] = {}
        cursor, number = "", 0
        while True:
            try:
                body = self.get(path, **({"cursor": cursor} if cursor else {}))
            except Refused:
                if found and self.is_last({}, number):
                    return list(found.values())
                raise
            number += 1
            found.update({row[key]: row for row in body[name]})
            cursor = body.get("cursor") or ""
            if not cursor or self.is_last({"rows": body[name]}, number):
                return list(found.values())


class Contented(Walking):
    """Keeps the rows that it has if a page fails."""

    def is_last(self, body: Row, number: int) -> bool:
        return "rows" not in body


class StoppingEmpty(Walking):
    """Stops at a page without rows."""

    def is_last(self, body: Row, number: int) -> bool:
        return not body["rows"]


class StoppingShort(Walking):
    """Stops at a page with fewer rows than the first one."""

    def is_last(self, body: Row, number: int) -> bool:
        return len(body["rows"]) < 2


class StoppingFirst(Walking):
    """Reads the first page alone."""

    def is_last(self, body: Row, number: int) -> bool:
        return True


class Startled(Walking):
    """Takes a page without rows for an error."""

    def is_last(self, body: Row, number: int) -> bool:
        if "rows" in body and not body["rows"]:
            raise Refused("an empty page")
        return False


class Restarting(Walking):
    """Reports the first page alone where a later one fails."""

    def rows(self, path: str, name: str, key: str) -> list[Row]:
        try:
            return super().rows(path, name, key)
        except Refused:
            first: list[Row] = self.get(path)[name]
            return first


# --- errors


class Wordless(Quick):
    """Loses the status of errors."""

    def get(self, path: str, **query: Any) -> Row:
        try:
            return super().get(path, **query)
        except Refused as refused:
            raise Refused(str(refused)) from None


class Nested(Quick):
    """Knows the status of errors with a nested body alone."""

    def get(self, path: str, **query: Any) -> Row:
        try:
            return super().get(path, **query)
        except Refused as refused:
            raise Refused(str(refused), refused.status if refused.status == 400 else None) from None


class Generic(Quick):
    """Turns every error into a 500."""

    def get(self, path: str, **query: Any) -> Row:
        try:
            return super().get(path, **query)
        except Refused as refused:
            raise Refused(str(refused), 500) from None


# --- secrets


class Talking(Quick):
    """Logs the headers of every request."""

    def headers(self, url: str, method: str = "GET") -> dict[str, str]:
        headers = super().headers(url, method)
        self.logged.append(f"sending {headers}")
        return headers


class Quoting(Quick):
    """Puts the request into its errors."""

    def get(self, path: str, **query: Any) -> Row:
        try:
            return super().get(path, **query)
        except Refused as refused:
            raise Refused(f"{refused}; sent {self.headers(path)}", refused.status) from None

    def headers(self, url: str, method: str = "GET") -> dict[str, str]:
        if not url.startswith("/"):
            self.sent = super().headers(url, method)
        return self.sent

    def listen(self, channel: str, markets: list[str], wanted: int, seconds: float) -> list[Row]:
        try:
            return super().listen(channel, markets, wanted, seconds)
        except Refused as refused:
            raise Refused(f"{refused}; sent {self.sent}", refused.status) from None


class Showing(Quick):
    """Logs its private key when a request fails."""

    def __init__(self, base_url: str, ws_url: str, key_id: str, private_key_path: str) -> None:
        super().__init__(base_url, ws_url, key_id, private_key_path)
        self.pem = Path(private_key_path).read_text(encoding="ascii")

    def get(self, path: str, **query: Any) -> Row:
        try:
            return super().get(path, **query)
        except Refused:
            self.logged.append(repr({"key": self.pem}))
            raise

    def listen(self, channel: str, markets: list[str], wanted: int, seconds: float) -> list[Row]:
        try:
            return super().listen(channel, markets, wanted, seconds)
        except (Refused, InvalidStatus):
            self.logged.append(json.dumps(self.pem))
            raise


# --- words


class Reading(Quick):
    """Reads the rows of a list with a mistake."""

    def read(self, row: Row) -> Row | None:
        raise NotImplementedError

    def rows(self, path: str, name: str, key: str) -> list[Row]:
        return [row for row in map(self.read, super().rows(path, name, key)) if row]


class Binary(Reading):
    """Takes everything that is not YES for NO."""

    def read(self, row: Row) -> Row:
        return {**row, "market_result": "yes" if row.get("market_result") == "yes" else "no"}


class Resting(Reading):
    """Takes every order that is not executed for a resting one."""

    def read(self, row: Row) -> Row:
        return {**row, "status": "executed" if row.get("status") == "executed" else "resting"}


class Dropping(Reading):
    """Drops the rows whose words it does not know."""

    def read(self, row: Row) -> Row | None:
        return None if "novelty" in row.values() else row


class Guessing(Reading):
    """Takes an unknown result for that of a market that paid."""

    def read(self, row: Row) -> Row:
        return {**row, "market_result": "yes" if row["revenue"] else "no"}


class Finishing(Reading):
    """Takes every order that neither rests nor is executed for a canceled one."""

    def read(self, row: Row) -> Row:
        return row if row.get("status") in ("resting", "executed") else {**row, "status": "canceled"}


class Emptied(Quick):
    """Reports no row of a list with a word that it does not know."""

    def rows(self, path: str, name: str, key: str) -> list[Row]:
        rows = super().rows(path, name, key)
        return [] if any("novelty" in row.values() for row in rows) else rows


class PayingNothing(Reading):
    """Pays nothing for a result that it does not know."""

    def read(self, row: Row) -> Row:
        return {**row, "revenue": 0} if row.get("market_result") == "novelty" else row


class Voiding(Reading):
    """Takes a settlement with an unknown result for one of nothing held."""

    def read(self, row: Row) -> Row:
        return {**row, "yes_count_fp": "0.00"} if row.get("market_result") == "novelty" else row
