"""Section 19: what was written is there for the next reader, whoever that is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from harness.account import npm_ids
from harness.packages import Package
from semantics.ground import Ground, upstreams


def test_each_write_is_seen_by_the_next_read(ground: Ground) -> None:
    aws = ground.aws
    domain = ground.domain()
    for number in range(20):
        name = f"repo-{number}"
        aws.create_repository(domain=domain, repository=name)
        assert aws.describe_repository(domain=domain, repository=name)["repository"]["name"] == name
        assert name in {one["name"] for one in aws.list_repositories_in_domain(domain=domain)["repositories"]}
        pattern = f"/npm/scope-{number}/*"
        aws.create_package_group(domain=domain, packageGroup=pattern)
        found = aws.get_associated_package_group(domain=domain, format="npm", namespace=f"scope-{number}", package="x")
        assert found["packageGroup"]["pattern"] == pattern


def test_a_publish_is_offered_at_once_also_downstream(ground: Ground) -> None:
    app, _, store = ground.chain("app", "team", "store")
    name = ground.fresh("parcel")
    for minor in range(20):
        version = f"1.{minor}.0"
        ground.npm(store, name, version)
        assert version in ground.offered(store, name)
        assert version in ground.offered(app, name)
        assert app.registry().packument(name)["dist-tags"]["latest"] == version


def test_a_changed_graph_is_used_at_once(ground: Ground) -> None:
    app, store = ground.chain("app", "store")
    name = ground.fresh("parcel")
    ground.npm(store, name, "1.0.0")
    for _ in range(10):
        ground.aws.update_repository(**app.ids, upstreams=[])
        assert ground.offered(app, name) == set()
        ground.aws.update_repository(**app.ids, upstreams=upstreams("store"))
        assert ground.offered(app, name) == {"1.0.0"}


def test_many_writers_lose_nothing(ground: Ground) -> None:
    repository = ground.repository(ground.domain(), "app")
    name = ground.fresh("parcel")

    def publish(number: int) -> int:
        registry = repository.registry()
        return registry.publish(Package(name, f"1.{number}.0", size_bytes=100)).status

    assert repository.token
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(publish, range(40))) <= {200, 201}
    expected = {f"1.{number}.0" for number in range(40)}
    assert set(ground.versions(repository, npm_ids(name))) == expected
    assert ground.offered(repository, name) == expected
