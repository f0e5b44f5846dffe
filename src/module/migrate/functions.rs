//! Wrappers, and triggers: compared with what is there, so that lost ones come back.

use spacetime_definition::Table;
use spacetime_definition::migration::{Change, Step};

use super::{PlannedStep, Versions, is_function};
use crate::catalog::StoredTable;
use crate::module::triggers;
use crate::module::wrappers::Wrapper;
use crate::pg::name::{literal, quote_qualified};

impl Versions<'_> {
    /// What needs the new version in the catalog: functions and triggers.
    pub(in crate::module) fn function_steps(&self) -> Vec<PlannedStep> {
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

    pub(super) fn dropped_functions(&self) -> Vec<PlannedStep> {
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
}

/// Shown with what SQL has of it.
fn is_dropped(change: Change) -> bool {
    matches!(change, Change::DropReducer(_) | Change::DropProcedure(_) | Change::DropView(_))
}
