//! Adding the rows of an image to a database. All of it is one transaction, so that a load that ends early leaves nothing.

use sqlx::AssertSqlSafe;

use super::statement::{self, SetLastNumber};
use super::{ColumnKind, ImageRow, ImageTable, ImageValue};
use crate::engine::on_engine;
use crate::{StoreResult, Tx};

/// Values in one statement, at most: SQLite takes 32766.
const VALUES: usize = 8_000;

/// PostgreSQL ends transactions that stand still; a load waits for whoever reads the rows.
const WAIT_FOR_ROWS: &[&str] = &[
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
];

impl Tx {
    /// Lets this transaction take as long as it needs.
    pub async fn begin_image_load(&mut self) -> StoreResult<()> {
        if self.is_postgres() {
            for sql in WAIT_FOR_ROWS {
                self.command(sql).await?;
            }
        }
        Ok(())
    }

    /// Empties a table. Those that refer to it must be empty already.
    pub async fn delete_image_rows(&mut self, table: &ImageTable) -> StoreResult<()> {
        let sql = statement::delete_all(table);
        on_engine!(self, db => sqlx::query(AssertSqlSafe(sql)).execute(&mut *db).await.map(drop))
    }

    /// Adds rows to a table, with the numbers that they have.
    pub async fn insert_image_rows(
        &mut self,
        table: &ImageTable,
        rows: &[ImageRow],
    ) -> StoreResult<()> {
        let is_postgres = self.is_postgres();
        for rows in rows.chunks((VALUES / table.columns.len()).max(1)) {
            let sql = statement::insert(table, rows.len(), is_postgres);
            on_engine!(self, db => {
                let mut query = sqlx::query(AssertSqlSafe(sql));
                for row in rows {
                    for (column, value) in table.columns.iter().zip(&row.0) {
                        query = match (value, column.kind) {
                            (ImageValue::Integer(number), _) => query.bind(*number),
                            (ImageValue::Text(text), _) => query.bind(text.as_str()),
                            (ImageValue::Bytes(bytes), _) => query.bind(bytes.as_slice()),
                            (ImageValue::Bool(truth), _) => query.bind(*truth),
                            (ImageValue::Empty, ColumnKind::Integer) => query.bind(None::<i64>),
                            (ImageValue::Empty, ColumnKind::Text) => query.bind(None::<&str>),
                            (ImageValue::Empty, ColumnKind::Bytes) => query.bind(None::<&[u8]>),
                            (ImageValue::Empty, ColumnKind::Bool) => query.bind(None::<bool>),
                        };
                    }
                }
                query.execute(&mut *db).await.map(drop)
            })?;
        }
        Ok(())
    }

    /// Makes the next row of a numbered table get the number behind this one.
    pub async fn set_last_number(&mut self, table: &ImageTable, last: i64) -> StoreResult<()> {
        if !table.is_numbered {
            return Ok(());
        }
        let name = table.name;
        if self.is_postgres() {
            return on_engine!(self, db => sqlx::query(SetLastNumber::POSTGRES)
                .bind(name).bind(last).execute(&mut *db).await.map(drop));
        }
        on_engine!(self, db => sqlx::query(SetLastNumber::SQLITE_FORGET)
            .bind(name).execute(&mut *db).await.map(drop))?;
        on_engine!(self, db => sqlx::query(SetLastNumber::SQLITE)
            .bind(name).bind(last).execute(&mut *db).await.map(drop))
    }
}
