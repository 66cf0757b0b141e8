//! How far the work is, for whoever shows it.

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Rows of tables.
    Rows,
    /// Bytes of blobs.
    Bytes,
}

/// Hears how far the work is. Steps come one after the other.
pub trait Progress: Send + Sync {
    /// A step begins. `total` is 0 where it is not known.
    fn begin(&self, step: &'static str, total: u64, unit: Unit);
    /// So much more of the step is done.
    fn advance(&self, by: u64);
    /// The step is done.
    fn end(&self);
}

/// For those who do not want to hear.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn begin(&self, _: &'static str, _: u64, _: Unit) {}
    fn advance(&self, _: u64) {}
    fn end(&self) {}
}
