//! Reducers and procedures: methods that call them.

use std::collections::BTreeSet;
use std::fmt::Write;

use spacetime_definition::{Definition, Field, Procedure, Reducer, Visibility};

use super::names::{self, Taken};
use super::types::{self, Types};
use super::{IMPORTS, fill, quoted};
use crate::bindings::names::snake;
use crate::error::Result;

/// A reducer or procedure that clients may call.
pub(super) struct Function {
    /// As servers know it.
    pub(super) name: String,
    /// The trait and its method.
    pub(super) method: String,
    pub(super) module: String,
    /// The struct of its arguments.
    pub(super) arguments: String,
    /// Its variant, if it is a reducer.
    pub(super) variant: String,
    pub(super) parameters: Vec<(String, String)>,
    /// What a procedure returns.
    returns: Option<String>,
    /// Types of the module among parameters and result.
    pub(super) uses: Vec<String>,
    /// Traits that the arguments derive.
    derived: String,
}

/// The reducers of a module that clients may call.
pub(super) fn reducers(
    definition: &Definition,
    types: &mut Types,
    taken: &mut Taken,
) -> Result<Vec<Function>> {
    let callable =
        |reducer: &&Reducer| reducer.lifecycle.is_none() && reducer.visibility == Visibility::ClientCallable;
    let reducers = definition.reducers.iter().filter(callable);
    reducers.map(|reducer| declare(&reducer.name, &reducer.params, "reducer", types, taken)).collect()
}

/// The procedures of a module that clients may call.
pub(super) fn procedures(
    definition: &Definition,
    types: &mut Types,
    taken: &mut Taken,
) -> Result<Vec<Function>> {
    let callable = |procedure: &&Procedure| procedure.visibility == Visibility::ClientCallable;
    let mut procedures = Vec::new();
    for procedure in definition.procedures.iter().filter(callable) {
        let mut function = declare(&procedure.name, &procedure.params, "procedure", types, taken)?;
        let mut uses: BTreeSet<_> = function.uses.into_iter().collect();
        let place = format!("{}_result", procedure.name);
        function.returns = Some(types.text(taken, &procedure.return_type, &place, &mut uses)?);
        function.uses = uses.into_iter().collect();
        procedures.push(function);
    }
    Ok(procedures)
}

fn declare(
    name: &str,
    parameters: &[Field],
    kind: &str,
    types: &mut Types,
    taken: &mut Taken,
) -> Result<Function> {
    let mut uses = BTreeSet::new();
    let fields = types.fields(taken, name, parameters, &mut uses)?;
    let method = names::value(name);
    let module = format!("{}_{kind}", snake(name));
    let variant = names::ty(name);
    taken.claim(&method, &format!("{kind} {name}"))?;
    taken.claim(&module, &format!("the module of {kind} {name}"))?;
    Ok(Function {
        name: name.to_owned(),
        method,
        module,
        arguments: format!("{}Args", variant.trim_end_matches('_')),
        variant,
        parameters: fields,
        returns: None,
        uses: uses.into_iter().collect(),
        derived: types::derived(parameters.iter().map(|field| &field.ty), false),
    })
}

impl Function {
    /// The text of its module.
    pub(super) fn text(&self) -> String {
        let mut fields = String::new();
        let mut parameters = String::new();
        let mut lines = String::new();
        for (name, ty) in &self.parameters {
            let _ = writeln!(fields, "    pub(super) {name}: {ty},");
            let _ = write!(parameters, ", {name}: {ty}");
            let _ = write!(lines, "\n        {name}: {ty},");
        }
        let fields = if fields.is_empty() { " {}".into() } else { format!(" {{\n{fields}}}") };
        let names: String = self.parameters.iter().map(|(name, _)| format!("{name}, ")).collect();
        let (parts, template) = match self.returns {
            None => (&["Reducer", "ReducerEventContext", "RemoteModule", "RemoteReducers"][..], REDUCER),
            Some(_) => (&["ProcedureEventContext", "RemoteModule", "RemoteProcedures"][..], PROCEDURE),
        };
        let imports = types::imports(parts, &self.uses);
        let members = names.trim_end_matches(", ");
        let members = if members.is_empty() { "{}".into() } else { format!("{{ {members} }}") };
        let returns = self.returns.as_deref().unwrap_or("()");
        let body = fill(
            template,
            &[
                ("$derived", &self.derived),
                ("$fields", &fields),
                ("$Arguments", &self.arguments),
                ("$Variant", &self.variant),
                ("$parameters", &parameters),
                ("$lines", &lines),
                ("$names", &names),
                ("$members", &members),
                ("$Returns", returns),
                ("$method_then", &then(&self.method)),
                ("$method", &self.method),
                ("$quoted", &quoted(&self.name)),
            ],
        );
        format!("{IMPORTS}\n{imports}{body}")
    }
}

/// `r#move` → `move_then`
fn then(method: &str) -> String {
    format!("{}_then", method.trim_start_matches("r#"))
}

const REDUCER: &str = "
$derivedpub(super) struct $Arguments$fields

impl __sdk::InModule for $Arguments {
    type Module = RemoteModule;
}

impl From<$Arguments> for Reducer {
    fn from($Arguments $members: $Arguments) -> Self {
        Reducer::$Variant $members
    }
}

/// Gives `context.reducers` the methods that call reducer `$method`.
pub trait $method {
    /// Asks the server to run the reducer, without waiting for it. Fails if the connection has ended.
    fn $method(&self$parameters) -> __sdk::Result<()> {
        self.$method_then($names|_, _| {})
    }

    /// As `$method`; the callback gets the result: the reducer's own, or what kept it from having one.
    fn $method_then(
        &self,$lines
        __callback: impl FnOnce(&ReducerEventContext, Result<Result<(), String>, __sdk::InternalError>)
        + Send
        + 'static,
    ) -> __sdk::Result<()>;
}

impl $method for RemoteReducers {
    fn $method_then(
        &self,$lines
        __callback: impl FnOnce(&ReducerEventContext, Result<Result<(), String>, __sdk::InternalError>)
        + Send
        + 'static,
    ) -> __sdk::Result<()> {
        self.connection.invoke_reducer_with_callback($Arguments $members, __callback)
    }
}
";

const PROCEDURE: &str = "
$derivedstruct $Arguments$fields

impl __sdk::InModule for $Arguments {
    type Module = RemoteModule;
}

/// Gives `context.procedures` the methods that call procedure `$method`.
pub trait $method {
    /// Asks the server to run the procedure, without waiting for it.
    fn $method(&self$parameters) {
        self.$method_then($names|_, _| {})
    }

    /// As `$method`; the callback gets what the procedure returned, or what kept it from returning.
    fn $method_then(
        &self,$lines
        __callback: impl FnOnce(&ProcedureEventContext, Result<$Returns, __sdk::InternalError>) + Send + 'static,
    );
}

impl $method for RemoteProcedures {
    fn $method_then(
        &self,$lines
        __callback: impl FnOnce(&ProcedureEventContext, Result<$Returns, __sdk::InternalError>) + Send + 'static,
    ) {
        self.connection.invoke_procedure_with_callback::<_, $Returns>($quoted, $Arguments $members, __callback)
    }
}
";
