"""One run of wrk against one address, read back exactly."""

from __future__ import annotations

import http.client
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

# wrk prints rounded figures for people; this prints the counters themselves.
SUMMARY_SCRIPT = """
done = function(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format("SUMMARY %d %d %d %d %d\\n", summary.requests, summary.bytes, summary.duration,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
"""


@dataclass(frozen=True)
class Target:
    """An address with the headers to send, and the answer it must give."""

    url: str
    headers: dict[str, str]
    status: int = 200


@dataclass(frozen=True)
class Sample:
    """What one run counted."""

    requests_per_s: float
    bytes_per_s: float
    # Answers of another kind than was asked for; they are not in the rates.
    wrong: int = 0


@dataclass(frozen=True)
class Reply:
    """One answer, for checks before measuring."""

    status: int
    headers: dict[str, str]
    body: bytes


def fetch(target: Target) -> Reply:
    """Ask once, without any decoding."""
    parts = urlsplit(target.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
    connection.request("GET", parts.path, headers=target.headers)
    answer = connection.getresponse()
    reply = Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    connection.close()
    return reply


def run(target: Target, *, connections: int, seconds: float, is_forgiven: bool = False) -> Sample:
    """Load the address and count. Any answer of the wrong kind makes the sample worthless, so it is an error, unless it
    is forgiven: some peers fail under load, which is told and not hidden.
    """
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "summary.lua")
        script.write_text(SUMMARY_SCRIPT)
        command = ["wrk", f"-t{min(2, connections)}", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "60s"]
        command += ["-s", str(script)]
        for name, value in target.headers.items():
            command += ["-H", f"{name}: {value}"]
        done = subprocess.run([*command, target.url], capture_output=True, text=True, check=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith("SUMMARY"))
    requests, size_bytes, duration_us, bad_status, broken = map(int, line.split()[1:])
    if (bad_status or broken) and not is_forgiven:
        raise RuntimeError(f"{bad_status} wrong answers and {broken} broken connections at {target.url}")
    duration_s = duration_us / 1_000_000
    right = (requests - bad_status) / requests if requests else 0
    return Sample(requests * right / duration_s, size_bytes * right / duration_s, bad_status + broken)
