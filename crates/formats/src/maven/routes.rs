//! Which request is for what.

use http::Method;
use model::{Error, InvalidReason, ResourceType, Result};

use super::checksum::Algorithm;
use super::layout::{Address, Fault, METADATA, Place, read};
use super::put_checksum::PutChecksum;
use super::put_file::PutFile;
use super::put_metadata::{PutMetadata, PutMetadataChecksum, PutSnapshotMetadata};
use super::read_file::{ReadFile, ReadNewestFile};
use super::read_metadata::{ReadMetadata, ReadSnapshotMetadata};
use crate::{Endpoint, RequestHead};

type Routed = Result<Box<dyn Endpoint>>;

/// Finds the endpoint of a request.
pub(super) fn route(head: &RequestHead<'_>) -> Routed {
    let segments: Vec<&str> = head.segments.iter().map(AsRef::as_ref).collect();
    if head.reads() {
        // Clients give up on a repository that answers anything but 404 for what it does not have.
        return match read(&segments) {
            Ok(address) if !head.trailing_slash => Ok(to_read(address)),
            _ => Err(absent(&segments)),
        };
    }
    if *head.method != Method::PUT {
        let message = "Files of a Maven repository are read and written here, nothing else.";
        return Err(Error::not_found(ResourceType::Asset, "", message));
    }
    if head.trailing_slash {
        return Err(refused(Fault::Form, &segments));
    }
    read(&segments)
        .and_then(to_write)
        .map_err(|fault| refused(fault, &segments))
}

fn to_read(Address { place, checksum }: Address) -> Box<dyn Endpoint> {
    match place {
        Place::File(file) => Box::new(ReadFile {
            file,
            snapshot: None,
            checksum,
        }),
        Place::BuildFile { snapshot, file } => Box::new(ReadFile {
            file,
            snapshot: Some(snapshot),
            checksum,
        }),
        Place::NewestFile {
            package,
            snapshot,
            tail,
        } => Box::new(ReadNewestFile {
            package,
            snapshot,
            tail,
            checksum,
        }),
        Place::SnapshotMetadata { package, snapshot } => Box::new(ReadSnapshotMetadata {
            package,
            snapshot,
            checksum,
        }),
        Place::Metadata { package, group } => Box::new(ReadMetadata {
            package,
            group,
            checksum,
        }),
    }
}

fn to_write(Address { place, checksum }: Address) -> Result<Box<dyn Endpoint>, Fault> {
    Ok(match (place, checksum) {
        (Place::Metadata { package, .. }, Some(_)) => Box::new(PutMetadataChecksum { package }),
        (Place::SnapshotMetadata { package, .. }, Some(_)) => Box::new(PutMetadataChecksum {
            package: Some(package),
        }),
        (Place::Metadata { package, group }, None) => Box::new(PutMetadata { package, group }),
        (Place::SnapshotMetadata { package, snapshot }, None) => {
            Box::new(PutSnapshotMetadata { package, snapshot })
        }
        (place, Some(algorithm)) => Box::new(PutChecksum {
            file: place.into_written()?,
            algorithm,
        }),
        (place, None) => Box::new(PutFile {
            file: place.into_written()?,
        }),
    })
}

/// What is shown of a path in a message.
fn shown(segments: &[&str]) -> String {
    segments.join("/").chars().take(300).collect()
}

fn absent(segments: &[&str]) -> Error {
    let path = shown(segments);
    let message = format!("There is no file '{path}' in this repository.");
    Error::not_found(ResourceType::Asset, path, message)
}

fn refused(fault: Fault, segments: &[&str]) -> Error {
    let file = segments.last().copied().unwrap_or_default();
    let file = Algorithm::split(file).map_or(file, |(file, _)| file);
    let message = match fault {
        Fault::Snapshot => format!(
            "Invalid name for a Snapshot: '{}'. Snapshots are published build by build, into the folder of the \
             snapshot, under names like 'lib-1.0-20260101.120000-1.jar'; Maven, Gradle and Leiningen do so by \
             themselves.",
            shown(&[file])
        ),
        Fault::Form => format!(
            "'{}' is not the path of a file of a Maven repository. Files are at \
             '{{group with slashes}}/{{artifact}}/{{version}}/{{file}}', and '{METADATA}' is beside the versions.",
            shown(segments)
        ),
        Fault::Name => format!(
            "'{}' names a group, an artifact, a version or a file that cannot be published. Versions are neither \
             ranges nor LATEST or RELEASE.",
            shown(segments)
        ),
    };
    Error::invalid(InvalidReason::Other, message)
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use model::ErrorKind;

    use super::*;
    use crate::kit::label_of::label_of;

    fn routed(method: &Method, path: &str) -> Result<&'static str> {
        label_of(route, method, path, &HeaderMap::new())
    }

    #[test]
    fn every_request_of_the_layout_finds_its_endpoint() {
        for (method, path, expected) in [
            (Method::GET, "/g/a/1/a-1.jar", "read-file"),
            (Method::HEAD, "/g/a/1/a-1.jar", "read-file"),
            (Method::GET, "/g/a/1/a-1.jar.sha1", "read-checksum"),
            (
                Method::GET,
                "/g/a/1-SNAPSHOT/a-1-20260101.120000-1.jar",
                "read-file",
            ),
            (
                Method::GET,
                "/g/a/1-SNAPSHOT/a-1-SNAPSHOT.jar",
                "read-newest-file",
            ),
            (Method::GET, "/g/a/maven-metadata.xml", "read-metadata"),
            (Method::GET, "/g/a/maven-metadata.xml.sha1", "read-metadata"),
            (Method::GET, "/g/maven-metadata.xml", "read-metadata"),
            (
                Method::GET,
                "/g/a/1-SNAPSHOT/maven-metadata.xml",
                "read-snapshot-metadata",
            ),
            (Method::PUT, "/g/a/1/a-1.jar", "put-file"),
            (Method::PUT, "/g/a/1/a-1.jar.asc", "put-file"),
            (Method::PUT, "/g/a/1/a-1.jar.md5", "put-checksum"),
            (Method::PUT, "/g/a/maven-metadata.xml", "put-metadata"),
            (Method::PUT, "/g/maven-metadata.xml", "put-metadata"),
            (
                Method::PUT,
                "/g/a/maven-metadata.xml.sha256",
                "put-metadata-checksum",
            ),
            (
                Method::PUT,
                "/g/a/1-SNAPSHOT/maven-metadata.xml",
                "put-snapshot-metadata",
            ),
            (
                Method::PUT,
                "/g/a/1-SNAPSHOT/maven-metadata.xml.md5",
                "put-metadata-checksum",
            ),
        ] {
            let found = routed(&method, path).unwrap_or_else(|error| panic!("{path}: {error}"));
            assert_eq!(found, expected, "{method} {path}");
        }
    }

    #[test]
    fn f_mvn_3_f_mvn_5_what_is_not_served_is_absent_and_nothing_worse() {
        for path in [
            "/",
            "/org/",
            "/org/acme/lib/",
            "/org/acme/lib/1.0/",
            "/org/acme/lib/1.0/lib-1.0.jar/",
            "/archetype-catalog.xml",
            "/.meta/prefixes.txt",
            "/.meta/prefixes-central.txt",
            "/.index/nexus-maven-repository-index.properties",
            "/.index/nexus-maven-repository-index.gz",
            "/g/a/$%7Bproject.version%7D/a-$%7Bproject.version%7D.pom",
            "/g/a/[1.0,2.0)/a-[1.0,2.0).pom",
            "/g/a/1%2F2/a.jar",
            "/a/b/c",
        ] {
            let error = routed(&Method::GET, path).unwrap_err();
            assert_eq!(error.kind, ErrorKind::NotFound, "{path}");
            let refused = routed(&Method::PUT, path).unwrap_err();
            assert!(matches!(refused.kind, ErrorKind::Invalid(_)), "{path}");
        }
        for method in [Method::POST, Method::DELETE, Method::PATCH, Method::OPTIONS] {
            let error = routed(&method, "/g/a/1/a-1.jar").unwrap_err();
            assert_eq!(error.kind, ErrorKind::NotFound, "{method}");
        }
    }

    #[test]
    fn f_mvn_1_other_names_for_snapshots_are_refused_in_the_services_words() {
        for path in [
            "/g/a/1-SNAPSHOT/a-1-SNAPSHOT.jar",
            "/g/a/1-SNAPSHOT/a-1-SNAPSHOT.jar.sha1",
            "/g/a/1-SNAPSHOT/a-1.jar",
            "/g/a/1-20260101.120000-1/a-1-20260101.120000-1.jar",
        ] {
            let refused = routed(&Method::PUT, path).unwrap_err();
            assert!(
                refused.message.starts_with("Invalid name for a Snapshot"),
                "{path}: {refused}"
            );
        }
    }
}
