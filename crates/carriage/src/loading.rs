//! Rows into a database: all of them in one transaction, in place of what an earlier run left.

use futures_util::future::join;
use store::Store;
use store::image::{ImageRow, ImageTable, TABLES};
use tokio::sync::mpsc;

use crate::error::{CarriageError, Result};
use crate::progress::{Progress, Unit};
use crate::rows::{Place, Rows};
use crate::survey::{Adder, Sums};

/// Pages between whoever reads and whoever writes.
const QUEUE: usize = 4;

enum Piece {
    Rows(&'static ImageTable, Vec<ImageRow>),
    LastNumber(&'static ImageTable, i64),
    Whole,
}

/// Loads everything; `expected` is what there is, as counted before.
pub(crate) async fn load(
    rows: &mut Rows<'_>,
    to: &Store,
    expected: &Sums,
    progress: &dyn Progress,
) -> Result<()> {
    progress.begin("loading rows", expected.rows(), Unit::Rows);
    let (sender, receiver) = mpsc::channel(QUEUE);
    let (fed, written) = join(feed(rows, sender, expected, progress), write(to, receiver)).await;
    // Whichever failed first made the other fail; the feeder only notices that the writer went away.
    match (fed, written) {
        (Ok(()) | Err(None), written) => written?,
        (Err(Some(error)), _) => return Err(error),
    }
    progress.end();
    Ok(())
}

/// Sends all rows. Fails with nothing when the writer is gone.
async fn feed(
    rows: &mut Rows<'_>,
    sender: mpsc::Sender<Piece>,
    expected: &Sums,
    progress: &dyn Progress,
) -> std::result::Result<(), Option<CarriageError>> {
    let mut sums = Sums::default();
    for table in TABLES {
        let mut adder = Adder::new(table);
        let mut place = Place::default();
        loop {
            let page = rows.next(table, &mut place).await.map_err(Some)?;
            if page.is_empty() {
                break;
            }
            adder.add(&page);
            progress.advance(page.len() as u64);
            send(&sender, Piece::Rows(table, page)).await?;
        }
        let last = rows.last_number(table).await.map_err(Some)?;
        sums.0.push(adder.sum(last));
        if table.is_numbered {
            send(&sender, Piece::LastNumber(table, last)).await?;
        }
    }
    if let Some(differences) = expected.differences(&sums) {
        return Err(Some(CarriageError::Refused(format!(
            "the source was written to meanwhile ({differences}): stop whoever serves from it, and run this again"
        ))));
    }
    send(&sender, Piece::Whole).await
}

async fn send(
    sender: &mpsc::Sender<Piece>,
    piece: Piece,
) -> std::result::Result<(), Option<CarriageError>> {
    sender.send(piece).await.map_err(|_| None)
}

async fn write(to: &Store, mut receiver: mpsc::Receiver<Piece>) -> Result<()> {
    to.write(move |tx| {
        Box::pin(async move {
            tx.begin_image_load().await?;
            for table in TABLES.iter().rev() {
                tx.delete_image_rows(table).await?;
            }
            loop {
                match receiver.recv().await {
                    Some(Piece::Rows(table, rows)) => tx.insert_image_rows(table, &rows).await?,
                    Some(Piece::LastNumber(table, last)) => {
                        tx.set_last_number(table, last).await?;
                    }
                    Some(Piece::Whole) => return Ok(()),
                    None => {
                        return Err(CarriageError::Refused("not all rows came".to_owned()));
                    }
                }
            }
        })
    })
    .await
}
