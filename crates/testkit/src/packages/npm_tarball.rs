//! Tarballs as npm packs them.

use bytes::Bytes;
use serde_json::json;

use super::archive::tar_gz;

/// A package's tarball: `package/package.json` with this name and version, and the given files below `package/`.
///
/// A file named `package.json` takes the place of the made one. The same arguments give the same bytes.
#[must_use]
pub fn tgz(name: &str, version: &str, files: &[(&str, &[u8])]) -> Bytes {
    let manifest = json!({ "name": name, "version": version, "main": "index.js" }).to_string();
    let mut entries = Vec::new();
    if !files.iter().any(|(path, _)| *path == "package.json") {
        entries.push(("package/package.json".to_owned(), manifest.as_bytes()));
    }
    entries.extend(
        files
            .iter()
            .map(|(path, content)| (format!("package/{path}"), *content)),
    );
    tar_gz(&entries)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    fn entries(tarball: &[u8]) -> Vec<(String, String)> {
        let mut archive = tar::Archive::new(GzDecoder::new(tarball));
        let read = |entry: std::io::Result<tar::Entry<'_, _>>| {
            let mut entry: tar::Entry<'_, GzDecoder<&[u8]>> = entry.unwrap();
            let mut content = String::new();
            entry.read_to_string(&mut content).unwrap();
            (entry.path().unwrap().display().to_string(), content)
        };
        archive.entries().unwrap().map(read).collect()
    }

    #[test]
    fn a_tarball_holds_a_manifest_and_the_files() {
        let tarball = tgz("left-pad", "1.0.0", &[("index.js", b"module.exports = 1;")]);
        let entries = entries(&tarball);
        assert_eq!(entries[0].0, "package/package.json");
        let manifest: serde_json::Value = serde_json::from_str(&entries[0].1).unwrap();
        assert_eq!(
            (&manifest["name"], &manifest["version"]),
            (&json!("left-pad"), &json!("1.0.0"))
        );
        assert_eq!(
            entries[1],
            (
                "package/index.js".to_owned(),
                "module.exports = 1;".to_owned()
            )
        );
    }

    #[test]
    fn the_same_arguments_give_the_same_bytes_and_a_manifest_can_be_replaced() {
        let files: &[(&str, &[u8])] = &[("package.json", b"{}")];
        assert_eq!(tgz("a", "1.0.0", files), tgz("b", "2.0.0", files));
        assert_eq!(entries(&tgz("a", "1.0.0", files)).len(), 1);
    }
}
