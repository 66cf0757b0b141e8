//! Packages as their ecosystems' tools build them, small but real, to publish and to serve from a fake source.
//!
//! The same arguments give the same bytes.

mod archive;
mod cargo_crate;
mod gem;
mod npm_tarball;
mod nupkg;
mod pom;
mod python_distribution;
mod swift_package;

pub use archive::{tar_gz, zip};
pub use cargo_crate::{CargoCrate, publish_frame};
pub use gem::{GemBuild, GemFile, gz};
pub use npm_tarball::tgz;
pub use nupkg::{Nupkg, push_form};
pub(crate) use pom::escaped;
pub use pom::{Pom, jar};
pub(crate) use python_distribution::normal_name;
pub use python_distribution::{Distribution, DistributionFile};
pub use swift_package::{SwiftPackage, SwiftReleaseForm};

use bytes::Bytes;

/// So many bytes that do not compress and that another seed makes otherwise: a file of no format.
#[must_use]
pub fn noise(size_bytes: usize, seed: u64) -> Bytes {
    // xorshift64*, which must not start at nothing.
    let mut state = seed.wrapping_mul(2).wrapping_add(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(size_bytes + 8);
    while bytes.len() < size_bytes {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        bytes.extend_from_slice(&state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes());
    }
    bytes.truncate(size_bytes);
    bytes.into()
}
