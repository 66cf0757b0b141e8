//! How much memory the process of a test came to hold. For tests that are alone in their process.

use bytes::Buf;
use http_body::Body;
use http_body_util::BodyExt;

/// The highest resident memory that was seen, and what it was at first.
#[derive(Debug)]
pub struct MemoryPeak {
    before: usize,
    highest: usize,
}

impl MemoryPeak {
    /// Begins with what is held now.
    #[must_use]
    pub fn start() -> Self {
        let before = resident_bytes();
        Self {
            before,
            highest: before,
        }
    }

    /// Looks now.
    pub fn look(&mut self) {
        self.highest = self.highest.max(resident_bytes());
    }

    /// Reads a body to its end and looks after each piece. Says how long it was.
    ///
    /// # Panics
    ///
    /// If the body fails.
    pub async fn read<B>(&mut self, body: B) -> usize
    where
        B: Body<Error: std::fmt::Debug>,
    {
        let mut body = std::pin::pin!(body);
        let mut read = 0;
        while let Some(frame) = body.frame().await {
            let frame = frame.expect("the body of a test goes on to its end");
            read += frame.data_ref().map_or(0, Buf::remaining);
            self.look();
        }
        read
    }

    /// How much more there was than at first.
    #[must_use]
    pub const fn grown_bytes(&self) -> usize {
        self.highest - self.before
    }
}

/// What the system says of this process.
fn resident_bytes() -> usize {
    let status =
        std::fs::read_to_string("/proc/self/status").expect("Linux tells of every process");
    let told = status.lines().find_map(|line| {
        let kib = line.strip_prefix("VmRSS:")?.split_whitespace().next()?;
        kib.parse::<usize>().ok()
    });
    told.expect("Linux tells of the memory of a process") * 1024
}
