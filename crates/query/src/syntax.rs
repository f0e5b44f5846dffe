//! The syntax tree. Names keep their position, so that whoever resolves them can point at them.

use crate::Position;

/// An identifier as written, quotes removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    pub text: String,
    pub position: Position,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    pub projection: Projection,
    pub from: Relation,
    pub joins: Vec<Join>,
    pub filter: Option<Expression>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Projection {
    /// `*`
    All,
    /// `alias.*`
    Relation(Name),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    pub table: Name,
    pub alias: Option<Name>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join {
    pub relation: Relation,
    /// The two qualified columns of `ON a.x = b.y`.
    pub on: Option<(Column, Column)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub relation: Option<Name>,
    pub name: Name,
}

/// Chains of AND and OR are flat, so that only parentheses make a tree deep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    And(Vec<Expression>),
    Or(Vec<Expression>),
    Compare(Operand, Comparison, Operand),
    /// A bare column, TRUE or FALSE.
    Operand(Operand),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Comparison {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operand {
    Column(Column),
    Literal(Literal, Position),
    /// `:sender`
    Sender(Position),
}

/// A literal as written; the column it is compared with decides its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    Bool(bool),
    /// Sign, digits, fraction and exponent as written.
    Number(String),
    String(String),
    /// Digits of `0x…` or `x'…'`, without the prefix.
    Hex(String),
}

/// A statement of the one-off dialect (wire.md §4.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    Select(Select),
    Insert {
        table: Name,
        columns: Vec<Name>,
        rows: Vec<Vec<(Literal, Position)>>,
    },
    Update {
        table: Name,
        assignments: Vec<Assignment>,
        filter: Option<Expression>,
    },
    Delete {
        table: Name,
        filter: Option<Expression>,
    },
    /// `SET row_limit = n`
    SetRowLimit(u64),
    /// `SHOW row_limit`
    ShowRowLimit,
}

/// A query whose answer need not be whole rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Select {
    /// The projection counts only if the output is [`Output::Rows`].
    pub query: Query,
    pub output: Output,
    pub limit: Option<u64>,
}

/// What a [`Select`] answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// The rows that the query's projection names.
    Rows,
    /// Columns, each with its alias.
    Columns(Vec<(Column, Option<Name>)>),
    /// `COUNT(*) AS name`
    Count(Name),
}

/// `column = literal` of an UPDATE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    pub column: Name,
    pub value: Literal,
    pub position: Position,
}
