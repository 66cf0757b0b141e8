"""What is promised for each fault and each thing that a client may want meanwhile: the table of docs/reliability.md."""

from __future__ import annotations

from dataclasses import dataclass

PUBLISH, COLD_PULL, CACHED_READ = "publish", "cold pull", "cached read"
CONTROL_WRITE, READ = "control plane write", "read"
OPERATIONS = (PUBLISH, COLD_PULL, CACHED_READ, CONTROL_WRITE, READ)


@dataclass(frozen=True)
class Answer:
    """What a client gets."""

    text: str
    may_serve: bool
    # A refusal is a 503 that says when to come back, and nothing else.
    may_refuse: bool
    # Whether what is served says that it may be old.
    is_stale: bool = False


SERVED = Answer("served", may_serve=True, may_refuse=False)
REFUSED = Answer("503", may_serve=False, may_refuse=True)
EITHER = Answer("served or 503", may_serve=True, may_refuse=True)
HELD = Answer("served", may_serve=True, may_refuse=False, is_stale=True)


@dataclass(frozen=True)
class Split:
    """What clients of packages get, and what those of the API."""

    text: str
    packages: Answer
    api: Answer


DISK_FULL, READ_ONLY = "disk full", "folder read-only"
SYNC_FAILS, SLOW_DISK = "disk fails to sync", "disk slow"
S3_REFUSES, S3_GONE = "S3 refuses", "S3 gone"
DATABASE_GONE, DATABASE_SILENT = "PostgreSQL gone", "PostgreSQL silent"
HELD_READS = "PostgreSQL gone, held reads allowed"
DATABASE_SLOW, FAILOVER = "PostgreSQL slow", "PostgreSQL failing over"

# Reads go on while the disk takes nothing, and what is in memory while the store of bytes is away. Without rows nobody
# knows who may read what, so without the database nothing is served, unless an operator prefers what was so before.
TABLE: dict[str, tuple[Answer | Split, ...]] = {
    DISK_FULL: (REFUSED, REFUSED, SERVED, REFUSED, SERVED),
    READ_ONLY: (REFUSED, REFUSED, SERVED, REFUSED, SERVED),
    SYNC_FAILS: (REFUSED, REFUSED, SERVED, REFUSED, SERVED),
    SLOW_DISK: (SERVED, SERVED, SERVED, SERVED, SERVED),
    S3_REFUSES: (REFUSED, REFUSED, SERVED, SERVED, SERVED),
    S3_GONE: (REFUSED, REFUSED, SERVED, SERVED, SERVED),
    DATABASE_GONE: (REFUSED, REFUSED, REFUSED, REFUSED, REFUSED),
    HELD_READS: (REFUSED, REFUSED, HELD, REFUSED, Split("packages served, API 503", HELD, REFUSED)),
    DATABASE_SILENT: (REFUSED, REFUSED, REFUSED, REFUSED, REFUSED),
    DATABASE_SLOW: (SERVED, SERVED, SERVED, SERVED, SERVED),
    FAILOVER: (EITHER, EITHER, EITHER, EITHER, EITHER),
}
