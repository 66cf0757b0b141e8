"""Rows about what the program itself takes: time to the first reply, and memory."""

from __future__ import annotations

import http.client
import time
from urllib.parse import urlsplit

from harness import knobs
from harness.memory import MemoryWatch, read_memory
from harness.server import Server

from fixtures import TARBALL_BYTES
from peers import Verdaccio
from reading import Bench, progress
from table import RELIQUARY, VERDACCIO, Row

MB = 1024 * 1024
STARTS = 15
IDLE_S = 3.0


def cold_start_ms(server: Server) -> float:
    """From starting the process to the first reply to a request."""
    begin = time.perf_counter()
    server.launch()
    while server.status_of(knobs.HEALTH_PATH) != 200:
        if time.perf_counter() - begin > 30:
            raise TimeoutError(server.log_tail())
        time.sleep(0.0005)
    return (time.perf_counter() - begin) * 1000


def start_rows(fresh: list[Server], used: Server) -> list[Row]:
    """A first start makes the data folder and the keys; every later one finds them."""
    first = Row("Footprint", "first start to first reply, empty data folder", "ms")
    again = Row("Footprint", "cold start to first reply", "ms")
    idle = Row("Footprint", "idle memory (VmRSS)", "MB")
    idle_anon = Row("Footprint", "idle memory, of it anonymous", "MB")
    for server in fresh:
        first.add(RELIQUARY, cold_start_ms(server))
        server.stop()
    used.stop()
    for _ in range(STARTS):
        again.add(RELIQUARY, cold_start_ms(used))
        used.stop()
    used.start()
    time.sleep(IDLE_S)
    memory = used.memory()
    idle.add(RELIQUARY, memory.rss_bytes / MB)
    idle_anon.add(RELIQUARY, memory.anon_bytes / MB)
    again.judge_value(RELIQUARY, at_most=50)
    idle.judge_value(RELIQUARY, at_most=30)
    rows = [first, again, idle, idle_anon]
    for row in rows:
        progress(row)
    return rows


def loaded_rows(server: Server, verdaccio: Verdaccio) -> list[Row]:
    """After everything else has run against the same process."""
    time.sleep(IDLE_S)
    memory = server.memory()
    rss = Row("Footprint", "memory after the whole load (VmRSS)", "MB")
    anon = Row("Footprint", "memory after the whole load, of it anonymous", "MB")
    rss.add(RELIQUARY, memory.rss_bytes / MB)
    anon.add(RELIQUARY, memory.anon_bytes / MB)
    other = read_memory(verdaccio.pid)
    rss.add(VERDACCIO, other.rss_bytes / MB)
    anon.add(VERDACCIO, other.anon_bytes / MB)
    rss.judge_value(RELIQUARY, at_most=80)
    for row in (rss, anon):
        progress(row)
    return [rss, anon]


def download_rows(bench: Bench, server: Server) -> list[Row]:
    """How far the server grows while one client slowly reads 50 MB."""
    rss = Row("Footprint", "one 50 MB download adds (VmRSS)", "MB")
    anon = Row("Footprint", "one 50 MB download adds, of it anonymous", "MB")
    name = "tarball-50m"
    for _ in range(bench.rounds):
        server.restart()
        _read_slowly(bench, "tarball-10k")
        with MemoryWatch(server.pid) as watch:
            size_bytes = _read_slowly(bench, name)
        if size_bytes < TARBALL_BYTES[name]:
            raise RuntimeError(f"only {size_bytes} bytes of {name} came")
        rss.add(RELIQUARY, watch.rss_growth_bytes / MB)
        anon.add(RELIQUARY, watch.anon_growth_bytes / MB)
    rss.judge_value(RELIQUARY, at_most=5)
    for row in (rss, anon):
        progress(row)
    return [rss, anon]


def _read_slowly(bench: Bench, name: str) -> int:
    """Read a tarball in pieces with pauses, so that whatever the server holds for it can be seen."""
    parts = urlsplit(bench.repository.npm_url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    connection.request("GET", f"{parts.path}{name}/-/{name}-1.0.0.tgz", headers=bench.authorization)
    answer = connection.getresponse()
    total = 0
    while chunk := answer.read(MB):
        total += len(chunk)
        time.sleep(0.01)
    connection.close()
    return total
