//! The fields of an upload, and what they must be ("Upload API" of the public index; the fields are those of the core
//! metadata, in lower case and with underscores).
//!
//! What a form says of a distribution beside name, version and digests is not used: the distribution says it itself.
//! Fields that nobody knows are passed over, as the public index does.

use model::{
    Error, InvalidReason, Md5Digest, PackageCoordinates, Result, Sha256Digest, VersionName,
};

use super::core_metadata;
use super::file_name::{Form, published_version};
use super::name::find_project;
use super::provenance::ATTESTATION_BYTES;
use super::version::{self, Version};

/// The fields that are kept, each allowed once, with the most bytes that they can have.
const FIELDS: [(&str, usize); 10] = [
    (":action", 64),
    ("protocol_version", 64),
    ("metadata_version", 64),
    ("name", 256),
    ("version", 256),
    ("filetype", 64),
    ("md5_digest", 128),
    ("sha256_digest", 128),
    ("blake2_256_digest", 128),
    ("attestations", ATTESTATION_BYTES),
];

/// A BLAKE2b digest of 256 bits.
pub(super) type Blake2Digest = [u8; 32];

/// The fields of a form.
#[derive(Debug, Default)]
pub(super) struct Fields([Option<String>; FIELDS.len()]);

/// What a form says, checked as far as that goes without the file's bytes.
#[derive(Debug)]
pub(super) struct UploadForm {
    pub(super) project: PackageCoordinates,
    pub(super) version: VersionName,
    pub(super) md5: Option<Md5Digest>,
    pub(super) sha256: Option<Sha256Digest>,
    pub(super) blake2: Option<Blake2Digest>,
    pub(super) attestations: Option<String>,
}

fn refuse(message: impl Into<String>) -> Error {
    Error::invalid(InvalidReason::FieldValidation, message)
}

impl Fields {
    /// How many bytes a field can have; `None` when it is not kept.
    pub(super) fn limit_bytes(name: &str) -> Option<usize> {
        FIELDS
            .iter()
            .find_map(|(known, limit)| (*known == name).then_some(*limit))
    }

    /// Keeps a field.
    pub(super) fn put(&mut self, name: &str, value: &[u8]) -> Result<()> {
        let Some(place) = FIELDS.iter().position(|(known, _)| *known == name) else {
            return Ok(());
        };
        let value = std::str::from_utf8(value)
            .map_err(|_| refuse(format!("The field '{name}' is not in UTF-8.")))?;
        let slot = &mut self.0[place];
        if slot.is_some() {
            return Err(refuse(format!("The field '{name}' comes more than once.")));
        }
        *slot = Some(value.to_owned());
        Ok(())
    }

    /// A field that says something.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let place = FIELDS.iter().position(|(known, _)| *known == name)?;
        let value = self.0[place].as_deref()?.trim();
        (!value.is_empty()).then_some(value)
    }

    /// The project that the form names, where it does.
    pub(super) fn project(&self) -> Result<Option<PackageCoordinates>> {
        let Some(name) = self.get("name") else {
            return Ok(None);
        };
        let project = find_project(name);
        let refused = || refuse(format!("'{name}' is not the name of a Python project."));
        project.ok_or_else(refused).map(Some)
    }

    /// Checks the form for a file of this name.
    pub(super) fn check(&self, file: &str) -> Result<UploadForm> {
        self.check_protocol()?;
        let needed = |field: &str| {
            let missing = || refuse(format!("The field '{field}' is missing."));
            self.get(field).ok_or_else(missing)
        };
        let name = needed("name")?;
        let project = self
            .project()?
            .ok_or_else(|| refuse("The field 'name' is missing."))?;
        let said = needed("version")?;
        let version = VersionName::parse(said)
            .ok()
            .filter(|_| Version::parse(said).is_some())
            .ok_or_else(|| {
                refuse(format!(
                    "'{said}' is not a version by the rules of PEP 440, which new releases must follow."
                ))
            })?;
        self.check_file(file, &project, said, name)?;
        let form = UploadForm {
            project,
            version,
            md5: self.digest("md5_digest", Md5Digest::from_hex)?,
            sha256: self.digest("sha256_digest", Sha256Digest::from_hex)?,
            blake2: self.digest("blake2_256_digest", read_blake2)?,
            attestations: self.get("attestations").map(str::to_owned),
        };
        if form.md5.is_none() && form.sha256.is_none() && form.blake2.is_none() {
            return Err(refuse(
                "The form has no digest of the file. Send sha256_digest; blake2_256_digest and md5_digest are checked, too.",
            ));
        }
        Ok(form)
    }

    fn check_protocol(&self) -> Result<()> {
        match self.get(":action") {
            Some("file_upload") => {}
            Some(other) => {
                return Err(refuse(format!(
                    "The action '{other}' is not served; files are uploaded with 'file_upload'."
                )));
            }
            None => return Err(refuse("The field ':action' is missing.")),
        }
        if let Some(other) = self.get("protocol_version").filter(|said| *said != "1") {
            return Err(refuse(format!(
                "The protocol version '{other}' is not known; known is 1."
            )));
        }
        match self.get("metadata_version") {
            Some(said) if !core_metadata::is_known(said) => Err(refuse(format!(
                "The metadata version '{said}' is not known."
            ))),
            _ => Ok(()),
        }
    }

    /// Whether the file's name is one of this version, and of the form that the fields say.
    fn check_file(
        &self,
        file: &str,
        project: &PackageCoordinates,
        version: &str,
        name: &str,
    ) -> Result<()> {
        let form = Form::of(file).map(|(form, _)| form);
        let Some(form) = form.filter(|form| !form.is_passed_on()) else {
            return Err(refuse(format!(
                "'{file}' cannot be published: only wheels (.whl) and source distributions (.tar.gz, .zip) can."
            )));
        };
        if let Some(said) = self
            .get("filetype")
            .filter(|said| *said != form.package_type())
        {
            return Err(refuse(format!(
                "The file type '{said}' does not go with the file name '{file}'."
            )));
        }
        let found = published_version(project.name.as_str(), file);
        if found.is_some_and(|found| version::same(&found, version)) {
            Ok(())
        } else {
            Err(refuse(format!(
                "The file name '{file}' is not that of a file of {name} {version}."
            )))
        }
    }

    fn digest<T>(&self, field: &str, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>> {
        let Some(said) = self.get(field) else {
            return Ok(None);
        };
        let refused = || {
            refuse(format!(
                "The field '{field}' is not a digest in hexadecimal."
            ))
        };
        read(said).ok_or_else(refused).map(Some)
    }
}

fn read_blake2(text: &str) -> Option<Blake2Digest> {
    let mut digest = [0; 32];
    hex::decode_to_slice(text, &mut digest).ok()?;
    Some(digest)
}

/// The name of an uploaded file: one plain segment.
pub(super) fn check_file_name(file: &str) -> Result<()> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"._-+!".contains(&b);
    if !file.is_empty() && file.len() <= 255 && file.bytes().all(is_plain) && !file.starts_with('.')
    {
        Ok(())
    } else {
        Err(refuse(
            "The name of the file can only have letters, digits and '.', '_', '-', '+', '!', and at most 255 of them.",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "foo_bar-1.0-py3-none-any.whl";

    fn fields(changes: &[(&str, &str)]) -> Fields {
        let sha256 = "0".repeat(64);
        let mut all = vec![
            (":action", "file_upload"),
            ("protocol_version", "1"),
            ("metadata_version", "2.1"),
            ("name", "Foo.Bar"),
            ("version", "1.0.0"),
            ("filetype", "bdist_wheel"),
            ("sha256_digest", &sha256),
        ];
        all.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        let mut fields = Fields::default();
        for (name, value) in all.iter().chain(changes) {
            fields.put(name, value.as_bytes()).unwrap();
        }
        fields
    }

    #[test]
    fn a_form_is_read() {
        let form = fields(&[("requires_dist", "x"), ("md5_digest", &"AB".repeat(16))])
            .check(FILE)
            .unwrap();
        assert_eq!(form.project.name.as_str(), "foo-bar");
        assert_eq!(form.version.as_str(), "1.0.0");
        assert_eq!(form.md5.unwrap().to_hex(), "ab".repeat(16));
        assert!(form.blake2.is_none() && form.attestations.is_none());
        for empty in [
            "protocol_version",
            "metadata_version",
            "filetype",
            "blake2_256_digest",
        ] {
            assert!(fields(&[(empty, "")]).check(FILE).is_ok(), "{empty}");
        }
    }

    #[test]
    fn f_py_4_u05_u06_forms_that_are_wrong_are_refused() {
        for (field, value) in [
            (":action", ""),
            (":action", "submit"),
            (":action", "doc_upload"),
            ("protocol_version", "2"),
            ("metadata_version", "9.0"),
            ("name", ""),
            ("name", "other"),
            ("name", "../foo"),
            ("version", ""),
            ("version", "1.1"),
            ("version", "not a version"),
            ("version", "1.0/x"),
            ("filetype", "sdist"),
            ("filetype", "bdist_egg"),
            ("sha256_digest", ""),
            ("sha256_digest", "xyz"),
            ("sha256_digest", "00"),
            ("md5_digest", "00"),
            ("blake2_256_digest", &"0".repeat(128)),
        ] {
            assert!(
                fields(&[(field, value)]).check(FILE).is_err(),
                "{field}={value}"
            );
        }
        for file in [
            "foo_bar-1.0.egg",
            "foo_bar-1.0.exe",
            "foo-1.0.zip",
            "foo_bar-1.1.tar.gz",
            "x",
        ] {
            assert!(fields(&[("filetype", "")]).check(file).is_err(), "{file}");
        }
        assert!(
            fields(&[("filetype", "sdist")])
                .check("foo-bar-1.0.tar.gz")
                .is_ok()
        );
        let mut twice = fields(&[]);
        assert!(twice.put("name", b"foo-bar").is_err());
        assert!(Fields::default().put("name", b"\xff").is_err());
    }

    #[test]
    fn u10_u15_file_names_are_one_plain_segment() {
        for good in [FILE, "a-1!2.0+x.tar.gz"] {
            assert!(check_file_name(good).is_ok(), "{good}");
        }
        let long = "a".repeat(256);
        for bad in [
            "",
            "../a.whl",
            "a/b.whl",
            "a\\b.whl",
            ".a.whl",
            "a b.whl",
            "a\r\nb.whl",
            "é.whl",
            "a\"b",
            &long,
        ] {
            assert!(check_file_name(bad).is_err(), "{bad}");
        }
    }
}
