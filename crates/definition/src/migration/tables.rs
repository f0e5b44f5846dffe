//! What changes in tables, their columns, indexes and sequences.

use super::fit::{self, Fit};
use super::matching::TableMatch;
use super::{Change, Obstacle, Step};
use crate::definition::{Column, Definition, Table};
use crate::types::Type;

const NEW_COLUMN: &str = "Add a column of the new type under another name and fill it from the old one in a reducer, or \
                          publish with delete_data to begin afresh.";
const LOSES_DATA: &str = "Publish with allow_breaking to lose it.";

/// Two versions of one table.
struct Pair<'a> {
    at: usize,
    old: &'a Table,
    new: &'a Table,
    parts: &'a TableMatch,
}

/// Steps of all tables, in an order in which they can be carried out: what goes makes room for what comes.
pub(super) fn steps(old: &Definition, new: &Definition, matches: &[Option<TableMatch>]) -> Vec<Step> {
    let pairs: Vec<_> = matches
        .iter()
        .enumerate()
        .filter_map(|(at, parts)| {
            let parts = parts.as_ref()?;
            Some(Pair { at, old: &old.tables[parts.old], new: &new.tables[at], parts })
        })
        .collect();
    let mut steps = Vec::new();
    pairs.iter().for_each(|pair| pair.drops(&mut steps));
    pairs.iter().for_each(|pair| pair.dropped_columns(&mut steps));
    steps.extend(dropped_tables(old, matches));
    pairs.iter().for_each(|pair| pair.renames(&mut steps));
    pairs.iter().for_each(|pair| pair.changed_columns(&mut steps));
    pairs.iter().for_each(|pair| pair.added_columns(&mut steps));
    pairs.iter().for_each(|pair| pair.order(&mut steps));
    for (at, table) in new.tables.iter().enumerate().filter(|(at, _)| matches[*at].is_none()) {
        steps.push(Step::new(Change::CreateTable(at), object(table)));
    }
    pairs.iter().for_each(|pair| pair.sequences(&mut steps));
    pairs.iter().for_each(|pair| pair.indexes(&mut steps));
    pairs.iter().for_each(|pair| pair.attributes(&mut steps));
    steps
}

fn dropped_tables<'a>(
    old: &'a Definition,
    matches: &'a [Option<TableMatch>],
) -> impl Iterator<Item = Step> + 'a {
    let is_kept = |at: usize| matches.iter().flatten().any(|parts| parts.old == at);
    old.tables.iter().enumerate().filter(move |(at, _)| !is_kept(*at)).map(|(at, table)| {
        let why = format!("table `{}` is not in the new version and holds rows", table.name);
        let obstacle = Obstacle::new(why, LOSES_DATA).unless_allowed();
        Step::new(Change::DropTable(at), object(table)).breaking().against(obstacle.unless_empty(at))
    })
}

fn object(table: &Table) -> String {
    format!("table `{}`", table.name)
}

impl Pair<'_> {
    fn column_object(&self, column: &Column) -> String {
        format!("column `{}.{}`", self.new.name, column.name)
    }

    /// Columns that both versions have: position in the new one, and both.
    fn columns(&self) -> impl Iterator<Item = (usize, &Column, &Column)> {
        let kept = self.parts.columns.iter().enumerate();
        kept.filter_map(|(at, before)| Some((at, &self.old.columns[(*before)?], &self.new.columns[at])))
    }

    fn drops(&self, steps: &mut Vec<Step>) {
        for (at, index) in self.old.indexes.iter().enumerate() {
            if !self.parts.indexes.contains(&Some(at)) {
                let change = Change::DropIndex(self.parts.old, at);
                steps.push(Step::new(change, format!("index `{}`", index.name)));
            }
        }
        for (at, sequence) in self.old.sequences.iter().enumerate() {
            if !self.parts.sequences.contains(&Some(at)) {
                let change = Change::DropSequence(self.parts.old, at);
                steps.push(Step::new(change, format!("sequence `{}`", sequence.name)));
            }
        }
    }

    fn dropped_columns(&self, steps: &mut Vec<Step>) {
        for (at, column) in self.old.columns.iter().enumerate() {
            if self.parts.columns.contains(&Some(at)) {
                continue;
            }
            let step = Step::new(Change::DropColumn(self.parts.old, at), self.column_object(column));
            let why =
                format!("column `{}` of table `{}` is not in the new version", column.name, self.new.name);
            let obstacle = Obstacle::new(why, LOSES_DATA).unless_allowed().unless_empty(self.parts.old);
            steps.push(self.of_rows(step, Some(obstacle)));
        }
    }

    fn renames(&self, steps: &mut Vec<Step>) {
        if self.old.name != self.new.name {
            steps.push(Step::new(Change::RenameTable(self.at), object(self.new)).breaking());
        }
        for (at, _, now) in self.columns().filter(|(_, before, now)| before.name != now.name) {
            steps.push(Step::new(Change::RenameColumn(self.at, at), self.column_object(now)).breaking());
        }
    }

    fn changed_columns(&self, steps: &mut Vec<Step>) {
        for (at, before, now) in self.columns().filter(|(_, before, now)| before.ty != now.ty) {
            let step = Step::new(Change::ChangeColumn(self.at, at), self.column_object(now));
            let change = format!(
                "column `{}` of table `{}` changes from {} to {}",
                now.name,
                self.new.name,
                before.ty.describe(),
                now.ty.describe()
            );
            let obstacle = match fit::column(&before.ty, &now.ty) {
                Some(Fit::Lossless) => None,
                Some(Fit::Narrower) => {
                    let why = format!("{change}, which does not hold every value");
                    let way_out = "Publish with allow_breaking to convert it; the publish fails if a value does not fit.";
                    Some(Obstacle::new(why, way_out).unless_allowed().unless_empty(self.parts.old))
                }
                None => {
                    Some(Obstacle::new(format!("{change}, which values cannot be converted to"), NEW_COLUMN))
                }
            };
            steps.push(self.of_rows(step, obstacle));
        }
    }

    fn added_columns(&self, steps: &mut Vec<Step>) {
        for (at, column) in self.new.columns.iter().enumerate() {
            if self.parts.columns[at].is_some() {
                continue;
            }
            let step = Step::new(Change::AddColumn(self.at, at), self.column_object(column));
            let is_drawn = self.new.sequences.iter().any(|sequence| sequence.column == at);
            let has_value = column.default.is_some() || is_drawn || is_nullable(&column.ty);
            let obstacle = (!has_value).then(|| {
                let why = format!(
                    "column `{}` of table `{}` is new and rows that exist have no value for it",
                    column.name, self.new.name
                );
                let way_out = "Give it a default value (#[default(…)]), make it an Option, or publish with delete_data.";
                Obstacle::new(why, way_out).unless_empty(self.parts.old)
            });
            steps.push(self.of_rows(step, obstacle));
        }
    }

    /// A change of a row's shape. Event tables keep no rows, so that nothing can be lost.
    fn of_rows(&self, step: Step, obstacle: Option<Obstacle>) -> Step {
        Step { obstacle: obstacle.filter(|_| !self.new.is_event), ..step.breaking() }
    }

    fn order(&self, steps: &mut Vec<Step>) {
        let kept: Vec<_> = self.parts.columns.iter().flatten().collect();
        if !kept.is_sorted() {
            steps.push(Step::new(Change::ReorderColumns(self.at), object(self.new)).breaking());
        }
    }

    fn sequences(&self, steps: &mut Vec<Step>) {
        for (at, sequence) in self.new.sequences.iter().enumerate() {
            let object = format!("sequence `{}`", sequence.name);
            match self.parts.sequences[at].map(|before| &self.old.sequences[before]) {
                Some(before) => {
                    let range =
                        |s: &crate::definition::Sequence| (s.start, s.min_value, s.max_value, s.increment);
                    if range(before) != range(sequence) {
                        steps.push(Step::new(Change::ChangeSequence(self.at, at), object));
                    }
                }
                // A new column is made with its sequence.
                None if self.parts.columns[sequence.column].is_none() => {}
                None => steps.push(Step::new(Change::AddSequence(self.at, at), object)),
            }
        }
    }

    fn indexes(&self, steps: &mut Vec<Step>) {
        for (at, index) in self.new.indexes.iter().enumerate() {
            let object = format!("index `{}`", index.name);
            match self.parts.indexes[at].map(|before| &self.old.indexes[before]) {
                None => steps.push(Step::new(Change::CreateIndex(self.at, at), object)),
                Some(before) if before.name != index.name || before.algorithm != index.algorithm => {
                    steps.push(Step::new(Change::ChangeIndex(self.at, at), object));
                }
                Some(_) => {}
            }
        }
    }

    fn attributes(&self, steps: &mut Vec<Step>) {
        let mut push = |change| steps.push(Step::new(change, object(self.new)));
        let key = self.new.primary_key.map(|column| self.parts.columns[column]);
        if key != self.old.primary_key.map(Some) {
            push(Change::ChangePrimaryKey(self.at));
        }
        if self.old.is_public != self.new.is_public {
            push(Change::ChangeAccess(self.at));
        }
        let before = self.old.schedule.as_ref().map(|s| (&s.function, Some(s.at_column)));
        let now = self.new.schedule.as_ref().map(|s| (&s.function, self.parts.columns[s.at_column]));
        if before != now {
            push(Change::ChangeSchedule(self.at));
        }
        if self.old.is_event != self.new.is_event {
            let why = format!("table `{}` changes between an event table and an ordinary one", self.new.name);
            let way_out = "Give the new kind of table another name, or publish with delete_data.";
            let step = Step::new(Change::ChangeLifetime(self.at), object(self.new)).breaking();
            steps.push(step.against(Obstacle::new(why, way_out)));
        }
    }
}

/// Whether rows that exist can hold no value.
fn is_nullable(ty: &Type) -> bool {
    matches!(ty, Type::Option(inner) if !matches!(**inner, Type::Option(_)))
}
