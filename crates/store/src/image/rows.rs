//! Reading the rows of an image, page by page.

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

impl Connection {
    /// The rows of a table behind a key, in the order of keys; the first ones without.
    pub async fn list_image_rows(
        &mut self,
        table: &ImageTable,
        behind: Option<&[ImageValue]>,
        limit: i64,
    ) -> StoreResult<Vec<ImageRow>> {
        let sql = statement::page(table, behind.is_some());
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
