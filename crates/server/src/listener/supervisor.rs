//! Who looks after a connection from beside it: bounds overrun, and the server's stopping.
//!
//! It is a task of its own on the connection's thread, so that the connection, which is woken for each request, looks
//! at one number instead of a timer and a channel.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::Context;

use futures_util::task::AtomicWaker;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::activity::Activity;
use super::{ConnectionLimits, Phase, left_phase};

const NONE: u8 = 0;
const DRAIN: u8 = 1;
const CUT: u8 = 2;

/// What a connection is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// Finish the request at hand and end.
    Drain,
    /// End now.
    Cut,
}

#[derive(Default)]
struct Orders {
    last: AtomicU8,
    connection: AtomicWaker,
}

impl Orders {
    fn give(&self, order: u8) {
        self.last.store(order, Ordering::Release);
        self.connection.wake();
    }
}

/// The task beside a connection. It ends with this value.
pub(super) struct Supervisor {
    orders: Arc<Orders>,
    task: JoinHandle<()>,
}

impl Supervisor {
    pub(super) fn start(
        activity: Arc<Activity>,
        limits: ConnectionLimits,
        phase: watch::Receiver<Phase>,
        peer: SocketAddr,
    ) -> Self {
        let orders = Arc::<Orders>::default();
        let given = Arc::clone(&orders);
        let task = tokio::spawn(async move {
            tokio::select! {
                overrun = activity.overrun(limits) => {
                    tracing::debug!(%peer, reason = overrun.as_str(), "a connection was cut");
                    given.give(CUT);
                }
                () = follow(phase, &given) => {}
            }
        });
        Self { orders, task }
    }

    /// What the connection has been told since it last asked. It is woken when there is something.
    pub(super) fn order(&self, cx: &Context<'_>) -> Option<Order> {
        self.orders.connection.register(cx.waker());
        match self.orders.last.load(Ordering::Acquire) {
            NONE => None,
            // Told once; nothing but a cut can follow.
            DRAIN => {
                let told = self.orders.last.compare_exchange(
                    DRAIN,
                    NONE,
                    Ordering::AcqRel,
                    Ordering::Acquire,
                );
                Some(told.map_or(Order::Cut, |_| Order::Drain))
            }
            _ => Some(Order::Cut),
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Passes the phases of the server on, up to the last.
async fn follow(mut phase: watch::Receiver<Phase>, orders: &Orders) {
    left_phase(&mut phase, Phase::Running).await;
    let now = *phase.borrow();
    if now == Phase::Draining && phase.has_changed().is_ok() {
        orders.give(DRAIN);
        left_phase(&mut phase, Phase::Draining).await;
    }
    orders.give(CUT);
    // The connection ends by itself now; until then there is nothing to look after.
    std::future::pending::<()>().await;
}
