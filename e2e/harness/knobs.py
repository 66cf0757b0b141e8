"""Everything this suite assumes about the command line and the configuration of the server, in one place.

A renamed flag or key is one change here. Nothing else in the suite spells a flag, a key or a file of the data folder.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from pathlib import Path

PROFILE = "reliquary"
DEFAULT_ACCOUNT = "000000000000"
READY_PATH = "/readyz"
HEALTH_PATH = "/healthz"

# --dev makes this domain with one repository per external connection, and one with all of them upstream.
DEV_DOMAIN = "dev"
DEV_REPOSITORY = "main"

FORMATS = ("npm", "pypi", "maven", "nuget", "generic", "ruby", "swift", "cargo")
NPM_CONNECTION = "public:npmjs"
PYPI_CONNECTION = "public:pypi"
MAVEN_CONNECTION = "public:maven-central"
NUGET_CONNECTION = "public:nuget-org"
CARGO_CONNECTION = "public:crates-io"
RUBY_CONNECTION = "public:ruby-gems-org"
# All that can be associated without an operator's own definition, with the format of each.
PUBLIC_CONNECTIONS = {
    "public:npmjs": "npm",
    "public:nuget-org": "nuget",
    "public:pypi": "pypi",
    "public:maven-central": "maven",
    "public:maven-googleandroid": "maven",
    "public:maven-gradleplugins": "maven",
    "public:maven-commonsware": "maven",
    "public:maven-clojars": "maven",
    "public:ruby-gems-org": "ruby",
    "public:crates-io": "cargo",
}


def serve_command(binary: Path, data_dir: Path, port: int, config: Path, *, dev: bool, account: str) -> list[str]:
    """The command that starts the server on one loopback port, its own metrics listener off."""
    command = [str(binary), "serve", "--data", str(data_dir), "--listen", f"127.0.0.1:{port}"]
    command += ["--metrics-listen", "off", "--config", str(config)]
    # --dev has the default account by definition.
    return [*command, "--dev"] if dev else [*command, "--account", account]


def configuration(sources: dict[str, str], quotas: dict[str, int]) -> str:
    """The TOML file of the server: where public connections point, and the limits that a story wants.

    Every public connection that is not named points to a closed port: a test that reaches for one by mistake fails at
    once instead of leaving the machine.
    """
    lines = []
    for name in PUBLIC_CONNECTIONS:
        url = sources.get(name, "http://127.0.0.1:9/")
        lines += [f'[connections."{name}"]', f'url = "{url}"', "allow_private_network = true", ""]
    if quotas:
        lines += ["[quotas]", *(f"{key} = {value}" for key, value in quotas.items()), ""]
    return "\n".join(lines)


# Limits raised for the server that the whole run shares: it is filled by many tests.
ROOMY_QUOTAS = {"domains_per_account": 1000, "repositories_per_domain": 10000}
QUOTA_CONNECTIONS = "external_connections_per_domain"
QUOTA_DOMAINS = "domains_per_account"
QUOTA_REPOSITORIES = "repositories_per_domain"
QUOTA_REQUEST_RATE = "requests_per_second"


# What deliveries of events are signed with.
EVENT_KEY = b"the key of a story, of 32 bytes."


def event_endpoint(name: str, url: str) -> str:
    """The settings that send every event to an address."""
    secret = "whsec_" + base64.b64encode(EVENT_KEY).decode()
    return f'[[events.endpoints]]\nname = "{name}"\nurl = "{url}"\nsecret = "{secret}"\n'


def asset_limit(size_bytes: int) -> str:
    """The settings that limit the size of an asset."""
    return f"[limits]\nasset_bytes = {size_bytes}\n"


def whole_versions(size_bytes: int) -> str:
    """The settings that say up to which size the other files of a version follow the first one in the background."""
    return f"[upstream]\nwhole_version_bytes = {size_bytes}\n"


def rates(**per_second: int) -> str:
    """The settings that turn the documented rates on, some of them with other values."""
    lines = [f"{name} = {value}" for name, value in per_second.items()]
    return "\n".join(["[quotas.rates]", "enabled = true", *lines, ""])


# The log as lines of JSON, so that a story can count what a client asked for; and a change of the public source is seen
# by the next request.
COUNTED_SETTINGS = """
[log]
format = "json"

[upstream]
freshness_ms = 1
negative_ttl_ms = 1
"""


# The same with a public source that is trusted for a while, as an installation has it.
COUNTED_PATIENT_SETTINGS = """
[log]
format = "json"
"""


def shared_rows(database: str, public_url: str) -> str:
    """The settings of a node that shares its rows with others behind one address."""
    return f'public_url = "{public_url}"\n[store]\nurl = "{database}"\nconnections = 16\nconnect_timeout_ms = 2000\n'


def shared_folder(folder: Path) -> str:
    """The settings of a node that keeps its bytes in a folder that all nodes reach."""
    return f'[blobs]\nfolder = "{folder}"\n'


def bucket(endpoint: str, name: str, key_id: str, secret: str) -> str:
    """The settings that keep bytes in a bucket of an S3-compatible store; more of the table may follow."""
    return (
        f'[blobs]\nkind = "s3"\nendpoint = "{endpoint}"\nallow_http = true\nbucket = "{name}"\n'
        f'access_key_id = "{key_id}"\nsecret_access_key = "{secret}"\n'
    )


def own_corner(prefix: str, authority: Path) -> str:
    """What follows the settings of a bucket that servers share, each with keys of its own, and that has TLS."""
    return f'prefix = "{prefix}"\nca_file = "{authority}"\n'


# What follows the settings of a bucket where repositories may have downloads redirected, and the tag that asks for it.
REDIRECTS = 'redirect_downloads = "by-repository"\n'
REDIRECT_TAG = {"key": "reliquary:redirect-downloads", "value": "true"}


def database(url: str, *, connect_timeout_ms: int, statement_timeout_ms: int) -> str:
    """The settings that keep rows in PostgreSQL, and say how long a request waits for it."""
    return (
        f'[store]\nurl = "{url}"\nconnections = 8\nconnect_timeout_ms = {connect_timeout_ms}\n'
        f"statement_timeout_ms = {statement_timeout_ms}\n"
    )


def host_endpoints(base: str) -> str:
    """The settings that give each domain a host name of its own below a base."""
    return f'package_host_base = "{base}"\nendpoint_form = "host"\n'


def tls(certificate: Path, key: Path) -> str:
    """The settings that make it speak https."""
    return f'[tls]\ncertificate = "{certificate}"\nkey = "{key}"\n'


# For measurements: no line per request (its peers write none either), and nothing revalidated behind a warm run.
MEASURED_SETTINGS = """
[log]
access = false

[audit]
enabled = false

[upstream]
freshness_ms = 86400000
"""


def config_file(data_dir: Path) -> Path:
    """The AWS config file that the first start writes: region and endpoint of the profile."""
    return data_dir / "aws" / "config"


def credentials_file(data_dir: Path) -> Path:
    """The AWS credentials file that the first start writes: the root key of the account."""
    return data_dir / "aws" / "credentials"


@dataclass(frozen=True)
class AccessKey:
    """An access key of some principal."""

    id: str
    secret: str


def read_profile_key(data_dir: Path) -> AccessKey:
    """The root key that the first start left in its profile."""
    words = dict(
        (part.strip() for part in line.split("=", 1))
        for line in credentials_file(data_dir).read_text().splitlines()
        if "=" in line
    )
    return AccessKey(words["aws_access_key_id"], words["aws_secret_access_key"])


def create_key_command(binary: Path, data_dir: Path, account: str) -> list[str]:
    """The command that makes a root access key of another account on the same server."""
    return [str(binary), "keys", "create", "--data", str(data_dir), "--account", account]


def iam_command(binary: Path, data_dir: Path, account: str, arguments: list[str]) -> list[str]:
    """A command about users, roles and policies; the words after `iam` are those of `aws iam`."""
    return [str(binary), "iam", *arguments, "--data", str(data_dir), "--account", account]


def events_command(binary: Path, data_dir: Path, arguments: list[str]) -> list[str]:
    """The command that prints events as JSON lines."""
    return [str(binary), "events", *arguments, "--data", str(data_dir)]


def carriage_command(binary: Path, data_dir: Path, config: Path, arguments: list[str]) -> list[str]:
    """The command that makes a backup, restores one, or moves the installation."""
    return [str(binary), *arguments, "--data", str(data_dir), "--config", str(config)]


def data_folder(data_dir: Path) -> str:
    """The settings of an installation that is named by a file alone."""
    return f'data = "{data_dir}"\n'


def database_file(data_dir: Path) -> Path:
    """The rows of an embedded installation."""
    return data_dir / "reliquary.sqlite"


def blob_file(data_dir: Path, digest: str) -> Path:
    """The bytes with this SHA-256."""
    return data_dir / "blobs" / digest[:2] / digest[2:]


def quarantined_file(data_dir: Path, digest: str) -> Path:
    """Where damaged bytes are moved to."""
    return data_dir / "quarantine" / digest


def fsck_command(binary: Path, data_dir: Path, config: Path, arguments: list[str]) -> list[str]:
    """The command that checks everything; what it finds comes as JSON."""
    return [str(binary), "fsck", "--json", "--data", str(data_dir), "--config", str(config), *arguments]


def sweep_command(binary: Path, data_dir: Path, config: Path, arguments: list[str]) -> list[str]:
    """The command that removes bytes in no use; what it did comes as JSON."""
    return [str(binary), "sweep", "--json", "--data", str(data_dir), "--config", str(config), *arguments]


def audit_folder(data_dir: Path) -> Path:
    """Where the audit records are."""
    return data_dir / "audit"


def parse_created_key(output: str) -> AccessKey:
    """The key in what `keys create` prints: the id is recognised by its form, the secret by its length."""
    key_id = re.search(r"\b(AKIA[A-Z0-9]{12,})\b", output)
    secret = re.search(r"(?<![A-Za-z0-9/+])([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])", output)
    if key_id is None or secret is None:
        raise ValueError(f"no access key in the output of `keys create`:\n{output}")
    return AccessKey(key_id.group(1), secret.group(1))
