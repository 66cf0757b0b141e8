//! Reading the rows of an image: page by page, by a key, or by what they refer to.

use std::ops::Range;

use sqlx::{AssertSqlSafe, ColumnIndex, Decode, Row, Type};

use super::statement::{self, LastNumber};
use super::{ColumnKind, ImageRow, ImageTable, ImageValue};
use crate::engine::on_engine;
use crate::{Connection, StoreResult};

/// Binds a value of an image to a query of either engine.
macro_rules! bind {
    ($query:expr, $value:expr) => {
        match $value {
            $crate::image::ImageValue::Integer(number) => $query.bind(*number),
            $crate::image::ImageValue::Text(text) => $query.bind(text.as_str()),
            $crate::image::ImageValue::Bytes(bytes) => $query.bind(bytes.as_slice()),
            $crate::image::ImageValue::Bool(truth) => $query.bind(*truth),
            // Only columns know their kind; keys are never empty.
            $crate::image::ImageValue::Empty => $query.bind(None::<i64>),
        }
    };
}

/// Numbers in one statement, at most.
const PARENTS: usize = 512;

impl Connection {
    /// The rows of a table behind a key, in the order of keys; the first ones without.
    pub async fn list_image_rows(
        &mut self,
        table: &ImageTable,
        behind: Option<&[ImageValue]>,
        limit: i64,
    ) -> StoreResult<Vec<ImageRow>> {
        self.list_image_rows_by(table, 0..table.key_columns, behind, limit)
            .await
    }

    /// The same in the order of another key: the columns of a range, which must be those of an index.
    pub async fn list_image_rows_by(
        &mut self,
        table: &ImageTable,
        key: Range<usize>,
        behind: Option<&[ImageValue]>,
        limit: i64,
    ) -> StoreResult<Vec<ImageRow>> {
        let sql = statement::page(table, key, behind.is_some());
        let key = behind.unwrap_or_default();
        on_engine!(self, db => {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for value in key {
                query = bind!(query, value);
            }
            let rows = query.bind(limit).fetch_all(&mut *db).await;
            rows.and_then(|rows| rows.iter().map(|row| read_row(row, table)).collect())
        })
    }

    /// The row that has a key: the columns of a range, which must be unique together.
    pub async fn find_image_row(
        &mut self,
        table: &ImageTable,
        key: Range<usize>,
        values: &[ImageValue],
    ) -> StoreResult<Option<ImageRow>> {
        let sql = statement::of_key(table, key);
        on_engine!(self, db => {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for value in values {
                query = bind!(query, value);
            }
            let row = query.fetch_optional(&mut *db).await;
            row.and_then(|row| row.map(|row| read_row(&row, table)).transpose())
        })
    }

    /// All rows that refer to one of these numbers by the first of two columns. Those of one number come in the order of
    /// the second column, and together.
    pub async fn list_image_rows_below(
        &mut self,
        table: &ImageTable,
        order: [usize; 2],
        parents: &[i64],
    ) -> StoreResult<Vec<ImageRow>> {
        let mut all = Vec::new();
        for parents in parents.chunks(PARENTS) {
            // The last one fills up to a power of two, so that there are few statements.
            let width = parents.len().next_power_of_two();
            let sql = statement::below(table, order, width);
            let last = parents.last().copied().unwrap_or_default();
            let filled = parents.iter().copied().chain(std::iter::repeat(last));
            let rows: Vec<ImageRow> = on_engine!(self, db => {
                let mut query = sqlx::query(AssertSqlSafe(sql));
                for parent in filled.take(width) {
                    query = query.bind(parent);
                }
                let rows = query.fetch_all(&mut *db).await;
                rows.and_then(|rows| rows.iter().map(|row| read_row(row, table)).collect())
            })?;
            all.extend(rows);
        }
        Ok(all)
    }

    /// How many rows a table has.
    pub async fn count_image_rows(&mut self, table: &ImageTable) -> StoreResult<i64> {
        let sql = statement::count(table);
        on_engine!(self, db => sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut *db).await)
    }

    /// The highest number that a table ever gave to a row, also to one that is gone; 0 where rows are not numbered.
    pub async fn find_last_number(&mut self, table: &ImageTable) -> StoreResult<i64> {
        if !table.is_numbered {
            return Ok(0);
        }
        let sql = if self.is_postgres() {
            LastNumber::POSTGRES
        } else {
            LastNumber::SQLITE
        };
        on_engine!(self, db => sqlx::query_scalar(sql).bind(table.name).fetch_one(&mut *db).await)
    }

    /// The number of the last migration that the schema has seen.
    pub async fn find_schema_number(&mut self) -> StoreResult<i64> {
        on_engine!(self, db => sqlx::query_scalar(statement::SCHEMA).fetch_one(&mut *db).await)
    }
}

fn read_row<'r, R>(row: &'r R, table: &ImageTable) -> sqlx::Result<ImageRow>
where
    R: Row,
    usize: ColumnIndex<R>,
    Option<i64>: Decode<'r, R::Database> + Type<R::Database>,
    Option<String>: Decode<'r, R::Database> + Type<R::Database>,
    Option<Vec<u8>>: Decode<'r, R::Database> + Type<R::Database>,
    Option<bool>: Decode<'r, R::Database> + Type<R::Database>,
{
    let values = table.columns.iter().enumerate().map(|(at, column)| {
        let value = match column.kind {
            ColumnKind::Integer => row.try_get::<Option<i64>, _>(at)?.map(ImageValue::Integer),
            ColumnKind::Text => row.try_get::<Option<String>, _>(at)?.map(ImageValue::Text),
            ColumnKind::Bytes => row
                .try_get::<Option<Vec<u8>>, _>(at)?
                .map(ImageValue::Bytes),
            ColumnKind::Bool => row.try_get::<Option<bool>, _>(at)?.map(ImageValue::Bool),
        };
        Ok(value.unwrap_or(ImageValue::Empty))
    });
    values.collect::<sqlx::Result<_>>().map(ImageRow)
}
