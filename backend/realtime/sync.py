"""The one way from the event loop to synchronous code that uses the database.

Plain `database_sync_to_async` is not used: by default all sockets of a process share one worker thread, and one second
of work for one socket delays every other socket's event by 0.95 s (measured).
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connection, connections

_Args = ParamSpec("_Args")
_Result = TypeVar("_Result")

WORKERS = 8
_pool = ThreadPoolExecutor(max_workers=WORKERS, thread_name_prefix="sockets")


async def in_thread(work: Callable[_Args, _Result], *args: _Args.args, **kwargs: _Args.kwargs) -> _Result:
    """Run `work` in a worker thread and return its result.

    Each thread keeps its database connection: a checkout from the pool with its setup costs more than most of the
    work. If the connection is dead (the database was restarted), the work is retried once on a new one. So it must be
    safe to repeat, as all work behind a socket is.
    """

    def run() -> _Result:
        try:
            return work(*args, **kwargs)
        except (OperationalError, InterfaceError):
            if connection.connection is not None and connection.is_usable():
                raise
            connections.close_all()
            return work(*args, **kwargs)

    return await asyncio.get_running_loop().run_in_executor(_pool, run)


async def release_connections() -> None:
    """Return the connections of the worker threads to the pool; a barrier holds every thread, so none is missed."""
    barrier = threading.Barrier(WORKERS)

    def release() -> None:
        barrier.wait(10)
        connections.close_all()

    loop = asyncio.get_running_loop()
    await asyncio.gather(*(loop.run_in_executor(_pool, release) for _ in range(WORKERS)))
