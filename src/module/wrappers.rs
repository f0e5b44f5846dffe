//! What SQL calls the functions of a module by: a function for each reducer and view, a procedure for each procedure, and
//! an SQL view for each view without parameters. Text only; run by [`super::publish`].

use spacetime_auth::Identity;
use spacetime_definition::{Definition, Type};

use super::policies;
use crate::catalog::{Grant, StoragePlan, StoredProcedure, StoredReducer, StoredView};
use crate::pg::name::{literal, quote, quote_qualified};
use crate::reducer::{WrapperBody, WrapperOf};

/// What a planner shall think a view costs: more than anything it could evaluate instead of calling it again.
const VIEW_COST: u32 = 10_000;

/// What SQL calls one function of a module by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Wrapper<'a> {
    Reducer(&'a StoredReducer),
    Procedure(&'a StoredProcedure),
    View(&'a StoredView),
}

/// Words for what happens to a wrapper.
pub(super) struct Kinds {
    pub(super) add: &'static str,
    pub(super) change: &'static str,
    pub(super) drop: &'static str,
    pub(super) restore: &'static str,
}

impl<'a> Wrapper<'a> {
    /// Those of a module, also for functions that have none in SQL.
    pub(super) fn all(plan: &'a StoragePlan) -> impl Iterator<Item = Self> {
        let reducers = plan.reducers.iter().map(Self::Reducer);
        let procedures = plan.procedures.iter().map(Self::Procedure);
        reducers.chain(procedures).chain(plan.views.iter().map(Self::View))
    }

    /// Name in the module.
    pub(super) fn name(self) -> &'a str {
        match self {
            Self::Reducer(reducer) => &reducer.name,
            Self::Procedure(procedure) => &procedure.name,
            Self::View(view) => &view.name,
        }
    }

    /// Name in Postgres; `None` when there is nothing in SQL.
    pub(super) fn function(self) -> Option<&'a str> {
        match self {
            Self::Reducer(reducer) => reducer.pg_name.as_deref(),
            Self::Procedure(procedure) => procedure.pg_name.as_deref(),
            Self::View(view) => view.pg_name.as_deref(),
        }
    }

    /// The kind of function, for messages.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Reducer(_) => "reducer",
            Self::Procedure(_) => "procedure",
            Self::View(_) => "view",
        }
    }

    /// As plans name it.
    pub(super) fn object(self) -> String {
        format!("{} `{}`", self.noun(), self.name())
    }

    pub(super) fn kinds(self) -> Kinds {
        let [add, change, drop, restore] = match self {
            Self::Reducer(_) => ["add_reducer", "change_reducer", "drop_reducer", "restore_reducer"],
            Self::Procedure(_) => {
                ["add_procedure", "change_procedure", "drop_procedure", "restore_procedure"]
            }
            Self::View(_) => ["add_view", "change_view", "drop_view", "restore_view"],
        };
        Kinds { add, change, drop, restore }
    }

    pub(super) fn of(self) -> WrapperOf {
        match self {
            Self::Reducer(reducer) => WrapperOf::Reducer(reducer.name.clone()),
            Self::Procedure(procedure) => WrapperOf::Procedure(procedure.name.clone()),
            Self::View(view) => WrapperOf::View(view.name.clone()),
        }
    }

    /// Types it is declared with, in a definition that has the function.
    pub(super) fn types(self, definition: &Definition) -> Vec<&Type> {
        let name = self.name();
        let fields: Vec<_> = match self {
            Self::Reducer(_) => {
                let found = definition.reducers.iter().filter(|reducer| reducer.name == name);
                found.flat_map(|reducer| &reducer.params).collect()
            }
            Self::Procedure(_) => {
                let found = definition.procedures.iter().filter(|procedure| procedure.name == name);
                found.flat_map(|procedure| &procedure.params).collect()
            }
            Self::View(_) => {
                let found = definition.views.iter().filter(|view| view.name == name);
                found.flat_map(|view| view.params.iter().chain(&view.row_type.fields)).collect()
            }
        };
        fields.into_iter().map(|field| &field.ty).collect()
    }

    /// `FUNCTION` or `PROCEDURE`, name and parameters: what DDL knows it by.
    fn signature(self, schema: &str) -> Option<String> {
        let name = quote_qualified(schema, self.function()?);
        Some(match self {
            Self::Reducer(reducer) => format!("FUNCTION {name}({})", reducer.arguments),
            Self::View(view) => format!("FUNCTION {name}({})", view.arguments),
            Self::Procedure(procedure) => {
                format!("PROCEDURE {name}({})", procedure_parameters(procedure, ""))
            }
        })
    }

    /// Statements that create it; none for functions that have nothing in SQL. To be run as a superuser.
    pub(super) fn create(self, schema: &str, identity: Identity, owner: &str) -> Vec<String> {
        let Some(signature) = self.signature(schema) else { return Vec::new() };
        let body = WrapperBody { module: identity.to_string(), of: self.of() };
        // Two strings in an object always make JSON.
        let body = literal(&serde_json::to_string(&body).unwrap_or_default());
        let owner = quote(owner);
        match self {
            Self::Reducer(_) => vec![format!(
                "CREATE {signature} RETURNS void LANGUAGE spacetime VOLATILE PARALLEL UNSAFE AS {body}; \
                 ALTER {signature} OWNER TO {owner}; {}",
                policies::open_function(&signature)
            )],
            Self::Procedure(procedure) => {
                let name = quote_qualified(schema, procedure.pg_name.as_deref().unwrap_or_default());
                let parameters = procedure_parameters(procedure, " DEFAULT NULL");
                vec![format!(
                    "CREATE PROCEDURE {name}({parameters}) LANGUAGE spacetime AS {body}; \
                     ALTER {signature} OWNER TO {owner}; {}",
                    policies::open_function(&signature)
                )]
            }
            Self::View(view) => {
                let rows = if view.kind == "option" { " ROWS 1" } else { "" };
                let rights = match view.is_public {
                    true => policies::open_function(&signature),
                    false => policies::close_function(&signature),
                };
                let function = format!(
                    "CREATE {signature} RETURNS TABLE ({}) LANGUAGE spacetime STABLE PARALLEL UNSAFE \
                     COST {VIEW_COST}{rows} AS {body}; ALTER {signature} OWNER TO {owner}; {rights}",
                    view.columns
                );
                std::iter::once(function).chain(create_relation(view, schema, &owner)).collect()
            }
        }
    }

    /// Drops it, and nothing that others have made of it.
    pub(super) fn drop(self, schema: &str) -> Option<String> {
        let signature = self.signature(schema)?;
        let (kind, rest) = signature.split_once(' ')?;
        let function = format!("DROP {kind} IF EXISTS {rest}");
        match self {
            Self::View(StoredView { pg_view: Some(relation), .. }) => {
                Some(format!("DROP VIEW IF EXISTS {}; {function}", quote_qualified(schema, relation)))
            }
            _ => Some(function),
        }
    }

    /// Statements that give the function of a new version the rights that the old one's had.
    pub(super) fn restore_grants(self, schema: &str, grants: &[Grant]) -> Vec<String> {
        let Some(signature) = self.signature(schema) else { return Vec::new() };
        let mut statements = vec![format!("REVOKE ALL ON {signature} FROM PUBLIC, {}", policies::CLIENT)];
        statements.extend(grants.iter().map(|grant| {
            let option = if grant.with_grant_option { " WITH GRANT OPTION" } else { "" };
            let grantee = grant.grantee.as_deref().map_or_else(|| "PUBLIC".into(), quote);
            format!("GRANT EXECUTE ON {signature} TO {grantee}{option}")
        }));
        statements
    }
}

/// The output parameter can be left out of a CALL where it has a default.
fn procedure_parameters(procedure: &StoredProcedure, default: &str) -> String {
    let result = procedure.result.as_ref().map(|name| format!("INOUT {} jsonb{default}", quote(name)));
    let arguments = Some(procedure.arguments.clone()).filter(|arguments| !arguments.is_empty());
    arguments.into_iter().chain(result).collect::<Vec<_>>().join(", ")
}

/// The SQL view over the function of a view. Anybody may select from it who may execute the function: that right is asked
/// for, too, and is the one to grant and revoke.
pub(super) fn create_relation(view: &StoredView, schema: &str, owner: &str) -> Option<String> {
    let relation = quote_qualified(schema, view.pg_view.as_ref()?);
    let function = quote_qualified(schema, view.pg_name.as_ref()?);
    Some(format!(
        "CREATE VIEW {relation} AS SELECT * FROM {function}(); ALTER VIEW {relation} OWNER TO {owner}; \
         GRANT SELECT ON {relation} TO PUBLIC"
    ))
}
