-- Rows for PostgreSQL's planner, which decides by what the tables hold. Every table has some; where the order of a plan
-- matters, enough of them that an index which fits is cheaper than one that does not.
INSERT INTO domain (owner, name, encryption_key, created_at_ms, repository_count, asset_size_bytes)
SELECT '111122223333', 'domain-' || n, 'key', n, 0, 0 FROM generate_series(1, 20) n;
INSERT INTO log (id, sequence) SELECT id, 1000 FROM domain;
INSERT INTO change (log_id, sequence, at_ms, actor, kind, detail)
SELECT l.id, n, n, 'service', 'RepositoryUpdated', '{}' FROM log l, generate_series(1, 1000) n;

INSERT INTO principal (account, kind, name, created_at_ms)
SELECT '111122223333', 'user', 'user-' || n, n FROM generate_series(1, 1000) n;
INSERT INTO access_key (id, principal_id, secret, active, created_at_ms)
SELECT 'AKIA' || id, id, 'secret', TRUE, id FROM principal;
INSERT INTO signing_key (id, secret, created_at_ms) VALUES ('key', '\x00', 1);
INSERT INTO role (principal_id, trust_policy, max_session_seconds, description)
SELECT id, '{}', 3600, '' FROM principal WHERE id % 4 = 0;
INSERT INTO principal_policy (principal_id, name, document)
SELECT id, policy, '{}' FROM principal, (VALUES ('read'), ('write')) policies (policy);
INSERT INTO managed_policy (arn, account, name, document, description, created_at_ms, updated_at_ms)
SELECT 'arn:' || n, '111122223333', 'policy-' || n, '{}', '', n, n FROM generate_series(1, 500) n;
INSERT INTO attached_policy (principal_id, policy_arn)
SELECT p.id, 'arn:' || (p.id + n) % 500 FROM principal p, generate_series(1, 3) n;
INSERT INTO oidc_provider (account, issuer, audiences, allow_private_network, created_at_ms)
SELECT lpad(CAST(n AS TEXT), 12, '0'), 'https://issuer.example/' || n, '[]', FALSE, n FROM generate_series(1, 500) n;
INSERT INTO resource_policy (resource, document, revision, updated_at_ms)
SELECT 'arn:' || n, '{}', 'revision', n FROM generate_series(1, 1000) n;

INSERT INTO repository (domain_id, name, administrator, description, created_at_ms)
SELECT d.id, 'repository-' || n, '111122223333', '', n FROM domain d, generate_series(1, 50) n;
INSERT INTO upstream (repository_id, position, upstream_id, upstream_name)
SELECT id, 0, id - 1, 'repository' FROM repository;
INSERT INTO external_connection (repository_id, name, format, created_at_ms)
SELECT id, 'public:source', 'alpha', 1 FROM repository WHERE id % 10 = 0;
INSERT INTO resource_tag (resource, tag_key, tag_value)
SELECT 'arn:' || id, key, 'value' FROM repository, (VALUES ('team'), ('stage')) keys (key);

INSERT INTO package (repository_id, format, namespace, name, publish_allowed, upstream_allowed, created_at_ms)
SELECT r.id, CASE WHEN n % 4 = 0 THEN 'beta' ELSE 'alpha' END, 'space-' || n % 3, 'package-' || n, n % 2 = 0, n % 5 <> 0, n
FROM repository r, generate_series(1, 10) n;
INSERT INTO package_version (package_id, version, status, revision, origin_type, origin_name, published_at_ms, metadata)
SELECT p.id, n || '.0.0', CASE WHEN n = 3 THEN 'Unlisted' ELSE 'Published' END, 'revision', 'INTERNAL', 'repository',
  n, '{}'
FROM package p, generate_series(1, 3) n;
INSERT INTO package_tag (package_id, tag, version) SELECT id, 'latest', '3.0.0' FROM package;
INSERT INTO asset (version_id, name, size_bytes, md5, sha1, sha256, sha512)
SELECT id, 'package.tgz', 1, '\x00', '\x00', decode(md5(CAST(id % 5000 AS TEXT)), 'hex'), '\x00' FROM package_version;
INSERT INTO domain_blob (domain_id, sha256, size_bytes, reference_count)
SELECT DISTINCT r.domain_id, a.sha256, 1, 1
FROM asset a JOIN package_version v ON v.id = a.version_id JOIN package p ON p.id = v.package_id
JOIN repository r ON r.id = p.repository_id;
INSERT INTO source_document (repository_id, format, namespace, name, sha256, size_bytes, fetched_at_ms, checked_at_ms)
SELECT repository_id, format, namespace, name, '\x00', 1, 1, 1 FROM package;
INSERT INTO source_companion (repository_id, format, namespace, name, version_key, asset, sha256, size_bytes, fetched_at_ms)
SELECT repository_id, format, namespace, name, '1.0', 'file', '\x00', 1, 1 FROM package;

INSERT INTO package_group (domain_id, pattern, contact_info, description, created_at_ms, publish_mode,
  external_upstream_mode, internal_upstream_mode)
SELECT d.id, '/alpha/space-' || n || '/*', '', '', n, 'INHERIT', 'INHERIT', 'INHERIT' FROM domain d, generate_series(1, 50) n;
INSERT INTO package_group_repository (group_id, restriction, repository_name, repository_id)
SELECT g.id, 'PUBLISH', 'repository-' || n, r.id
FROM package_group g, generate_series(1, 3) n
JOIN repository r ON r.name = 'repository-' || n WHERE r.domain_id = g.domain_id;
INSERT INTO domain_package
  (domain_id, format, namespace, name, namespace_variation, name_variation, repository_count)
SELECT r.domain_id, p.format, p.namespace, p.name || '-' || n, p.namespace, p.name || '-' || n, 50
FROM package p JOIN repository r ON r.id = p.repository_id, generate_series(1, 30) n
GROUP BY r.domain_id, p.format, p.namespace, p.name, n;

INSERT INTO event_cursor (destination, log_id, sequence)
SELECT 'destination-' || n, l.id, 1 FROM log l, generate_series(1, 5) n;

INSERT INTO lease (name, owner, expires_at_ms) SELECT 'lease-' || n, 'node', n FROM generate_series(1, 2000) n;
INSERT INTO installation_mark (name, mark) SELECT 'mark-' || n, 'mark' FROM generate_series(1, 2000) n;
INSERT INTO condemned_blob (sha256, state, mark, since_ms)
SELECT decode(md5(CAST(n AS TEXT)) || md5(CAST(-n AS TEXT)), 'hex'), 'noticed', '', n FROM generate_series(1, 2000) n;

ANALYZE;
