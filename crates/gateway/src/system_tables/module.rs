//! The rows of system tables, out of a module's definition.

use spacetime_definition::{Definition, IndexAlgorithm, Table};
use spacetime_query::{Access, Schema, check, parse};

use super::catalog::{Facts, TABLES};
use crate::subscriptions::FIRST_TABLE_ID;

/// A row in BSATN, column by column.
#[derive(Default)]
struct Row(Vec<u8>);

impl Row {
    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    fn bool(self, value: bool) -> Self {
        self.bytes(&[u8::from(value)])
    }

    fn u16(self, value: usize) -> Self {
        self.bytes(&u16::try_from(value).unwrap_or(u16::MAX).to_le_bytes())
    }

    fn u32(self, value: u32) -> Self {
        self.bytes(&value.to_le_bytes())
    }

    fn i128(self, value: i128) -> Self {
        self.bytes(&value.to_le_bytes())
    }

    fn length(self, length: usize) -> Self {
        self.u32(u32::try_from(length).unwrap_or(u32::MAX))
    }

    fn text(self, text: &str) -> Self {
        self.length(text.len()).bytes(text.as_bytes())
    }

    fn columns(self, columns: &[usize]) -> Self {
        columns.iter().fold(self.length(columns.len()), |row, column| row.u16(*column))
    }
}

/// The number of the thing at a position; tables and views share one sequence.
fn number(position: usize) -> u32 {
    FIRST_TABLE_ID.saturating_add(u32::try_from(position).unwrap_or(u32::MAX))
}

fn definition<'a>(facts: &Facts<'a>) -> &'a Definition {
    &facts.module.definition
}

/// Tables with their numbers.
fn numbered<'a>(facts: &Facts<'a>) -> impl Iterator<Item = (u32, &'a Table)> {
    definition(facts).tables.iter().enumerate().map(|(at, table)| (number(at), table))
}

/// Rows of things that each table may have several of, numbered through all tables.
fn of_tables<'a, T: 'a>(
    facts: &Facts<'a>,
    things: impl Fn(&'a Table) -> &'a [T],
    row: impl Fn(u32, u32, &'a T) -> Row,
) -> Vec<Vec<u8>> {
    let all = numbered(facts).flat_map(|(id, table)| things(table).iter().map(move |thing| (id, thing)));
    all.enumerate().map(|(at, (table, thing))| row(number(at), table, thing).0).collect()
}

pub(super) fn tables(facts: &Facts<'_>) -> Vec<Vec<u8>> {
    let system = TABLES
        .iter()
        .map(|table| Row::default().u32(table.id).text(table.name).text("system").text("public").bytes(&[1]));
    let user = numbered(facts).map(|(id, table)| {
        let access = if table.is_public { "public" } else { "private" };
        let row = Row::default().u32(id).text(&table.name).text("user").text(access);
        match table.primary_key {
            Some(column) => row.bytes(&[0]).columns(&[column]),
            None => row.bytes(&[1]),
        }
    });
    system.chain(user).map(|row| row.0).collect()
}

pub(super) fn columns(facts: &Facts<'_>) -> Vec<Vec<u8>> {
    let row = |table, at, name: &str, ty: &spacetime_definition::Type| {
        Row::default().u32(table).u16(at).text(name).text(&ty.describe()).0
    };
    let mut rows = Vec::new();
    for table in TABLES {
        for (at, (name, kind)) in table.columns.iter().enumerate() {
            rows.push(row(table.id, at, name, &kind.ty()));
        }
    }
    for (id, table) in numbered(facts) {
        for (at, column) in table.columns.iter().enumerate() {
            rows.push(row(id, at, &column.name, &column.ty));
        }
    }
    rows
}

pub(super) fn sequences(facts: &Facts<'_>) -> Vec<Vec<u8>> {
    of_tables(
        facts,
        |table| &table.sequences,
        |id, table, sequence| {
            let bounds = [
                sequence.increment,
                sequence.start.unwrap_or(1),
                sequence.min_value.unwrap_or(1),
                sequence.max_value.unwrap_or(i128::MAX),
            ];
            let row = Row::default().u32(id).text(&sequence.name).u32(table).u16(sequence.column);
            bounds.into_iter().fold(row, Row::i128)
        },
    )
}

pub(super) fn indexes(facts: &Facts<'_>) -> Vec<Vec<u8>> {
    of_tables(
        facts,
        |table| &table.indexes,
        |id, table, index| {
            let algorithm = match index.algorithm {
                IndexAlgorithm::BTree => "btree",
                IndexAlgorithm::Hash => "hash",
                IndexAlgorithm::Direct => "direct",
            };
            let row = Row::default().u32(id).u32(table).text(&index.name).text(algorithm);
            row.columns(&index.columns).bool(index.is_unique)
        },
    )
}

pub(super) fn constraints(facts: &Facts<'_>) -> Vec<Vec<u8>> {
    of_tables(
        facts,
        |table| &table.unique_constraints,
        |id, table, constraint| {
            Row::default().u32(id).text(&constraint.name).u32(table).columns(&constraint.columns)
        },
    )
}

pub(super) fn module(facts: &Facts<'_>) -> Vec<Vec<u8>> {
    let module = facts.module;
    let identities = Row::default().bytes(&module.identity.to_le_bytes()).bytes(&module.owner.to_le_bytes());
    vec![identities.text("wasm").text(&hex::encode(&module.wasm_sha256)).0]
}

pub(super) fn clients(facts: &Facts<'_>) -> Vec<Vec<u8>> {
    let row = |(identity, connection): &(spacetime_auth::Identity, spacetime_wire::ConnectionId)| {
        Row::default().bytes(&identity.to_le_bytes()).bytes(&connection.to_le_bytes()).0
    };
    facts.clients.iter().map(row).collect()
}

pub(super) fn schedules(facts: &Facts<'_>) -> Vec<Vec<u8>> {
    of_tables(
        facts,
        |table| table.schedule.as_slice(),
        |id, table, schedule| {
            let row = Row::default().u32(id).u32(table).text(&schedule.function).text(&schedule.name);
            row.u16(schedule.at_column)
        },
    )
}

pub(super) fn row_level_security(facts: &Facts<'_>) -> Vec<Vec<u8>> {
    let schema = Schema::of(definition(facts));
    let row = |sql: &String| {
        // It was checked when the module was published.
        let plan = check(&parse(sql).ok()?, &schema, Access::Owner).ok()?;
        Some(Row::default().u32(number(plan.returned_relation())).text(sql).0)
    };
    definition(facts).row_level_security.iter().filter_map(row).collect()
}

/// Views with their numbers, which are those of their tables, too.
fn numbered_views<'a>(facts: &Facts<'a>) -> impl Iterator<Item = (u32, &'a spacetime_definition::View)> {
    let tables = definition(facts).tables.len();
    definition(facts).views.iter().enumerate().map(move |(at, view)| (number(tables + at), view))
}

pub(super) fn views(facts: &Facts<'_>) -> Vec<Vec<u8>> {
    let row = |(id, view): (u32, &spacetime_definition::View)| {
        Row::default().u32(id).text(&view.name).u32(id).bool(view.is_public).bool(view.is_anonymous).0
    };
    numbered_views(facts).map(row).collect()
}

fn of_fields(view: u32, fields: &[spacetime_definition::Field]) -> impl Iterator<Item = Vec<u8>> {
    fields.iter().enumerate().map(move |(at, field)| {
        let name = field.name.as_deref().unwrap_or_default();
        Row::default().u32(view).u16(at).text(name).text(&field.ty.describe()).0
    })
}

pub(super) fn view_params(facts: &Facts<'_>) -> Vec<Vec<u8>> {
    numbered_views(facts).flat_map(|(id, view)| of_fields(id, &view.params)).collect()
}

pub(super) fn view_columns(facts: &Facts<'_>) -> Vec<Vec<u8>> {
    numbered_views(facts).flat_map(|(id, view)| of_fields(id, &view.row_type.fields)).collect()
}

pub(super) fn event_tables(facts: &Facts<'_>) -> Vec<Vec<u8>> {
    let events = numbered(facts).filter(|(_, table)| table.is_event);
    events.map(|(id, _)| Row::default().u32(id).0).collect()
}

pub(super) fn table_accessors(facts: &Facts<'_>) -> Vec<Vec<u8>> {
    let tables = definition(facts).tables.iter().map(|table| (&table.name, &table.source_name));
    let views = definition(facts).views.iter().map(|view| (&view.name, &view.source_name));
    tables.chain(views).map(|(name, accessor)| Row::default().text(name).text(accessor).0).collect()
}

pub(super) fn index_accessors(facts: &Facts<'_>) -> Vec<Vec<u8>> {
    let indexes = definition(facts).tables.iter().flat_map(|table| &table.indexes);
    let named = indexes.filter_map(|index| Some((&index.name, index.accessor.as_ref()?)));
    named.map(|(name, accessor)| Row::default().text(name).text(accessor).0).collect()
}

pub(super) fn column_accessors(facts: &Facts<'_>) -> Vec<Vec<u8>> {
    let all = definition(facts).tables.iter().flat_map(|table| {
        table
            .columns
            .iter()
            .map(|column| Row::default().text(&table.name).text(&column.name).text(&column.source_name).0)
    });
    all.collect()
}

#[cfg(test)]
mod tests {
    use spacetime_auth::Identity;
    use spacetime_definition::bsatn::{Reader, skip_fields};
    use spacetime_definition::{
        Abi, Column, Definition, Field, Index, IndexAlgorithm, Product, Schedule, Sequence, Table, Type,
        UniqueConstraint, View, ViewKind,
    };
    use spacetime_wire::ConnectionId;

    use super::super::catalog::{Facts, TABLES};
    use crate::postgres::{Module, Rights};

    fn table(name: &str) -> Table {
        let column =
            |name: &str, ty| Column { name: name.into(), source_name: name.into(), ty, default: None };
        Table {
            name: name.into(),
            source_name: name.into(),
            row_type_name: None,
            columns: vec![column("id", Type::U64), column("at", Type::ScheduleAt)],
            primary_key: Some(0),
            indexes: vec![Index {
                name: format!("{name}_id_idx"),
                aliases: Vec::new(),
                accessor: Some("id".into()),
                algorithm: IndexAlgorithm::BTree,
                columns: vec![0],
                is_unique: true,
            }],
            unique_constraints: vec![UniqueConstraint { name: format!("{name}_id_key"), columns: vec![0] }],
            sequences: vec![Sequence {
                name: format!("{name}_id_seq"),
                column: 0,
                start: None,
                min_value: None,
                max_value: None,
                increment: 1,
            }],
            schedule: Some(Schedule { name: format!("{name}_sched"), at_column: 1, function: "run".into() }),
            is_public: true,
            is_event: name == "event",
        }
    }

    fn module() -> Module {
        let field = |name: &str| Field { name: Some(name.into()), ty: Type::U64 };
        let view = View {
            name: "seen".into(),
            source_name: "seen".into(),
            index: 0,
            is_public: true,
            is_anonymous: false,
            params: vec![field("limit")],
            return_type: Type::Array(Box::new(Type::U64)),
            primary_key: None,
            kind: ViewKind::Rows,
            row_type: Product { name: None, fields: vec![field("id")] },
        };
        let definition = Definition {
            abi: Abi::V10,
            tables: vec![table("event"), table("job")],
            reducers: Vec::new(),
            procedures: Vec::new(),
            views: vec![view],
            types: Vec::new(),
            row_level_security: vec!["SELECT * FROM job WHERE id = 1".into()],
            http_handlers: Vec::new(),
            http_routes: Vec::new(),
            environment: Vec::new(),
        };
        Module {
            identity: Identity::from_be_bytes([1; 32]),
            owner: Identity::from_be_bytes([2; 32]),
            names: Vec::new(),
            wasm_sha256: vec![3; 32],
            description: Vec::new(),
            definition,
            rights: Rights { role: "public".into(), closed: Vec::new(), policed: Vec::new() },
            row_limit: None,
        }
    }

    #[test]
    fn rows_are_of_the_types_that_they_are_said_to_be() {
        let module = module();
        let clients = [(module.owner, ConnectionId::new(7))];
        let facts = Facts { module: &module, clients: &clients };
        let mut counts = Vec::new();
        for table in TABLES {
            let name = |name: &str| Some(name.to_owned());
            let fields: Vec<_> = table
                .columns
                .iter()
                .map(|(column, kind)| Field { name: name(column), ty: kind.ty() })
                .collect();
            let rows = (table.rows)(&facts);
            for row in &rows {
                let mut reader = Reader::new(row);
                skip_fields(&fields, &mut reader).unwrap_or_else(|error| panic!("{}: {error}", table.name));
                assert!(reader.is_empty(), "{}: {} bytes too many", table.name, reader.remaining());
            }
            counts.push((table.name, rows.len()));
        }
        let system_columns: usize = TABLES.iter().map(|table| table.columns.len()).sum();
        let expected = [
            ("st_table", TABLES.len() + 2),
            ("st_column", system_columns + 4),
            ("st_sequence", 2),
            ("st_index", 2),
            ("st_constraint", 2),
            ("st_module", 1),
            ("st_client", 1),
            ("st_scheduled", 2),
            ("st_row_level_security", 1),
            ("st_view", 1),
            ("st_view_param", 1),
            ("st_view_column", 1),
            ("st_event_table", 1),
            ("st_table_accessor", 3),
            ("st_index_accessor", 2),
            ("st_column_accessor", 4),
        ];
        assert_eq!(counts, expected);
    }
}
