"""kill -9 while packages come in: many at once from connections of their own, or one large one from a client.

What must be true afterwards differs by format and is the stories' affair.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from typing import TypeVar

from harness.client import Finished
from harness.server import Server
from harness.tree import bytes_below
from harness.waiting import wait_until

PUBLISHERS = 8
T = TypeVar("T")


def killed_in_the_middle(
    server: Server, parcels: list[T], connect: Callable[[], Callable[[T], None]], *, kill_after: int
) -> list[T]:
    """Kill the server once so many parcels were acknowledged, and start it again. Says which were.

    `connect` opens a connection and gives back what publishes a parcel through it, and fails on any answer but success.
    """
    acknowledged: list[T] = []
    queue = list(parcels)
    lock = threading.Lock()

    def publish_until_the_end() -> None:
        publish = connect()
        try:
            while True:
                with lock:
                    if not queue:
                        return
                    parcel = queue.pop(0)
                publish(parcel)
                with lock:
                    acknowledged.append(parcel)
        except (OSError, HTTPException):
            return

    with ThreadPoolExecutor(PUBLISHERS) as pool:
        publishers = [pool.submit(publish_until_the_end) for _ in range(PUBLISHERS)]
        wait_until(lambda: len(acknowledged) >= kill_after, timeout_s=60, interval_s=0.002)
        server.kill()
        for publisher in publishers:
            publisher.result()
    server.start()
    return acknowledged


def killed_while_one_arrives(server: Server, size_bytes: int, publish: Callable[[], Finished]) -> Finished:
    """Kill the server while a client's large file is on its way, and start it again. Says how the client ended."""
    before = bytes_below(server.data_dir)
    with ThreadPoolExecutor(1) as pool:
        publishing = pool.submit(publish)
        # A part of it is on disk somewhere, and the rest is on its way.
        wait_until(
            lambda: publishing.done() or bytes_below(server.data_dir) - before > size_bytes // 8,
            timeout_s=120,
            interval_s=0.001,
        )
        assert not publishing.done(), str(publishing.result())
        server.kill()
        finished = publishing.result()
    server.start()
    return finished
