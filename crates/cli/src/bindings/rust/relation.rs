//! Tables and views: the handles that give access to their rows in the client's cache.

use std::collections::BTreeSet;
use std::fmt::Write;

use spacetime_definition::{Definition, Field, Product, Table, View};

use super::names::{self, Taken};
use super::types::{self, Types};
use super::{IMPORTS, fill, quoted};
use crate::bindings::names::{pascal, snake};
use crate::error::Result;

/// A table or a view.
pub(super) struct Relation {
    /// As servers know it.
    pub(super) name: String,
    /// The method that gives its handle.
    pub(super) accessor: String,
    pub(super) module: String,
    /// The type of its rows.
    pub(super) row: String,
    pub(super) is_event: bool,
    /// The field that tells an update from a deletion and an insertion.
    pub(super) primary_key: Option<String>,
    /// Fields that a row can be found by, with their types.
    unique: Vec<(String, String)>,
    /// Types of the module among those.
    uses: Vec<String>,
}

/// The public tables and views of a module; their rows' types are declared.
pub(super) fn relations(
    definition: &Definition,
    types: &mut Types,
    taken: &mut Taken,
) -> Result<Vec<Relation>> {
    let mut relations = Vec::new();
    for table in definition.tables.iter().filter(|table| table.is_public) {
        let indexed: Vec<_> = table
            .indexes
            .iter()
            .filter_map(|index| <[usize; 1]>::try_from(index.columns.as_slice()).ok())
            .map(|[column]| column)
            .collect();
        relations.push(declare(&Declared::table(table), &indexed, types, taken)?);
    }
    for view in definition.views.iter().filter(|view| view.is_public && view.params.is_empty()) {
        relations.push(declare(&Declared::view(view), &[], types, taken)?);
    }
    Ok(relations)
}

/// What tables and views have in common.
struct Declared<'d> {
    name: &'d str,
    row_type: Product,
    row: String,
    unique: BTreeSet<usize>,
    primary_key: Option<usize>,
    is_event: bool,
}

impl<'d> Declared<'d> {
    fn table(table: &'d Table) -> Self {
        // The client's unique indexes are of one column each.
        let single = table.unique_constraints.iter().filter(|constraint| constraint.columns.len() == 1);
        Self {
            name: &table.name,
            row_type: table.row_type(),
            row: names::ty(table.row_type_name.as_deref().unwrap_or(&table.name)),
            unique: single.flat_map(|constraint| constraint.columns.clone()).collect(),
            primary_key: table.primary_key,
            is_event: table.is_event,
        }
    }

    fn view(view: &'d View) -> Self {
        let is_key = |field: &Field, key: &String| field.name.as_ref() == Some(key);
        let primary_key = match view.primary_key.as_deref() {
            Some([key]) => view.row_type.fields.iter().position(|field| is_key(field, key)),
            _ => None,
        };
        Self {
            name: &view.name,
            row_type: view.row_type.clone(),
            row: view.row_type.name.as_deref().map_or_else(|| names::ty(&view.name) + "Row", names::ty),
            unique: primary_key.into_iter().collect(),
            primary_key,
            is_event: false,
        }
    }
}

fn declare(
    declared: &Declared<'_>,
    indexed: &[usize],
    types: &mut Types,
    taken: &mut Taken,
) -> Result<Relation> {
    let Declared { name, row, row_type, .. } = declared;
    types.declare_struct(taken, row, &row_type.fields)?;
    let fields = types.fields(taken, row, &row_type.fields, &mut BTreeSet::new())?;
    let columns = row_type.fields.iter().zip(&fields).map(|(column, (field, ty))| {
        (column.name.clone().unwrap_or_else(|| field.clone()), field.clone(), ty.clone())
    });
    let columns: Vec<_> = columns.collect();
    let indexed = indexed.iter().map(|at| fields[*at].0.clone());
    types.add_row(taken, row, columns, indexed, !declared.is_event)?;
    // Rows of event tables are not kept, so there is nothing to find or to update.
    let is_key = |at: &usize| !declared.is_event && types::is_hashable(&row_type.fields[*at].ty);
    let unique: Vec<_> = declared.unique.iter().copied().filter(is_key).collect();
    let mut uses = BTreeSet::from([row.clone()]);
    for at in &unique {
        types.fields(taken, row, &row_type.fields[*at..=*at], &mut uses)?;
    }
    let relation = Relation {
        name: (*name).to_owned(),
        accessor: names::value(name),
        module: format!("{}_table", snake(name)),
        row: row.clone(),
        is_event: declared.is_event,
        primary_key: declared.primary_key.filter(is_key).map(|at| fields[at].0.clone()),
        unique: unique.into_iter().map(|at| fields[at].clone()).collect(),
        uses: uses.into_iter().collect(),
    };
    let what = format!("table or view {name}");
    taken.claim(&relation.module, &format!("the module of {what}"))?;
    for suffix in SUFFIXES {
        taken.claim(&format!("{}{suffix}", pascal(name)), &what)?;
    }
    for (field, _) in &relation.unique {
        taken.claim(&relation.unique_name(field), &what)?;
    }
    Ok(relation)
}

impl Relation {
    /// The text of its module.
    pub(super) fn text(&self) -> String {
        let parts = ["EventContext", "RemoteModule", "RemoteTables"];
        let mut text = format!("{IMPORTS}\n{}{HANDLE}", types::imports(&parts, &self.uses));
        if self.is_event {
            text.push_str(&implement("EventTable", &[READ, INSERT]));
        } else {
            text.push_str(&implement("Table", &[READ, INSERT, DELETE]));
        }
        text.push_str(&implement("TableLike", &[READ]));
        text.push_str(&implement("WithInsert", &[INSERT]));
        if !self.is_event {
            text.push_str(DELETE_ID);
            text.push_str(&implement("WithDelete", &[DELETE]));
        }
        if self.primary_key.is_some() {
            text.push_str(UPDATE_ID);
            text.push_str(&implement("TableWithPrimaryKey", &[UPDATE]));
            text.push_str(&implement("WithUpdate", &[UPDATE]));
        }
        let mut constraints = String::new();
        for (field, ty) in &self.unique {
            let unique = self.unique_name(field);
            text.push_str(&fill(UNIQUE, &[("$Unique", &unique), ("$field", field), ("$Type", ty)]));
            let _ = write!(
                constraints,
                "\n    table.add_unique_constraint::<{ty}>({}, |row| &row.{field});",
                quoted(field)
            );
        }
        text.push_str(&fill(REGISTER, &[("$constraints", &constraints)]));
        fill(
            &text,
            &[
                ("$Relation", &pascal(&self.name)),
                ("$Row", &self.row),
                ("$accessor", &self.accessor),
                ("$name", &quoted(&self.name)),
            ],
        )
    }

    fn unique_name(&self, field: &str) -> String {
        format!("{}{}Unique", pascal(&self.name), pascal(field.trim_start_matches("r#")))
    }
}

/// What a table's names end with.
const SUFFIXES: [&str; 7] = [
    "TableAccess",
    "TableAccessor",
    "TableHandle",
    "QueryTableAccess",
    "InsertCallbackId",
    "DeleteCallbackId",
    "UpdateCallbackId",
];

fn implement(name: &str, parts: &[&str]) -> String {
    format!("\nimpl __sdk::{name} for $RelationTableHandle<'_> {{\n{}}}\n", parts.join("\n"))
}

const HANDLE: &str = "
/// The rows of `$accessor` in the client's cache.
pub struct $RelationTableHandle<'ctx> {
    rows: __sdk::TableHandle<$Row>,
    context: PhantomData<&'ctx RemoteTables>,
}

/// Gives `context.db` its method `$accessor`.
pub trait $RelationTableAccess {
    /// The rows of `$accessor` in the client's cache.
    fn $accessor(&self) -> $RelationTableHandle<'_>;
}

impl $RelationTableAccess for RemoteTables {
    fn $accessor(&self) -> $RelationTableHandle<'_> {
        $RelationTableHandle { rows: self.connection.get_table::<$Row>($name), context: PhantomData }
    }
}

/// Stands for `$accessor` where code is generic over tables.
pub struct $RelationTableAccessor;

impl __sdk::TableAccessor<RemoteTables> for $RelationTableAccessor {
    type Row = $Row;
    type Handle<'db> = $RelationTableHandle<'db>;

    fn get<'db>(db: &'db RemoteTables) -> $RelationTableHandle<'db> {
        db.$accessor()
    }
}

/// Gives query builders their method `$accessor`.
pub trait $RelationQueryTableAccess {
    /// Queries of `$accessor`.
    fn $accessor(&self) -> __query_builder::Table<$Row>;
}

impl $RelationQueryTableAccess for __sdk::QueryTableAccessor {
    fn $accessor(&self) -> __query_builder::Table<$Row> {
        __query_builder::Table::new($name)
    }
}

/// A callback for rows that appear.
pub struct $RelationInsertCallbackId(__sdk::CallbackId);
";

const READ: &str = "    type Row = $Row;
    type EventContext = EventContext;

    fn count(&self) -> u64 {
        self.rows.count()
    }

    fn iter(&self) -> impl Iterator<Item = $Row> + '_ {
        self.rows.iter()
    }
";

const INSERT: &str = "    type InsertCallbackId = $RelationInsertCallbackId;

    fn on_insert(
        &self,
        callback: impl FnMut(&EventContext, &$Row) + Send + 'static,
    ) -> $RelationInsertCallbackId {
        $RelationInsertCallbackId(self.rows.on_insert(callback))
    }

    fn remove_on_insert(&self, callback: $RelationInsertCallbackId) {
        self.rows.remove_on_insert(callback.0)
    }
";

const DELETE_ID: &str = "
/// A callback for rows that disappear.
pub struct $RelationDeleteCallbackId(__sdk::CallbackId);
";

const DELETE: &str = "    type DeleteCallbackId = $RelationDeleteCallbackId;

    fn on_delete(
        &self,
        callback: impl FnMut(&EventContext, &$Row) + Send + 'static,
    ) -> $RelationDeleteCallbackId {
        $RelationDeleteCallbackId(self.rows.on_delete(callback))
    }

    fn remove_on_delete(&self, callback: $RelationDeleteCallbackId) {
        self.rows.remove_on_delete(callback.0)
    }
";

const UPDATE_ID: &str = "
/// A callback for rows that are replaced by others with the same primary key.
pub struct $RelationUpdateCallbackId(__sdk::CallbackId);
";

const UPDATE: &str = "    type UpdateCallbackId = $RelationUpdateCallbackId;

    fn on_update(
        &self,
        callback: impl FnMut(&EventContext, &$Row, &$Row) + Send + 'static,
    ) -> $RelationUpdateCallbackId {
        $RelationUpdateCallbackId(self.rows.on_update(callback))
    }

    fn remove_on_update(&self, callback: $RelationUpdateCallbackId) {
        self.rows.remove_on_update(callback.0)
    }
";

const UNIQUE: &str = "
/// Finds rows of `$accessor` by `$field`, of which no two have the same.
pub struct $Unique<'ctx> {
    index: __sdk::UniqueConstraintHandle<$Row, $Type>,
    context: PhantomData<&'ctx RemoteTables>,
}

impl<'ctx> $RelationTableHandle<'ctx> {
    /// Finds rows by `$field`.
    pub fn $field(&self) -> $Unique<'ctx> {
        $Unique { index: self.rows.get_unique_constraint::<$Type>(\"$field\"), context: PhantomData }
    }
}

impl $Unique<'_> {
    /// The row in the client's cache with this value, if there is one.
    pub fn find(&self, value: &$Type) -> Option<$Row> {
        self.index.find(value)
    }
}
";

const REGISTER: &str = "
pub(super) fn register(cache: &mut __sdk::ClientCache<RemoteModule>) {
    let table = cache.get_or_make_table::<$Row>($name);$constraints
}
";
