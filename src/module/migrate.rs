//! From what changes between two versions to the SQL that carries it out, step by step.

mod columns;
mod functions;
mod tables;
mod types;

use std::collections::{HashMap, HashSet};

use spacetime_definition::Definition;
use spacetime_definition::migration::{Change, Migration, Obstacle, Step};

use super::policies;
use crate::catalog::{Grant, ModuleRow, StoragePlan, StoredTable};
use crate::error::Result;
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
}

fn is_drop(change: Change) -> bool {
    matches!(
        change,
        Change::DropIndex(..) | Change::DropSequence(..) | Change::DropColumn(..) | Change::DropTable(_)
    )
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
