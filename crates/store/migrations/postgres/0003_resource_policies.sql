-- Permissions policies of domains and repositories, by ARN. The document is kept as it was sent.
CREATE TABLE resource_policy (
    resource TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    document TEXT COLLATE "C" NOT NULL,
    revision TEXT COLLATE "C" NOT NULL,
    updated_at_ms BIGINT NOT NULL
);
