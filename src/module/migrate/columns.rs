//! Columns that are added or get another type: the SQL that gives the rows that exist their values.

use super::Versions;
use crate::catalog::StoredColumn;
use crate::error::{Error, Result};
use crate::module::{ddl, plan};
use crate::pg::name::{quote, quote_qualified};
use crate::row;

impl Versions<'_> {
    /// Adds a column, with values for the rows that exist.
    pub(super) fn add_column(&self, table: usize, at: usize) -> Result<Vec<String>> {
        let schema = &self.old.schema_name;
        let stored = &self.new.tables[table];
        let column = &stored.columns[at];
        let on = quote_qualified(schema, &stored.pg_name);
        let default = self.default(table, at)?;
        let sequence = stored.sequences.iter().find(|sequence| sequence.column == at);
        let mut statements: Vec<_> =
            sequence.iter().map(|sequence| ddl::create_sequence(sequence, schema)).collect();
        let mut add = format!("ALTER TABLE {on} ADD COLUMN {}", ddl::column(stored, at, schema));
        if let (Some(default), None) = (&default, sequence) {
            add.push_str(&format!(" DEFAULT {default}"));
        }
        if let Some(check) = ddl::check(column) {
            add.push_str(&format!(", ADD {check}"));
        }
        statements.push(add);
        match sequence {
            Some(sequence) => statements.push(ddl::own_sequence(stored, sequence, schema)),
            None if default.is_some() => {
                // For the rows that exist only: guests write every column of a new one.
                statements
                    .push(format!("ALTER TABLE {on} ALTER COLUMN {} DROP DEFAULT", quote(&column.pg_name)));
            }
            None => {}
        }
        Ok(statements)
    }

    /// Converts a column; no statements where its values stay as they are stored.
    pub(super) fn change_column(&self, table: usize, at: usize) -> Result<Vec<String>> {
        let (Some(before), now) = (self.column_before(table, at), &self.new.tables[table].columns[at]) else {
            return Ok(Vec::new());
        };
        let column = quote(&now.pg_name);
        let is_new_type = self.is_new_type(&self.definition.tables[table].columns[at].ty);
        let retyped = before.sql_type != now.sql_type || is_new_type;
        let gets_value = before.nullable && !now.nullable;
        let mut parts = Vec::new();
        // Constraints would be read again with the old type's name in them.
        let rechecked = retyped || before.check != now.check;
        if let (true, Some(name)) = (rechecked, &before.check_name) {
            parts.push(format!("DROP CONSTRAINT IF EXISTS {}", quote(name)));
        }
        let default = if gets_value { self.default(table, at)? } else { None };
        if retyped || default.is_some() {
            // Labels of two enums have nothing in common but their text.
            let via = match is_new_type {
                false => "",
                true if now.sql_type.ends_with("[]") => "::text[]",
                true => "::text",
            };
            let mut value = format!("{column}{via}::{}", now.sql_type);
            if let Some(default) = default {
                value = format!("coalesce({value}, {default})");
            }
            parts.push(format!("ALTER COLUMN {column} TYPE {} USING {value}", ddl::type_of(now)));
        }
        if gets_value {
            parts.push(format!("ALTER COLUMN {column} SET NOT NULL"));
        } else if !before.nullable && now.nullable {
            parts.push(format!("ALTER COLUMN {column} DROP NOT NULL"));
        }
        if let (true, Some(check)) = (rechecked, ddl::check(now)) {
            parts.push(format!("ADD {check}"));
        }
        if parts.is_empty() {
            return Ok(Vec::new());
        }
        let on = quote_qualified(&self.old.schema_name, &self.new.tables[table].pg_name);
        Ok(vec![format!("ALTER TABLE {on} {}", parts.join(", "))])
    }

    fn column_before(&self, table: usize, at: usize) -> Option<&StoredColumn> {
        let parts = self.migration.tables[table].as_ref()?;
        Some(&self.old.storage.tables[parts.old].columns[parts.columns[at]?])
    }

    /// The column's default value as SQL.
    fn default(&self, table: usize, at: usize) -> Result<Option<String>> {
        let definition = &self.definition.tables[table].columns[at];
        let Some(default) = &definition.default else { return Ok(None) };
        let column = &self.new.tables[table].columns[at];
        let labels = plan::enum_within(&definition.ty).and_then(|sum| {
            let name = plan::enum_key(sum);
            self.new.types.iter().find(|ty| ty.name == name)?.labels.as_deref()
        });
        let literal = row::literal(
            &definition.ty,
            self.old.u64_as,
            default,
            &column.sql_type,
            labels.unwrap_or_default(),
        );
        literal.map(Some).map_err(|_| {
            Error::InvalidModule(format!(
                "the default value of column {:?} of table {:?} cannot be stored",
                definition.name, self.definition.tables[table].name
            ))
        })
    }
}
