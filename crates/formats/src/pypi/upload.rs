//! `POST {base}`: uploading a distribution, as twine, uv, poetry and their like do ("Upload API" of the public index, the
//! legacy one).
//!
//! The file is staged while it arrives, so memory does not grow with it. Fields may come before it and behind it. Which
//! project it is for is told by the field `name`, or, where the file comes first, by the file's name; only who may publish
//! that is let on.

use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest as _};
use bytes::Bytes;
use catalog::{AssetAddition, Stage, Staged};
use futures_util::future::BoxFuture;
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use model::{
    Action, AssetName, Error, ErrorKind, InvalidReason, PackageCoordinates, ResourceType, Result,
};

use super::file_name::guess_project;
use super::name::find_project;
use super::provenance;
use super::shown::write_time;
use super::upload_form::{Blake2Digest, Fields, UploadForm, check_file_name};
use super::version_metadata::{FileFacts, VersionMetadata};
use crate::kit::body::{Body, Response, drain, full, too_large};
use crate::kit::multipart::{Event, FormScanner, PartHead};
use crate::{Context, Endpoint, PackageLimits, Permission, Reply, Told};

/// The field that holds the file.
const CONTENT: &str = "content";
/// Signatures of old: taken and forgotten, as the public index does.
const SIGNATURE: &str = "gpg_signature";
/// Hashing this much at once is worth a thread of its own.
const BATCH_BYTES: usize = 1 << 20;

/// An upload, as far as it has been read.
pub(super) struct Upload {
    form: FormScanner,
    announced_bytes: Option<u64>,
    fields: Fields,
    /// Bytes of the parts beside the file.
    read_bytes: usize,
    /// Known once a part names it.
    project: Option<PackageCoordinates>,
    /// The file's part, when its head has been read.
    begun: Option<String>,
}

impl Upload {
    pub(super) fn of(headers: &HeaderMap) -> Result<Self> {
        let announced = headers.get(CONTENT_LENGTH);
        Ok(Self {
            form: FormScanner::of(headers)?,
            announced_bytes: announced.and_then(|value| value.to_str().ok()?.parse().ok()),
            fields: Fields::default(),
            read_bytes: 0,
            project: None,
            begun: None,
        })
    }
}

impl Endpoint for Upload {
    fn label(&self) -> &'static str {
        "upload"
    }

    fn look_into<'b>(
        &'b mut self,
        body: &'b mut Body,
        limits: &'b PackageLimits,
    ) -> BoxFuture<'b, Result<()>> {
        Box::pin(async move {
            while self.project.is_none() {
                match self.form.next(body).await? {
                    Event::Part(head) if head.name == CONTENT => self.begin_file(head)?,
                    Event::Part(head) => self.read_field(body, &head, limits).await?,
                    Event::Content(_) | Event::PartEnd => {}
                    Event::End => return Err(missing("name")),
                }
            }
            Ok(())
        })
    }

    fn permission(&self) -> Permission {
        const PUBLISH: &[Action] = &[Action::PUBLISH_PACKAGE_VERSION];
        Permission {
            actions: PUBLISH,
            package: self.project.clone(),
        }
    }

    fn run(mut self: Box<Self>, cx: Context, mut body: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let received = self.receive(&cx, &mut body).await;
            let (file, arrived) = match received {
                Ok(received) => received,
                Err(error) => {
                    drain(body).await;
                    return Err(error);
                }
            };
            self.publish(&cx, file, arrived).await
        })
    }
}

/// A file that has arrived.
struct Arrived {
    staged: Staged,
    blake2: Blake2Digest,
}

impl Upload {
    /// The file's part begins. Where nothing has told the project yet, the file's name does; the field `name` must come
    /// to the same.
    fn begin_file(&mut self, head: PartHead) -> Result<()> {
        let file = head.file_name.ok_or_else(|| {
            let message = "The field 'content' has no file name.";
            Error::invalid(InvalidReason::FieldValidation, message)
        })?;
        check_file_name(&file)?;
        if self.project.is_none() {
            let project = guess_project(&file).and_then(find_project);
            self.project = Some(project.ok_or_else(|| {
                let message = format!(
                    "The project cannot be told from the file name '{file}'. Send the field 'name' before the file."
                );
                Error::invalid(InvalidReason::FieldValidation, message)
            })?);
        }
        self.begun = Some(file);
        Ok(())
    }

    /// Reads a part that is not the file.
    async fn read_field(
        &mut self,
        body: &mut Body,
        head: &PartHead,
        limits: &PackageLimits,
    ) -> Result<()> {
        if head.file_name.is_some() && head.name != SIGNATURE {
            let message = format!("The field '{}' must not be a file.", head.name);
            return Err(Error::invalid(InvalidReason::FieldValidation, message));
        }
        let limit_bytes = Fields::limit_bytes(&head.name);
        let mut value = Vec::new();
        self.read_bytes += head.name.len();
        while let Event::Content(bytes) = self.form.next(body).await? {
            self.read_bytes += bytes.len();
            if self.read_bytes > limits.document_bytes {
                return Err(too_large(limits.document_bytes as u64));
            }
            if let Some(limit_bytes) = limit_bytes {
                if value.len() + bytes.len() > limit_bytes {
                    let message = format!(
                        "The field '{}' is longer than {limit_bytes} bytes.",
                        head.name
                    );
                    return Err(Error::invalid(InvalidReason::FieldValidation, message));
                }
                value.extend_from_slice(&bytes);
            }
        }
        self.fields.put(&head.name, &value)?;
        if head.name == "name" {
            self.check_project()?;
        }
        Ok(())
    }

    /// The field `name` has come: it names the project, or must name the one that the file's name told.
    fn check_project(&mut self) -> Result<()> {
        let named = self.fields.project()?.ok_or_else(|| missing("name"))?;
        match &self.project {
            None => self.project = Some(named),
            Some(project) if *project == named => {}
            Some(project) => {
                let message = format!(
                    "The file is one of project {}, the field 'name' says {}.",
                    project.name, named.name
                );
                return Err(Error::invalid(InvalidReason::FieldValidation, message));
            }
        }
        Ok(())
    }

    /// Reads the rest of the form.
    async fn receive(&mut self, cx: &Context, body: &mut Body) -> Result<(String, Arrived)> {
        let asset_bytes = cx.catalog.settings().quotas.asset_size_bytes;
        let limit_bytes = asset_bytes.saturating_add(cx.limits.document_bytes as u64);
        if self
            .announced_bytes
            .is_some_and(|length| length > limit_bytes)
        {
            return Err(too_large(limit_bytes));
        }
        let mut received = None;
        loop {
            if let Some(file) = self.begun.take() {
                if received.is_some() {
                    let message = "The field 'content' comes more than once.";
                    return Err(Error::invalid(InvalidReason::FieldValidation, message));
                }
                let arrived = self.receive_file(cx, body, &file).await?;
                received = Some((file, arrived));
            }
            match self.form.next(body).await? {
                Event::Part(head) if head.name == CONTENT => self.begin_file(head)?,
                Event::Part(head) => self.read_field(body, &head, &cx.limits).await?,
                Event::Content(_) | Event::PartEnd => {}
                Event::End => break,
            }
        }
        self.form.finish(body).await?;
        received.ok_or_else(|| missing(CONTENT))
    }

    async fn receive_file(&mut self, cx: &Context, body: &mut Body, file: &str) -> Result<Arrived> {
        let limit_bytes = cx.catalog.settings().quotas.asset_size_bytes;
        let mut stage: Stage = cx.catalog.stage().await?;
        let mut hash = Blake2Hash::default();
        while let Event::Content(bytes) = self.form.next(body).await? {
            if stage.written_bytes() + bytes.len() as u64 > limit_bytes {
                let message = format!("The asset is larger than the limit of {limit_bytes} bytes.");
                return Err(Error::quota_exceeded(ResourceType::Asset, file, message));
            }
            hash.feed(bytes.clone()).await?;
            stage.write(bytes).await.map_err(Error::internal)?;
        }
        let blake2 = hash.finish().await?;
        let staged = stage.finish().await.map_err(Error::internal)?;
        Ok(Arrived { staged, blake2 })
    }

    async fn publish(self, cx: &Context, file: String, arrived: Arrived) -> Result<Reply> {
        let form = self.fields.check(&file)?;
        check_digests(&form, &file, &arrived)?;
        let asset = AssetName::parse(&file).map_err(|constraint| {
            let message = format!("The name of the file '{file}' cannot be: {constraint}.");
            Error::invalid(InvalidReason::FieldValidation, message)
        })?;
        let addition = AssetAddition {
            package: form.project.clone(),
            version: form.version.clone(),
            asset,
            metadata: Some(beside(cx, &form, &file, &arrived.staged)?),
            staged: arrived.staged,
            is_finished: true,
        };
        // The file may have taken hours, in which rights come and go.
        let grant = cx
            .grant_for(Action::PUBLISH_PACKAGE_VERSION, &form.project)
            .await?;
        let added = cx.catalog.add_asset(&grant, addition).await;
        let added = added.map_err(|error| told_apart(error, &file))?;
        let told = Told {
            action: Action::PUBLISH_PACKAGE_VERSION,
            package: None,
            // In the spelling that the version has here.
            version: Some(added.version),
        };
        let mut response = Response::new(full("OK\n"));
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, plain);
        response.extensions_mut().insert(told);
        Ok(response.into())
    }
}

/// What is kept of a file beside what it says itself.
fn beside(cx: &Context, form: &UploadForm, file: &str, staged: &Staged) -> Result<String> {
    let sha256 = &staged.digests().sha256;
    let attestations = match &form.attestations {
        Some(json) => Some(provenance::check(json, file, sha256)?),
        None => None,
    };
    let facts = FileFacts {
        upload_time: write_time(cx.catalog.now()),
        attestations,
        ..FileFacts::default()
    };
    Ok(VersionMetadata::of_file(file, facts).to_json())
}

fn check_digests(form: &UploadForm, file: &str, arrived: &Arrived) -> Result<()> {
    let found = arrived.staged.digests();
    let wrong = if form.sha256.is_some_and(|said| said != found.sha256) {
        "sha256_digest"
    } else if form.blake2.is_some_and(|said| said != arrived.blake2) {
        "blake2_256_digest"
    } else if form.md5.is_some_and(|said| said != found.md5) {
        "md5_digest"
    } else {
        return Ok(());
    };
    let message = format!("The file '{file}' does not have the digest that {wrong} says.");
    Err(Error::invalid(InvalidReason::FieldValidation, message))
}

fn missing(field: &str) -> Error {
    let message = format!("The field '{field}' is missing.");
    Error::invalid(InvalidReason::FieldValidation, message)
}

/// The public index's words where the file is there with other bytes: tools that skip what exists look for them.
fn told_apart(error: Error, file: &str) -> Error {
    let is_asset = |resource: &model::Resource| resource.kind == ResourceType::Asset;
    if error.kind != ErrorKind::Conflict || !error.resource.as_ref().is_some_and(is_asset) {
        return error;
    }
    let message = format!(
        "File already exists: '{file}' is here with other contents. Give the new build another version, or delete this one \
         first."
    );
    Error { message, ..error }
}

/// The digest that the public index compares files by, made off the async threads.
#[derive(Default)]
struct Blake2Hash {
    hash: Blake2b<U32>,
    waiting: Vec<Bytes>,
    waiting_bytes: usize,
}

impl Blake2Hash {
    async fn feed(&mut self, bytes: Bytes) -> Result<()> {
        self.waiting_bytes += bytes.len();
        self.waiting.push(bytes);
        if self.waiting_bytes < BATCH_BYTES {
            return Ok(());
        }
        let mut hash = std::mem::take(&mut self.hash);
        let waiting = std::mem::take(&mut self.waiting);
        self.waiting_bytes = 0;
        let work = move || {
            waiting.iter().for_each(|bytes| hash.update(bytes));
            hash
        };
        let worked = tokio::task::spawn_blocking(work).await;
        self.hash = worked.map_err(Error::internal)?;
        Ok(())
    }

    async fn finish(self) -> Result<Blake2Digest> {
        let Self {
            mut hash, waiting, ..
        } = self;
        let work = move || {
            waiting.iter().for_each(|bytes| hash.update(bytes));
            hash.finalize().into()
        };
        let worked = tokio::task::spawn_blocking(work).await;
        worked.map_err(Error::internal)
    }
}
