//! Gems as `gem build` makes them: a tar with the specification, the packed files and their checksums.
//!
//! See `Gem::Package` and the "Specification Reference" in the guides of RubyGems.

use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

use super::archive::tar_gz;

/// A gem to build.
#[derive(Debug, Clone)]
pub struct GemBuild {
    name: String,
    version: String,
    platform: String,
    dependencies: Vec<(String, String, bool)>,
    required_ruby: String,
    more: String,
    files: Vec<(String, Vec<u8>)>,
    metadata: Option<String>,
    checksums: Option<String>,
}

/// A built gem.
#[derive(Debug, Clone)]
pub struct GemFile {
    /// The gem's name.
    pub name: String,
    /// The version.
    pub version: String,
    /// The version, and the platform if it is for one.
    pub rest: String,
    /// The file's name.
    pub file_name: String,
    /// What it needs to run, as the compact index writes it.
    pub needs: String,
    /// What it requires of Ruby, in the same way; may be empty.
    pub required_ruby: String,
    /// The file.
    pub bytes: Bytes,
}

impl GemBuild {
    /// A gem that needs nothing, with one small file.
    #[must_use]
    pub fn new(name: &str, version: &str) -> Self {
        let code = format!("# {name}\n").into_bytes();
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            platform: "ruby".to_owned(),
            dependencies: Vec::new(),
            required_ruby: String::new(),
            more: String::new(),
            files: vec![(format!("lib/{name}.rb"), code)],
            metadata: None,
            checksums: None,
        }
    }

    /// Says what it is for, e.g. `java`.
    #[must_use]
    pub fn platform(mut self, platform: &str) -> Self {
        platform.clone_into(&mut self.platform);
        self
    }

    /// Says what it needs to run, with one bound such as `>= 1.0`.
    #[must_use]
    pub fn needs(mut self, gem: &str, bound: &str) -> Self {
        self.dependencies
            .push((gem.to_owned(), bound.to_owned(), false));
        self
    }

    /// Says what working on it needs.
    #[must_use]
    pub fn needs_for_development(mut self, gem: &str, bound: &str) -> Self {
        self.dependencies
            .push((gem.to_owned(), bound.to_owned(), true));
        self
    }

    /// Says which Rubies it is for, with one bound.
    #[must_use]
    pub fn required_ruby(mut self, bound: &str) -> Self {
        bound.clone_into(&mut self.required_ruby);
        self
    }

    /// Adds a line to its specification.
    #[must_use]
    pub fn line(mut self, line: &str) -> Self {
        self.more.push_str(line);
        self.more.push('\n');
        self
    }

    /// Adds a file.
    #[must_use]
    pub fn file(mut self, path: &str, content: &[u8]) -> Self {
        self.files.push((path.to_owned(), content.to_vec()));
        self
    }

    /// Holds this for its specification.
    #[must_use]
    pub fn metadata(mut self, yaml: &str) -> Self {
        self.metadata = Some(yaml.to_owned());
        self
    }

    /// Holds this for its checksums.
    #[must_use]
    pub fn checksums(mut self, yaml: &str) -> Self {
        self.checksums = Some(yaml.to_owned());
        self
    }

    /// The specification.
    #[must_use]
    pub fn yaml(&self) -> String {
        if let Some(yaml) = &self.metadata {
            return yaml.clone();
        }
        let requirement = |key: &str, bound: &str, indent: &str| {
            let bound = if bound.is_empty() { ">= 0" } else { bound };
            let (operator, version) = bound.split_once(' ').expect("tests write `>= 1`");
            format!(
                "{indent}{key}: !ruby/object:Gem::Requirement\n{indent}  requirements:\n{indent}  - - \"{operator}\"\n\
                 {indent}    - !ruby/object:Gem::Version\n{indent}      version: '{version}'\n"
            )
        };
        let mut yaml = format!(
            "--- !ruby/object:Gem::Specification\nname: {}\nversion: !ruby/object:Gem::Version\n  version: {}\n\
             platform: {}\nauthors:\n- Ann\ndate: 2020-02-02 00:00:00.000000000 Z\n",
            self.name, self.version, self.platform
        );
        yaml.push_str(if self.dependencies.is_empty() {
            "dependencies: []\n"
        } else {
            "dependencies:\n"
        });
        for (gem, bound, is_development) in &self.dependencies {
            let kind = if *is_development {
                "development"
            } else {
                "runtime"
            };
            yaml.push_str(&format!(
                "- !ruby/object:Gem::Dependency\n  name: {gem}\n{}  type: :{kind}\n  prerelease: false\n",
                requirement("requirement", bound, "  ")
            ));
        }
        yaml.push_str(&requirement(
            "required_ruby_version",
            &self.required_ruby,
            "",
        ));
        yaml.push_str(&requirement("required_rubygems_version", "", ""));
        yaml.push_str(&format!(
            "rubygems_version: 3.3.15\nspecification_version: 4\nsummary: The gem {}\nlicenses:\n- MIT\n{}",
            self.name, self.more
        ));
        yaml
    }

    /// Builds it.
    #[must_use]
    pub fn build(&self) -> GemFile {
        let metadata = gz(self.yaml().as_bytes());
        let files: Vec<(&str, &[u8])> = self
            .files
            .iter()
            .map(|(path, content)| (path.as_str(), content.as_slice()))
            .collect();
        let data = tar_gz(&files);
        let digest = |bytes: &[u8]| hex::encode(Sha256::digest(bytes));
        let checksums = self.checksums.clone().unwrap_or_else(|| {
            format!(
                "---\nSHA256:\n  metadata.gz: {}\n  data.tar.gz: {}\n",
                digest(&metadata),
                digest(&data)
            )
        });
        let checksums = gz(checksums.as_bytes());
        self.with_members(&[
            ("metadata.gz", &metadata),
            ("data.tar.gz", &data),
            ("checksums.yaml.gz", &checksums),
        ])
    }

    /// Builds it with other members than it should have.
    #[must_use]
    pub fn with_members(&self, members: &[(&str, &[u8])]) -> GemFile {
        let rest = if self.platform == "ruby" {
            self.version.clone()
        } else {
            format!("{}-{}", self.version, self.platform)
        };
        let needs = self.dependencies.iter().filter(|(.., dev)| !dev);
        let needs: Vec<String> = needs
            .map(|(gem, bound, _)| format!("{gem}:{bound}"))
            .collect();
        GemFile {
            file_name: format!("{}-{rest}.gem", self.name),
            name: self.name.clone(),
            version: self.version.clone(),
            rest,
            needs: needs.join(","),
            required_ruby: self.required_ruby.clone(),
            bytes: tar(members),
        }
    }
}

impl GemFile {
    /// Its line in the compact index.
    #[must_use]
    pub fn info_line(&self) -> String {
        let sha256 = hex::encode(Sha256::digest(&self.bytes));
        let ruby = if self.required_ruby.is_empty() {
            String::new()
        } else {
            format!(",ruby:{}", self.required_ruby)
        };
        format!("{} {}|checksum:{sha256}{ruby}", self.rest, self.needs)
    }
}

/// Bytes packed by gzip, without a time.
#[must_use]
pub fn gz(bytes: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let packed = encoder.write_all(bytes).and_then(|()| encoder.finish());
    packed.expect("memory takes every write").into()
}

fn tar(members: &[(&str, &[u8])]) -> Bytes {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, content) in members {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o444);
        let name = header.as_mut_bytes();
        name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_cksum();
        archive
            .append(&header, *content)
            .expect("memory takes every write");
    }
    archive
        .into_inner()
        .expect("memory takes every write")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_arguments_give_the_same_gem_and_others_another() {
        let build = || GemBuild::new("a", "1.0").needs("b", ">= 1").build();
        assert_eq!(build().bytes, build().bytes);
        assert_eq!(build().file_name, "a-1.0.gem");
        assert!(build().info_line().starts_with("1.0 b:>= 1|checksum:"));
        let java = GemBuild::new("a", "1.0").platform("java").build();
        assert_eq!(java.file_name, "a-1.0-java.gem");
        assert_ne!(java.bytes, build().bytes);
    }
}
