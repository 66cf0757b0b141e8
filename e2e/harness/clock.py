"""A server whose clock is ahead: libfaketime, preloaded. Tokens live for a quarter of an hour, tests must not."""

from __future__ import annotations

from pathlib import Path

PLACES = (
    Path(__file__).resolve().parent.parent / ".cache" / "faketime",
    Path("/usr/lib"),
)


def shifted_clock(*, hours: int) -> dict[str, str] | None:
    """The environment that shifts a program's clock, or None where the library is missing."""
    for place in PLACES:
        for library in place.glob("**/faketime/libfaketimeMT.so.1"):
            # The monotonic clock stays true, or every timer of the program would fire at once.
            return {
                "LD_PRELOAD": str(library),
                "FAKETIME": f"+{hours}h",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "FAKETIME_NO_CACHE": "1",
            }
    return None
