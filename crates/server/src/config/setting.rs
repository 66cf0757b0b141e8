//! The table of settings: one row for each key.
//!
//! A row says what is allowed, reads a text into the [`Config`] and prints the effective value. Adding a setting is one
//! field and one row.

use std::collections::BTreeMap;
use std::path::PathBuf;

use model::AccountId;
use tracing_subscriber::EnvFilter;

use super::source::Given;
use super::value::{
    HIDDEN, Secret, address, address_ranges, boolean, count, database_address, host_and_port,
    hosts, non_empty, origin_address, put, show_bytes, size_bytes, size_or_none, slug, word,
};
use super::{
    BlobsKind, Config, EndpointForm, LogFormat, Origin, Problem, RedirectDownloads, blobs,
    connection, event_endpoint,
};

/// One setting.
pub(super) struct Setting {
    /// Its key, dotted as in the file.
    pub(super) key: &'static str,
    /// What is allowed, as a phrase.
    pub(super) allowed: &'static str,
    /// Whether the file may give it as an array.
    pub(super) is_list: bool,
    /// Whether a value that cannot be used is not shown.
    is_secret: bool,
    set: fn(&mut Config, &str) -> Result<(), String>,
    /// The effective value.
    pub(super) show: fn(&Config) -> String,
}

/// Keys with the origins of their values.
pub(super) type Origins = BTreeMap<String, Origin>;

const fn row(
    key: &'static str,
    allowed: &'static str,
    set: fn(&mut Config, &str) -> Result<(), String>,
    show: fn(&Config) -> String,
) -> Setting {
    Setting {
        key,
        allowed,
        is_list: false,
        is_secret: false,
        set,
        show,
    }
}

/// A row for a number of milliseconds at the given field.
macro_rules! duration_row {
    ($key:literal, $($field:ident).+) => {
        row(
            $key,
            "whole milliseconds, at least 1",
            |c, v| put(&mut c.$($field).+, count(v, 1)),
            |c| c.$($field).+.to_string(),
        )
    };
}

/// A row for a size at the given field.
macro_rules! size_row {
    ($key:literal, $($field:ident).+) => {
        row(
            $key,
            "bytes, or a number with KiB, MiB, GiB, KB, MB or GB",
            |c, v| put(&mut c.$($field).+, size_bytes(v)),
            |c| show_bytes(c.$($field).+),
        )
    };
}

/// A row for a number at the given field.
macro_rules! count_row {
    ($key:literal, $($field:ident).+, $least:literal) => {
        row(
            $key,
            concat!("a whole number, at least ", $least),
            |c, v| put(&mut c.$($field).+, count(v, $least)),
            |c| c.$($field).+.to_string(),
        )
    };
}

const PATH: &str = "the path of a file";
const FORMS: &[(&str, EndpointForm)] =
    &[("path", EndpointForm::Path), ("host", EndpointForm::Host)];
const BLOBS_KINDS: &[(&str, BlobsKind)] = &[("disk", BlobsKind::Disk), ("s3", BlobsKind::S3)];
const REDIRECTS: &[(&str, RedirectDownloads)] = &[
    ("never", RedirectDownloads::Never),
    ("by-repository", RedirectDownloads::ByRepository),
];
const LOG_FORMATS: &[(&str, LogFormat)] = &[("text", LogFormat::Text), ("json", LogFormat::Json)];
const STATUS_TEXTS: &[(&str, &str)] = &[("Available", "Available"), ("AVAILABLE", "AVAILABLE")];

fn name_of<T: PartialEq>(words: &[(&str, T)], value: &T) -> String {
    words
        .iter()
        .find(|(_, one)| one == value)
        .map_or_else(String::new, |(name, _)| (*name).to_owned())
}

fn optional<T: ToString>(value: Option<&T>) -> String {
    value.map_or_else(|| "none".to_owned(), ToString::to_string)
}

fn path(text: &str) -> Result<PathBuf, String> {
    non_empty(text).map(PathBuf::from)
}

/// Every setting except those of connections and of the endpoints of events.
pub(super) const SETTINGS: &[Setting] = &[
    row(
        "data",
        "the path of a folder",
        |c, v| put(&mut c.data, path(v)),
        |c| c.data.display().to_string(),
    ),
    Setting {
        is_secret: true,
        ..row(
            "store.url",
            "postgres://USER@HOST:PORT/DATABASE, with ?sslmode=verify-full&sslrootcert=FILE for TLS",
            |c, v| put(&mut c.store.url, database_address(v).map(Some)),
            |c| optional(c.store.url.as_ref()),
        )
    },
    Setting {
        is_secret: true,
        ..row(
            "store.password",
            "any text",
            |c, v| {
                let password = non_empty(v).map(Secret::new);
                put(&mut c.store.password, password.map(Some))
            },
            |c| {
                let hidden = c.store.password.as_ref().map(|_| HIDDEN);
                hidden.unwrap_or("none").to_owned()
            },
        )
    },
    row(
        "store.password_file",
        PATH,
        |c, v| put(&mut c.store.password_file, path(v).map(Some)),
        |c| {
            let file = c.store.password_file.as_ref().map(|path| path.display());
            optional(file.as_ref())
        },
    ),
    count_row!("store.connections", store.connections, 1),
    duration_row!("store.connect_timeout_ms", store.connect_timeout_ms),
    duration_row!("store.statement_timeout_ms", store.statement_timeout_ms),
    row(
        "store.held_reads_ms",
        "whole milliseconds; 0 for never",
        |c, v| put(&mut c.store.held_reads_ms, count(v, 0)),
        |c| c.store.held_reads_ms.to_string(),
    ),
    row(
        "blobs.folder",
        "the path of a folder",
        |c, v| put(&mut c.blobs_folder, path(v).map(Some)),
        |c| c.shared_blobs_folder().display().to_string(),
    ),
    row(
        "listen",
        "an IP address and a port, as 127.0.0.1:8740",
        |c, v| put(&mut c.listen, address(v)),
        |c| c.listen.to_string(),
    ),
    row(
        "metrics_listen",
        "an IP address and a port, as 127.0.0.1:8741, or off",
        |c, v| {
            put(
                &mut c.metrics_listen,
                if v == "off" {
                    Ok(None)
                } else {
                    address(v).map(Some)
                },
            )
        },
        |c| {
            c.metrics_listen
                .map_or_else(|| "off".to_owned(), |address| address.to_string())
        },
    ),
    row(
        "public_url",
        "http or https, a host and if need be a port, nothing else",
        |c, v| put(&mut c.public_url, origin_address(v).map(Some)),
        |c| c.public_url_at(c.listen),
    ),
    row(
        "package_host_base",
        "a host name in lower case and if need be a port",
        |c, v| put(&mut c.package_host_base, host_and_port(v).map(Some)),
        |c| optional(c.package_host_base.as_ref()),
    ),
    row(
        "endpoint_form",
        "path or host",
        |c, v| put(&mut c.endpoint_form, word(v, FORMS)),
        |c| name_of(FORMS, &c.endpoint_form),
    ),
    row(
        "account",
        "twelve digits",
        |c, v| {
            put(
                &mut c.account,
                AccountId::parse(v).map_err(|_| "it is not an account id".to_owned()),
            )
        },
        |c| c.account.to_string(),
    ),
    row(
        "region",
        "lower-case letters, digits and hyphens",
        |c, v| put(&mut c.region, slug(v)),
        |c| c.region.clone(),
    ),
    row(
        "partition",
        "lower-case letters, digits and hyphens",
        |c, v| put(&mut c.partition, slug(v)),
        |c| c.partition.clone(),
    ),
    row(
        "tls.certificate",
        PATH,
        |c, v| put(&mut c.tls.certificate, path(v).map(Some)),
        |c| {
            optional(
                c.tls
                    .certificate
                    .as_ref()
                    .map(|path| path.display())
                    .as_ref(),
            )
        },
    ),
    row(
        "tls.key",
        PATH,
        |c, v| put(&mut c.tls.key, path(v).map(Some)),
        |c| optional(c.tls.key.as_ref().map(|path| path.display()).as_ref()),
    ),
    row(
        "log.format",
        "text or json",
        |c, v| put(&mut c.log.format, word(v, LOG_FORMATS)),
        |c| name_of(LOG_FORMATS, &c.log.format),
    ),
    row(
        "log.level",
        "error, warn, info, debug or trace, or directives as info,upstream=debug",
        |c, v| put(&mut c.log.level, log_level(v)),
        |c| c.log.level.clone(),
    ),
    row(
        "log.access",
        "true or false",
        |c, v| put(&mut c.log.access, boolean(v)),
        |c| c.log.access.to_string(),
    ),
    row(
        "audit.enabled",
        "true or false",
        |c, v| put(&mut c.audit.enabled, boolean(v)),
        |c| c.audit.enabled.to_string(),
    ),
    row(
        "audit.required",
        "true or false",
        |c, v| put(&mut c.audit.required, boolean(v)),
        |c| c.audit.required.to_string(),
    ),
    row(
        "audit.path",
        "the path of a folder",
        |c, v| put(&mut c.audit.path, path(v).map(Some)),
        |c| c.audit_folder().display().to_string(),
    ),
    size_row!("audit.max_bytes", audit.max_bytes),
    duration_row!("audit.max_age_ms", audit.max_age_ms),
    count_row!("audit.keep_files", audit.keep_files, 1),
    duration_row!("events.timeout_ms", events.timeout_ms),
    duration_row!("events.first_retry_ms", events.first_retry_ms),
    duration_row!("events.longest_retry_ms", events.longest_retry_ms),
    duration_row!("events.poll_ms", events.poll_ms),
    row(
        "limits.header_bytes",
        "a size from 8 KiB to 1 MiB",
        |c, v| put(&mut c.limits.header_bytes, header_size(v)),
        |c| show_bytes(c.limits.header_bytes),
    ),
    row(
        "limits.url_bytes",
        "a size from 8 KiB to 1 MiB",
        |c, v| put(&mut c.limits.url_bytes, header_size(v)),
        |c| show_bytes(c.limits.url_bytes),
    ),
    size_row!("limits.control_body_bytes", limits.control_body_bytes),
    size_row!("limits.publish_body_bytes", limits.publish_body_bytes),
    size_row!("limits.asset_bytes", limits.asset_bytes),
    duration_row!("limits.header_timeout_ms", limits.header_timeout_ms),
    duration_row!("limits.idle_timeout_ms", limits.idle_timeout_ms),
    duration_row!(
        "limits.request_body_idle_timeout_ms",
        limits.request_body_idle_timeout_ms
    ),
    duration_row!("limits.write_idle_timeout_ms", limits.write_idle_timeout_ms),
    row(
        "limits.max_connections",
        "a whole number, at least 1",
        |c, v| put(&mut c.limits.max_connections, count(v, 1)),
        |c| c.limits.max_connections.to_string(),
    ),
    row(
        "blobs.kind",
        "disk or s3",
        |c, v| put(&mut c.blobs.kind, word(v, BLOBS_KINDS)),
        |c| name_of(BLOBS_KINDS, &c.blobs.kind),
    ),
    row(
        "blobs.endpoint",
        "http or https, a host and if need be a port, nothing else",
        |c, v| put(&mut c.blobs.endpoint, origin_address(v).map(Some)),
        |c| optional(c.blobs.endpoint.as_ref()),
    ),
    row(
        "blobs.region",
        "lower-case letters, digits and hyphens",
        |c, v| put(&mut c.blobs.region, slug(v).map(Some)),
        |c| optional(c.blobs.region.as_ref()),
    ),
    row(
        "blobs.bucket",
        "3 to 63 letters, digits, dots, hyphens and underscores",
        |c, v| put(&mut c.blobs.bucket, blobs::bucket_name(v)),
        |c| optional(c.blobs.bucket.as_ref()),
    ),
    row(
        "blobs.prefix",
        "segments of letters, digits, dots, hyphens and underscores, with a slash between two",
        |c, v| put(&mut c.blobs.prefix, blobs::key_prefix(v)),
        |c| c.blobs.prefix.clone(),
    ),
    row(
        "blobs.path_style",
        "true or false",
        |c, v| put(&mut c.blobs.path_style, boolean(v).map(Some)),
        |c| c.blobs.uses_path_style().to_string(),
    ),
    row(
        "blobs.allow_http",
        "true or false",
        |c, v| put(&mut c.blobs.allow_http, boolean(v)),
        |c| c.blobs.allow_http.to_string(),
    ),
    row(
        "blobs.ca_file",
        PATH,
        |c, v| put(&mut c.blobs.ca_file, path(v).map(Some)),
        |c| optional(c.blobs.ca_file.as_ref().map(|path| path.display()).as_ref()),
    ),
    row(
        "blobs.access_key_id",
        "the id of an access key",
        |c, v| put(&mut c.blobs.access_key_id, non_empty(v).map(Some)),
        |c| optional(c.blobs.access_key_id.as_ref()),
    ),
    Setting {
        is_secret: true,
        ..row(
            "blobs.secret_access_key",
            "the secret of an access key",
            |c, v| {
                let secret = non_empty(v).map(|text| Some(Secret::new(text)));
                put(&mut c.blobs.secret_access_key, secret)
            },
            |c| optional(c.blobs.secret_access_key.as_ref().map(|_| HIDDEN).as_ref()),
        )
    },
    row(
        "blobs.secret_access_key_file",
        PATH,
        |c, v| put(&mut c.blobs.secret_access_key_file, path(v).map(Some)),
        |c| {
            let file = c.blobs.secret_access_key_file.as_ref();
            optional(file.map(|path| path.display()).as_ref())
        },
    ),
    row(
        "blobs.profile",
        "the name of a profile of the AWS tools",
        |c, v| put(&mut c.blobs.profile, non_empty(v).map(Some)),
        |c| optional(c.blobs.profile.as_ref()),
    ),
    row(
        "blobs.redirect_downloads",
        "never or by-repository",
        |c, v| put(&mut c.blobs.redirect_downloads, word(v, REDIRECTS)),
        |c| name_of(REDIRECTS, &c.blobs.redirect_downloads),
    ),
    duration_row!("blobs.redirect_lifetime_ms", blobs.redirect_lifetime_ms),
    row(
        "sweep.interval_ms",
        "whole milliseconds; 0 for never",
        |c, v| put(&mut c.sweep.interval_ms, count(v, 0)),
        |c| c.sweep.interval_ms.to_string(),
    ),
    duration_row!("sweep.grace_ms", sweep.grace_ms),
    size_row!("cache.document_bytes", cache.document_bytes),
    size_row!("cache.asset_bytes", cache.asset_bytes),
    duration_row!("upstream.connect_timeout_ms", upstream.connect_timeout_ms),
    duration_row!("upstream.response_timeout_ms", upstream.response_timeout_ms),
    duration_row!("upstream.idle_timeout_ms", upstream.idle_timeout_ms),
    duration_row!("upstream.freshness_ms", upstream.freshness_ms),
    duration_row!("upstream.negative_ttl_ms", upstream.negative_ttl_ms),
    size_row!("upstream.document_bytes", upstream.document_bytes),
    row(
        "upstream.whole_version_bytes",
        "bytes, or a number with KiB, MiB, GiB, KB, MB or GB; 0 for never",
        |c, v| put(&mut c.upstream.whole_version_bytes, size_or_none(v)),
        |c| show_bytes(c.upstream.whole_version_bytes),
    ),
    row(
        "upstream.max_connections_per_host",
        "a whole number, at least 1",
        |c, v| put(&mut c.upstream.max_connections_per_host, count(v, 1)),
        |c| c.upstream.max_connections_per_host.to_string(),
    ),
    count_row!("quotas.domains_per_account", quotas.domains_per_account, 1),
    count_row!(
        "quotas.repositories_per_domain",
        quotas.repositories_per_domain,
        1
    ),
    count_row!(
        "quotas.external_connections_per_domain",
        quotas.external_connections_per_domain,
        0
    ),
    size_row!("quotas.asset_size_bytes", quotas.asset_size_bytes),
    count_row!("quotas.requests_per_second", quotas.requests_per_second, 0),
    row(
        "quotas.rates.enabled",
        "true or false",
        |c, v| put(&mut c.quotas.rates.enabled, boolean(v)),
        |c| c.quotas.rates.enabled.to_string(),
    ),
    count_row!(
        "quotas.rates.reads_per_account",
        quotas.rates.reads_per_account,
        0
    ),
    count_row!(
        "quotas.rates.writes_per_account",
        quotas.rates.writes_per_account,
        0
    ),
    count_row!("quotas.rates.per_token", quotas.rates.per_token, 0),
    count_row!(
        "quotas.rates.per_address_without_token",
        quotas.rates.per_address_without_token,
        0
    ),
    count_row!(
        "quotas.rates.get_authorization_token",
        quotas.rates.get_authorization_token,
        0
    ),
    count_row!(
        "quotas.rates.get_package_version_asset",
        quotas.rates.get_package_version_asset,
        0
    ),
    count_row!("quotas.rates.list_packages", quotas.rates.list_packages, 0),
    count_row!(
        "quotas.rates.list_package_versions",
        quotas.rates.list_package_versions,
        0
    ),
    count_row!(
        "quotas.rates.list_package_version_assets",
        quotas.rates.list_package_version_assets,
        0
    ),
    count_row!(
        "quotas.rates.publish_package_version",
        quotas.rates.publish_package_version,
        0
    ),
    count_row!(
        "quotas.rates.copy_package_versions",
        quotas.rates.copy_package_versions,
        0
    ),
    Setting {
        is_list: true,
        ..row(
            "allowed_hosts",
            "host names, as packages.example or packages.example:8740, several with commas between",
            |c, v| put(&mut c.allowed_hosts, hosts(v)),
            |c| c.allowed_hosts.join(", "),
        )
    },
    Setting {
        is_list: true,
        ..row(
            "trusted_proxies",
            "addresses or ranges of them, as 10.0.0.0/8 or 192.0.2.7, several with commas between",
            |c, v| put(&mut c.trusted_proxies, address_ranges(v)),
            |c| {
                let ranges: Vec<_> = c.trusted_proxies.iter().map(ToString::to_string).collect();
                ranges.join(", ")
            },
        )
    },
    duration_row!("shutdown_grace_ms", shutdown_grace_ms),
    row(
        "connection_status_text",
        "Available or AVAILABLE",
        |c, v| {
            put(
                &mut c.connection_status_text,
                word(v, STATUS_TEXTS).map(str::to_owned),
            )
        },
        |c| c.connection_status_text.clone(),
    ),
];

fn header_size(text: &str) -> Result<u64, String> {
    let size = size_bytes(text)?;
    if (8 << 10..=1 << 20).contains(&size) {
        Ok(size)
    } else {
        Err("it is out of range".to_owned())
    }
}

fn log_level(text: &str) -> Result<String, String> {
    EnvFilter::builder()
        .parse(non_empty(text)?)
        .map_err(|error| error.to_string())?;
    Ok(text.to_owned())
}

/// The row of a key.
pub(super) fn find(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

/// Puts one given value into the configuration, or complains.
pub(super) fn apply(
    config: &mut Config,
    origins: &mut Origins,
    given: Given,
    problems: &mut Vec<Problem>,
) {
    if let Some((name, field)) = given.connection() {
        connection::apply(config, origins, name, field, &given, problems);
        return;
    }
    if let Some(member) = given.event_endpoint() {
        event_endpoint::apply(config, origins, member, &given, problems);
        return;
    }
    let key = given.path.join(".");
    let Some(setting) = find(&key) else {
        problems.push(Problem::unknown(&key, given.origin));
        return;
    };
    let result = if given.is_list && !setting.is_list {
        Err("it is a list".to_owned())
    } else {
        (setting.set)(config, &given.text)
    };
    match result {
        Ok(()) => {
            origins.insert(key, given.origin);
        }
        Err(reason) => problems.push(Problem::bad(
            &key,
            Some(match setting.is_secret {
                true => HIDDEN,
                false => &given.text,
            }),
            given.origin,
            reason,
            setting.allowed,
        )),
    }
}
