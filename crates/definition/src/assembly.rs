//! Puts a definition together from its raw form, in the order in which the parts depend on each other.

use std::collections::HashSet;

use crate::definition::Definition;
use crate::error::Error;
use crate::names::{Namespace, Naming};
use crate::raw::RawModule;
use crate::resolve::Resolver;
use crate::{environment, function, table};

pub(crate) fn assemble(raw: &RawModule) -> Result<Definition, Error> {
    check_routes(raw)?;
    let naming = Naming::new(raw);
    let mut resolver = Resolver::new(raw, &naming)?;
    let mut functions = Namespace::default();
    let mut relations = Namespace::default();
    let mut definition = Definition {
        abi: raw.abi,
        tables: table::tables(raw, &naming, &mut resolver, &mut relations)?,
        reducers: function::reducers(raw, &naming, &mut resolver, &mut functions)?,
        procedures: function::procedures(raw, &naming, &mut resolver, &mut functions)?,
        views: function::views(raw, &naming, &mut resolver, &mut functions, &mut relations)?,
        // After the tables, whose messages name table and column.
        types: resolver.named_types(raw)?,
        row_level_security: raw.row_level_security.clone(),
        http_handlers: raw.http_handlers.clone(),
        http_routes: raw.http_routes.clone(),
        environment: environment::variables(&raw.environment)?,
    };
    // Lifecycles first: a schedule must see that its target is a lifecycle reducer.
    function::bind_lifecycles(raw, &mut definition.reducers)?;
    function::bind_schedules(raw, &mut definition, &mut relations)?;
    Ok(definition)
}

fn check_routes(raw: &RawModule) -> Result<(), Error> {
    let mut handlers = HashSet::new();
    for handler in &raw.http_handlers {
        if !handlers.insert(handler.as_str()) {
            return Err(Error::invalid(format!("http handler `{handler}`"), "is defined twice"));
        }
    }
    match raw.http_routes.iter().find(|route| !handlers.contains(route.handler.as_str())) {
        Some(route) => Err(Error::invalid(
            format!("http route `{}`", route.path),
            format!("names the handler `{}`, which does not exist", route.handler),
        )),
        None => Ok(()),
    }
}
