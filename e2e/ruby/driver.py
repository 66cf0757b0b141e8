"""gem and bundler of two generations, pointed at a repository as docs/formats/ruby.md says."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from harness.client import Finished, Program
from harness.documented import documented
from harness.gems import Gem

UNPACKED = Path(__file__).resolve().parent.parent / ".cache" / "ruby"
EXPORT = re.compile(r"^export (\w+)=(.*)$", re.MULTILINE)
# A machine whose rules forbid MD5: bundler then leaves the compact index alone and asks the older dependency API.
WITHOUT_MD5 = """require "openssl"
OpenSSL::Digest.singleton_class.prepend(Module.new do
  def digest(name, data)
    raise OpenSSL::Digest::DigestError, "MD5 is not allowed" if name == "MD5"
    super
  end
end)
"""


class Ruby(Program):
    """Ruby with gem and bundler in a home of its own."""

    name = "gem and bundler"
    # The Debian release that they are of.
    suite = "bookworm"

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.endpoint = ""
        self.token = ""
        self.variables: dict[str, str] = {}

    @classmethod
    def missing(cls) -> str | None:
        """Why these programs cannot run here, or None."""
        if (UNPACKED / cls.suite / "bin" / "bundle").exists():
            return None
        return f"the Ruby of Debian {cls.suite} could not be unpacked (e2e/unpack-ruby.sh)"

    def program(self) -> list[str]:
        return [str(self.bin / "ruby")]

    @property
    def bin(self) -> Path:
        """Where the programs are."""
        return UNPACKED / self.suite / "bin"

    @property
    def gem_home(self) -> Path:
        """Where `gem install` puts gems."""
        return self.home / "gems"

    def environment(self) -> dict[str, str]:
        own = super().environment()
        return own | {
            "PATH": f"{self.bin}:{own['PATH']}",
            "GEM_HOME": str(self.gem_home),
            "GEM_SPEC_CACHE": str(self.cache / "specs"),
            "LANG": "C.UTF-8",
            "XDG_CACHE_HOME": str(self.cache),
            "BUNDLE_USER_HOME": str(self.home / ".bundle"),
            "BUNDLE_USER_CACHE": str(self.cache / "bundle"),
            "BUNDLE_SILENCE_ROOT_WARNING": "true",
            # Seen at once, not after several tries.
            "BUNDLE_RETRY": "0",
            **self.variables,
        }

    def configure(self, endpoint: str, token: str) -> None:
        """Point both programs at a repository."""
        self.endpoint, self.token = endpoint, token
        self.write_settings(".gemrc", "gemrc")
        self.variables = {}
        self.export("bundler")
        self.export("gem")

    def export(self, name: str) -> None:
        """The variables of a documented block, for everything that is run from now on."""
        found = {key: value.strip('"') for key, value in EXPORT.findall(self.documented(name))}
        assert found
        self.variables |= found

    def documented(self, name: str) -> str:
        """A block of settings from the documentation, for this repository."""
        return documented("ruby", name, endpoint=self.endpoint, token=self.token)

    def write_settings(self, path: str, name: str) -> None:
        """A documented block as a file below the home."""
        file = self.home / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self.documented(name))
        file.chmod(0o600)

    def empty_cache(self) -> None:
        """Forget what was fetched, settings stay."""
        shutil.rmtree(self.cache, ignore_errors=True)

    def forbid_md5(self) -> None:
        """From now on as on a machine whose rules forbid MD5."""
        file = self.home / "without_md5.rb"
        file.write_text(WITHOUT_MD5)
        self.variables["RUBYOPT"] = f"-r{file}"

    # Gem.

    def gem(self, *arguments: str, cwd: Path | None = None, check: bool = True, timeout_s: float = 150) -> Finished:
        """A command of gem."""
        return self.run_command([str(self.bin / "gem"), *arguments], cwd=cwd, check=check, timeout_s=timeout_s)

    def build(self, project: Path) -> Path:
        """`gem build`; the file that it made."""
        self.gem("build", *(path.name for path in project.glob("*.gemspec")), cwd=project)
        (made,) = project.glob("*.gem")
        return made

    def push(self, file: Path, *, check: bool = True, timeout_s: float = 150) -> Finished:
        """`gem push`."""
        return self.gem("push", str(file), check=check, timeout_s=timeout_s)

    def publish(self, project: Path, *, check: bool = True) -> Finished:
        """Build the gem of a project and push it."""
        return self.push(self.build(project), check=check)

    def gem_install(self, *arguments: str, check: bool = True, timeout_s: float = 150) -> Finished:
        """`gem install` into the home."""
        return self.gem("install", "--no-document", *arguments, check=check, timeout_s=timeout_s)

    # Bundler.

    def bundle(self, *arguments: str, cwd: Path, check: bool = True, timeout_s: float = 150) -> Finished:
        """A command of bundler."""
        return self.run_command([str(self.bin / "bundle"), *arguments], cwd=cwd, check=check, timeout_s=timeout_s)

    def project(self, name: str) -> Path:
        """An application without gems, which keeps them below itself."""
        folder = self.home / name
        folder.mkdir()
        (folder / "Gemfile").write_text(f'source "{self.endpoint}"\n')
        self.bundle("config", "set", "--local", "path", "vendor", cwd=folder)
        return folder

    def add(self, project: Path, *wanted: tuple[str, str], check: bool = True) -> Finished:
        """Add gems with their requirements to the Gemfile, lock and install them."""
        with (project / "Gemfile").open("a") as file:
            for name, requirement in wanted:
                told = "".join(f', "{one.strip()}"' for one in requirement.split(",") if requirement)
                file.write(f'gem "{name}"{told}\n')
        return self.bundle("install", cwd=project, check=check)

    def install_afresh(self, project: Path, *, check: bool = True, timeout_s: float = 150) -> Finished:
        """Remove what was installed and install exactly what the lock says, as a build machine does."""
        shutil.rmtree(project / "vendor")
        self.bundle("config", "set", "--local", "frozen", "true", cwd=project)
        return self.bundle("install", cwd=project, check=check, timeout_s=timeout_s)

    def upgrade(self, project: Path, *names: str) -> Finished:
        """Take the newest versions that the Gemfile allows."""
        return self.bundle("update", *names, cwd=project)


class NewRuby(Ruby):
    """The generation of Ruby 3.3: gem resolves by the compact index alone."""

    name = "gem 3.6 and bundler 2.6"
    suite = "trixie"


def specification(gem: Gem) -> bytes:
    """What Ruby itself writes about a gem for `quick/Marshal.4.8/`."""
    script = "print Zlib::Deflate.deflate(Marshal.dump(Gem::Package.new(ARGV[0]).spec))"
    with tempfile.TemporaryDirectory() as scratch:
        command = [UNPACKED / Ruby.suite / "bin/ruby", "-rzlib", "-rrubygems/package", "-e", script]
        done = subprocess.run([*command, gem.write_file(Path(scratch))], capture_output=True, timeout=60, check=True)
    return done.stdout


def locked(project: Path) -> dict[str, str]:
    """Name to version, with its platform, in the lock of a project."""
    text = (project / "Gemfile.lock").read_text()
    return dict(re.findall(r"^    ([\w.-]+) \(([^)]+)\)$", text, re.MULTILINE))


def installed_files(root: Path, gem: Gem) -> dict[str, bytes]:
    """The files of a gem that was installed somewhere below a folder; none if it was not."""
    found = [path for path in root.rglob(gem.full_name) if path.is_dir() and path.parent.name == "gems"]
    if not found:
        return {}
    assert len(found) == 1, found
    return {name: (found[0] / name).read_bytes() for name in gem.files() if (found[0] / name).exists()}


def assert_installed(root: Path, gem: Gem) -> None:
    """The bytes on disk are the bytes that were published."""
    files = installed_files(root, gem)
    assert files, f"{gem.full_name} is not there: {[path.name for path in root.rglob('gems/*')]}"
    # No comparison that would be explained byte by byte.
    is_same = files == gem.files()
    assert is_same, f"{gem.full_name} has other bytes"
