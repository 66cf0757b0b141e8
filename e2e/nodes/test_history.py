"""Clients publish, copy, delete, archive, move tags, change upstreams and look at random nodes while nodes are killed
and paused, the object store stands still, and PostgreSQL loses its connections and restarts; then the judge reads what
they saw, and the log is replayed against the rows.
"""

from __future__ import annotations

import hashlib
import json
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.client import HTTPException
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from harness import account
from harness.account import Repository, npm_ids
from harness.cluster import Cluster
from harness.history import ADD, HIDE, REMOVE, SET, SHOW, History
from harness.npm_wire import ABBREVIATED, Answer, Registry, encoded
from harness.packages import Package
from harness.postgres import Postgres
from harness.seaweed import Seaweed

CLIENTS = 8
PACKAGES = 4
VERSIONS = 40
PACKAGE_NAMES = [f"parcel-{number}" for number in range(PACKAGES)]
# What is there before the history begins: versions to copy, versions for a tag to point at, and repositories to be
# upstream, each with a version of its own.
COPIED = 20
TAGGED, TAG = "signpost", "stable"
SOURCES, ORIGIN = 4, "spring"


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
        acts = [self.publish] * 4 + [self.list] * 6 + [self.fetch] * 3 + [self.delete] + [self.set_status] * 2
        copies = [self.copy] * 3 + [self.delete] + [self.fetch]
        values = [self.move_tag, self.look_at_tag, self.look_at_tag, self.change_upstream, self.look_at_upstream]
        while time.monotonic() < until:
            name, kind = self._chance.choice(PACKAGE_NAMES), self._chance.random()
            node = self._chance.randrange(len(self._paths))
            if kind < 0.6:
                self._chance.choice(acts)((name, f"1.{self._chance.randrange(VERSIONS)}.0"), node)
            elif kind < 0.75:
                # Their status stays: a copy onto what was archived does not show it again.
                self._chance.choice(copies)((name, f"2.{self._chance.randrange(COPIED)}.0"), node)
            else:
                self._chance.choice(values)(node)

    def _ask(self, node: int, ask: Callable[[Registry], Answer], repository: str = "app") -> Answer | None:
        registry = Registry(self._paths[node].replace("/app/", f"/{repository}/"), self._token)
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
        parameters = {**self._app.ids, **npm_ids(name), "versions": [version], **more}
        self._history.change(kind, subject, node, None, lambda: _done(call, parameters, version))

    def copy(self, subject: tuple[str, str], node: int) -> None:
        """Copy a version from the repository that has them all."""
        name, version = subject
        parameters = {"domain": self._app.domain, "sourceRepository": "depot", "destinationRepository": "app"}
        parameters |= {**npm_ids(name), "versions": [version]}
        content = hashlib.sha256(Package(*subject, size_bytes=500).tarball()).hexdigest()
        call = self._apis[node].copy_package_versions
        self._history.change(ADD, subject, node, content, lambda: _done(call, parameters, version))

    def move_tag(self, node: int) -> None:
        """Let the tag point at another version."""
        version = f"1.{self._chance.randrange(VERSIONS)}.0"

        def act() -> bool | None:
            path = f"-/package/{TAGGED}/dist-tags/{TAG}"
            body = json.dumps(version).encode()
            answer = self._ask(node, lambda registry: registry.ask("PUT", path, body=body))
            if answer is None or answer.status >= 500:
                return None
            assert answer.status in (200, 201), answer
            return True

        self._history.change(SET, (TAGGED, TAG), node, version, act)

    def look_at_tag(self, node: int) -> None:
        """See where the tag points, at one door or the other."""
        with self._history.look("value", (TAGGED, TAG), node) as look:
            is_packument = self._chance.random() < 0.5
            path = encoded(TAGGED) if is_packument else f"-/package/{TAGGED}/dist-tags"
            answer = self._ask(node, lambda registry: registry.get(path))
            if answer is not None and answer.status == 200:
                look.content = (answer.json()["dist-tags"] if is_packument else answer.json())[TAG]
            else:
                assert answer is None or answer.status == 503, answer

    def change_upstream(self, node: int) -> None:
        """Put another repository above the one that has nothing of its own."""
        number = self._chance.randrange(SOURCES)
        parameters = {"domain": self._app.domain, "repository": "mouth"}
        parameters["upstreams"] = [{"repositoryName": f"source-{number}"}]
        call = self._apis[node].update_repository
        self._history.change(SET, (ORIGIN, "upstream"), node, f"1.{number}.0", lambda: _done(call, parameters))

    def look_at_upstream(self, node: int) -> None:
        """See which version comes from above."""
        with self._history.look("value", (ORIGIN, "upstream"), node) as look:
            answer = self._ask(node, lambda registry: registry.get(ORIGIN, accept=ABBREVIATED), "mouth")
            if answer is not None and answer.status == 200:
                (look.content,) = answer.json()["versions"]
            else:
                assert answer is None or answer.status == 503, answer

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


def _done(call: Callable[..., Any], parameters: dict[str, Any], version: str | None = None) -> bool | None:
    """Whether a call was carried out, for this version if it tells of versions; None if nobody knows."""
    try:
        answer = call(**parameters)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        return None if status >= 500 else False
    except BotoCoreError:
        return None
    return version is None or version in answer["successfulVersions"]


class Faults:
    """Bad luck, one piece after the other."""

    def __init__(self, cluster: Cluster, postgres: Postgres, object_store: Seaweed, seed: int) -> None:
        self._cluster, self._postgres, self._object_store = cluster, postgres, object_store
        self._chance = random.Random(seed)
        self.counts: dict[str, int] = {}

    def run(self, until: float) -> None:
        """A fault every other second or so; at the end everything runs again."""
        faults = [self.kill_node, self.pause_node, self.cut_connections, self.cut_connections, self.restart_database]
        faults.append(self.pause_object_store)
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

    def pause_object_store(self) -> None:
        """The store of bytes stands still for a while."""
        self._object_store.send_signal(signal.SIGSTOP)
        time.sleep(self._chance.uniform(0.5, 2.0))
        self._object_store.send_signal(signal.SIGCONT)

    def cut_connections(self) -> None:
        """Every connection to the database ends."""
        self._postgres.cut_connections()

    def restart_database(self) -> None:
        """The database crashes, is gone for a moment and recovers."""
        self._postgres.crash()
        time.sleep(self._chance.uniform(0.1, 1.5))
        self._postgres.start()


Versions = dict[tuple[str, str, str], str]


def replayed(postgres: Postgres) -> tuple[Versions, Versions]:
    """The versions with their statuses, and where the tag points: as the log tells, and as the rows are. The log must
    have no gap.
    """
    logs = postgres.sql(
        "SELECT l.id, l.sequence, count(c.sequence), min(c.sequence), max(c.sequence) FROM log l "
        "LEFT JOIN change c ON c.log_id = l.id GROUP BY l.id, l.sequence"
    )
    for log, last, count, first, greatest in logs:
        assert (count, first, greatest) == (last, "1", last), f"log {log} has gaps"
    told: Versions = {}
    entries = postgres.sql(
        "SELECT kind, repository, package, version, detail FROM change WHERE version IS NOT NULL "
        "ORDER BY log_id, sequence"
    )
    for kind, repository, package, version, detail in entries:
        if kind == "version-deleted":
            told.pop((repository, package, version), None)
        elif kind == "tag-moved":
            told[repository, package, json.loads(detail)["tag"]] = version
        else:
            told[repository, package, version] = json.loads(detail)["event"]["state"]
    rows = postgres.sql(
        "SELECT r.name, p.name, v.version, v.status FROM package_version v JOIN package p ON p.id = v.package_id "
        "JOIN repository r ON r.id = p.repository_id UNION ALL "
        "SELECT r.name, p.name, t.tag, t.version FROM package_tag t JOIN package p ON p.id = t.package_id "
        f"JOIN repository r ON r.id = p.repository_id WHERE t.tag = '{TAG}'"
    )
    return told, {(repository, package, version): status for repository, package, version, status in rows}


def prepare(app: Repository, history: History) -> None:
    """What is there before the history begins."""
    aws, domain = app.aws, app.domain
    sources = [f"source-{number}" for number in range(SOURCES)]
    for name in ("depot", *sources):
        aws.create_repository(domain=domain, repository=name)
    aws.create_repository(domain=domain, repository="mouth", upstreams=[{"repositoryName": sources[0]}])
    history.change(SET, (ORIGIN, "upstream"), 0, "1.0.0", lambda: True)

    def publish(repository: str, *packages: Package) -> None:
        registry = Registry(app.npm_url.replace("/app/", f"/{repository}/"), app.token)
        for package in packages:
            assert registry.publish(package).status in (200, 201), package
        registry.close()

    for name in PACKAGE_NAMES:
        publish("depot", *(Package(name, f"2.{number}.0", size_bytes=500) for number in range(COPIED)))
    publish("app", *(Package(TAGGED, f"1.{number}.0", size_bytes=500) for number in range(VERSIONS)))
    for number, source in enumerate(sources):
        publish(source, Package(ORIGIN, f"1.{number}.0", size_bytes=500))


@pytest.mark.timeout(3600)
def test_i03_no_history_contradicts_its_acknowledgements(
    new_cluster: Callable[..., Cluster],
    postgres: Postgres,
    object_store: Seaweed,
    bucket_settings: str,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:
    seconds = request.config.getoption("--seconds")
    seed = random.randrange(1 << 32)
    cluster = new_cluster(bytes_settings=bucket_settings)
    aws = cluster.client()
    domain = account.create_domain(aws)
    aws.create_repository(domain=domain, repository="app")
    app = Repository(cluster.nodes[0], aws, domain, "app")
    history = History()
    prepare(app, history)
    clients = [Client(cluster, app, history, seed + number) for number in range(CLIENTS)]
    # The tag is there before anyone looks.
    clients[0].move_tag(0)
    faults = Faults(cluster, postgres, object_store, seed)
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
        clients[0].look_at_tag(node)
        clients[0].look_at_upstream(node)
        for name in PACKAGE_NAMES:
            clients[0].list((name, ""), node)
            versions = [f"1.{number}.0" for number in range(VERSIONS)]
            for version in versions + [f"2.{number}.0" for number in range(COPIED)]:
                clients[0].fetch((name, version), node)
    violations = history.violations()
    done = len(history.changes) - history.unanswered
    kinds = dict(Counter(one.kind for one in (*history.changes, *history.looks)))
    record_property(
        "history",
        f"seed {seed}, {seconds:.0f} s: {done} changes acknowledged, {history.unanswered} unanswered, "
        f"{history.refused} refused, {len(history.looks)} looks, by kind {kinds}, faults {faults.counts}, "
        f"{len(violations)} violations",
    )
    assert not violations, "\n".join(violations[:20])
    assert done > 20 and len(history.looks) > 50, "too little happened"
    told, rows = replayed(postgres)
    assert told == rows
    app.close()
