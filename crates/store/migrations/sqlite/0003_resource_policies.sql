-- Permissions policies of domains and repositories, by ARN. The document is kept as it was sent.
CREATE TABLE resource_policy (
    resource TEXT NOT NULL PRIMARY KEY,
    document TEXT NOT NULL,
    revision TEXT NOT NULL,
    updated_at_ms INTEGER NOT NULL
) STRICT;
