//! The subscription dialect (wire.md §4.2): text to syntax tree, no I/O.
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
//! A word that could continue the query (`JOIN`, `ON`, `WHERE`, …) is no alias unless it is quoted. Tables, columns
//! and the types of literals are not looked at.

mod dialect;
mod error;
mod parser;
mod syntax;

#[cfg(test)]
mod parser_tests;

pub use error::{Error, Position};
pub use parser::{MAX_DEPTH, MAX_LENGTH, parse};
pub use syntax::{Column, Comparison, Expression, Join, Literal, Name, Operand, Projection, Query, Relation};
