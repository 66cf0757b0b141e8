//! Bytes by SHA-256: stage, commit, open, delete.
//!
//! A body is streamed once into a staging file while all four digests are made, and becomes a blob by one rename after
//! its data is on the disk; a crash leaves at worst a staging file or a blob that nothing refers to. This crate knows
//! neither packages nor rows, and decides nothing about who may read what: a digest is an address, not a permission.
//! Blobs live on the local disk (`local`) or in an S3-compatible store (`object_storage`), behind the same types.

mod blob;
mod blobs;
mod cache;
mod copy;
mod digesting;
mod disk;
mod error;
mod growth;
mod local;
mod object_storage;
mod piece;
mod reader;
mod stage;
mod staged_bytes;
mod staging;

pub use blob::{Blob, BlobBody};
pub use blobs::{BlobSettings, Blobs, SignedHeaders};
pub use disk::StoredBlob;
pub use error::{BlobError, Result};
pub use object_storage::{S3Credentials, S3Patience, S3Settings};
pub use reader::{StageBody, StageReader};
pub use stage::{Committed, Stage, Staged};
pub use staged_bytes::StagedBytes;
