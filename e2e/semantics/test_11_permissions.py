"""Section 11: who may do what, within an account and between two."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from harness import account
from harness.account import Repository, npm_ids
from harness.errors import raises
from harness.identities import Statement, User, allow, deny, document
from harness.npm_wire import Registry
from harness.packages import Package
from semantics.ground import Ground, upstreams

OTHER = "222233334444"
MINT = allow("codeartifact:GetAuthorizationToken", "sts:GetServiceBearerToken")
READ_SET = (
    "codeartifact:DescribePackageVersion", "codeartifact:DescribeRepository", "codeartifact:GetPackageVersionReadme",
    "codeartifact:GetRepositoryEndpoint", "codeartifact:ListPackages", "codeartifact:ListPackageVersions",
    "codeartifact:ListPackageVersionAssets", "codeartifact:ListPackageVersionDependencies",
    "codeartifact:ReadFromRepository",
)  # fmt: skip
Clients = Callable[..., Any]


@pytest.fixture
def user(ground: Ground) -> Callable[..., User]:
    """Makes users of the owning account."""
    return lambda *statements: User(ground.server, *statements)


@pytest.fixture
def stranger(ground: Ground) -> Callable[..., User]:
    """Makes users of another account."""
    ground.server.create_key(OTHER)
    return lambda *statements: User(ground.server, *statements, account_id=OTHER)


@pytest.fixture
def stocked(ground: Ground) -> Repository:
    """A repository with an npm and a generic package."""
    repository = ground.repository(ground.domain(), "team-a")
    ground.npm(repository, "parcel", "1.0.0")
    ground.generic(repository, "thing", "1.0.0")
    return repository


def trust(ground: Ground, repository: Repository, *statements: Statement, domain: bool = False) -> None:
    """Set the policy of a repository, or of its domain."""
    if domain:
        ground.aws.put_domain_permissions_policy(domain=repository.domain, policyDocument=document(*statements))
    else:
        ground.aws.put_repository_permissions_policy(**repository.ids, policyDocument=document(*statements))


def to(arn: str) -> dict[str, Any]:
    """The principal of a statement."""
    return {"Principal": {"AWS": arn}}


def denied_text(who: str, action: str, resource: str, tail: str) -> str:
    """The wording of a denial."""
    return f"User: {who} is not authorized to perform: codeartifact:{action} on resource: {resource}{tail}"


# Within the account.


def test_without_any_policy_a_user_may_do_nothing(
    ground: Ground, user: Callable[..., User], stocked: Repository
) -> None:
    jane = user()
    client = jane.client(ground.region)
    with raises(client, "AccessDeniedException") as raised:
        client.list_packages(**stocked.ids)
    arn = ground.arn("repository", f"{stocked.domain}/team-a")
    tail = " because no identity-based policy allows the codeartifact:ListPackages action"
    assert raised.message == denied_text(jane.arn, "ListPackages", arn, tail)
    with raises(client, "AccessDeniedException"):
        client.list_domains()


@pytest.mark.parametrize("by", ["identity", "repository", "repository for the account"])
def test_within_the_account_either_policy_is_enough(
    ground: Ground, user: Callable[..., User], stocked: Repository, by: str
) -> None:
    statement = allow("codeartifact:ListPackages")
    jane = user(statement) if by == "identity" else user()
    if by == "repository":
        trust(ground, stocked, statement | to(jane.arn))
    client = jane.client(ground.region)
    if by == "repository for the account":
        # The account's root in a policy means: whoever the account's own policies let.
        trust(ground, stocked, statement | to(f"arn:aws:iam::{ground.account}:root"))
        with raises(client, "AccessDeniedException"):
            client.list_packages(**stocked.ids)
        return
    assert len(client.list_packages(**stocked.ids)["packages"]) == 2


@pytest.mark.parametrize("by", ["identity", "repository"])
def test_an_explicit_deny_wins(ground: Ground, user: Callable[..., User], stocked: Repository, by: str) -> None:
    yes, no = allow("codeartifact:*"), deny("codeartifact:ListPackages")
    jane = user(yes, no) if by == "identity" else user(yes)
    trust(ground, stocked, yes | to(jane.arn), *([no | to(jane.arn)] if by == "repository" else []))
    client = jane.client(ground.region)
    with raises(client, "AccessDeniedException") as raised:
        client.list_packages(**stocked.ids)
    kind = "an identity-based" if by == "identity" else "a resource-based"
    assert raised.message.endswith(f" with an explicit deny in {kind} policy")
    assert client.describe_repository(**stocked.ids)["repository"]["name"] == "team-a"


def test_the_root_cannot_lock_itself_out(ground: Ground, stocked: Repository) -> None:
    aws = ground.aws
    trust(ground, stocked, deny("codeartifact:*", Principal="*"))
    aws.put_repository_permissions_policy(
        **stocked.ids, policyDocument=document(allow("codeartifact:*", Principal="*"))
    )
    aws.delete_repository_permissions_policy(**stocked.ids)
    assert len(aws.list_packages(**stocked.ids)["packages"]) == 2


@pytest.mark.parametrize("name", ["AWSCodeArtifactReadOnlyAccess", "AWSCodeArtifactAdminAccess"])
def test_the_managed_policies_do_what_they_say(
    ground: Ground, user: Callable[..., User], stocked: Repository, name: str
) -> None:
    jane = user()
    arn = f"arn:aws:iam::aws:policy/{name}"
    ground.server.iam("attach-user-policy", "--user-name", jane.name, "--policy-arn", arn)
    client = jane.client(ground.region)
    assert len(client.list_packages(**stocked.ids)["packages"]) == 2
    token = client.get_authorization_token(domain=stocked.domain)["authorizationToken"]
    registry = Registry(stocked.npm_url, token)
    assert registry.tarball("parcel", "1.0.0").status == 200
    published = registry.publish(Package("other", "1.0.0")).status
    if name == "AWSCodeArtifactAdminAccess":
        assert published in (200, 201)
        client.delete_repository(**stocked.ids)
    else:
        assert published == 403
        with raises(client, "AccessDeniedException"):
            client.delete_repository(**stocked.ids)
    registry.close()


def test_wildcards_and_lists_of_actions_and_resources(
    ground: Ground, user: Callable[..., User], stocked: Repository
) -> None:
    other = ground.repository(stocked.domain, "team-b")
    pattern = ground.arn("repository", f"{stocked.domain}/team-?")
    jane = user(allow("codeartifact:List*", "codeartifact:Describe*", resource=[pattern.replace("?", "a")]))
    client = jane.client(ground.region)
    client.list_packages(**stocked.ids)
    client.describe_repository(**stocked.ids)
    with raises(client, "AccessDeniedException"):
        client.list_packages(**other.ids)
    kim = user(allow("codeartifact:list*", resource=pattern)).client(ground.region)
    for repository in (stocked, other):
        kim.list_packages(**repository.ids)


def test_writes_can_be_limited_to_packages_and_reads_cannot(
    ground: Ground, user: Callable[..., User], stocked: Repository
) -> None:
    ours = ground.arn("package", f"{stocked.domain}/team-a/generic/parity/*")
    jane = user(
        allow("codeartifact:PublishPackageVersion", resource=ours), allow("codeartifact:GetPackageVersionAsset")
    )
    client = jane.client(ground.region)
    ids = {"format": "generic", "namespace": "parity", "package": "ui"}
    ground.asset(stocked, ids, "1.0.0", "a.bin", b"x", client=client)
    with raises(client, "AccessDeniedException") as raised:
        ground.asset(stocked, {**ids, "namespace": "other"}, "1.0.0", "a.bin", b"x", client=client)
    arn = ground.arn("package", f"{stocked.domain}/team-a/generic/other/ui")
    assert f"on resource: {arn} " in raised.message + " "
    # ReadFromRepository is asked about the repository: a package in a deny changes nothing.
    kim = user(
        MINT,
        allow("codeartifact:ReadFromRepository"),
        deny("codeartifact:ReadFromRepository", resource=ground.arn("package", "*")),
    )
    token = kim.client(ground.region).get_authorization_token(domain=stocked.domain)["authorizationToken"]
    registry = Registry(stocked.npm_url, token)
    assert registry.tarball("parcel", "1.0.0").status == 200
    registry.close()


@pytest.mark.parametrize(
    ("action", "install", "publish", "tag"),
    [
        ("codeartifact:ReadFromRepository", True, False, False),
        ("codeartifact:PublishPackageVersion", False, True, False),
        ("codeartifact:PutPackageMetadata", False, False, True),
        ("codeartifact:GetPackageVersionAsset", False, False, False),
    ],
)
def test_what_each_right_lets_an_npm_client_do(
    ground: Ground, user: Callable[..., User], stocked: Repository, action: str, install: bool, publish: bool, tag: bool
) -> None:
    jane = user(MINT, allow(action))
    token = jane.client(ground.region).get_authorization_token(domain=stocked.domain)["authorizationToken"]
    registry = Registry(stocked.npm_url, token)
    allowed = {True: (200, 201), False: (403,)}
    assert registry.get("parcel").status in allowed[install]
    assert registry.tarball("parcel", "1.0.0").status in allowed[install]
    assert registry.ask("GET", "-/ping").status in allowed[install]
    assert registry.publish(Package("parcel", "2.0.0")).status in allowed[publish]
    assert registry.ask("PUT", "-/package/parcel/dist-tags/beta", body=b'"1.0.0"').status in allowed[tag]
    registry.close()


# Between accounts.


@pytest.mark.parametrize(("identity", "resource"), [(True, True), (True, False), (False, True), (False, False)])
def test_between_accounts_both_must_allow(
    ground: Ground, stranger: Callable[..., User], stocked: Repository, identity: bool, resource: bool
) -> None:
    statement = allow("codeartifact:ListPackages")
    john = stranger(*([statement] if identity else []))
    if resource:
        trust(ground, stocked, statement | to(john.arn))
    client = john.client(ground.region)
    call = {**stocked.ids, "domainOwner": ground.account}
    if identity and resource:
        assert len(client.list_packages(**call)["packages"]) == 2
        return
    with raises(client, "AccessDeniedException") as raised:
        client.list_packages(**call)
    # Where both are missing either may be told.
    kinds = [kind for kind, there in (("identity", identity), ("resource", resource)) if not there]
    tails = [f" because no {kind}-based policy allows the codeartifact:ListPackages action" for kind in kinds]
    assert raised.message.endswith(tuple(tails))


def test_a_whole_account_can_be_trusted(ground: Ground, stranger: Callable[..., User], stocked: Repository) -> None:
    trust(ground, stocked, allow(*READ_SET) | to(f"arn:aws:iam::{OTHER}:root"))
    client = stranger(allow("codeartifact:*")).client(ground.region)
    call = {**stocked.ids, "domainOwner": ground.account}
    version = {**call, **npm_ids("parcel"), "packageVersion": "1.0.0"}
    client.describe_repository(**call)
    client.list_packages(**call)
    client.describe_package_version(**version)
    client.list_package_version_assets(**version)
    with raises(client, "AccessDeniedException"):
        client.delete_package_versions(**call, **npm_ids("parcel"), versions=["1.0.0"])


def test_another_account_installs_with_a_token_of_its_own(
    ground: Ground, stranger: Callable[..., User], stocked: Repository
) -> None:
    john = stranger(allow("codeartifact:*", "sts:GetServiceBearerToken"))
    client = john.client(ground.region)
    ids = {"domain": stocked.domain, "domainOwner": ground.account}
    with raises(client, "AccessDeniedException"):
        client.get_authorization_token(**ids)
    trust(ground, stocked, allow("codeartifact:GetAuthorizationToken") | to(john.arn), domain=True)
    token = client.get_authorization_token(**ids)["authorizationToken"]
    registry = Registry(stocked.npm_url, token)
    assert registry.get("parcel").status == 403
    trust(ground, stocked, allow("codeartifact:ReadFromRepository") | to(john.arn))
    assert registry.tarball("parcel", "1.0.0").status == 200
    assert registry.publish(Package("parcel", "2.0.0")).status == 403
    registry.close()


def test_a_policy_cannot_be_handed_to_another_account(
    ground: Ground, stranger: Callable[..., User], stocked: Repository
) -> None:
    john = stranger(allow("codeartifact:*"))
    trust(ground, stocked, allow("codeartifact:*") | to(john.arn))
    trust(ground, stocked, allow("codeartifact:*") | to(john.arn), domain=True)
    client = john.client(ground.region)
    owner = {"domainOwner": ground.account}
    client.get_repository_permissions_policy(**stocked.ids, **owner)
    text = document(allow("codeartifact:*", Principal="*"))
    with raises(client, "AccessDeniedException") as raised:
        client.put_domain_permissions_policy(domain=stocked.domain, **owner, policyDocument=text)
    arn = ground.arn("domain", stocked.domain)
    tail = " because no resource-based policy allows the codeartifact:PutDomainPermissionsPolicy action"
    assert raised.message == denied_text(john.arn, "PutDomainPermissionsPolicy", arn, tail)
    with raises(client, "AccessDeniedException"):
        client.put_repository_permissions_policy(**stocked.ids, **owner, policyDocument=text)


def test_what_is_hidden_and_what_is_absent_look_alike(
    ground: Ground, stranger: Callable[..., User], user: Callable[..., User], stocked: Repository
) -> None:
    for client, owner in (
        (stranger(allow("codeartifact:*")).client(ground.region), {"domainOwner": ground.account}),
        (user().client(ground.region), {}),
    ):
        texts = []
        for domain, repository in ((stocked.domain, "team-a"), (stocked.domain, "absent"), ("never-was", "team-a")):
            with raises(client, "AccessDeniedException") as raised:
                client.describe_repository(domain=domain, repository=repository, **owner)
            texts.append(raised.message.replace(f"{domain}/{repository}", "X"))
        assert len(set(texts)) == 1, texts


# More than one resource.


def test_an_upstream_must_let_itself_be_used(ground: Ground, user: Callable[..., User]) -> None:
    domain = ground.domain()
    for name in ("open", "closed", "app"):
        ground.repository(domain, name)
    app = {"domain": domain, "repository": "app"}
    jane = user(
        allow("codeartifact:UpdateRepository", "codeartifact:CreateRepository"),
        allow("codeartifact:AssociateWithDownstreamRepository", resource=ground.arn("repository", f"{domain}/open")),
    )
    client = jane.client(ground.region)
    client.update_repository(**app, upstreams=upstreams("open"))
    for call in (client.update_repository, client.create_repository):
        name = "app" if call == client.update_repository else "new"
        with raises(client, "AccessDeniedException") as raised:
            call(domain=domain, repository=name, upstreams=upstreams("open", "closed"))
        assert "codeartifact:AssociateWithDownstreamRepository" in raised.message
        assert ground.arn("repository", f"{domain}/closed") in raised.message
    # Only those that are added are asked.
    ground.aws.update_repository(**app, upstreams=upstreams("closed"))
    client.update_repository(**app, upstreams=upstreams("closed", "open"))
    client.update_repository(**app, description="x", upstreams=upstreams("closed"))


def test_reading_through_an_upstream_needs_the_right_at_the_asked_repository_only(
    ground: Ground, user: Callable[..., User]
) -> None:
    app, store = ground.chain("app", "store")
    ground.npm(store, "parcel", "1.0.0")
    jane = user(MINT, allow("codeartifact:ReadFromRepository", resource=ground.arn("repository", f"{app.domain}/app")))
    token = jane.client(ground.region).get_authorization_token(domain=app.domain)["authorizationToken"]
    below, above = Registry(app.npm_url, token), Registry(store.npm_url, token)
    assert above.tarball("parcel", "1.0.0").status == 403
    assert below.tarball("parcel", "1.0.0").status == 200
    below.close(), above.close()


@pytest.mark.parametrize("missing", ["codeartifact:CopyPackageVersions", "codeartifact:ReadFromRepository", None])
def test_copying_needs_a_right_at_either_end(
    ground: Ground, user: Callable[..., User], stocked: Repository, missing: str | None
) -> None:
    ground.repository(stocked.domain, "target")
    rights = {"codeartifact:CopyPackageVersions", "codeartifact:ReadFromRepository"}
    jane = user(allow(*(rights - {missing})))
    client = jane.client(ground.region)
    call = {
        "domain": stocked.domain, "sourceRepository": "team-a", "destinationRepository": "target",
        **npm_ids("parcel"), "versions": ["1.0.0"],
    }  # fmt: skip
    if missing is None:
        assert client.copy_package_versions(**call)["successfulVersions"]
        return
    with raises(client, "AccessDeniedException") as raised:
        client.copy_package_versions(**call)
    assert missing in raised.message


def test_creating_with_tags_needs_the_right_to_tag(ground: Ground, user: Callable[..., User]) -> None:
    domain = ground.domain()
    tags = [{"key": "team", "value": "a"}]
    create = allow("codeartifact:CreateRepository", "codeartifact:CreateDomain", "codeartifact:CreatePackageGroup")
    jane = user(create).client(ground.region)
    calls = (
        lambda client: client.create_domain(domain=ground.fresh("acme"), tags=tags),
        lambda client: client.create_repository(domain=domain, repository="app", tags=tags),
        lambda client: client.create_package_group(domain=domain, packageGroup="/npm/*", tags=tags),
    )
    for call in calls:
        with raises(jane, "AccessDeniedException") as raised:
            call(jane)
        assert "codeartifact:TagResource" in raised.message
    kim = user(create, allow("codeartifact:TagResource")).client(ground.region)
    for call in calls:
        call(kim)


# Conditions.


def test_tags_of_resources_and_requests_in_conditions(ground: Ground, user: Callable[..., User]) -> None:
    domain = ground.domain()
    for name, team in (("ours", "a"), ("theirs", "b")):
        ground.aws.create_repository(domain=domain, repository=name, tags=[{"key": "team", "value": team}])
    jane = user(
        allow("codeartifact:DescribeRepository", Condition={"StringEquals": {"aws:ResourceTag/team": "a"}}),
        allow(
            "codeartifact:TagResource",
            Condition={
                "StringEquals": {"aws:RequestTag/stage": ["dev", "test"]},
                "ForAllValues:StringEquals": {"aws:TagKeys": ["stage"]},
            },
        ),
    )
    client = jane.client(ground.region)
    client.describe_repository(domain=domain, repository="ours")
    with raises(client, "AccessDeniedException"):
        client.describe_repository(domain=domain, repository="theirs")
    arn = ground.arn("repository", f"{domain}/ours")
    client.tag_resource(resourceArn=arn, tags=[{"key": "stage", "value": "dev"}])
    for tags in (
        [{"key": "stage", "value": "prod"}],
        [{"key": "stage", "value": "dev"}, {"key": "team", "value": "c"}],
    ):
        with raises(client, "AccessDeniedException"):
            client.tag_resource(resourceArn=arn, tags=tags)
    # The tags decide as they are now.
    ground.aws.tag_resource(resourceArn=arn, tags=[{"key": "team", "value": "b"}])
    with raises(client, "AccessDeniedException"):
        client.describe_repository(domain=domain, repository="ours")


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, True),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, False),
        ({"NotIpAddress": {"aws:SourceIp": "127.0.0.1"}}, False),
        ({"Bool": {"aws:SecureTransport": "true"}}, False),
        ({"Bool": {"aws:SecureTransport": "false"}}, True),
        ({"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, True),
        ({"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, False),
        ({"StringLike": {"aws:username": "user-*"}}, True),
        ({"StringEquals": {"aws:PrincipalAccount": OTHER}}, False),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/user-*"}}, True),
        ({"Null": {"aws:TokenIssueTime": "true"}}, True),
        ({"StringEqualsIfExists": {"aws:PrincipalTag/none": "x"}}, True),
        ({"StringEquals": {"aws:PrincipalTag/none": "x"}}, False),
    ],
)
def test_conditions_about_the_request(
    ground: Ground, user: Callable[..., User], condition: dict[str, Any], holds: bool
) -> None:
    client = user(allow("codeartifact:ListDomains", Condition=condition)).client(ground.region)
    if holds:
        client.list_domains(maxResults=1)
    else:
        with raises(client, "AccessDeniedException"):
            client.list_domains(maxResults=1)


def test_variables_stand_for_who_asks(ground: Ground, user: Callable[..., User]) -> None:
    domain = ground.domain()
    jane = user(
        allow("codeartifact:DescribeRepository", resource=ground.arn("repository", f"{domain}/${{aws:username}}"))
    )
    for name in (jane.name, "other"):
        ground.repository(domain, name)
    client = jane.client(ground.region)
    client.describe_repository(domain=domain, repository=jane.name)
    with raises(client, "AccessDeniedException"):
        client.describe_repository(domain=domain, repository="other")


# Documents.


@pytest.mark.parametrize("of", ["domain", "repository"])
def test_documents_are_kept_as_they_came_under_a_revision(ground: Ground, stocked: Repository, of: str) -> None:
    aws = ground.aws
    ids = {"domain": stocked.domain} if of == "domain" else stocked.ids
    put, get, delete = (getattr(aws, f"{verb}_{of}_permissions_policy") for verb in ("put", "get", "delete"))
    with raises(aws, "ResourceNotFoundException"):
        get(**ids)
    with raises(aws, "ResourceNotFoundException"):
        delete(**ids)
    text = json.dumps(json.loads(document(allow("codeartifact:*", Principal="*"))), indent=3) + "\n"
    first = put(**ids, policyDocument=text)["policy"]
    assert first["document"] == text
    assert first["resourceArn"] == ground.arn(of, stocked.domain if of == "domain" else f"{stocked.domain}/team-a")
    assert get(**ids)["policy"] == first
    second = put(**ids, policyDocument=text.strip(), policyRevision=first["revision"])["policy"]
    assert second["revision"] != first["revision"]
    for call in (
        lambda: put(**ids, policyDocument=text, policyRevision=first["revision"]),
        lambda: delete(**ids, policyRevision=first["revision"]),
    ):
        with raises(aws, "ConflictException"):
            call()
    # Without a revision a document is replaced whatever it was.
    third = put(**ids, policyDocument=text)["policy"]
    assert delete(**ids, policyRevision=third["revision"])["policy"] == third
    with raises(aws, "ResourceNotFoundException"):
        get(**ids)


ANYBODY = allow("codeartifact:*", Principal="*")


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "{}",
        "[]",
        '{"Version":"2012-10-17"}',
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow"}]}',
        document(allow("codeartifact:*")),
        document(ANYBODY | {"Effect": "Maybe"}),
        document(ANYBODY | {"Condition": {"Odd": {"a": "b"}}}),
        json.dumps({"Version": "1999-01-01", "Statement": [ANYBODY]}),
    ],
)
def test_malformed_documents_are_refused(ground: Ground, stocked: Repository, text: str) -> None:
    with raises(ground.aws, "ValidationException"):
        ground.aws.put_repository_permissions_policy(**stocked.ids, policyDocument=text)
    with raises(ground.aws, "ResourceNotFoundException"):
        ground.aws.get_repository_permissions_policy(**stocked.ids)


# Roles.


def sts(ground: Ground, user: User) -> Any:
    """STS as an SDK reaches it at the server."""
    session = boto3.Session(user.key.id, user.key.secret, region_name=ground.region)
    return session.client("sts", endpoint_url=ground.server.url, config=account.client_config())


def role(ground: Ground, name: str, trusted: str, *statements: Statement) -> str:
    """A role that somebody may assume; its ARN."""
    trust_policy = document({"Effect": "Allow", "Principal": {"AWS": trusted}, "Action": "sts:AssumeRole"})
    ground.server.iam("create-role", "--role-name", name, "--assume-role-policy-document", trust_policy)
    own = ("--role-name", name, "--policy-name", "own", "--policy-document", document(*statements))
    ground.server.iam("put-role-policy", *own)
    return f"arn:aws:iam::{ground.account}:role/{name}"


def test_a_role_is_assumed_and_its_session_works(
    ground: Ground, user: Callable[..., User], stocked: Repository
) -> None:
    jane = user()
    identity = sts(ground, jane).get_caller_identity()
    assert (identity["Arn"], identity["Account"]) == (jane.arn, ground.account)
    name = ground.fresh("role")
    arn = role(ground, name, jane.arn, MINT, allow("codeartifact:ReadFromRepository", "codeartifact:ListPackages"))
    assumed = sts(ground, jane).assume_role(RoleArn=arn, RoleSessionName="story", DurationSeconds=900)
    session_arn = f"arn:aws:sts::{ground.account}:assumed-role/{name}/story"
    assert assumed["AssumedRoleUser"]["Arn"] == session_arn
    given = assumed["Credentials"]
    session = boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], ground.region)
    client = session.client("codeartifact", endpoint_url=ground.server.url, config=account.client_config())
    assert len(client.list_packages(**stocked.ids)["packages"]) == 2
    with raises(client, "AccessDeniedException") as raised:
        client.describe_repository(**stocked.ids)
    assert raised.message.startswith(f"User: {session_arn} is not authorized to perform: ")
    # A token for the rest of the session.
    token = client.get_authorization_token(domain=stocked.domain, durationSeconds=0)
    assert abs((token["expiration"] - given["Expiration"]).total_seconds()) < 2
    registry = Registry(stocked.npm_url, token["authorizationToken"])
    assert registry.tarball("parcel", "1.0.0").status == 200
    assert registry.publish(Package("parcel", "2.0.0")).status == 403
    registry.close()


def test_a_role_trusts_whom_it_names(ground: Ground, user: Callable[..., User], stranger: Callable[..., User]) -> None:
    jane, kim = user(), user(allow("sts:AssumeRole"))
    arn = role(ground, ground.fresh("role"), jane.arn, allow("*"))
    for other in (kim, stranger(allow("sts:AssumeRole"))):
        client = sts(ground, other)
        with pytest.raises(client.exceptions.ClientError) as caught:
            client.assume_role(RoleArn=arn, RoleSessionName="story")
        assert caught.value.response["Error"]["Code"] == "AccessDenied"
