//! Enum types. One that changes is made anew beside the old one, which goes when no column has it any more.

use spacetime_definition::Type;

use super::{PlannedStep, Versions};
use crate::catalog::StoredType;
use crate::module::{ddl, plan};
use crate::pg::name::{quote, quote_qualified};

impl Versions<'_> {
    /// Whether the type holds an enum whose Postgres type is made anew.
    pub(in crate::module) fn is_new_type(&self, ty: &Type) -> bool {
        plan::enum_within(ty).is_some_and(|sum| {
            let name = plan::enum_key(sum);
            let find = |types: &[StoredType]| types.iter().find(|ty| ty.name == name).cloned();
            find(&self.old.storage.types) != find(&self.new.types)
        })
    }

    pub(super) fn new_types(&self) -> Vec<PlannedStep> {
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

    pub(super) fn old_types(&self) -> Vec<PlannedStep> {
        let drop = |ty: &StoredType, pg_name: &str| {
            let sql = format!("DROP TYPE {}", quote_qualified(&self.old.schema_name, pg_name));
            PlannedStep::new("drop_type", type_object(ty), vec![sql])
        };
        let is_gone = |ty: &&StoredType| !self.new.types.iter().any(|new| new.name == ty.name);
        let replaced = self.replaced_types().map(|(at, old, _)| drop(old, &replaced_name(at)));
        let gone = self.old.storage.types.iter().filter(is_gone).map(|ty| drop(ty, &ty.pg_name));
        replaced.chain(gone).collect()
    }

    fn replaced_types(&self) -> impl Iterator<Item = (usize, &StoredType, &StoredType)> {
        let pair = |(at, new): (usize, _)| {
            let new: &StoredType = new;
            let old = self.old.storage.types.iter().find(|old| old.name == new.name)?;
            (old != new).then_some((at, old, new))
        };
        self.new.types.iter().enumerate().filter_map(pair)
    }
}

fn type_object(ty: &StoredType) -> String {
    format!("type `{}`", ty.name)
}

/// What a type is called while the one that replaces it is made.
fn replaced_name(at: usize) -> String {
    format!("spacetime_replaced_{at}")
}
