//! The one error type of this crate.

/// Where in the query text, both counted from 1, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub line: u64,
    pub column: u64,
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Why a query was refused. Texts that clients know (wire.md §4.5) are verbatim; [`Error::position`] has the place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is no query of the dialect.
    #[error("{problem} at {position}")]
    Syntax { position: Position, problem: String },
    /// The text is longer than [`crate::MAX_LENGTH`].
    #[error("the query has {length} bytes, at most {max} are allowed", max = crate::MAX_LENGTH)]
    TooLong { length: usize },
    /// Parentheses nest deeper than [`crate::MAX_DEPTH`].
    #[error("the query nests deeper than {max} levels at {position}", max = crate::MAX_DEPTH)]
    TooDeep { position: Position },
    /// There is no such table, or the caller must not know of it.
    #[error("no such table: `{name}`. If the table exists, it may be marked private.")]
    NoSuchTable { position: Position, name: String },
    /// No column or alias of that name can be seen here.
    #[error("`{name}` is not in scope")]
    NotInScope { position: Position, name: String },
    /// Two relations have one name.
    #[error("`{name}` names two tables of the query; give one of them an alias")]
    DuplicateName { position: Position, name: String },
    /// `*` with a join.
    #[error("a query with a join must return the rows of one table: write `table.*` for `*`")]
    AmbiguousProjection { position: Position },
    /// A literal cannot be a value of the type it is compared with.
    #[error("the literal {literal} is no value of type {expected}")]
    Literal { position: Position, literal: String, expected: String },
    /// Two sides of a comparison have different types.
    #[error("{left} cannot be compared with {right}")]
    Mismatch { position: Position, left: String, right: String },
    /// A type without equality and order.
    #[error("values of type {ty} cannot be compared")]
    Incomparable { position: Position, ty: String },
    /// Two literals, whose types nothing decides.
    #[error("a literal must be compared with a column, not with another literal")]
    UnresolvedLiteral { position: Position },
    /// A predicate that is no bool.
    #[error("`{name}` has type {ty}, a condition must be a bool")]
    NotABool { position: Position, name: String, ty: String },
    /// More relations than [`crate::MAX_RELATIONS`].
    #[error("the query has more than {max} tables", max = crate::MAX_RELATIONS)]
    TooManyRelations { position: Position },
    /// A subscription of more than two relations, its visibility rules included.
    #[error("Invalid number of tables in subscription: {count}")]
    SubscriptionTooWide { count: usize },
    /// A subscription whose two tables no equality connects.
    #[error("Subscriptions require an equality between columns of the joined tables")]
    NoJoinCondition,
    /// A subscription that would read a whole table for each change.
    #[error("Subscriptions require indexes on join columns: `{table}`.`{column}` has none")]
    NoJoinIndex { table: String, column: String },
    /// Rows of event tables cannot be looked up: they are gone.
    #[error("the event table `{table}` can only be joined if its own rows are returned")]
    EventTableJoined { table: String },
    /// Visibility rules multiply the query too often.
    #[error("the query becomes more than {max} queries by the visibility rules of its tables")]
    TooManyFragments { max: usize },
    /// Clients read; the owner writes.
    #[error("Caller {caller} is not authorized to run SQL DML statements")]
    NotAuthorized { caller: String },
    /// A view cannot be written.
    #[error("`{name}` is a view and cannot be written")]
    ReadOnly { position: Position, name: String },
    /// Columns and values of a write do not go together.
    #[error("{problem}")]
    ColumnList { position: Position, problem: &'static str },
    /// A visibility rule that protects its table by way of itself.
    #[error("Discovered cyclic dependency when resolving RLS rules for table `{table}`")]
    CyclicRules { table: String },
    /// Bytes that are no row of the relation.
    #[error("malformed row of `{table}`: {problem}")]
    MalformedRow { table: String, problem: String },
    /// A plan that was not made for this schema, or not for subscriptions.
    #[error("the plan does not fit: {problem}")]
    Misfit { problem: &'static str },
    /// A join of rows in memory that takes too long.
    #[error("the query looks at more than {max} combinations of rows; make it narrower")]
    TooMuchWork { max: usize },
    /// An answer made in memory that is too long.
    #[error("the answer has more than {max} bytes; make the query narrower")]
    TooLongAnswer { max: usize },
    /// Rows could not be looked up.
    #[error("rows could not be looked up: {0}")]
    Lookup(String),
}

impl Error {
    /// Code to report it with in SQL.
    pub fn sqlstate(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "42601",
            Self::TooLong { .. }
            | Self::TooDeep { .. }
            | Self::TooManyRelations { .. }
            | Self::TooManyFragments { .. }
            | Self::TooMuchWork { .. }
            | Self::TooLongAnswer { .. } => "54001",
            Self::NoSuchTable { .. } => "42P01",
            Self::NotInScope { .. } => "42703",
            Self::DuplicateName { .. } => "42712",
            Self::Literal { .. } => "22P02",
            Self::Mismatch { .. } | Self::NotABool { .. } => "42804",
            Self::Incomparable { .. } => "42883",
            Self::UnresolvedLiteral { .. } => "42P18",
            Self::AmbiguousProjection { .. }
            | Self::SubscriptionTooWide { .. }
            | Self::NoJoinCondition
            | Self::NoJoinIndex { .. }
            | Self::EventTableJoined { .. } => "0A000",
            Self::NotAuthorized { .. } => "42501",
            Self::ReadOnly { .. } => "42809",
            Self::ColumnList { .. } => "42601",
            Self::CyclicRules { .. } => "42P17",
            Self::MalformedRow { .. } => "22P03",
            Self::Misfit { .. } | Self::Lookup(_) => "XX000",
        }
    }

    /// The place in the query text that the error is about.
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::Syntax { position, .. }
            | Self::TooDeep { position }
            | Self::NoSuchTable { position, .. }
            | Self::NotInScope { position, .. }
            | Self::DuplicateName { position, .. }
            | Self::AmbiguousProjection { position }
            | Self::Literal { position, .. }
            | Self::Mismatch { position, .. }
            | Self::Incomparable { position, .. }
            | Self::UnresolvedLiteral { position }
            | Self::NotABool { position, .. }
            | Self::ReadOnly { position, .. }
            | Self::ColumnList { position, .. }
            | Self::TooManyRelations { position } => Some(*position),
            _ => None,
        }
    }
}
