//! From one version of a module to the next: what changes, as data. Knows what each change means for rows and clients
//! (module-abi.md §6.3), not how it is carried out.
//!
//! Tables and columns are the same ones when their canonical names are, else when they have the same name in the guest's
//! source. Positions in [`Change`] are of the new definition, unless the change takes something away.

mod fit;
mod functions;
mod matching;
mod tables;

use std::borrow::Cow;

use crate::definition::Definition;

pub use matching::TableMatch;

/// Everything between two versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// In an order in which they can be carried out.
    pub steps: Vec<Step>,
    /// For each table of the new version, the table it was.
    pub tables: Vec<Option<TableMatch>>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub change: Change,
    /// What it is about: ``table `item` ``, ``column `item.name` ``.
    pub object: String,
    /// Clients must get new rows of another shape: their connections end, and their generated code is outdated.
    pub breaks_clients: bool,
    /// Why it is not simply done.
    pub obstacle: Option<Obstacle>,
}

/// What stands against a step, and when it does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// One clause that names the object.
    pub why: String,
    /// What the developer can do instead.
    pub way_out: Cow<'static, str>,
    /// The step is fine after all if this table of the old version holds no rows.
    pub unless_empty: Option<usize>,
    /// The step is done if the publisher accepts that data is lost.
    pub unless_allowed: bool,
}

/// What a step does. Pairs are positions of a table and of a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// Of the old version.
    DropIndex(usize, usize),
    /// Of the old version.
    DropSequence(usize, usize),
    /// Of the old version.
    DropColumn(usize, usize),
    /// Of the old version.
    DropTable(usize),
    RenameTable(usize),
    RenameColumn(usize, usize),
    /// Another type.
    ChangeColumn(usize, usize),
    AddColumn(usize, usize),
    /// The same columns in another order.
    ReorderColumns(usize),
    CreateTable(usize),
    AddSequence(usize, usize),
    /// Another range or step; it goes on from where it is.
    ChangeSequence(usize, usize),
    CreateIndex(usize, usize),
    /// Another name or algorithm over the same columns.
    ChangeIndex(usize, usize),
    ChangePrimaryKey(usize),
    ChangeAccess(usize),
    ChangeSchedule(usize),
    /// Between an event table and an ordinary one.
    ChangeLifetime(usize),
    ChangeRowLevelSecurity,
    AddReducer(usize),
    ChangeReducer(usize),
    /// Of the old version.
    DropReducer(usize),
    AddProcedure(usize),
    ChangeProcedure(usize),
    /// Of the old version.
    DropProcedure(usize),
    AddView(usize),
    ChangeView(usize),
    /// Of the old version.
    DropView(usize),
}

impl Change {
    /// The word for it in plans.
    pub fn kind(self) -> &'static str {
        match self {
            Self::DropIndex(..) => "drop_index",
            Self::DropSequence(..) => "drop_sequence",
            Self::DropColumn(..) => "drop_column",
            Self::DropTable(_) => "drop_table",
            Self::RenameTable(_) => "rename_table",
            Self::RenameColumn(..) => "rename_column",
            Self::ChangeColumn(..) => "change_column",
            Self::AddColumn(..) => "add_column",
            Self::ReorderColumns(_) => "reorder_columns",
            Self::CreateTable(_) => "create_table",
            Self::AddSequence(..) => "add_sequence",
            Self::ChangeSequence(..) => "change_sequence",
            Self::CreateIndex(..) => "create_index",
            Self::ChangeIndex(..) => "change_index",
            Self::ChangePrimaryKey(_) => "change_primary_key",
            Self::ChangeAccess(_) => "change_access",
            Self::ChangeSchedule(_) => "change_schedule",
            Self::ChangeLifetime(_) => "change_lifetime",
            Self::ChangeRowLevelSecurity => "change_row_level_security",
            Self::AddReducer(_) => "add_reducer",
            Self::ChangeReducer(_) => "change_reducer",
            Self::DropReducer(_) => "drop_reducer",
            Self::AddProcedure(_) => "add_procedure",
            Self::ChangeProcedure(_) => "change_procedure",
            Self::DropProcedure(_) => "drop_procedure",
            Self::AddView(_) => "add_view",
            Self::ChangeView(_) => "change_view",
            Self::DropView(_) => "drop_view",
        }
    }
}

impl Step {
    fn new(change: Change, object: String) -> Self {
        Self { change, object, breaks_clients: false, obstacle: None }
    }

    fn breaking(self) -> Self {
        Self { breaks_clients: true, ..self }
    }

    fn against(self, obstacle: Obstacle) -> Self {
        Self { obstacle: Some(obstacle), ..self }
    }
}

impl Obstacle {
    fn new(why: String, way_out: impl Into<Cow<'static, str>>) -> Self {
        Self { why, way_out: way_out.into(), unless_empty: None, unless_allowed: false }
    }

    fn unless_empty(self, table: usize) -> Self {
        Self { unless_empty: Some(table), ..self }
    }

    fn unless_allowed(self) -> Self {
        Self { unless_allowed: true, ..self }
    }
}

impl Migration {
    /// Compares two versions of a module.
    pub fn between(old: &Definition, new: &Definition) -> Self {
        let tables = matching::tables(old, new);
        let mut steps = tables::steps(old, new, &tables);
        steps.extend(functions::steps(old, new));
        Self { steps, tables }
    }

    /// Whether clients of the old version cannot go on.
    pub fn breaks_clients(&self) -> bool {
        self.steps.iter().any(|step| step.breaks_clients)
    }
}
