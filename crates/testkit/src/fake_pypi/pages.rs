//! A project's page: as HTML and as JSON.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::FakePypi;
use super::project::{FakeFile, FakeProject};
use crate::packages::{escaped, normal_name};

fn url(project: &FakeProject, file: &FakeFile, source_url: &str) -> String {
    match &project.files_base {
        Some(base) => format!("{base}{}", file.file_name),
        None => {
            let path = FakePypi::file_path(&file.file_name);
            format!("{source_url}{}", path.trim_start_matches('/'))
        }
    }
}

pub(super) fn json(project: &FakeProject, source_url: &str) -> Value {
    let mut versions: Vec<&str> = Vec::new();
    for file in &project.files {
        if !versions.contains(&file.version.as_str()) {
            versions.push(&file.version);
        }
    }
    let files: Vec<Value> = project
        .files
        .iter()
        .map(|file| json_file(file, &url(project, file, source_url)))
        .collect();
    let mut page = json!({
        "meta": { "api-version": "1.4", "_last-serial": 1 },
        "name": normal_name(&project.name),
        "versions": versions,
        "files": files,
        "alternate-locations": project.alternate_locations,
    });
    if !project.tracks.is_empty() {
        page["meta"]["tracks"] = json!(project.tracks);
    }
    if let Some((status, reason)) = &project.status {
        page["project-status"] = json!({ "status": status });
        if let Some(reason) = reason {
            page["project-status"]["reason"] = json!(reason);
        }
    }
    page
}

fn json_file(file: &FakeFile, url: &str) -> Value {
    let hashes: Map<String, Value> = file
        .hashes
        .iter()
        .map(|(algorithm, hex)| (algorithm.clone(), json!(hex)))
        .collect();
    let core_metadata =
        core_metadata_digest(file).map_or(json!(false), |digest| json!({ "sha256": digest }));
    let mut entry = json!({
        "filename": file.file_name,
        "url": url,
        "hashes": hashes,
        "requires-python": file.requires_python,
        "yanked": match file.yanked.as_deref() {
            None => json!(false),
            Some("") => json!(true),
            Some(reason) => json!(reason),
        },
        "core-metadata": core_metadata,
        "data-dist-info-metadata": core_metadata,
        "provenance": file.provenance,
    });
    if file.says_size {
        entry["size"] = json!(file.bytes.len());
    }
    if let Some(time) = &file.uploaded_at {
        entry["upload-time"] = json!(time);
    }
    entry
}

fn core_metadata_digest(file: &FakeFile) -> Option<String> {
    let metadata = file.core_metadata.as_ref()?;
    Some(hex::encode(Sha256::digest(metadata)))
}

pub(super) fn html(project: &FakeProject, source_url: &str) -> String {
    let mut head = String::new();
    let mut meta = |name: &str, content: &str| {
        let content = escaped(content);
        head.push_str(&format!(
            "    <meta name=\"pypi:{name}\" content=\"{content}\">\n"
        ));
    };
    meta("repository-version", "1.4");
    if let Some((status, reason)) = &project.status {
        meta("project-status", status);
        if let Some(reason) = reason {
            meta("project-status-reason", reason);
        }
    }
    for url in &project.tracks {
        meta("tracks", url);
    }
    for url in &project.alternate_locations {
        meta("alternate-locations", url);
    }
    let title = format!("Links for {}", escaped(&normal_name(&project.name)));
    let links: String = project
        .files
        .iter()
        .map(|file| link(file, &url(project, file, source_url)))
        .collect();
    format!(
        "<!DOCTYPE html>\n<html>\n  <head>\n{head}    <title>{title}</title>\n  </head>\n  <body>\n    \
         <h1>{title}</h1>\n{links}  </body>\n</html>\n"
    )
}

fn link(file: &FakeFile, url: &str) -> String {
    let fragment = file
        .hashes
        .first()
        .map_or_else(String::new, |(algorithm, hex)| {
            format!("#{algorithm}={hex}")
        });
    let mut attributes = format!("href=\"{}\"", escaped(&format!("{url}{fragment}")));
    let mut attribute = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            attributes.push_str(&format!(" {name}=\"{}\"", escaped(value)));
        }
    };
    attribute("data-requires-python", file.requires_python.as_deref());
    attribute("data-yanked", file.yanked.as_deref());
    let core_metadata = core_metadata_digest(file).map(|digest| format!("sha256={digest}"));
    attribute("data-dist-info-metadata", core_metadata.as_deref());
    attribute("data-core-metadata", core_metadata.as_deref());
    attribute("data-provenance", file.provenance.as_deref());
    format!(
        "    <a {attributes}>{}</a><br />\n",
        escaped(&file.file_name)
    )
}
