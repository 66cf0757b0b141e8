"""An application of fifty gems in layers, private ones and public ones: installed cold, warm, and with the public host
gone; the same lock and the same bytes each time, and everything loads.
"""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.account import Repository
from harness.fake_gems import FakeGems
from harness.gem_wire import GemHost
from harness.gems import Gem
from harness.packages import fresh_name
from harness.tree import differences, tree_entries
from harness.waiting import wait_until
from ruby.driver import NewRuby, Ruby, assert_installed, locked

LAYERS = 5
GEMS_IN_A_LAYER = 10


def layers(stem: str) -> list[Gem]:
    """Gems of which each needs three of the layer below; each has older versions that do not fit."""
    made: list[list[Gem]] = []
    for layer in range(LAYERS):
        below = made[-1] if made else []
        made.append(
            [
                Gem(
                    f"{stem}-{layer}-{number}",
                    f"2.{number}.0",
                    size_bytes=5_000 + 997 * number,
                    requires=tuple(
                        (below[(number + step) % GEMS_IN_A_LAYER].name, "~> 2.0, >= 2.0.0") for step in range(3)
                    )
                    if below
                    else (),
                )
                for number in range(GEMS_IN_A_LAYER)
            ]
        )
    return [gem for layer in made for gem in layer]


def publish_all(repository: Repository, gems: FakeGems, everything: list[Gem]) -> None:
    """The three lower layers are public, the upper ones ours; older versions first."""
    wire = GemHost(repository.endpoint("ruby"), repository.token)
    for gem in everything:
        old = Gem(gem.name, "1.0.0")
        if int(gem.name.split("-")[-2]) < 3:
            gems.publish(old, gem, Gem(gem.name, "3.0.0.beta1"))
        else:
            assert wire.push(old).status == 200
            assert wire.push(gem).status == 200


def write_gemfile(project: Path, everything: list[Gem]) -> None:
    """The upper layer is what the application names."""
    with (project / "Gemfile").open("a") as file:
        file.writelines(f'gem "{gem.name}", "~> 2.0"\n' for gem in everything[-GEMS_IN_A_LAYER:])


@pytest.mark.timeout(600)
def test_an_application_installs_cold_warm_and_without_the_source(
    ruby: Ruby, secluded: Repository, gems: FakeGems
) -> None:
    everything = layers(fresh_name("app"))
    publish_all(secluded, gems, everything)
    ruby.configure(secluded.endpoint("ruby"), secluded.token)
    project = ruby.project("app")
    write_gemfile(project, everything)
    ruby.bundle("install", cwd=project, timeout_s=300)
    assert locked(project) == {gem.name: gem.version for gem in everything}
    for gem in everything:
        assert_installed(project, gem)
    script = "; ".join(f'require "{gem.name}"' for gem in everything)
    ruby.bundle("exec", "ruby", "-e", script, cwd=project)
    lock = (project / "Gemfile.lock").read_bytes()
    cold = installed_tree(project)

    ruby.empty_cache()
    gems.forget()
    ruby.install_afresh(project, timeout_s=300)
    assert gems.times_asked("/gems/") == 0, "the second install fetched from the source again"
    assert not differences(installed_tree(project), cold)

    ruby.empty_cache()
    gems.stop()
    ruby.install_afresh(project, timeout_s=300)
    assert not differences(installed_tree(project), cold)
    assert (project / "Gemfile.lock").read_bytes() == lock
    bad = [(one["path"], one["status"]) for one in secluded.server.requests() if one["status"] >= 429]
    assert bad == []


def installed_tree(project: Path) -> dict[str, str]:
    """The files of all gems, without what installers write beside them."""
    (root,) = (project / "vendor").rglob("gems")
    return tree_entries(root)


@pytest.mark.timeout(600)
def test_both_generations_write_the_same_choice_of_versions(
    secluded: Repository, gems: FakeGems, tmp_path: Path
) -> None:
    if reason := Ruby.missing() or NewRuby.missing():
        pytest.skip(reason)
    everything = layers(fresh_name("both"))
    publish_all(secluded, gems, everything)
    chosen = []
    for client in (Ruby(tmp_path / "old"), NewRuby(tmp_path / "new")):
        client.configure(secluded.endpoint("ruby"), secluded.token)
        project = client.project("app")
        write_gemfile(project, everything)
        client.bundle("lock", cwd=project, timeout_s=300)
        chosen.append(locked(project))
    assert chosen[0] == chosen[1] == {gem.name: gem.version for gem in everything}


@pytest.mark.timeout(600)
def test_an_application_is_killed_in_the_middle_of_its_cold_install(
    ruby: Ruby, secluded: Repository, gems: FakeGems
) -> None:
    everything = layers(fresh_name("killed"))
    publish_all(secluded, gems, everything)
    ruby.configure(secluded.endpoint("ruby"), secluded.token)
    project = ruby.project("app")
    write_gemfile(project, everything)
    ruby.bundle("lock", cwd=project, timeout_s=300)
    gems.forget()
    with ThreadPoolExecutor(1) as pool:
        installing = pool.submit(ruby.bundle, "install", cwd=project, check=False, timeout_s=300)
        wait_until(lambda: installing.done() or gems.times_asked("/gems/") >= 5, timeout_s=120, interval_s=0.002)
        assert not installing.done(), str(installing.result())
        secluded.server.kill()
        assert installing.result().status != 0
    secluded.server.start()
    ruby.empty_cache()
    # Ruby takes a body that ends early for whole; bundler then finds the wrong checksum and asks to have it removed.
    shutil.rmtree(project / "vendor", ignore_errors=True)
    ruby.bundle("install", cwd=project, timeout_s=300)
    for gem in everything:
        assert_installed(project, gem)
