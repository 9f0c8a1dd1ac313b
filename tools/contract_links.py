"""Makes the links of a date: from an answer to operations on the objects in it, and from a page to the next."""

from tools.contract_facts import Node, living

NEXT_PAGE = "NextPage"
SAME_ELSEWHERE = {"limit", "page_size", "cursor"}
"""Parameters that may change from page to page; all others must be repeated."""


class Links:
    """The links of one date; `asked` are the parameters of each operation, by their names on the wire."""

    def __init__(self, facts: Node, day: str, asked: dict[str, set[str]]) -> None:
        self.facts, self.day, self.asked = facts, day, asked
        self.operations: Node = {**facts["reads"], **facts.get("writes", {})}

    def of(self, operation: str) -> Node:
        """Return the links of an answer, named after the operations that they lead to."""
        told = self.facts["links"].get(operation, {})
        found = {target: self._link(operation, target, places) for target, places in told.items()}
        return {**{name: link for name, link in found.items() if link}, **self._next_page(operation)}

    def _link(self, operation: str, target: str, places: Node) -> Node | None:
        if target not in self.asked:
            return None
        known = {name: place for name, place in places.items() if name in self.asked[target]}
        parameters = {name: self._expression(operation, place) for name, place in known.items()}
        there = {name: expression for name, expression in parameters.items() if expression}
        return {"operationId": target, "parameters": there} if there else None

    def _expression(self, operation: str, place: str) -> str | None:
        if place.startswith("/"):
            return f"$response.body#{place}" if self._has_place(operation, place) else None
        if f"{{{place}}}" in self.operations[operation]["path"]:
            return f"$request.path.{place}"
        return f"$request.query.{place}" if place in self.asked[operation] else None

    def _has_place(self, operation: str, place: str) -> bool:
        """Whether an answer has that place on the date."""
        name = self.operations[operation]["answer"]
        for key in place.removeprefix("/").split("/"):
            if key != "0":
                life = living(self.facts["objects"][name].get(key, []), self.day)
                if life is None:
                    return False
                name = life.name
        return True

    def _next_page(self, operation: str) -> Node:
        place = next((one for one in ("/cursor", "/next_cursor") if self._has_place(operation, one)), None)
        if "cursor" not in self.asked[operation] or place is None:
            return {}
        needed = {"limit"} if "limit_500_required" in self.operations[operation]["parameters"] else set()
        repeated = self.asked[operation] - (SAME_ELSEWHERE - needed)
        again = {name: f"$request.query.{name}" for name in sorted(repeated)}
        parameters = {"cursor": f"$response.body#{place}", **again}
        return {NEXT_PAGE: {"operationId": operation, "parameters": parameters}}
