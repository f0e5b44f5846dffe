//! The subscription dialect (wire.md §4.2): text to syntax tree to checked plan. No I/O.
//!
//! ```text
//! query   := SELECT proj FROM rel [WHERE pred] [;]
//! proj    := '*' | alias '.' '*'
//! rel     := table [[AS] alias] { [INNER] JOIN table [[AS] alias] [ON a.x '=' b.y] }
//! pred    := pred AND pred | pred OR pred | '(' pred ')' | operand [cmp operand]
//! cmp     := = | <> | != | < | <= | > | >=
//! operand := column | alias.column | literal | :sender
//! ```
//!
//! Names are case-sensitive and no word is reserved where a name must stand: `SELECT user.* FROM user` is a query.
//! A word that could continue the query (`JOIN`, `ON`, `WHERE`, …) is no alias unless it is quoted.

mod access;
mod dialect;
mod error;
mod evaluate;
mod incremental;
mod literal;
mod parser;
mod plan;
mod print;
mod query_set;
mod resolve;
mod row;
mod schema;
pub mod syntax;
mod value;

#[cfg(test)]
mod parser_tests;
#[cfg(test)]
mod replay_tests;
#[cfg(test)]
mod resolve_tests;
#[cfg(test)]
mod sample;

pub use access::{VisibilityRules, one_off, subscribe};
pub use error::{Error, Position};
pub use incremental::{Delta, Lookup};
pub use parser::{MAX_DEPTH, MAX_LENGTH, parse};
pub use plan::{ColumnRef, Comparison, Operand, Plan, Predicate, Value};
pub use print::{Parameter, Sql, StoredNames, quoted, select};
pub use query_set::{PlanId, QuerySet, TableDelta};
pub use resolve::{Access, MAX_RELATIONS, check};
pub use schema::{RelationId, Schema, StoredColumn, StoredRelation};
