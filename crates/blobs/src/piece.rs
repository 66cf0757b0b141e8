//! Reading a file piece by piece, without blocking where the page cache allows it.
//!
//! On Linux a read asks the kernel to refuse rather than to wait for the disk (`RWF_NOWAIT`, preadv2(2)); what is in the
//! page cache then costs one copy on the spot, and only what is not goes to a thread that may block. Buffers are used
//! again, so that a long download neither allocates nor touches fresh memory for each piece.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::task::JoinHandle;

/// Long enough that the cost of a system call and of a wake-up does not show.
const LARGE_PIECE_BYTES: usize = 256 * 1024;
/// What readers get while many pieces are under way, so that a thousand slow clients do not hold a gigabyte.
const SMALL_PIECE_BYTES: usize = 64 * 1024;
/// How many large pieces may be under way at a time.
const LARGE_PIECES: usize = 48;
/// How many buffers of a size are kept for the next reader.
const IDLE_PIECES: usize = 16;

/// Buffers for pieces, shared by all readers.
#[derive(Debug, Default)]
pub(crate) struct PiecePool {
    shelves: Mutex<Shelves>,
}

#[derive(Debug, Default)]
struct Shelves {
    large_under_way: usize,
    large: Vec<Vec<u8>>,
    small: Vec<Vec<u8>>,
}

impl PiecePool {
    /// A buffer, large if it can be filled and there are not too many of them already.
    fn take(self: &Arc<Self>, wanted_bytes: u64) -> Piece {
        let mut shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        let large =
            wanted_bytes > SMALL_PIECE_BYTES as u64 && shelves.large_under_way < LARGE_PIECES;
        let shelf = if large {
            shelves.large_under_way += 1;
            &mut shelves.large
        } else {
            &mut shelves.small
        };
        let kept = shelf.pop();
        drop(shelves);
        let buffer = kept.unwrap_or_else(|| {
            vec![
                0;
                if large {
                    LARGE_PIECE_BYTES
                } else {
                    SMALL_PIECE_BYTES
                }
            ]
        });
        Piece {
            buffer,
            filled_bytes: 0,
            pool: Arc::clone(self),
        }
    }

    fn put_back(&self, buffer: Vec<u8>) {
        let mut shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        let shelf = if buffer.len() == LARGE_PIECE_BYTES {
            shelves.large_under_way -= 1;
            &mut shelves.large
        } else {
            &mut shelves.small
        };
        if shelf.len() < IDLE_PIECES {
            shelf.push(buffer);
        }
    }
}

/// A buffer on loan; goes back to the pool when the last `Bytes` made of it is dropped.
struct Piece {
    buffer: Vec<u8>,
    filled_bytes: usize,
    pool: Arc<PiecePool>,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.buffer[..self.filled_bytes]
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.pool.put_back(std::mem::take(&mut self.buffer));
    }
}

impl Piece {
    /// The part of the buffer that a read of `wanted_bytes` may fill.
    fn room(&mut self, wanted_bytes: u64) -> &mut [u8] {
        let room_bytes = usize::try_from(wanted_bytes)
            .unwrap_or(usize::MAX)
            .min(self.buffer.len());
        &mut self.buffer[..room_bytes]
    }
}

/// Reads pieces of one file at given places; one at a time.
pub(crate) struct PieceReader {
    pool: Arc<PiecePool>,
    waiting: Option<JoinHandle<io::Result<Piece>>>,
}

impl PieceReader {
    pub(crate) fn new(pool: Arc<PiecePool>) -> Self {
        Self {
            pool,
            waiting: None,
        }
    }

    /// Between 1 and `wanted_bytes` bytes from `offset`. The caller knows that they exist: to find none is an error.
    ///
    /// After `Pending` the next call must be for the same place.
    pub(crate) fn poll_piece(
        &mut self,
        cx: &mut Context<'_>,
        file: &Arc<File>,
        offset: u64,
        wanted_bytes: u64,
    ) -> Poll<io::Result<Bytes>> {
        if self.waiting.is_none() {
            let mut piece = self.pool.take(wanted_bytes);
            match read_cached(file, piece.room(wanted_bytes), offset)? {
                Some(read_bytes) => return Poll::Ready(filled(piece, read_bytes)),
                None => {
                    let file = Arc::clone(file);
                    self.waiting = Some(tokio::task::spawn_blocking(move || {
                        piece.filled_bytes = read_full(&file, piece.room(wanted_bytes), offset)?;
                        Ok(piece)
                    }));
                }
            }
        }
        let Some(waiting) = &mut self.waiting else {
            unreachable!("set above when it was none")
        };
        let piece = ready!(Pin::new(waiting).poll(cx));
        self.waiting = None;
        let piece = piece.map_err(io::Error::other)??;
        let read_bytes = piece.filled_bytes;
        Poll::Ready(filled(piece, read_bytes))
    }
}

fn filled(mut piece: Piece, read_bytes: usize) -> io::Result<Bytes> {
    if read_bytes == 0 {
        return Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "the file is shorter than it was",
        ));
    }
    piece.filled_bytes = read_bytes;
    Ok(Bytes::from_owner(piece))
}

/// Fills `buffer` from `offset` on, less only at the end of the file. Blocks.
pub(crate) fn read_full(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut read_bytes = 0;
    while read_bytes < buffer.len() {
        match file.read_at(&mut buffer[read_bytes..], offset + read_bytes as u64) {
            Ok(0) => break,
            Ok(more_bytes) => read_bytes += more_bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read_bytes)
}

/// What the page cache has at `offset`; none when the disk would have to be asked or the platform cannot tell.
#[cfg(target_os = "linux")]
pub(crate) fn read_cached(
    file: &File,
    buffer: &mut [u8],
    offset: u64,
) -> io::Result<Option<usize>> {
    use rustix::io::{Errno, ReadWriteFlags, preadv2};
    match preadv2(
        file,
        &mut [io::IoSliceMut::new(buffer)],
        offset,
        ReadWriteFlags::NOWAIT,
    ) {
        Ok(read_bytes) => Ok(Some(read_bytes)),
        // Not cached; a file system or a sandbox without the flag.
        Err(
            Errno::AGAIN
            | Errno::INTR
            | Errno::OPNOTSUPP
            | Errno::NOSYS
            | Errno::INVAL
            | Errno::PERM,
        ) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Elsewhere there is no such question, so every read may block.
#[cfg(not(target_os = "linux"))]
pub(crate) fn read_cached(
    _file: &File,
    _buffer: &mut [u8],
    _offset: u64,
) -> io::Result<Option<usize>> {
    Ok(None)
}

/// What opening without waiting found.
pub(crate) enum CachedOpen {
    /// The file.
    Found(File),
    /// There is no such file.
    Absent,
    /// Only an ordinary open, which may wait for the disk, can tell.
    Unknown,
}

/// Opens `key` below `folder` if the kernel knows the way by heart (`RESOLVE_CACHED`, openat2(2)).
#[cfg(target_os = "linux")]
pub(crate) fn open_cached(folder: &File, key: &str) -> CachedOpen {
    use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    match openat2(
        folder,
        key,
        flags,
        Mode::empty(),
        ResolveFlags::CACHED | ResolveFlags::BENEATH,
    ) {
        Ok(file) => CachedOpen::Found(file.into()),
        Err(rustix::io::Errno::NOENT) => CachedOpen::Absent,
        Err(_) => CachedOpen::Unknown,
    }
}

/// Elsewhere only an ordinary open can tell.
#[cfg(not(target_os = "linux"))]
pub(crate) fn open_cached(_folder: &File, _key: &str) -> CachedOpen {
    CachedOpen::Unknown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_used_again_and_large_ones_run_out() {
        let pool = Arc::new(PiecePool::default());
        let pieces: Vec<Piece> = (0..LARGE_PIECES).map(|_| pool.take(u64::MAX)).collect();
        assert!(
            pieces
                .iter()
                .all(|piece| piece.buffer.len() == LARGE_PIECE_BYTES)
        );
        assert_eq!(
            pool.take(u64::MAX).buffer.len(),
            SMALL_PIECE_BYTES,
            "no large one is left"
        );
        drop(pieces);
        let shelves = pool.shelves.lock().unwrap();
        assert_eq!(
            (
                shelves.large_under_way,
                shelves.large.len(),
                shelves.small.len()
            ),
            (0, IDLE_PIECES, 1)
        );
    }

    #[test]
    fn a_short_read_asks_for_a_small_buffer() {
        let pool = Arc::new(PiecePool::default());
        assert_eq!(pool.take(10).buffer.len(), SMALL_PIECE_BYTES);
        assert_eq!(pool.take(10).room(10).len(), 10);
    }
}
