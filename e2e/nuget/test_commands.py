"""What the SDK and nuget.exe do beyond the shared stories: building with packages, packing, searching, restoring."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.account import Repository
from harness.nuget_client import SOURCE, Dotnet, NugetExe, missing
from harness.nuget_packages import Nupkg
from harness.nuget_wire import Feed
from scenarios.nuget_family import fresh_id

GREETER = (
    "namespace {name} {{ public static class Greeter {{ public static string Greet() {{ return {words}; }} }} }}\n"
)


@pytest.fixture
def dotnet(private: Repository, tmp_path: Path) -> Dotnet:
    """The SDK, pointed at a repository without any public source."""
    if reason := missing():
        pytest.skip(reason)
    client = Dotnet(tmp_path / "dotnet")
    client.configure(private.endpoint("nuget"), private.token)
    return client


@pytest.fixture
def nuget(private: Repository, tmp_path: Path) -> NugetExe:
    """nuget.exe for the same repository, in a home of its own."""
    if reason := missing():
        pytest.skip(reason)
    client = NugetExe(tmp_path / "nuget")
    client.configure(private.endpoint("nuget"), private.token)
    return client


def reference(name: str, version: str) -> str:
    """A dependency as projects write it."""
    return f'<PackageReference Include="{name}" Version="{version}" />'


def pack(dotnet: Dotnet, name: str, version: str, words: str, references: str = "", more: str = "") -> Path:
    """Build a library and pack it."""
    described = f"<Version>{version}</Version><Description>It greets.</Description>{more}"
    folder = dotnet.project(name, output="Library", references=references, more=described)
    (folder / "Greeter.cs").write_text(GREETER.format(name=name, words=words))
    packed = dotnet.home / "packed"
    dotnet.run("pack", "--output", str(packed), cwd=folder)
    return packed / f"{name}.{version}.nupkg"


@pytest.mark.timeout(300)
def test_libraries_of_two_layers_are_packed_pushed_restored_and_run(dotnet: Dotnet, private: Repository) -> None:
    leaf, root = fresh_id("Acme.Leaf"), fresh_id("Acme.Root")
    dotnet.push(pack(dotnet, leaf, "1.2.0", '"leaf 1.2.0"'))
    calls = f'"root over " + {leaf}.Greeter.Greet()'
    dotnet.push(pack(dotnet, root, "1.0.0", calls, references=reference(leaf, "[1.2.0,2.0.0)")))

    dotnet.empty_cache()
    app = dotnet.project("app")
    (app / "Program.cs").write_text(
        f"class Program {{ static void Main() {{ System.Console.WriteLine({root}.Greeter.Greet()); }} }}\n"
    )
    dotnet.run("add", "package", root, cwd=app)
    dotnet.run("build", cwd=app)
    assert dotnet.run("run", "--no-build", cwd=app).stdout.strip() == "root over leaf 1.2.0"
    entry = Feed(private.endpoint("nuget"), private.token).entries(root)["1.0.0"]
    (group,) = entry["dependencyGroups"]
    assert [needed["id"] for needed in group["dependencies"]] == [leaf]
    listed = private.aws.list_package_version_dependencies(
        **private.ids, format="nuget", package=root.lower(), packageVersion="1.0.0"
    )["dependencies"]
    assert [needed["package"] for needed in listed] == [leaf.lower()]


@pytest.mark.timeout(300)
def test_a_locked_restore_repeats_with_an_empty_cache(dotnet: Dotnet, private: Repository) -> None:
    feed = Feed(private.endpoint("nuget"), private.token)
    old = Nupkg(fresh_id(), "1.0.0")
    assert feed.push(old).status == 201
    more = "<RestorePackagesWithLockFile>true</RestorePackagesWithLockFile>"
    project = dotnet.project("app", references=reference(old.id, "1.*"), more=more)
    dotnet.restore(project)
    assert feed.push(Nupkg(old.id, "1.1.0")).status == 201
    dotnet.empty_cache()
    dotnet.restore(project, "--locked-mode")
    assert dotnet.package_files(project) == {f"{old.id.lower()}.1.0.0": old.content()}
    # What the lock names is what the bytes are.
    assert (project / "packages.lock.json").exists()


def test_nuget_exe_packs_pushes_installs_and_restores(nuget: NugetExe, private: Repository) -> None:
    name = fresh_id()
    folder = nuget.home / "source"
    folder.mkdir()
    (folder / f"{name}.nuspec").write_bytes(Nupkg(name, "1.0.0").manifest())
    (folder / "words.txt").write_text("words\n")
    nuget.run("pack", f"{name}.nuspec", cwd=folder)
    file = folder / f"{name}.1.0.0.nupkg"
    nuget.push(file)
    assert Feed(private.endpoint("nuget"), private.token).nupkg(name, "1.0.0").body == file.read_bytes()

    project = nuget.project("app")
    (project / "packages.config").write_text(
        f'<?xml version="1.0"?><packages><package id="{name}" version="1.0.0" /></packages>\n'
    )
    nuget.run("restore", "packages.config", "-PackagesDirectory", "packages", "-NonInteractive", cwd=project)
    assert nuget.package_files(project) == {f"{name.lower()}.1.0.0": file.read_bytes()}
    assert (project / "packages" / f"{name}.1.0.0" / "words.txt").read_text() == "words\n"


def test_f_nu_4_search_finds_what_is_listed(nuget: NugetExe, private: Repository) -> None:
    feed = Feed(private.endpoint("nuget"), private.token)
    name = fresh_id("Acme.Searched")
    for version in ("1.0.0", "1.1.0", "2.0.0-beta.1"):
        assert feed.push(Nupkg(name, version)).status == 201
    found = nuget.run("search", "searched", "-Source", SOURCE, "-NonInteractive").stdout
    assert name in found and "1.1.0" in found and "2.0.0-beta.1" not in found, found
    found = nuget.run("search", "searched", "-Source", SOURCE, "-PreRelease", "-NonInteractive").stdout
    assert "2.0.0-beta.1" in found, found
    nuget.delete(name, "1.1.0")
    nuget.empty_cache()
    found = nuget.run("search", "searched", "-Source", SOURCE, "-NonInteractive").stdout
    assert "1.0.0" in found and "1.1.0" not in found, found


def test_f_nu_3_an_unlisted_version_is_shown_as_such_and_can_be_listed_again(
    nuget: NugetExe, private: Repository
) -> None:
    """Both clients here take the newest of all versions, listed or not, also from the public gallery: what an unlisted
    version is left out of is search.
    """
    feed = Feed(private.endpoint("nuget"), private.token)
    name = fresh_id()
    for version in ("1.0.0", "1.1.0"):
        assert feed.push(Nupkg(name, version)).status == 201
    nuget.delete(name, "1.1.0")
    assert {version: entry["listed"] for version, entry in feed.entries(name).items()} == {
        "1.0.0": True,
        "1.1.0": False,
    }
    # Putting it back is a request that no client makes.
    again = feed.ask("POST", f"{feed.resource('PackagePublish/2.0.0')}/{name}/1.1.0")
    assert again.status == 200
    assert all(entry["listed"] for entry in feed.entries(name).values())
    refused = nuget.run("delete", name, "7.0.0", "-Source", SOURCE, "-NonInteractive", check=False)
    assert refused.status != 0


def test_f_nu_3_symbols_are_cleanly_absent(dotnet: Dotnet, private: Repository) -> None:
    more = "<IncludeSymbols>true</IncludeSymbols><SymbolPackageFormat>snupkg</SymbolPackageFormat>"
    name = fresh_id()
    file = pack(dotnet, name, "1.0.0", '"with symbols"', more=more)
    assert file.with_suffix(".snupkg").exists()
    # The client looks for a place for symbols, finds none and goes on.
    dotnet.push(file)
    feed = Feed(private.endpoint("nuget"), private.token)
    assert feed.versions(name) == ["1.0.0"]
    assert not feed.has_resource("SymbolPackagePublish/4.9.0")


def test_a_version_that_others_depend_on_can_be_searched_for_with_a_floating_range(
    dotnet: Dotnet, private: Repository
) -> None:
    feed = Feed(private.endpoint("nuget"), private.token)
    name = fresh_id()
    for version in ("1.0.0", "1.0.5", "1.1.0", "2.0.0-alpha.1", "2.0.0-alpha.2"):
        assert feed.push(Nupkg(name, version)).status == 201
    for wanted, expected in (("1.0.*", "1.0.5"), ("*", "1.1.0"), ("2.0.0-alpha.*", "2.0.0-alpha.2")):
        project = dotnet.project(f"app{len(wanted)}", references=reference(name, wanted))
        dotnet.restore(project)
        assert list(dotnet.package_files(project)) == [f"{name.lower()}.{expected}"]
