from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from functools import partial

import pytest

from troth.web.errors import Crowded
from troth.web.pool import Pool


def missing() -> int:
    numbers: dict[str, int] = {}
    return numbers["missing"]


def test_what_work_returns_or_raises_comes_back() -> None:
    async def run() -> None:
        assert await pool.run(lambda: 6 * 7) == 42
        with pytest.raises(KeyError):
            await pool.run(missing)
        assert await asyncio.gather(*(pool.run(partial(int, n)) for n in range(20))) == list(range(20))

    pool = Pool(threads=3, queue=20)
    asyncio.run(run())
    pool.close()


def test_places_become_free_again() -> None:
    async def run() -> None:
        gate = threading.Event()
        busy = [asyncio.create_task(pool.run(gate.wait)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Crowded):
            await pool.run(int)
        gate.set()
        await asyncio.gather(*busy)
        assert await pool.run(int) == 0

    pool = Pool(threads=1, queue=1)
    asyncio.run(run())
    pool.close()


def test_a_request_given_up_lets_its_work_end() -> None:
    ended = threading.Event()

    gate = threading.Event()

    def wait() -> None:
        gate.wait(10)
        ended.set()

    async def run() -> None:
        given_up = asyncio.create_task(pool.run(wait))
        await asyncio.sleep(0.01)
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        gate.set()
        assert await pool.run(int) == 0

    pool = Pool(threads=1, queue=1)
    asyncio.run(run())
    pool.close()
    assert ended.is_set()


def test_a_waiting_thread_keeps_nothing_of_the_last_request() -> None:
    class Value:
        pass

    async def run() -> weakref.ref[Value]:
        return weakref.ref(await pool.run(Value))

    pool = Pool(threads=1)
    left = asyncio.run(run())
    gc.collect()
    assert left() is None
    pool.close()
