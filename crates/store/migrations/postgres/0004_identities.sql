-- Who may do what: users, roles, their policies, and the identity providers that roles may trust.
ALTER TABLE principal ADD COLUMN path TEXT COLLATE "C" NOT NULL DEFAULT '/';

CREATE TABLE role (
    principal_id BIGINT NOT NULL PRIMARY KEY REFERENCES principal (id) ON DELETE CASCADE,
    trust_policy TEXT COLLATE "C" NOT NULL,
    max_session_seconds BIGINT NOT NULL,
    description TEXT COLLATE "C" NOT NULL
);

-- Inline policies: part of one principal, gone with it.
CREATE TABLE principal_policy (
    principal_id BIGINT NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
    name TEXT COLLATE "C" NOT NULL,
    document TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (principal_id, name)
);

-- Policies of an account, attached to any number of its principals.
CREATE TABLE managed_policy (
    arn TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    document TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL,
    UNIQUE (account, name)
);

-- Policies by ARN: an account's own, or one of those that the program brings.
CREATE TABLE attached_policy (
    principal_id BIGINT NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
    policy_arn TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (principal_id, policy_arn)
);
CREATE INDEX attached_policy_arn ON attached_policy (policy_arn);

-- Issuers of tokens that roles of the account may trust. The audiences are a JSON list.
CREATE TABLE oidc_provider (
    account TEXT COLLATE "C" NOT NULL,
    issuer TEXT COLLATE "C" NOT NULL,
    audiences TEXT COLLATE "C" NOT NULL,
    allow_private_network BOOLEAN NOT NULL,
    certificate_authorities TEXT COLLATE "C",
    created_at_ms BIGINT NOT NULL,
    PRIMARY KEY (account, issuer)
);

-- Until now every principal could do everything in its account.
INSERT INTO attached_policy (principal_id, policy_arn)
SELECT id, 'arn:aws:iam::aws:policy/AWSCodeArtifactAdminAccess' FROM principal WHERE kind <> 'root';
