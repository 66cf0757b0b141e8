"""Clients publish, delete, archive and look at random nodes while nodes are killed and paused and PostgreSQL loses its
connections and restarts; then the judge reads what they saw, and the log is replayed against the rows.
"""

from __future__ import annotations

import hashlib
import json
import random
import signal
import threading
import time
from collections.abc import Callable
from http.client import HTTPException
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from harness import account
from harness.account import Repository, npm_ids
from harness.cluster import Cluster
from harness.history import ADD, HIDE, REMOVE, SHOW, History
from harness.npm_wire import ABBREVIATED, Answer, Registry
from harness.packages import Package
from harness.postgres import Postgres

CLIENTS = 8
PACKAGES = 4
VERSIONS = 40
PACKAGE_NAMES = [f"parcel-{number}" for number in range(PACKAGES)]


class Client:
    """One client: a connection to each node, and chance."""

    def __init__(self, cluster: Cluster, app: Repository, history: History, seed: int) -> None:
        self._cluster, self._app, self._history = cluster, app, history
        self._chance = random.Random(seed)
        self._apis = [cluster.client(node) for node in cluster.nodes]
        self._paths = [app.npm_url.replace(cluster.proxy.url, node.url) for node in cluster.nodes]
        self._token = app.token
        self._publishes = 0

    def run(self, until: float) -> None:
        """Do one thing after the other."""
        acts = [self.publish] * 4 + [self.list] * 6 + [self.fetch] * 3 + [self.delete, self.set_status, self.set_status]
        while time.monotonic() < until:
            name = self._chance.choice(PACKAGE_NAMES)
            version = f"1.{self._chance.randrange(VERSIONS)}.0"
            self._chance.choice(acts)((name, version), self._chance.randrange(len(self._paths)))

    def _ask(self, node: int, ask: Callable[[Registry], Answer]) -> Answer | None:
        registry = Registry(self._paths[node], self._token)
        try:
            return ask(registry)
        except (OSError, HTTPException):
            return None
        finally:
            registry.close()

    def publish(self, subject: tuple[str, str], node: int) -> None:
        """Publish; each time with other bytes."""
        self._publishes += 1
        mark = f"{id(self)}-{self._publishes}"
        package = Package(*subject, size_bytes=500, manifest={"description": mark})
        tarball = package.tarball()

        def act() -> bool | None:
            answer = self._ask(node, lambda registry: registry.publish(package, tarball=tarball))
            if answer is None or answer.status >= 500:
                return None
            assert answer.status in (200, 201, 403, 409), answer
            return answer.status < 300

        self._history.change(ADD, subject, node, hashlib.sha256(tarball).hexdigest(), act)

    def _call(self, kind: str, subject: tuple[str, str], node: int, call: Callable[..., Any], **more: Any) -> None:
        name, version = subject

        def act() -> bool | None:
            try:
                answer = call(**self._app.ids, **npm_ids(name), versions=[version], **more)
            except ClientError as error:
                status = error.response["ResponseMetadata"]["HTTPStatusCode"]
                return None if status >= 500 else False
            except BotoCoreError:
                return None
            return version in answer["successfulVersions"]

        self._history.change(kind, subject, node, None, act)

    def delete(self, subject: tuple[str, str], node: int) -> None:
        """Delete a version."""
        self._call(REMOVE, subject, node, self._apis[node].delete_package_versions)

    def set_status(self, subject: tuple[str, str], node: int) -> None:
        """Archive a version, or show it again."""
        kind, status = self._chance.choice([(HIDE, "Archived"), (SHOW, "Published")])
        self._call(kind, subject, node, self._apis[node].update_package_versions_status, targetStatus=status)

    def list(self, subject: tuple[str, str], node: int) -> None:
        """See which versions a package has."""
        name = subject[0]
        with self._history.look("versions", (name, ""), node) as look:
            answer = self._ask(node, lambda registry: registry.get(name, accept=ABBREVIATED))
            if answer is not None and answer.status == 200:
                look.content = frozenset(answer.json()["versions"])
            elif answer is not None and answer.status == 404:
                look.content = frozenset()
            else:
                assert answer is None or answer.status == 503, answer

    def fetch(self, subject: tuple[str, str], node: int) -> None:
        """Fetch the bytes of a version."""
        with self._history.look("content", subject, node) as look:
            answer = self._ask(node, lambda registry: registry.tarball(*subject))
            if answer is not None and answer.status == 200:
                look.content = hashlib.sha256(answer.body).hexdigest()


class Faults:
    """Bad luck, one piece after the other."""

    def __init__(self, cluster: Cluster, postgres: Postgres, seed: int) -> None:
        self._cluster, self._postgres = cluster, postgres
        self._chance = random.Random(seed)
        self.counts: dict[str, int] = {}

    def run(self, until: float) -> None:
        """A fault every other second or so; at the end everything runs again."""
        faults = [self.kill_node, self.pause_node, self.cut_connections, self.cut_connections, self.restart_database]
        # Each kind once, and from then on as chance has it.
        order = faults[:]
        self._chance.shuffle(order)
        while time.monotonic() < until:
            time.sleep(self._chance.uniform(0.5, 2.0))
            fault = order.pop() if order else self._chance.choice(faults)
            fault()
            self.counts[fault.__name__] = self.counts.get(fault.__name__, 0) + 1

    def kill_node(self) -> None:
        """kill -9, and a new start."""
        node = self._chance.choice(self._cluster.nodes)
        node.kill()
        time.sleep(self._chance.uniform(0.1, 1.0))
        node.start()

    def pause_node(self) -> None:
        """A node that stands still for a while: to the others it looks dead, and then it goes on."""
        node = self._chance.choice(self._cluster.nodes)
        node.send_signal(signal.SIGSTOP)
        time.sleep(self._chance.uniform(0.5, 2.0))
        node.send_signal(signal.SIGCONT)

    def cut_connections(self) -> None:
        """Every connection to the database ends."""
        self._postgres.cut_connections()

    def restart_database(self) -> None:
        """The database crashes, is gone for a moment and recovers."""
        self._postgres.crash()
        time.sleep(self._chance.uniform(0.1, 1.5))
        self._postgres.start()


def replayed(postgres: Postgres) -> tuple[dict[tuple[str, str], str], dict[tuple[str, str], str]]:
    """The versions and their statuses: as the log tells, and as the rows are. The log must have no gap."""
    logs = postgres.sql(
        "SELECT l.id, l.sequence, count(c.sequence), min(c.sequence), max(c.sequence) FROM log l "
        "LEFT JOIN change c ON c.log_id = l.id GROUP BY l.id, l.sequence"
    )
    for log, last, count, first, greatest in logs:
        assert (count, first, greatest) == (last, "1", last), f"log {log} has gaps"
    told: dict[tuple[str, str], str] = {}
    entries = postgres.sql(
        "SELECT kind, package, version, detail FROM change WHERE version IS NOT NULL ORDER BY log_id, sequence"
    )
    for kind, package, version, detail in entries:
        if kind == "version-deleted":
            told.pop((package, version), None)
        else:
            told[package, version] = json.loads(detail)["event"]["state"]
    rows = postgres.sql("SELECT p.name, v.version, v.status FROM package_version v JOIN package p ON p.id = v.package_id")
    return told, {(package, version): status for package, version, status in rows}


@pytest.mark.timeout(3600)
def test_i03_no_history_contradicts_its_acknowledgements(
    new_cluster: Callable[..., Cluster], postgres: Postgres, request: pytest.FixtureRequest
) -> None:
    seconds = request.config.getoption("--seconds")
    seed = random.randrange(1 << 32)
    cluster = new_cluster()
    aws = cluster.client()
    domain = account.create_domain(aws)
    aws.create_repository(domain=domain, repository="app")
    app = Repository(cluster.nodes[0], aws, domain, "app")
    history = History()
    clients = [Client(cluster, app, history, seed + number) for number in range(CLIENTS)]
    faults = Faults(cluster, postgres, seed)
    until = time.monotonic() + seconds
    failures: list[BaseException] = []

    def guarded(run: Callable[[float], None]) -> None:
        try:
            run(until)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=guarded, args=(one.run,)) for one in (*clients, faults)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
    # At the end every node is asked for everything.
    for node in range(len(cluster.nodes)):
        for name in PACKAGE_NAMES:
            clients[0].list((name, ""), node)
            for number in range(VERSIONS):
                clients[0].fetch((name, f"1.{number}.0"), node)
    violations = history.violations()
    done = len(history.changes) - history.unanswered
    print(
        f"seed {seed}: {done} changes acknowledged, {history.unanswered} unanswered, {history.refused} refused, "
        f"{len(history.looks)} looks, faults {faults.counts}, {len(violations)} violations"
    )
    assert not violations, "\n".join(violations[:20])
    assert done > 20 and len(history.looks) > 50, "too little happened"
    told, rows = replayed(postgres)
    assert told == rows
    app.close()
