//! The part of the storage plan about functions: which SQL functions, procedures and views a module gets.

use spacetime_definition::{
    Definition, Field, Lifecycle, Procedure, Reducer, Type, View, ViewKind, Visibility,
};

use super::names::Names;
use super::plan::{Previous, TABLE_COLUMNS_MAX, TypePlan};
use crate::catalog::{StoredProcedure, StoredReducer, StoredView};
use crate::pg::name::quote;
use crate::row;

/// Parameters a Postgres function can have (`FUNC_MAX_ARGS`).
const PARAMETERS_MAX: usize = 100;
/// Name of the output parameter of procedures.
const RESULT: &str = "result";

/// Types of everything that SQL functions of the module take and return.
pub(super) fn types(definition: &Definition) -> impl Iterator<Item = &Type> {
    let of_reducers = definition.reducers.iter().flat_map(|reducer| &reducer.params);
    let of_procedures = definition.procedures.iter().flat_map(|procedure| &procedure.params);
    let of_views = definition.views.iter().flat_map(|view| view.params.iter().chain(&view.row_type.fields));
    of_reducers.chain(of_procedures).chain(of_views).map(|field| &field.ty)
}

/// Gives the SQL view of a view its name, if it has one: views with parameters are functions only.
pub(super) fn name_relation(view: &mut StoredView, names: &mut Names, previous: Option<Previous<'_>>) {
    if view.pg_name.is_some() && view.arguments.is_empty() {
        let kept = previous.and_then(|previous| previous.relation_name(&view.name));
        view.pg_view = Some(kept.unwrap_or_else(|| names.choose(&view.name)));
    }
}

impl TypePlan<'_> {
    pub(super) fn reducer(&self, reducer: &Reducer, functions: &mut Names) -> StoredReducer {
        let kind = match (reducer.lifecycle, reducer.visibility) {
            (Some(Lifecycle::Init), _) => "init",
            (Some(Lifecycle::ClientConnected), _) => "client_connected",
            (Some(Lifecycle::ClientDisconnected), _) => "client_disconnected",
            (None, Visibility::Private) => "private",
            (None, Visibility::ClientCallable) => "callable",
        };
        let has_wrapper = kind == "callable" && reducer.params.len() <= PARAMETERS_MAX;
        StoredReducer {
            name: reducer.name.clone(),
            pg_name: has_wrapper.then(|| self.function_name(&reducer.name, functions)),
            arguments: self.declare(&reducer.params, &mut Names::default()),
            kind: kind.to_owned(),
        }
    }

    pub(super) fn procedure(&self, procedure: &Procedure, functions: &mut Names) -> StoredProcedure {
        let is_callable = procedure.visibility == Visibility::ClientCallable;
        let returns = !procedure.return_type.is_unit();
        let has_wrapper = is_callable && procedure.params.len() + usize::from(returns) <= PARAMETERS_MAX;
        let mut names = Names::default();
        StoredProcedure {
            name: procedure.name.clone(),
            pg_name: has_wrapper.then(|| self.function_name(&procedure.name, functions)),
            arguments: self.declare(&procedure.params, &mut names),
            result: returns.then(|| names.choose(RESULT)),
            kind: if is_callable { "callable" } else { "private" }.to_owned(),
        }
    }

    /// The plan of a view, but for [`name_relation`].
    pub(super) fn view(&self, view: &View, functions: &mut Names) -> StoredView {
        let fields = &view.row_type.fields;
        let has_wrapper =
            view.params.len() <= PARAMETERS_MAX && (1..=TABLE_COLUMNS_MAX).contains(&fields.len());
        // Columns first: in SQL they share one namespace with the parameters.
        let mut names = Names::of_columns();
        let columns = self.declare(fields, &mut names);
        StoredView {
            name: view.name.clone(),
            pg_name: has_wrapper.then(|| self.function_name(&view.name, functions)),
            pg_view: None,
            arguments: self.declare(&view.params, &mut names),
            columns,
            is_public: view.is_public,
            is_anonymous: view.is_anonymous,
            kind: match view.kind {
                ViewKind::Rows => "rows",
                ViewKind::Option => "option",
                ViewKind::Query => "query",
            }
            .to_owned(),
        }
    }

    fn function_name(&self, function: &str, functions: &mut Names) -> String {
        let kept = self.previous.and_then(|previous| previous.function_name(function));
        kept.unwrap_or_else(|| functions.choose(function))
    }

    /// Names and types, as SQL declares parameters and columns.
    fn declare(&self, fields: &[Field], names: &mut Names) -> String {
        let declared = fields.iter().enumerate().map(|(at, field)| {
            let name = names.choose(field.name.as_deref().unwrap_or(&format!("arg{}", at + 1)));
            let stored = row::stored(&field.ty, self.u64_as);
            format!("{} {}", quote(&name), self.sql_type(&field.ty, &stored.value))
        });
        declared.collect::<Vec<_>>().join(", ")
    }
}
