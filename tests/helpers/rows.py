"""Tables of a test, all rows of which are tried in one item: an item takes longer than most rows do."""

import functools
import inspect
import itertools
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from typing import Any

import pytest

Ids = Iterable[object] | Callable[[Any], str | None] | None
Row = tuple[str, dict[str, Any]]
"""The name of a row, and a value for each parameter."""
OUTCOMES = (Exception, pytest.skip.Exception, pytest.fail.Exception, pytest.xfail.Exception)
"""How one row can end while the others still run; an interruption ends them all."""


def each_row(
    names: str | Sequence[str], rows: Iterable[Any], ids: Ids = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Run a test once for each row, as `pytest.mark.parametrize` does, but in one item, which names rows that fail.

    The other rows run all the same, and stacked tables give every combination. Each row has a folder, patches, output
    and log records of its own: `tmp_path`, `monkeypatch`, `capsys` and `caplog` are as new. Other fixtures are shared
    by the rows: a test whose rows leave something behind in one needs `pytest.mark.parametrize`.

    `names` are the parameters. A row is a value, a tuple of values, or a `pytest.param` without marks. `ids` are names
    of the rows, or a function that names a value.
    """
    parameters = [names] if isinstance(names, str) else list(names)
    ids = ids if ids is None or callable(ids) else list(ids)
    table = [_row(parameters, position, row, ids) for position, row in enumerate(rows)]
    assert table, "a table without rows tests nothing"

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        one_row: Callable[..., None] = getattr(test, "one_row", test)
        tables: list[list[Row]] = [*getattr(test, "tables", ()), table]

        def all_rows(*instance: object, subtests: pytest.Subtests, **shared: Any) -> None:
            for number, combination in enumerate(itertools.product(*tables)):
                values = {name: value for _, row in combination for name, value in row.items()}
                try:
                    with ExitStack() as stack:
                        one_row(*instance, **{**shared, **_renewed(shared, number, stack), **values})
                except OUTCOMES:
                    with subtests.test("-".join(name for name, _ in combination)):
                        raise

        # Attributes are not copied: the plugin of Hypothesis would take the loop for the property that it calls.
        functools.update_wrapper(all_rows, one_row, updated=())
        signature = inspect.signature(test)
        kept = [one for name, one in signature.parameters.items() if name not in {*parameters, "subtests"}]
        subtests = inspect.Parameter("subtests", inspect.Parameter.KEYWORD_ONLY)
        vars(all_rows).update(
            one_row=one_row,
            tables=tables,
            pytestmark=[*getattr(test, "pytestmark", ())],
            __signature__=signature.replace(parameters=[*kept, subtests]),
        )
        return all_rows

    return decorate


def _row(parameters: list[str], position: int, row: Any, ids: list[object] | Callable[[Any], str | None] | None) -> Row:
    chosen: object = None
    if isinstance(row, type(pytest.param())):
        assert not row.marks, "a row of a loop cannot be marked"
        row, chosen = (row.values[0] if len(parameters) == 1 else row.values), row.id
    values = dict(zip(parameters, [row] if len(parameters) == 1 else row, strict=True))
    if chosen is None and ids is not None and not callable(ids):
        chosen = ids[position]
    if chosen is None:
        named = ids if callable(ids) else lambda value: None
        chosen = "-".join(named(value) or _text(value, f"{name}{position}") for name, value in values.items())
    return str(chosen), values


def _text(value: object, otherwise: str) -> str:
    return str(value)[:80] if isinstance(value, str | int | float | bytes) else getattr(value, "__name__", otherwise)


def _renewed(shared: dict[str, Any], number: int, stack: ExitStack) -> dict[str, Any]:
    """Return the fixtures of pytest of which each row has its own."""
    renewed: dict[str, Any] = {}
    if "tmp_path" in shared:
        renewed["tmp_path"] = shared["tmp_path"] / f"row-{number}"
        renewed["tmp_path"].mkdir()
    if "monkeypatch" in shared:
        renewed["monkeypatch"] = stack.enter_context(pytest.MonkeyPatch.context())
    if "capsys" in shared:
        shared["capsys"].readouterr()
    if "caplog" in shared:
        shared["caplog"].clear()
    return renewed
