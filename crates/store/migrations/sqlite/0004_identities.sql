-- Who may do what: users, roles, their policies, and the identity providers that roles may trust.
ALTER TABLE principal ADD COLUMN path TEXT NOT NULL DEFAULT '/';

CREATE TABLE role (
    principal_id INTEGER NOT NULL PRIMARY KEY REFERENCES principal (id) ON DELETE CASCADE,
    trust_policy TEXT NOT NULL,
    max_session_seconds INTEGER NOT NULL,
    description TEXT NOT NULL
) STRICT;

-- Inline policies: part of one principal, gone with it.
CREATE TABLE principal_policy (
    principal_id INTEGER NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (principal_id, name)
) STRICT;

-- Policies of an account, attached to any number of its principals.
CREATE TABLE managed_policy (
    arn TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    UNIQUE (account, name)
) STRICT;

-- Policies by ARN: an account's own, or one of those that the program brings.
CREATE TABLE attached_policy (
    principal_id INTEGER NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
    policy_arn TEXT NOT NULL,
    PRIMARY KEY (principal_id, policy_arn)
) STRICT;
CREATE INDEX attached_policy_arn ON attached_policy (policy_arn);

-- Issuers of tokens that roles of the account may trust. The audiences are a JSON list.
CREATE TABLE oidc_provider (
    account TEXT NOT NULL,
    issuer TEXT NOT NULL,
    audiences TEXT NOT NULL,
    allow_private_network INTEGER NOT NULL CHECK (allow_private_network IN (0, 1)),
    certificate_authorities TEXT,
    created_at_ms INTEGER NOT NULL,
    PRIMARY KEY (account, issuer)
) STRICT;

-- Until now every principal could do everything in its account.
INSERT INTO attached_policy (principal_id, policy_arn)
SELECT id, 'arn:aws:iam::aws:policy/AWSCodeArtifactAdminAccess' FROM principal WHERE kind <> 'root';
