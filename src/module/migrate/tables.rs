//! What a change of a table is in SQL.

use spacetime_definition::migration::{Change, TableMatch};

use super::{PlannedStep, Versions};
use crate::catalog::StoredSequence;
use crate::error::Result;
use crate::module::{ddl, policies};
use crate::pg::name::{quote, quote_qualified};

impl Versions<'_> {
    pub(super) fn sql(&self, change: Change) -> Result<Vec<String>> {
        let schema = &self.old.schema_name;
        Ok(match change {
            Change::CreateTable(table) => ddl::create_whole_table(&self.new.tables[table], schema),
            Change::AddSequence(table, sequence) if self.new.tables[table].is_event => {
                vec![ddl::create_sequence(&self.new.tables[table].sequences[sequence], schema)]
            }
            Change::CreateIndex(table, _) | Change::AddColumn(table, _) | Change::ChangeColumn(table, _)
                if self.new.tables[table].is_event =>
            {
                Vec::new()
            }
            Change::CreateIndex(table, index) => {
                let table = &self.new.tables[table];
                vec![ddl::create_index(table, &table.indexes[index], schema)]
            }
            Change::AddColumn(table, column) => self.add_column(table, column)?,
            Change::ChangeColumn(table, column) => self.change_column(table, column)?,
            Change::AddSequence(table, sequence) => ddl::add_sequence(
                &self.new.tables[table],
                &self.new.tables[table].sequences[sequence],
                schema,
            ),
            Change::ChangeSequence(table, sequence) => {
                vec![ddl::change_sequence(&self.new.tables[table].sequences[sequence], schema)]
            }
            Change::ChangeAccess(table) => match &self.new.tables[table] {
                // With rules it is opened last of all.
                table if table.is_public && !table.rules.is_empty() => Vec::new(),
                table if table.is_public => policies::open_table(table, schema),
                table => policies::close_table(table, schema),
            },
            _ => Vec::new(),
        })
    }

    pub(super) fn drop_sql(&self, change: Change) -> Vec<String> {
        let schema = &self.old.schema_name;
        let Some(old) = self.old_table(change).map(|at| &self.old.storage.tables[at]) else {
            return Vec::new();
        };
        let table = quote_qualified(schema, &old.pg_name);
        let drop_sequence = |sequence: &StoredSequence| {
            format!("DROP SEQUENCE IF EXISTS {}", quote_qualified(schema, &sequence.pg_name))
        };
        match change {
            // An event table is nothing but its sequences.
            Change::DropTable(_) if old.is_event => old.sequences.iter().map(drop_sequence).collect(),
            Change::DropSequence(_, at) if old.is_event => vec![drop_sequence(&old.sequences[at])],
            _ if old.is_event => Vec::new(),
            Change::DropIndex(_, at) => {
                let index = &old.indexes[at];
                vec![if index.is_unique {
                    format!("ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {}", quote(&index.pg_name))
                } else {
                    format!("DROP INDEX IF EXISTS {}", quote_qualified(schema, &index.pg_name))
                }]
            }
            Change::DropSequence(_, at) => {
                let sequence = &old.sequences[at];
                let column = quote(&old.columns[sequence.column].pg_name);
                vec![
                    format!("ALTER TABLE {table} ALTER COLUMN {column} DROP DEFAULT"),
                    drop_sequence(sequence),
                ]
            }
            Change::DropColumn(_, at) => {
                vec![format!("ALTER TABLE {table} DROP COLUMN {}", quote(&old.columns[at].pg_name))]
            }
            Change::DropTable(_) => vec![format!("DROP TABLE {table}")],
            _ => Vec::new(),
        }
    }

    /// The unique indexes over whole rows: dropped where the columns change, made where there is no other.
    pub(super) fn row_hash_indexes(&self, create: bool) -> Vec<PlannedStep> {
        let schema = &self.old.schema_name;
        let tables = self.migration.tables.iter().enumerate();
        tables
            .filter_map(|(at, parts)| {
                let parts = parts.as_ref()?;
                let (old, new) = (&self.old.storage.tables[parts.old], &self.new.tables[at]);
                if old.row_hash_index == new.row_hash_index && !self.changes_columns(parts, at) {
                    return None;
                }
                let (kind, table, sql) = if create {
                    ("create_index", new, ddl::create_row_hash_index(new, schema)?)
                } else {
                    let name = quote_qualified(schema, old.row_hash_index.as_ref()?);
                    ("drop_index", old, format!("DROP INDEX IF EXISTS {name}"))
                };
                let object = format!("index `{}`", table.row_hash_index.as_ref()?);
                Some(PlannedStep::new(kind, object, vec![sql]))
            })
            .collect()
    }

    fn changes_columns(&self, parts: &TableMatch, at: usize) -> bool {
        let old = &self.old.storage.tables[parts.old].columns;
        let new = &self.new.tables[at].columns;
        old.len() != new.len()
            || parts.columns.iter().enumerate().any(|(column, before)| {
                before.is_none_or(|before| old[before].sql_type != new[column].sql_type)
                    || self.is_new_type(&self.definition.tables[at].columns[column].ty)
            })
    }
}
