-- Groups of packages by pattern, and what may enter through them. Every domain has the root group, `/*`.
CREATE TABLE package_group (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    domain_id BIGINT NOT NULL REFERENCES domain (id) ON DELETE CASCADE,
    pattern TEXT COLLATE "C" NOT NULL,
    contact_info TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    created_at_ms BIGINT NOT NULL,
    publish_mode TEXT COLLATE "C" NOT NULL,
    external_upstream_mode TEXT COLLATE "C" NOT NULL,
    internal_upstream_mode TEXT COLLATE "C" NOT NULL,
    UNIQUE (domain_id, pattern)
);

-- The repositories that a restriction of a group names.
CREATE TABLE package_group_repository (
    group_id BIGINT NOT NULL REFERENCES package_group (id) ON DELETE CASCADE,
    restriction TEXT COLLATE "C" NOT NULL,
    repository_name TEXT COLLATE "C" NOT NULL,
    repository_id BIGINT NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
    PRIMARY KEY (group_id, restriction, repository_name)
);
CREATE INDEX package_group_repository_repository ON package_group_repository (repository_id);

-- The distinct packages of a domain, and how many of its repositories hold each. The variations are the common forms of
-- names that weak matching compares; they are empty until the program has filled them in.
CREATE TABLE domain_package (
    domain_id BIGINT NOT NULL REFERENCES domain (id) ON DELETE CASCADE,
    format TEXT COLLATE "C" NOT NULL,
    namespace TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    namespace_variation TEXT COLLATE "C" NOT NULL,
    name_variation TEXT COLLATE "C" NOT NULL,
    repository_count BIGINT NOT NULL,
    PRIMARY KEY (domain_id, format, namespace, name)
);
CREATE INDEX domain_package_variation
    ON domain_package (domain_id, format, namespace_variation, name_variation, namespace, name);
CREATE INDEX domain_package_unfilled ON domain_package (domain_id, format, namespace, name) WHERE name_variation = '';

-- Counts changes of a domain's groups: what was read of them is true as long as this stands.
ALTER TABLE domain ADD COLUMN package_group_revision BIGINT NOT NULL DEFAULT 0;

INSERT INTO package_group
    (domain_id, pattern, contact_info, description, created_at_ms, publish_mode, external_upstream_mode,
     internal_upstream_mode)
SELECT id, '/*', '', '', created_at_ms, 'ALLOW', 'ALLOW', 'ALLOW' FROM domain ORDER BY id;

INSERT INTO domain_package
    (domain_id, format, namespace, name, namespace_variation, name_variation, repository_count)
SELECT r.domain_id, p.format, p.namespace, p.name, '', '', COUNT(*)
FROM package p JOIN repository r ON r.id = p.repository_id
GROUP BY r.domain_id, p.format, p.namespace, p.name;
