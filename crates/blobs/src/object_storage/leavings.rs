//! Uploads in parts that nobody will complete, because the node that sent them died. Their parts take room in the bucket and
//! no listing of objects shows them.
//!
//! `object_store` cannot list them, so the one request for it is sent here, to an address that it signs.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html>

use std::time::Duration;

use jiff::Timestamp;
use model::EpochMillis;
use object_store::client::{HttpRequest, HttpRequestBody};
use object_store::multipart::MultipartStore as _;
use object_store::path::Path;
use object_store::signer::{SignedUrlOptions, Signer as _};
use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

use super::ObjectStorage;
use super::failure::{found, sorted};
use crate::error::{BlobError, Result};

const ACTION: &str = "listing uploads in parts";
/// For how long the address of a listing is good.
const ADDRESS_LASTS: Duration = Duration::from_secs(300);

/// An upload that was begun and neither completed nor given up.
#[derive(Debug, Default, PartialEq, Eq)]
struct Upload {
    key: String,
    id: String,
    initiated: String,
}

/// A page of them.
#[derive(Debug, Default, PartialEq, Eq)]
struct Page {
    uploads: Vec<Upload>,
    /// Key and id behind which the next page begins.
    next: Option<(String, String)>,
}

impl ObjectStorage {
    /// Gives up the uploads of blobs that were begun before `cutoff`, or only counts them.
    pub(crate) async fn give_up_stale(&self, cutoff: EpochMillis, dry_run: bool) -> Result<u64> {
        let prefix = format!("{}blobs/", self.prefix);
        let (mut count, mut after) = (0, None);
        loop {
            let page = self.list_uploads(&prefix, after.as_ref()).await?;
            for upload in page.uploads {
                let begun_at = upload.initiated.parse::<Timestamp>().ok();
                let is_stale = begun_at.is_some_and(|at| at.as_millisecond() < cutoff.0);
                if !is_stale || !upload.key.starts_with(&prefix) {
                    continue;
                }
                count += 1;
                if !dry_run {
                    let path = Path::from(upload.key);
                    let given_up = self.store.abort_multipart(&path, &upload.id).await;
                    found("giving up an upload in parts", given_up)?;
                }
            }
            if page.next.is_none() || page.next == after {
                return Ok(count);
            }
            after = page.next;
        }
    }

    async fn list_uploads(&self, prefix: &str, after: Option<&(String, String)>) -> Result<Page> {
        let mut query = vec![("uploads", ""), ("prefix", prefix)];
        if let Some((key, id)) = after {
            query.extend([("key-marker", key.as_str()), ("upload-id-marker", id)]);
        }
        let options = SignedUrlOptions::new().with_query(query);
        let url = self
            .store
            .signed_url_opts(http::Method::GET, &Path::default(), ADDRESS_LASTS, &options)
            .await
            .map_err(|error| sorted(ACTION, &error))?;
        let unavailable = |detail: String| BlobError::Unavailable {
            action: ACTION,
            detail,
        };
        let request = HttpRequest::new(HttpRequestBody::empty());
        let (mut parts, body) = request.into_parts();
        parts.uri = String::from(url)
            .parse()
            .map_err(|error: http::uri::InvalidUri| unavailable(error.to_string()))?;
        let answer = self
            .connections
            .send(HttpRequest::from_parts(parts, body))
            .await
            .map_err(|error| unavailable(error.to_string()))?;
        let status = answer.status();
        let body = answer.into_body().bytes().await;
        let body = body.map_err(|error| unavailable(error.to_string()))?;
        if status.is_client_error() {
            return Err(BlobError::Refused {
                action: ACTION,
                detail: format!("the object store answered {status}"),
            });
        }
        let text = std::str::from_utf8(&body).unwrap_or_default();
        if !status.is_success() {
            return Err(unavailable(format!("the object store answered {status}")));
        }
        read(text).ok_or_else(|| unavailable("the answer cannot be read".to_owned()))
    }
}

/// A page, as the store has written it; nothing for what is none.
fn read(text: &str) -> Option<Page> {
    let mut reader = Reader::from_str(text);
    let (mut page, mut upload) = (Page::default(), None::<Upload>);
    let (mut value, mut is_truncated, mut is_page) = (String::new(), false, false);
    let mut next = (String::new(), String::new());
    loop {
        match reader.read_event().ok()? {
            Event::Start(element) => {
                value.clear();
                match element.local_name().as_ref() {
                    "ListMultipartUploadsResult" => is_page = true,
                    "Upload" => upload = Some(Upload::default()),
                    _ => {}
                }
            }
            Event::Text(piece) => value.push_str(&piece),
            // A prefix may hold an ampersand, and so may the name of an owner. There are no entities of the store's own.
            Event::GeneralRef(reference) => match reference.resolve_char_ref().ok()? {
                Some(character) => value.push(character),
                None => value.push_str(resolve_predefined_entity(&reference)?),
            },
            Event::DocType(_) => return None,
            Event::End(element) => {
                let said = std::mem::take(&mut value).trim().to_owned();
                match (element.local_name().as_ref(), &mut upload) {
                    ("Upload", _) => page.uploads.extend(upload.take()),
                    ("Key", Some(upload)) => upload.key = said,
                    ("UploadId", Some(upload)) => upload.id = said,
                    ("Initiated", Some(upload)) => upload.initiated = said,
                    ("IsTruncated", None) => is_truncated = said == "true",
                    ("NextKeyMarker", None) => next.0 = said,
                    ("NextUploadIdMarker", None) => next.1 = said,
                    _ => {}
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    page.next = is_truncated.then_some(next);
    is_page.then_some(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_uploads_is_read_and_anything_else_is_none() {
        let text = r#"<?xml version="1.0" encoding="UTF-8"?>
            <ListMultipartUploadsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
              <Bucket>b</Bucket><KeyMarker/><NextKeyMarker>k/b</NextKeyMarker>
              <NextUploadIdMarker>2</NextUploadIdMarker><IsTruncated>true</IsTruncated>
              <Upload><Key>k/a</Key><UploadId>1</UploadId><Owner><ID>o &lt;o&gt;</ID></Owner>
                <Initiated>2026-11-23T19:00:00.000Z</Initiated></Upload>
              <Upload><Key>k&amp;&#47;b</Key><UploadId>2</UploadId><Initiated>then</Initiated></Upload>
            </ListMultipartUploadsResult>"#;
        let page = read(text).unwrap();
        assert_eq!(page.next, Some(("k/b".to_owned(), "2".to_owned())));
        let [first, second] = &page.uploads[..] else {
            panic!("{page:?}");
        };
        assert_eq!((first.key.as_str(), first.id.as_str()), ("k/a", "1"));
        assert!(first.initiated.parse::<Timestamp>().is_ok());
        assert_eq!((second.key.as_str(), second.id.as_str()), ("k&/b", "2"));
        assert!(second.initiated.parse::<Timestamp>().is_err());
        for nonsense in ["", "<html/>", "<a>&x;</a>", "<ListMultipartUploadsResult"] {
            assert_eq!(read(nonsense), None, "{nonsense}");
        }
    }
}
