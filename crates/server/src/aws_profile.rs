//! The AWS profile in the data folder, and what a user is told after start.
//!
//! An unchanged AWS client finds the server through two files in the client's own format. See "Configuration and
//! credential file settings" and "Service-specific endpoints" in the AWS SDKs and Tools Reference Guide.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::config::Secret;
use crate::start_error::StartError;

/// The name of the profile.
pub const PROFILE: &str = "reliquary";

/// The services that this server answers, by the names that AWS clients give them in a `services` section.
const SERVICES: [&str; 2] = ["codeartifact", "sts"];

/// An access key with its secret.
#[derive(Debug, Clone)]
pub struct AccessKey {
    /// The public part.
    pub id: String,
    /// The secret part.
    pub secret: Secret,
}

/// The two files of the profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileFiles {
    /// Region and endpoints.
    pub config: PathBuf,
    /// The access key.
    pub credentials: PathBuf,
}

impl ProfileFiles {
    /// Where they lie in a data folder.
    #[must_use]
    pub fn in_data(data: &Path) -> Self {
        let folder = data.join("aws");
        Self {
            config: folder.join("config"),
            credentials: folder.join("credentials"),
        }
    }

    /// Writes region and endpoints. Done at every start, since the address may have changed.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_config(&self, region: &str, endpoint_url: &str) -> Result<(), StartError> {
        let mut text = format!(
            "# Written by reliquary at every start.\n\
             [profile {PROFILE}]\nregion = {region}\noutput = json\nservices = {PROFILE}\n\n[services {PROFILE}]\n"
        );
        for service in SERVICES {
            text.push_str(&format!("{service} =\n  endpoint_url = {endpoint_url}\n"));
        }
        write_private(&self.config, &text)
    }

    /// Notes that the key is about to be made and has to be written. A start that finds the note finishes what an earlier
    /// one, which died between the two, has begun.
    ///
    /// # Errors
    /// The note cannot be written.
    pub fn owe_credentials(&self) -> Result<(), StartError> {
        write_private(&self.owed(), "")
    }

    /// Whether a key was made that may never have been written.
    #[must_use]
    pub fn owes_credentials(&self) -> bool {
        self.owed().exists()
    }

    /// Takes the note away.
    ///
    /// # Errors
    /// The note cannot be removed.
    pub fn settle_credentials(&self) -> Result<(), StartError> {
        match fs::remove_file(self.owed()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                let owed = self.owed();
                let message = format!("{} cannot be removed", owed.display());
                Err(StartError::because(message, error))
            }
            _ => Ok(()),
        }
    }

    fn owed(&self) -> PathBuf {
        self.credentials.with_extension("owed")
    }

    /// Writes the access key. Done when the key is made: its secret is never shown again.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_credentials(&self, key: &AccessKey) -> Result<(), StartError> {
        let AccessKey { id, secret } = key;
        let secret = secret.expose();
        let text =
            format!("[{PROFILE}]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n");
        write_private(&self.credentials, &text)?;
        self.settle_credentials()
    }

    /// What to say after start: where the server listens, and the lines a user needs next.
    #[must_use]
    pub fn welcome(&self, public_url: &str, metrics_url: Option<&str>, data: &Path) -> String {
        let metrics = metrics_url
            .map(|url| format!(", metrics at {url}"))
            .unwrap_or_default();
        let (config, credentials) = (quoted(&self.config), quoted(&self.credentials));
        format!(
            "Reliquary listens at {public_url}{metrics}; data in {data}\n\nNext:\n  \
             export AWS_PROFILE={PROFILE} AWS_CONFIG_FILE={config} AWS_SHARED_CREDENTIALS_FILE={credentials}\n  \
             aws codeartifact create-domain --domain example\n  \
             aws codeartifact create-repository --domain example --repository main\n",
            data = data.display(),
        )
    }
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = std::path::absolute(path)
        .unwrap_or_else(|_| path.to_owned())
        .display()
        .to_string();
    let is_plain = |c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '+' | ':' | '@' | ',')
    };
    if text.chars().all(is_plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// Writes a file that only its owner may read, whole or not at all, and there after a loss of power when this returns.
fn write_private(path: &Path, text: &str) -> Result<(), StartError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let fresh = path.with_extension("new");
    let write = || {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        // A leftover may have other rights than those asked for here.
        match fs::remove_file(&fresh) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&fresh, path)?;
        // The file's name, and the folder's own in the folder above it.
        for folder in [Some(folder), folder.parent()].into_iter().flatten() {
            if !folder.as_os_str().is_empty() {
                fs::File::open(folder)?.sync_all()?;
            }
        }
        Ok(())
    };
    write().map_err(|error| {
        StartError::because(format!("{} cannot be written", path.display()), error)
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use tempfile::TempDir;

    use super::*;

    #[test]
    fn the_profile_points_every_service_at_the_server() {
        let folder = TempDir::new().unwrap();
        let files = ProfileFiles::in_data(folder.path());
        files
            .write_config("eu-west-1", "http://127.0.0.1:1")
            .unwrap();
        files
            .write_config("eu-west-1", "http://127.0.0.1:8740")
            .unwrap();
        let key = AccessKey {
            id: "AKIAEXAMPLE".to_owned(),
            secret: Secret::new("se/cret".to_owned()),
        };
        files.write_credentials(&key).unwrap();
        assert_eq!(
            fs::read_to_string(folder.path().join("aws/config")).unwrap(),
            "# Written by reliquary at every start.\n[profile reliquary]\nregion = eu-west-1\noutput = json\n\
             services = reliquary\n\n[services reliquary]\ncodeartifact =\n  endpoint_url = http://127.0.0.1:8740\n\
             sts =\n  endpoint_url = http://127.0.0.1:8740\n"
        );
        assert_eq!(
            fs::read_to_string(folder.path().join("aws/credentials")).unwrap(),
            "[reliquary]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = se/cret\n"
        );
    }

    #[test]
    fn i01_a_key_is_owed_until_it_is_written() {
        let folder = TempDir::new().unwrap();
        let files = ProfileFiles::in_data(folder.path());
        assert!(!files.owes_credentials());
        files.owe_credentials().unwrap();
        assert!(ProfileFiles::in_data(folder.path()).owes_credentials());
        let secret = Secret::new("s".to_owned());
        let id = "A".to_owned();
        files.write_credentials(&AccessKey { id, secret }).unwrap();
        assert!(!files.owes_credentials());
        files.settle_credentials().unwrap();
    }

    #[test]
    fn a12_only_the_owner_may_read_the_keys() {
        let folder = TempDir::new().unwrap();
        let files = ProfileFiles::in_data(folder.path());
        let left_over = folder.path().join("aws/credentials.new");
        fs::create_dir(folder.path().join("aws")).unwrap();
        fs::write(&left_over, "x").unwrap();
        fs::set_permissions(&left_over, fs::Permissions::from_mode(0o666)).unwrap();
        files
            .write_credentials(&AccessKey {
                id: "A".to_owned(),
                secret: Secret::new("s".to_owned()),
            })
            .unwrap();
        assert_eq!(
            fs::metadata(&files.credentials)
                .unwrap()
                .permissions()
                .mode()
                & 0o777,
            0o600
        );
        assert!(!left_over.exists());
    }

    #[test]
    fn the_welcome_can_be_pasted_into_a_shell_and_shows_no_secret() {
        let folder = TempDir::with_prefix("it's a folder").unwrap();
        let files = ProfileFiles::in_data(folder.path());
        files
            .write_credentials(&AccessKey {
                id: "A".to_owned(),
                secret: Secret::new("planted".to_owned()),
            })
            .unwrap();
        let text = files.welcome(
            "http://127.0.0.1:8740",
            Some("http://127.0.0.1:8741/metrics"),
            folder.path(),
        );
        assert!(text.contains("http://127.0.0.1:8740") && !text.contains("planted"));
        let export = text.lines().find(|line| line.contains("export")).unwrap();
        let script = format!("{export}; cat \"$AWS_SHARED_CREDENTIALS_FILE\"");
        let output = std::process::Command::new("sh")
            .args(["-c", &script])
            .output()
            .unwrap();
        assert!(
            String::from_utf8_lossy(&output.stdout).contains("planted"),
            "{script}"
        );
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_named() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let error = ProfileFiles::in_data(&file)
            .write_config("r", "u")
            .unwrap_err()
            .to_string();
        assert!(error.contains("aws/config cannot be written"), "{error}");
    }
}
