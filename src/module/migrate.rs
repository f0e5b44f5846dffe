//! From what changes between two versions to the SQL that carries it out, step by step.

use std::collections::{HashMap, HashSet};

use spacetime_definition::migration::{Change, Migration, Obstacle, Step, TableMatch};
use spacetime_definition::{Definition, Table, Type};

use super::wrappers::Wrapper;
use super::{ddl, plan, policies, triggers};
use crate::catalog::{Grant, ModuleRow, StoragePlan, StoredSequence, StoredTable, StoredType};
use crate::error::Result;
use crate::pg::name::{literal, quote, quote_qualified};
use crate::reducer::WrapperOf;

/// One step of a publish, as `plan_publish` shows it.
#[derive(Debug)]
pub(crate) struct PlannedStep {
    pub(crate) kind: &'static str,
    pub(crate) object: String,
    pub(crate) sql: Vec<String>,
    pub(crate) breaks_clients: bool,
    pub(crate) obstacle: Option<Obstacle>,
    pub(super) rights: Rights,
}

/// Whose rights a step needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rights {
    Owner,
    Superuser,
}

/// Two versions of a module. Wrappers and triggers are compared with what is there, so that lost ones come back.
pub(super) struct Versions<'a> {
    pub(super) old: &'a ModuleRow,
    pub(super) new: &'a StoragePlan,
    pub(super) definition: &'a Definition,
    pub(super) migration: &'a Migration,
    /// Functions of the old version that exist in SQL.
    pub(super) wrappers: HashSet<WrapperOf>,
    /// Changed rights on those.
    pub(super) grants: HashMap<WrapperOf, Vec<Grant>>,
    /// Tables, by their names in Postgres, and the functions of the extension's triggers on them.
    pub(super) triggers: HashSet<(String, String)>,
}

impl PlannedStep {
    pub(super) fn new(kind: &'static str, object: String, sql: Vec<String>) -> Self {
        Self { kind, object, sql, breaks_clients: false, obstacle: None, rights: Rights::Owner }
    }

    pub(super) fn by_superuser(self) -> Self {
        Self { rights: Rights::Superuser, ..self }
    }

    fn of(step: &Step, sql: Vec<String>) -> Self {
        Self {
            breaks_clients: step.breaks_clients,
            obstacle: step.obstacle.clone(),
            ..Self::new(step.change.kind(), step.object.clone(), sql)
        }
    }
}

impl Versions<'_> {
    /// What happens before the catalog knows the new version: all that touches data.
    pub(super) fn data_steps(&self) -> Result<Vec<PlannedStep>> {
        let mut steps = self.dropped_functions();
        steps.extend(self.row_hash_indexes(false));
        let (drops, others): (Vec<_>, Vec<_>) =
            self.migration.steps.iter().partition(|step| is_drop(step.change));
        for step in drops {
            steps.push(PlannedStep::of(step, self.drop_sql(step.change)));
        }
        steps.extend(self.new_types());
        for step in others {
            if !is_function(step.change) {
                steps.push(PlannedStep::of(step, self.sql(step.change)?));
            }
        }
        steps.extend(self.row_hash_indexes(true));
        steps.extend(self.old_types());
        if !steps.is_empty() {
            // Columns that policies look at cannot change under them.
            let (hide, open) = self.rules();
            steps.splice(0..0, hide);
            steps.extend(open);
        }
        Ok(steps)
    }

    /// Taking away, before all else, the policies of tables with rules, and making those of the new version.
    fn rules(&self) -> (Option<PlannedStep>, Option<PlannedStep>) {
        let schema = &self.old.schema_name;
        let old =
            |at: usize| self.migration.tables[at].as_ref().map(|parts| &self.old.storage.tables[parts.old]);
        let is_ruled = |table: &&StoredTable| !table.rules.is_empty();
        let mut hide: Vec<_> = self
            .old
            .storage
            .tables
            .iter()
            .filter(is_ruled)
            .flat_map(|table| policies::hide_table(table, schema))
            .collect();
        let mut open = Vec::new();
        for (at, table) in self.new.tables.iter().enumerate().filter(|(_, table)| table.is_public) {
            let was_ruled = old(at).as_ref().is_some_and(is_ruled);
            let was_open = old(at).is_some_and(|old| old.is_public);
            if is_ruled(&table) && was_open && !was_ruled {
                hide.extend(policies::hide_table(table, schema));
            }
            if is_ruled(&table) || (was_ruled && was_open) {
                open.extend(policies::open_table(table, schema));
            }
        }
        let step = |sql: Vec<String>| {
            let object = "client visibility filters".to_owned();
            (!sql.is_empty()).then(|| PlannedStep::new("change_row_level_security", object, sql))
        };
        (step(hide), step(open))
    }

    /// What needs the new version in the catalog: functions and triggers.
    pub(super) fn function_steps(&self) -> Vec<PlannedStep> {
        let shown = |step: &&Step| {
            is_function(step.change) && !is_dropped(step.change) && !self.has_new_wrapper(step.change)
        };
        let mut steps: Vec<_> =
            self.migration.steps.iter().filter(shown).map(|step| PlannedStep::of(step, Vec::new())).collect();
        for wrapper in Wrapper::all(self.new) {
            if self.keeps_wrapper(wrapper) {
                continue;
            }
            let schema = &self.old.schema_name;
            let mut statements = wrapper.create(schema, self.old.identity, &self.old.owner_role);
            if statements.is_empty() {
                continue;
            }
            if let Some(grants) = self.grants.get(&wrapper.of()) {
                statements.extend(wrapper.restore_grants(schema, grants));
            }
            let kinds = wrapper.kinds();
            let kind = match self.before(wrapper) {
                None => kinds.add,
                Some(_) if self.wrappers.contains(&wrapper.of()) => kinds.change,
                Some(before) if before == wrapper => kinds.restore,
                Some(_) => kinds.change,
            };
            steps.push(self.wrapper_step(kind, wrapper, statements).by_superuser());
        }
        let tables = self.definition.tables.iter().zip(&self.new.tables);
        for (table, stored) in tables {
            steps.extend(self.missing_triggers(table, stored));
            steps.extend(self.surplus_schedule(table, stored));
        }
        steps
    }

    /// A table that was scheduled and is not any more keeps its rows; nothing is due because of them.
    fn surplus_schedule(&self, table: &Table, stored: &StoredTable) -> Option<PlannedStep> {
        let there = (stored.pg_name.clone(), triggers::SCHEDULE_FUNCTION.to_owned());
        if table.schedule.is_some() || !self.triggers.contains(&there) {
            return None;
        }
        let on = quote_qualified(&self.old.schema_name, &stored.pg_name);
        let mut sql = triggers::drop_schedule(&on);
        sql.push(format!(
            "DELETE FROM spacetime._schedule WHERE module = {}::bytea AND table_name = {}",
            literal(&format!("\\x{}", self.old.identity)),
            literal(&table.name)
        ));
        Some(PlannedStep::new("drop_trigger", format!("table `{}`", table.name), sql).by_superuser())
    }

    fn missing_triggers(&self, table: &Table, stored: &StoredTable) -> Option<PlannedStep> {
        let is_there = |function: &str| self.triggers.contains(&(stored.pg_name.clone(), function.into()));
        let wanted = triggers::of_table(self.old, self.definition, table, stored);
        let missing = wanted.into_iter().filter(|trigger| !is_there(trigger.function));
        let sql: Vec<_> = missing.flat_map(|trigger| trigger.sql).collect();
        let object = format!("table `{}`", table.name);
        (!sql.is_empty()).then(|| PlannedStep::new("create_trigger", object, sql).by_superuser())
    }

    /// Tables, by their names in Postgres, that data steps change.
    pub(super) fn locked_tables(&self, steps: &[PlannedStep]) -> Vec<&str> {
        if steps.iter().all(|step| step.sql.is_empty()) {
            return Vec::new();
        }
        let changed =
            |step: &&Step| is_drop(step.change) || !self.sql(step.change).is_ok_and(|sql| sql.is_empty());
        let tables: HashSet<usize> = self
            .migration
            .steps
            .iter()
            .filter(changed)
            .filter_map(|step| self.old_table(step.change))
            .collect();
        let mut tables: Vec<_> = tables.into_iter().collect();
        tables.sort_unstable();
        tables.into_iter().map(|at| self.old.storage.tables[at].pg_name.as_str()).collect()
    }

    fn old_table(&self, change: Change) -> Option<usize> {
        match change {
            Change::DropIndex(table, _)
            | Change::DropSequence(table, _)
            | Change::DropColumn(table, _)
            | Change::DropTable(table) => Some(table),
            Change::ChangeColumn(table, _)
            | Change::AddColumn(table, _)
            | Change::AddSequence(table, _)
            | Change::CreateIndex(table, _) => Some(self.migration.tables[table].as_ref()?.old),
            _ => None,
        }
    }

    fn dropped_functions(&self) -> Vec<PlannedStep> {
        let gone = Wrapper::all(&self.old.storage).filter(|wrapper| !self.is_same_wrapper(*wrapper));
        gone.filter_map(|wrapper| {
            let sql = wrapper.drop(&self.old.schema_name);
            let is_kept = Wrapper::all(self.new).any(|new| new.of() == wrapper.of());
            let kinds = wrapper.kinds();
            let kind = if is_kept { kinds.change } else { kinds.drop };
            if is_kept && sql.is_none() {
                return None;
            }
            Some(self.wrapper_step(kind, wrapper, sql.into_iter().collect()))
        })
        .collect()
    }

    /// A step about a wrapper; clients mind what it is part of.
    fn wrapper_step(&self, kind: &'static str, wrapper: Wrapper<'_>, sql: Vec<String>) -> PlannedStep {
        let object = wrapper.object();
        let breaks_clients =
            self.migration.steps.iter().any(|step| step.object == object && step.breaks_clients);
        PlannedStep { breaks_clients, ..PlannedStep::new(kind, object, sql) }
    }

    fn before(&self, wrapper: Wrapper<'_>) -> Option<Wrapper<'_>> {
        Wrapper::all(&self.old.storage).find(|before| before.of() == wrapper.of())
    }

    /// Whether what SQL has for a function of the old version is right for the new one, too.
    fn is_same_wrapper(&self, wrapper: Wrapper<'_>) -> bool {
        Wrapper::all(self.new).any(|new| new == wrapper)
            && !wrapper.types(self.definition).into_iter().any(|ty| self.is_new_type(ty))
    }

    fn keeps_wrapper(&self, wrapper: Wrapper<'_>) -> bool {
        self.wrappers.contains(&wrapper.of())
            && self.before(wrapper) == Some(wrapper)
            && self.is_same_wrapper(wrapper)
    }

    /// Whether the change has a step of its own for what it needs in SQL.
    fn has_new_wrapper(&self, change: Change) -> bool {
        let wrapper = match change {
            Change::AddReducer(at) | Change::ChangeReducer(at) => Wrapper::Reducer(&self.new.reducers[at]),
            Change::AddProcedure(at) | Change::ChangeProcedure(at) => {
                Wrapper::Procedure(&self.new.procedures[at])
            }
            Change::AddView(at) | Change::ChangeView(at) => Wrapper::View(&self.new.views[at]),
            _ => return false,
        };
        wrapper.function().is_some() && !self.keeps_wrapper(wrapper)
    }

    /// Whether the type holds an enum whose Postgres type is made anew.
    pub(super) fn is_new_type(&self, ty: &Type) -> bool {
        plan::enum_within(ty).is_some_and(|sum| {
            let name = plan::enum_key(sum);
            let find = |types: &[StoredType]| types.iter().find(|ty| ty.name == name).cloned();
            find(&self.old.storage.types) != find(&self.new.types)
        })
    }

    fn replaced_types(&self) -> impl Iterator<Item = (usize, &StoredType, &StoredType)> {
        let pair = |(at, new): (usize, _)| {
            let new: &StoredType = new;
            let old = self.old.storage.types.iter().find(|old| old.name == new.name)?;
            (old != new).then_some((at, old, new))
        };
        self.new.types.iter().enumerate().filter_map(pair)
    }

    fn new_types(&self) -> Vec<PlannedStep> {
        let schema = &self.old.schema_name;
        let mut steps: Vec<_> = self
            .replaced_types()
            .map(|(at, old, new)| {
                // A label that is added to a type cannot be used before the commit: hence a new type.
                let away = format!(
                    "ALTER TYPE {} RENAME TO {}",
                    quote_qualified(schema, &old.pg_name),
                    quote(&replaced_name(at))
                );
                PlannedStep::new("change_type", type_object(new), vec![away, ddl::create_type(new, schema)])
            })
            .collect();
        let is_new = |ty: &&StoredType| !self.old.storage.types.iter().any(|old| old.name == ty.name);
        steps.extend(
            self.new.types.iter().filter(is_new).map(|ty| {
                PlannedStep::new("create_type", type_object(ty), vec![ddl::create_type(ty, schema)])
            }),
        );
        steps
    }

    fn old_types(&self) -> Vec<PlannedStep> {
        let drop = |ty: &StoredType, pg_name: &str| {
            let sql = format!("DROP TYPE {}", quote_qualified(&self.old.schema_name, pg_name));
            PlannedStep::new("drop_type", type_object(ty), vec![sql])
        };
        let is_gone = |ty: &&StoredType| !self.new.types.iter().any(|new| new.name == ty.name);
        let replaced = self.replaced_types().map(|(at, old, _)| drop(old, &replaced_name(at)));
        let gone = self.old.storage.types.iter().filter(is_gone).map(|ty| drop(ty, &ty.pg_name));
        replaced.chain(gone).collect()
    }

    /// The unique indexes over whole rows: dropped where the columns change, made where there is no other.
    fn row_hash_indexes(&self, create: bool) -> Vec<PlannedStep> {
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

    fn drop_sql(&self, change: Change) -> Vec<String> {
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

    fn sql(&self, change: Change) -> Result<Vec<String>> {
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
}

fn is_drop(change: Change) -> bool {
    matches!(
        change,
        Change::DropIndex(..) | Change::DropSequence(..) | Change::DropColumn(..) | Change::DropTable(_)
    )
}

/// Shown with what SQL has of it.
fn is_dropped(change: Change) -> bool {
    matches!(change, Change::DropReducer(_) | Change::DropProcedure(_) | Change::DropView(_))
}

fn is_function(change: Change) -> bool {
    matches!(
        change,
        Change::AddReducer(_)
            | Change::ChangeReducer(_)
            | Change::DropReducer(_)
            | Change::AddProcedure(_)
            | Change::ChangeProcedure(_)
            | Change::DropProcedure(_)
            | Change::AddView(_)
            | Change::ChangeView(_)
            | Change::DropView(_)
    )
}

fn type_object(ty: &StoredType) -> String {
    format!("type `{}`", ty.name)
}

/// What a type is called while the one that replaces it is made.
fn replaced_name(at: usize) -> String {
    format!("spacetime_replaced_{at}")
}
