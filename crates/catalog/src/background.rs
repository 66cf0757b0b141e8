//! What requests set going behind them: asking sources again, retaining what was pulled, fetching the rest of a version.
//!
//! Nobody waits for any of it, except at the end: once the catalog closes, what can stop stops at once and nothing new
//! begins.

use std::future::Future;

use tokio::sync::watch;

use crate::Catalog;

/// The work behind the requests.
#[derive(Debug)]
pub(crate) struct BackgroundWork {
    under_way: watch::Sender<usize>,
    closed: watch::Sender<bool>,
}

impl Default for BackgroundWork {
    fn default() -> Self {
        Self {
            under_way: watch::Sender::new(0),
            closed: watch::Sender::new(false),
        }
    }
}

/// Something under way. Dropping it says that it has ended, however it did.
#[derive(Debug)]
pub(crate) struct UnderWay(watch::Sender<usize>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

impl BackgroundWork {
    /// Notes something that begins here and ends by itself.
    pub(crate) fn begin(&self) -> UnderWay {
        self.under_way.send_modify(|count| *count += 1);
        UnderWay(self.under_way.clone())
    }

    /// Runs something that can stop anywhere, and does when the catalog closes.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut closed = self.closed.subscribe();
        let under_way = self.begin();
        tokio::spawn(async move {
            tokio::select! {
                biased;
                _ = closed.wait_for(|closed| *closed) => {}
                () = work => {}
            }
            drop(under_way);
        });
    }

    pub(crate) fn close(&self) {
        self.closed.send_replace(true);
    }

    async fn settle(&self) {
        let mut under_way = self.under_way.subscribe();
        // The sender lives as long as this does.
        let _ = under_way.wait_for(|count| *count == 0).await;
    }
}

impl Catalog {
    /// Waits until everything that requests have set going behind them has ended.
    pub async fn settle(&self) {
        self.background.settle().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_under_way_is_waited_for_and_what_can_stop_stops_at_the_end() {
        let work = BackgroundWork::default();
        work.settle().await;
        let (tell, told) = tokio::sync::oneshot::channel();
        work.spawn(async move {
            let _ = tell.send(());
        });
        work.settle().await;
        assert!(told.await.is_ok());
        work.spawn(std::future::pending());
        let pull = work.begin();
        assert_eq!(*work.under_way.borrow(), 2);
        work.close();
        drop(pull);
        work.settle().await;
        work.spawn(async { panic!("nothing begins any more") });
        work.settle().await;
    }
}
