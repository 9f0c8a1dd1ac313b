"""A coroutine runs at once until it waits; the rest goes on as if it had been a task from the beginning."""

import asyncio
from typing import Any

from mockexchange.server.http.request_cycle import start_eagerly


def test_a_coroutine_that_never_waits_needs_no_task() -> None:
    done: list[str] = []

    async def work() -> None:
        done.append("done")

    start_eagerly(work(), lambda rest: done.append("a task"))
    assert done == ["done"]


def test_the_rest_goes_on_with_the_results_of_what_it_waits_for() -> None:
    async def scenario() -> list[object]:
        loop, got, tasks = asyncio.get_running_loop(), list[object](), list[asyncio.Task[None]]()
        first, second = loop.create_future(), loop.create_future()

        async def work() -> None:
            got.append("begun")
            got.append(await first)
            try:
                await second
            except ValueError as error:
                got.append(str(error))
            await asyncio.sleep(0)
            got.append(asyncio.current_task() is tasks[0])

        start_eagerly(work(), lambda rest: tasks.append(loop.create_task(rest)))
        assert got == ["begun"]
        first.set_result("first")
        second.set_exception(ValueError("second"))
        await tasks[0]
        return got

    assert asyncio.run(scenario()) == ["begun", "first", "second", True]


def test_it_gets_the_exception_of_its_first_wait_and_may_go_on() -> None:
    async def scenario() -> list[object]:
        loop, got, tasks = asyncio.get_running_loop(), list[object](), list[asyncio.Task[None]]()

        async def work() -> None:
            for _ in range(2):
                try:
                    await loop.create_future()
                except asyncio.CancelledError:
                    got.append("canceled")
            await asyncio.sleep(0)
            got.append("ended")

        start_eagerly(work(), lambda rest: tasks.append(loop.create_task(rest)))
        for _ in range(2):
            await asyncio.sleep(0)
            tasks[0].cancel()
        await tasks[0]
        return got

    assert asyncio.run(scenario()) == ["canceled", "canceled", "ended"]


def test_what_it_raises_is_the_task_s_exception() -> None:
    async def scenario() -> Any:
        loop, tasks = asyncio.get_running_loop(), list[asyncio.Task[None]]()

        async def work() -> None:
            await asyncio.sleep(0)
            raise ValueError("broken")

        start_eagerly(work(), lambda rest: tasks.append(loop.create_task(rest)))
        return (await asyncio.gather(tasks[0], return_exceptions=True))[0]

    assert str(asyncio.run(scenario())) == "broken"
