-- What lists are narrowed to, in the order in which they are paged: a page costs its own rows, however many the
-- repository or the domain holds.
CREATE INDEX package_by_name ON package (repository_id, format, name, namespace);
CREATE INDEX package_switches ON package (repository_id, publish_allowed, upstream_allowed, format, namespace, name);
CREATE INDEX repository_of_administrator ON repository (domain_id, administrator, name);

-- Packages that no repository holds any more, for the moment in which they are forgotten: without it, whoever deletes a
-- repository may have to look at all packages of its domain.
CREATE INDEX domain_package_unheld ON domain_package (domain_id) WHERE repository_count <= 0;
