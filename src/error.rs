//! Every way a call, a publish or a query of ours can fail, and what the user is told: SQLSTATE, message, detail, hint.
//!
//! Errors that Postgres itself raises never pass through here: they travel as panics to the `#[pg_guard]` of the
//! entry point and keep their own SQLSTATE. Nothing in between may swallow them.

/// The one error type of the extension.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A reducer returned an error; `message` is the guest's own text.
    #[error("{message}")]
    ReducerRefused { module: String, reducer: String, message: String },

    /// A view returned an error; `message` is the guest's own text.
    #[error("{message}")]
    ViewRefused { module: String, view: String, message: String },

    /// The guest trapped (panic, division by zero, out-of-bounds access …).
    #[error("{function} of module {module:?} trapped: {reason}")]
    Trap { module: String, function: String, reason: String, backtrace: String },

    /// The guest exhausted its own stack.
    #[error("{function} of module {module:?} used up the stack of the sandbox")]
    GuestStack { module: String, function: String, backtrace: String },

    /// Reducers called reducers through triggers or functions too often.
    #[error("reducer calls are nested more than {limit} deep")]
    CallDepth { limit: i32 },

    /// A limit on memory, fuel or time was reached.
    #[error("{function} of module {module:?} reached its limit: {what}")]
    Limit { module: String, function: String, what: String, setting: &'static str },

    /// The guest was interrupted but Postgres had no cancel to report.
    #[error("{function} of module {module:?} was interrupted")]
    Interrupted { module: String, function: String },

    #[error("module {0:?} does not exist")]
    NoSuchModule(String),

    #[error("module {module:?} has no reducer {reducer:?}")]
    NoSuchReducer { module: String, reducer: String, similar: Option<String> },

    /// `function` is its kind and its name.
    #[error("module {module:?} has no {function}")]
    NoSuchFunction { module: String, function: String },

    /// A procedure begins a transaction where there is one that it must not end.
    #[error("procedure {procedure:?} of module {module:?} cannot begin a transaction here")]
    NoTransactionControl { module: String, procedure: String },

    /// Lifecycle reducers run on their own occasion only.
    #[error("reducer {reducer:?} of module {module:?} is a lifecycle reducer and cannot be called")]
    LifecycleReducer { module: String, reducer: String },

    /// Arguments do not fit the parameters of a function, whose kind and name `function` is.
    #[error("arguments of {function} of module {module:?}: {problem}")]
    Arguments { module: String, function: String, problem: String, expected: String },

    /// A value that Postgres cannot hold or that a SATS type cannot hold.
    #[error("{place}: {problem}")]
    Value { place: String, problem: String, kind: ValueProblem },

    /// A module's table no longer fits its definition.
    #[error("table {table} does not fit module {module:?}: {problem}")]
    TableChanged { module: String, table: String, problem: String },

    #[error("schema {schema:?} of module {module:?} is gone")]
    SchemaGone { module: String, schema: String },

    /// The wasm is no module of this ABI.
    #[error("this is not a SpacetimeDB module: {0}")]
    InvalidModule(String),

    /// The module needs something this version does not have.
    #[error("{what}")]
    Unsupported { what: String, hint: String },

    /// An argument of one of our SQL functions is wrong.
    #[error("{what}")]
    InvalidParameter { what: String, hint: String },

    /// The name or schema is already in use.
    #[error("{what}")]
    AlreadyExists { what: String, hint: String },

    #[error("{what}")]
    Forbidden { what: String, hint: String },

    /// The session's login does not count (any more).
    #[error("{what}")]
    Unauthenticated { what: String, hint: String },

    /// A token, an issuer or an issuer's documents were refused. Never quotes a token.
    #[error(transparent)]
    Auth(#[from] spacetime_auth::Error),

    /// A query that is none of the dialect, or cannot be subscribed to.
    #[error(transparent)]
    Query(#[from] spacetime_query::Error),

    /// The row read has been changed by another transaction.
    #[error("{what}")]
    Serialization { what: String, hint: String },

    /// A new version changes something that cannot be changed, or not without losing data.
    #[error("module {module:?} is not updated: {why}")]
    MigrationRefused { module: String, why: String, others: Vec<String>, way_out: String, liftable: bool },

    /// Another session held a lock for too long.
    #[error("{0}")]
    LockTimeout(String),

    /// The object is in a state in which the request makes no sense.
    #[error("{what}")]
    NotInState { what: String, hint: String },

    /// There is a limit on how many.
    #[error("{what}")]
    TooMany { what: String, hint: String },

    /// A file of ours under the data directory could not be read or written.
    #[error("could not {action} {path:?}: {source}")]
    File { action: &'static str, path: std::path::PathBuf, source: std::io::Error },

    /// Broken invariant: a bug of ours.
    #[error("internal error: {0}")]
    Internal(String),
}

/// Why a value was refused; decides the SQLSTATE of [`Error::Value`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValueProblem {
    /// Outside the range of the type: 22003.
    OutOfRange,
    /// A timestamp Postgres cannot hold: 22008.
    Timestamp,
    /// A character Postgres cannot hold (U+0000): 22P05.
    Character,
    /// Text or bytes that are no value of the type: 22P02.
    Malformed,
}

/// Result with the extension's error.
pub(crate) type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// SQLSTATE, as fixed in the table of docs/reference.md.
    pub(crate) fn sqlstate(&self) -> &'static str {
        match self {
            Error::ReducerRefused { .. } | Error::ViewRefused { .. } => "38000",
            Error::NoTransactionControl { .. } => "2D000",
            Error::Trap { .. } => "39000",
            Error::GuestStack { .. } | Error::CallDepth { .. } => "54001",
            Error::Limit { .. } | Error::TooMany { .. } => "53400",
            Error::Interrupted { .. } => "57014",
            Error::NoSuchModule(_) => "42704",
            Error::NoSuchReducer { .. } | Error::NoSuchFunction { .. } | Error::LifecycleReducer { .. } => {
                "42883"
            }
            Error::Arguments { .. } | Error::InvalidParameter { .. } | Error::InvalidModule(_) => "22023",
            Error::Value { kind, .. } => match kind {
                ValueProblem::OutOfRange => "22003",
                ValueProblem::Timestamp => "22008",
                ValueProblem::Character => "22P05",
                ValueProblem::Malformed => "22P02",
            },
            Error::TableChanged { .. } | Error::NotInState { .. } => "55000",
            Error::SchemaGone { .. } => "3F000",
            Error::MigrationRefused { liftable: true, .. } => "55000",
            Error::MigrationRefused { .. } => "0A000",
            Error::LockTimeout(_) => "55P03",
            Error::Unsupported { .. } => "0A000",
            Error::AlreadyExists { .. } => "42710",
            Error::Forbidden { .. } => "42501",
            Error::Unauthenticated { .. } => "28000",
            Error::Auth(error) => error.sqlstate(),
            Error::Query(error) => error.sqlstate(),
            Error::Serialization { .. } => "40001",
            Error::File { .. } => "58030",
            Error::Internal(_) => "XX000",
        }
    }

    pub(crate) fn detail(&self) -> Option<String> {
        match self {
            Error::ReducerRefused { module, reducer, .. } => {
                Some(format!("Reducer {reducer:?} of module {module:?} refused the call."))
            }
            Error::ViewRefused { module, view, .. } => {
                Some(format!("View {view:?} of module {module:?} ended with an error."))
            }
            Error::Trap { backtrace, .. } | Error::GuestStack { backtrace, .. } => Some(backtrace.clone()),
            Error::MigrationRefused { others, .. } if !others.is_empty() => {
                Some(format!("Also: {}.", others.join("; ")))
            }
            Error::Arguments { expected, .. } => Some(format!("Expected {expected}.")),
            // Their message says the place already.
            Error::Query(spacetime_query::Error::Syntax { .. } | spacetime_query::Error::TooDeep { .. }) => {
                None
            }
            Error::Query(error) => error.position().map(|position| format!("The query, {position}.")),
            _ => None,
        }
    }

    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Error::Trap { module, .. } => {
                Some(format!("The guest's own messages: SELECT * FROM spacetime.logs('{module}')"))
            }
            Error::GuestStack { .. } => Some("Make the recursion of the module shallower.".into()),
            Error::CallDepth { .. } => {
                Some("Look for a trigger that calls the reducer it was fired by, or raise spacetime.max_call_depth.".into())
            }
            Error::Limit { setting, .. } => Some(format!("Raise {setting} if the call is right to use that much.")),
            Error::NoSuchModule(_) => {
                Some("SELECT name FROM spacetime.modules lists the modules of this database.".into())
            }
            Error::NoSuchReducer { module, similar, .. } => Some(match similar {
                Some(name) => format!("Did you mean {name:?}?"),
                None => format!("SELECT name FROM spacetime.reducers WHERE module = '{module}' lists them."),
            }),
            Error::NoTransactionControl { .. } => Some(
                "CALL it outside of transaction blocks, functions and blocks that catch exceptions.".into(),
            ),
            Error::LifecycleReducer { .. } => {
                Some("init runs at the first publish; the others when a client connects or disconnects.".into())
            }
            Error::MigrationRefused { way_out, .. } => Some(way_out.clone()),
            Error::LockTimeout(_) => Some(
                "Another session holds a lock that the publish needs; pg_locks shows which. Publish again, or with a longer \
                 lock_timeout_ms."
                    .into(),
            ),
            Error::TableChanged { module, .. } => Some(format!(
                "Undo the change, or publish the module again. SELECT * FROM spacetime.check_module('{module}') lists every difference."
            )),
            Error::SchemaGone { module, .. } => {
                Some(format!(
                "If it was renamed, SELECT spacetime.adopt_module('{module}') finds it by its contents. If it was dropped, \
                 SELECT spacetime.drop_module('{module}') removes what is left of the module."
            ))
            }
            Error::InvalidModule(_) => Some(
                "Build it with the spacetimedb crate for wasm32-unknown-unknown and pass the bytes of the .wasm file.".into(),
            ),
            Error::Auth(error) => error.hint(),
            Error::Unsupported { hint, .. }
            | Error::InvalidParameter { hint, .. }
            | Error::AlreadyExists { hint, .. }
            | Error::Forbidden { hint, .. }
            | Error::Unauthenticated { hint, .. }
            | Error::Serialization { hint, .. }
            | Error::TooMany { hint, .. }
            | Error::NotInState { hint, .. } => (!hint.is_empty()).then(|| hint.clone()),
            _ => None,
        }
    }
}
