//! The `[blobs]` table: where bytes are kept, and as whom an object store is asked.
//!
//! Credentials are looked for where AWS's own tools look, in their order (AWS SDKs and Tools Reference Guide, "Standardized
//! credential providers"), unless the table names an access key or a profile.

use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;

use super::setting::Origins;
use super::value::non_empty;
use super::{Config, Environment, Origin, Problem, Secret};

/// A client whose clock is ten seconds off still comes in; an address that leaks is worth nothing after an hour.
const REDIRECT_LIFETIMES_MS: RangeInclusive<u64> = 10_000..=3_600_000;

/// Where bytes are kept.
#[derive(Debug, Clone)]
pub struct BlobsConfig {
    /// On which kind of place.
    pub kind: BlobsKind,
    /// The address of the store; AWS's own in the region if none is given.
    pub endpoint: Option<Url>,
    /// The region that requests are signed for. Filled from the environment if none is given.
    pub region: Option<String>,
    /// The bucket.
    pub bucket: Option<String>,
    /// What keys begin with.
    pub prefix: String,
    /// Whether the bucket is named in the path; if not given, where an endpoint is.
    pub path_style: Option<bool>,
    /// Whether the store may be asked without TLS.
    pub allow_http: bool,
    /// Certificates to trust besides the machine's own, PEM.
    pub ca_file: Option<PathBuf>,
    /// The access key's public part.
    pub access_key_id: Option<String>,
    /// Its secret part.
    pub secret_access_key: Option<Secret>,
    /// A file with the secret part.
    pub secret_access_key_file: Option<PathBuf>,
    /// A profile of the AWS tools.
    pub profile: Option<String>,
    /// Whether downloads may be redirected to the store.
    pub redirect_downloads: RedirectDownloads,
    /// For how long the address of a redirect is good.
    pub redirect_lifetime_ms: u64,
    /// What all of that came to.
    pub credentials: BlobsCredentials,
}

impl Default for BlobsConfig {
    fn default() -> Self {
        Self {
            kind: BlobsKind::Disk,
            endpoint: None,
            region: None,
            bucket: None,
            prefix: String::new(),
            path_style: None,
            allow_http: false,
            ca_file: None,
            access_key_id: None,
            secret_access_key: None,
            secret_access_key_file: None,
            profile: None,
            redirect_downloads: RedirectDownloads::Never,
            redirect_lifetime_ms: 300_000,
            credentials: BlobsCredentials::Machine,
        }
    }
}

/// The kinds of places.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BlobsKind {
    /// The data folder.
    #[default]
    Disk,
    /// A bucket of an S3-compatible store.
    S3,
}

/// Whether downloads may be redirected to an object store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RedirectDownloads {
    /// They are all sent from here.
    #[default]
    Never,
    /// Those of a repository that asks for it by a tag are.
    ByRepository,
}

/// As whom an object store is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum BlobsCredentials {
    /// An access key.
    Key {
        /// Its public part.
        id: String,
        /// Its secret part.
        secret: Secret,
        /// The token of a key that is only lent.
        session_token: Option<Secret>,
    },
    /// The role of a Kubernetes service account, or another role that a token in a file stands for.
    WebIdentity {
        /// The file with the token.
        token_file: String,
        /// The role.
        role_arn: String,
    },
    /// The role of the container.
    Container {
        /// Where its agent tells the role's keys.
        relative_uri: String,
    },
    /// The role of the machine.
    #[default]
    Machine,
}

impl BlobsConfig {
    /// Whether requests name the bucket in their path.
    #[must_use]
    pub fn uses_path_style(&self) -> bool {
        self.path_style.unwrap_or(self.endpoint.is_some())
    }

    /// For how long the address of a redirect is good; none where downloads are not redirected.
    #[must_use]
    pub fn redirect_lifetime(&self) -> Option<Duration> {
        match self.redirect_downloads {
            RedirectDownloads::Never => None,
            RedirectDownloads::ByRepository => {
                Some(Duration::from_millis(self.redirect_lifetime_ms))
            }
        }
    }
}

/// A bucket's name: letters, digits, dots, hyphens; some stores also take underscores.
pub(super) fn bucket_name(text: &str) -> Result<Option<String>, String> {
    let good = (3..=63).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    if good {
        Ok(Some(text.to_owned()))
    } else {
        Err("it is not the name of a bucket".to_owned())
    }
}

/// What keys begin with: segments without surprises for any store.
pub(super) fn key_prefix(text: &str) -> Result<String, String> {
    let trimmed = text.trim_matches('/');
    let good = |segment: &str| {
        !matches!(segment, "" | "." | "..")
            && segment
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
    };
    if trimmed.len() > 200 || (!trimmed.is_empty() && !trimmed.split('/').all(good)) {
        return Err("it has other characters, an empty segment, or more than 200".to_owned());
    }
    Ok(trimmed.to_owned())
}

/// Completes the table from the environment and the files that it names, and checks it as a whole.
pub(super) fn finish(
    config: &mut Config,
    origins: &Origins,
    environment: &Environment,
    problems: &mut Vec<Problem>,
) {
    let blobs = &mut config.blobs;
    let mut complain = |key: &str, reason: String, allowed: &str| {
        let origin = origins.get(key).or_else(|| origins.get("blobs.kind"));
        let origin = origin.cloned().unwrap_or(Origin::Default);
        problems.push(Problem::bad(key, None, origin, reason, allowed));
    };
    if !REDIRECT_LIFETIMES_MS.contains(&blobs.redirect_lifetime_ms) {
        let reason = "addresses of redirects would be good for too short or too long".to_owned();
        complain(
            "blobs.redirect_lifetime_ms",
            reason,
            "10000 to 3600000 milliseconds",
        );
    }
    if blobs.kind == BlobsKind::Disk {
        if blobs.redirect_downloads != RedirectDownloads::Never {
            let reason = "downloads cannot be redirected to a local disk".to_owned();
            complain(
                "blobs.redirect_downloads",
                reason,
                "never, unless blobs.kind is s3",
            );
        }
        return;
    }
    if blobs.bucket.is_none() {
        let reason = "it is missing, while blobs.kind is s3".to_owned();
        complain("blobs.bucket", reason, "the name of a bucket that is there");
    }
    if blobs
        .endpoint
        .as_ref()
        .is_some_and(|url| url.scheme() == "http")
        && !blobs.allow_http
    {
        let reason = "it is asked without TLS, and blobs.allow_http is not true".to_owned();
        complain(
            "blobs.endpoint",
            reason,
            "https, or set blobs.allow_http = true",
        );
    }
    if blobs.region.is_none() {
        blobs.region = ["AWS_REGION", "AWS_DEFAULT_REGION"]
            .iter()
            .find_map(|name| variable(environment, name));
    }
    match credentials(blobs, environment) {
        Ok(found) => blobs.credentials = found,
        Err((key, reason)) => {
            let allowed = "an access key with its secret, a profile, or none of them for the role of this machine";
            complain(key, reason, allowed);
        }
    }
}

type Complaint = (&'static str, String);

fn credentials(
    blobs: &BlobsConfig,
    environment: &Environment,
) -> Result<BlobsCredentials, Complaint> {
    if let Some(id) = &blobs.access_key_id {
        return Ok(BlobsCredentials::Key {
            id: id.clone(),
            secret: secret(blobs)?,
            session_token: None,
        });
    }
    if blobs.secret_access_key.is_some() || blobs.secret_access_key_file.is_some() {
        let reason = "it is missing, while a secret is given".to_owned();
        return Err(("blobs.access_key_id", reason));
    }
    let get = |name: &str| variable(environment, name);
    if let Some(profile) = &blobs.profile {
        let named = |reason| ("blobs.profile", reason);
        let found = from_profile(profile, environment).map_err(named)?;
        return found.ok_or_else(|| named("that profile has no access key".to_owned()));
    }
    if let (Some(id), Some(secret)) = (get("AWS_ACCESS_KEY_ID"), get("AWS_SECRET_ACCESS_KEY")) {
        return Ok(BlobsCredentials::Key {
            id,
            secret: Secret::new(secret),
            session_token: get("AWS_SESSION_TOKEN").map(Secret::new),
        });
    }
    if let (Some(token_file), Some(role_arn)) =
        (get("AWS_WEB_IDENTITY_TOKEN_FILE"), get("AWS_ROLE_ARN"))
    {
        return Ok(BlobsCredentials::WebIdentity {
            token_file,
            role_arn,
        });
    }
    let profile = get("AWS_PROFILE").unwrap_or_else(|| "default".to_owned());
    if let Ok(Some(found)) = from_profile(&profile, environment) {
        return Ok(found);
    }
    let container = get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    Ok(container.map_or(BlobsCredentials::Machine, |relative_uri| {
        BlobsCredentials::Container { relative_uri }
    }))
}

fn variable(environment: &Environment, name: &str) -> Option<String> {
    let text = environment.get(name)?.to_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn secret(blobs: &BlobsConfig) -> Result<Secret, Complaint> {
    const FILE: &str = "blobs.secret_access_key_file";
    match (&blobs.secret_access_key, &blobs.secret_access_key_file) {
        (Some(_), Some(_)) => Err((FILE, "the secret is given in two ways".to_owned())),
        (Some(secret), None) => Ok(secret.clone()),
        (None, Some(file)) => {
            let text = read(file).map_err(|reason| (FILE, reason))?;
            let text = non_empty(text.trim()).map_err(|reason| (FILE, reason))?;
            Ok(Secret::new(text))
        }
        (None, None) => {
            let reason = "it is missing, while blobs.access_key_id is given".to_owned();
            Err(("blobs.secret_access_key", reason))
        }
    }
}

/// Far more than a file of credentials has.
const LARGEST_FILE: u64 = 1 << 20;

fn read(file: &Path) -> Result<String, String> {
    let shown = file.display();
    let metadata =
        fs::metadata(file).map_err(|error| format!("{shown} cannot be read: {error}"))?;
    if !metadata.is_file() || metadata.len() > LARGEST_FILE {
        return Err(format!(
            "{shown} is not a file, or too large for one of secrets"
        ));
    }
    fs::read_to_string(file).map_err(|error| format!("{shown} cannot be read: {error}"))
}

fn from_profile(
    profile: &str,
    environment: &Environment,
) -> Result<Option<BlobsCredentials>, String> {
    let named = environment.get("AWS_SHARED_CREDENTIALS_FILE");
    let file = named.map(PathBuf::from).or_else(|| {
        let home = environment.get("HOME")?;
        Some(Path::new(home).join(".aws/credentials"))
    });
    let file = file.ok_or("there is neither HOME nor AWS_SHARED_CREDENTIALS_FILE")?;
    Ok(key_of_profile(&read(&file)?, profile))
}

/// The access key of a section of a credentials file.
fn key_of_profile(text: &str, profile: &str) -> Option<BlobsCredentials> {
    let (mut id, mut secret, mut session_token) = (None, None, None);
    let mut inside = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[') {
            inside = name.split(']').next().map(str::trim) == Some(profile);
            continue;
        }
        if let Some((key, value)) = line.split_once('=').filter(|_| inside) {
            let value = value.trim().to_owned();
            match key.trim() {
                "aws_access_key_id" => id = Some(value),
                "aws_secret_access_key" => secret = Some(Secret::new(value)),
                "aws_session_token" => session_token = Some(Secret::new(value)),
                _ => {}
            }
        }
    }
    Some(BlobsCredentials::Key {
        id: id?,
        secret: secret?,
        session_token,
    })
}

/// Whether the value of this key is hidden.
pub(super) fn is_secret(key: &str) -> bool {
    key == "blobs.secret_access_key"
}

/// The secret, if it stands in the file itself, for the check of the file's mode.
pub(super) fn inline_secret_key(origins: &Origins) -> Option<(&String, &Origin)> {
    origins
        .iter()
        .find(|(key, origin)| is_secret(key) && matches!(origin, Origin::File { .. }))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::config::{Flags, load};

    fn loaded(
        settings: &[(&str, &str)],
        environment: &[(&str, &str)],
    ) -> Result<BlobsConfig, String> {
        let flags = Flags {
            settings: settings
                .iter()
                .map(|(key, value)| ("--set".to_owned(), (*key).to_owned(), (*value).to_owned()))
                .collect(),
            ..Flags::default()
        };
        let environment: Environment = environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), OsString::from(value)))
            .collect();
        load(&environment, &flags, &[], &[])
            .map(|effective| effective.config.blobs)
            .map_err(|error| error.to_string())
    }

    fn key(id: &str, secret: &str) -> BlobsCredentials {
        BlobsCredentials::Key {
            id: id.to_owned(),
            secret: Secret::new(secret.to_owned()),
            session_token: None,
        }
    }

    const S3: (&str, &str) = ("blobs.kind", "s3");
    const BUCKET: (&str, &str) = ("blobs.bucket", "packages");

    #[test]
    fn credentials_are_found_where_the_aws_tools_look_and_in_their_order() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("credentials");
        let secret_file = folder.path().join("secret");
        fs::write(&secret_file, "from-file\n").unwrap();
        fs::write(
            &file,
            "# mine\n[default]\naws_access_key_id = d\naws_secret_access_key = ds\n\n[other]\n\
             aws_access_key_id=o\naws_secret_access_key=os=\n[none]\nregion = x\n",
        )
        .unwrap();
        let shared = ("AWS_SHARED_CREDENTIALS_FILE", file.to_str().unwrap());
        let (id, secret) = (("AWS_ACCESS_KEY_ID", "e"), ("AWS_SECRET_ACCESS_KEY", "es"));
        let found = |extra: &[(&str, &str)], environment: &[(&str, &str)]| {
            let settings = [&[S3, BUCKET], extra].concat();
            loaded(&settings, environment).unwrap().credentials
        };
        let given_id = ("blobs.access_key_id", "g");
        let given = [given_id, ("blobs.secret_access_key", "gs")];
        assert_eq!(found(&given, &[shared, id, secret]), key("g", "gs"));
        let by_file = [
            given_id,
            (
                "blobs.secret_access_key_file",
                secret_file.to_str().unwrap(),
            ),
        ];
        assert_eq!(found(&by_file, &[]), key("g", "from-file"));
        let other = [("blobs.profile", "other")];
        assert_eq!(found(&other, &[shared, id, secret]), key("o", "os="));
        assert_eq!(found(&[], &[shared, id, secret]), key("e", "es"));
        assert_eq!(found(&[], &[shared]), key("d", "ds"));
        assert_eq!(
            found(&[], &[shared, ("AWS_PROFILE", "other")]),
            key("o", "os=")
        );
        assert_eq!(found(&[], &[]), BlobsCredentials::Machine);
        let web = [
            ("AWS_WEB_IDENTITY_TOKEN_FILE", "/token"),
            ("AWS_ROLE_ARN", "arn"),
        ];
        assert!(matches!(
            found(&[], &web),
            BlobsCredentials::WebIdentity { .. }
        ));
    }

    #[test]
    fn what_is_missing_or_does_not_fit_is_named_with_its_key() {
        for (settings, words) in [
            (&[S3][..], "blobs.bucket"),
            (&[S3, ("blobs.bucket", "a/b")], "blobs.bucket"),
            (&[S3, BUCKET, ("blobs.prefix", "a//b")], "blobs.prefix"),
            (&[S3, BUCKET, ("blobs.prefix", "../b")], "blobs.prefix"),
            (
                &[S3, BUCKET, ("blobs.endpoint", "http://s3.example:9000")],
                "blobs.allow_http",
            ),
            (
                &[S3, BUCKET, ("blobs.access_key_id", "k")],
                "blobs.secret_access_key",
            ),
            (
                &[S3, BUCKET, ("blobs.secret_access_key", "hush")],
                "blobs.access_key_id",
            ),
            (&[S3, BUCKET, ("blobs.profile", "p")], "blobs.profile"),
            (&[("blobs.kind", "tape")], "blobs.kind"),
            (
                &[("blobs.redirect_downloads", "by-repository")],
                "unless blobs.kind is s3",
            ),
            (
                &[S3, BUCKET, ("blobs.redirect_lifetime_ms", "3600001")],
                "10000 to 3600000",
            ),
        ] {
            let error = loaded(settings, &[]).expect_err("it does not fit");
            assert!(error.contains(words), "{settings:?}: {error}");
            assert!(!error.contains("hush"), "{error}");
        }
        let disk = loaded(&[], &[("AWS_ACCESS_KEY_ID", "e")]).unwrap();
        assert_eq!(disk.kind, BlobsKind::Disk);
    }

    #[test]
    fn downloads_are_redirected_only_where_that_is_allowed_and_for_five_minutes() {
        fn lifetime(settings: &[(&str, &str)]) -> Option<Duration> {
            loaded(settings, &[]).unwrap().redirect_lifetime()
        }
        let by_repository = ("blobs.redirect_downloads", "by-repository");
        assert_eq!(lifetime(&[S3, BUCKET]), None);
        assert_eq!(
            lifetime(&[S3, BUCKET, by_repository]),
            Some(Duration::from_secs(300))
        );
        let short = ("blobs.redirect_lifetime_ms", "10000");
        assert_eq!(
            lifetime(&[S3, BUCKET, by_repository, short]),
            Some(Duration::from_secs(10))
        );
    }

    #[test]
    fn a_store_with_an_address_is_asked_by_path_and_aws_by_host() {
        let own = [S3, BUCKET, ("blobs.endpoint", "https://s3.example:9000")];
        assert!(loaded(&own, &[]).unwrap().uses_path_style());
        let aws = loaded(&[S3, BUCKET], &[("AWS_REGION", "eu-central-1")]).unwrap();
        assert!(!aws.uses_path_style());
        assert_eq!(aws.region.as_deref(), Some("eu-central-1"));
    }
}
