//! Threads that connections live on, one for each core.
//!
//! A connection stays on the thread it was given to: its reads, its writes and the answering of its requests wake no
//! other thread, which on small replies costs more than the reply. Work that takes long goes to blocking threads anyway.

use std::io;
use std::thread::{self, JoinHandle};

use tokio::runtime::{Builder, Handle};
use tokio::sync::watch;

/// Blocking threads of one worker, at most.
const BLOCKING_THREADS: usize = 32;

/// The threads. Dropping it ends them and what still runs on them.
pub(crate) struct Workers {
    handles: Vec<Handle>,
    threads: Vec<JoinHandle<()>>,
    stop: watch::Sender<bool>,
    next: usize,
}

impl Workers {
    /// Starts one thread for each core.
    pub(crate) fn start() -> io::Result<Self> {
        let count = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let (stop, stopped) = watch::channel(false);
        let mut workers = Self {
            handles: Vec::new(),
            threads: Vec::new(),
            stop,
            next: 0,
        };
        for number in 0..count {
            let runtime = Builder::new_current_thread()
                .max_blocking_threads(BLOCKING_THREADS)
                .enable_all()
                .build()?;
            workers.handles.push(runtime.handle().clone());
            let mut stopped = stopped.clone();
            let run = move || {
                runtime.block_on(async move {
                    stopped.wait_for(|stopped| *stopped).await.map(drop).ok()
                });
                runtime.shutdown_background();
            };
            workers.threads.push(
                thread::Builder::new()
                    .name(format!("connections-{number}"))
                    .spawn(run)?,
            );
        }
        Ok(workers)
    }

    /// Gives a connection to the next thread in turn.
    pub(crate) fn spawn(&mut self, connection: impl Future<Output = ()> + Send + 'static) {
        self.handles[self.next].spawn(connection);
        self.next = (self.next + 1) % self.handles.len();
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        for thread in self.threads.drain(..) {
            // A thread that panicked has said so.
            thread.join().ok();
        }
    }
}
