//! Which function of a module is meant.

use spacetime_definition::{Definition, Field};

use crate::error::Error;
use crate::module::ReadyModule;

/// Position of a function in the definition's list of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Reducer(usize),
    Procedure(usize),
    View(usize),
}

impl Function {
    pub(super) fn params(self, definition: &Definition) -> &[Field] {
        match self {
            Self::Reducer(at) => &definition.reducers[at].params,
            Self::Procedure(at) => &definition.procedures[at].params,
            Self::View(at) => &definition.views[at].params,
        }
    }

    /// Kind and name, for messages.
    pub(super) fn label(self, definition: &Definition) -> String {
        match self {
            Self::Reducer(at) => format!("reducer {:?}", definition.reducers[at].name),
            Self::Procedure(at) => format!("procedure {:?}", definition.procedures[at].name),
            Self::View(at) => format!("view {:?}", definition.views[at].name),
        }
    }

    /// The error for arguments that do not fit.
    pub(super) fn refuse_arguments(self, module: &ReadyModule, problem: String) -> Error {
        let params: Vec<_> = self
            .params(&module.definition)
            .iter()
            .map(|param| format!("{}: {}", param.name.as_deref().unwrap_or("_"), param.ty.describe()))
            .collect();
        Error::Arguments {
            module: module.row.name.clone(),
            function: self.label(&module.definition),
            problem,
            expected: format!("({})", params.join(", ")),
        }
    }
}
