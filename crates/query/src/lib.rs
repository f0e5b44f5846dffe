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
//!
//! `/sql` ([`parse_statement`], [`check_statement`], [`print_statement`]) adds (wire.md §4.4):
//!
//! ```text
//! statement := SELECT (proj | column [AS name] {',' …} | COUNT '(' '*' ')' AS name) FROM rel [WHERE pred] [LIMIT n]
//!            | INSERT INTO table '(' column {',' …} ')' VALUES '(' literal {',' …} ')' {',' …}
//!            | UPDATE table SET column '=' literal {',' …} [WHERE pred] | DELETE FROM table [WHERE pred]
//!            | SET row_limit ('=' | TO) n | SHOW row_limit
//! ```
//!
//! From text to rows:
//!
//! 1. [`subscribe`] parses a text, resolves its names in a [`Schema`], gives literals the types of the columns beside
//!    them, adds the [`VisibilityRules`] of the tables and checks that the result can be kept up to date. The answer
//!    is one or more [`Plan`]s, whose rows together are the subscription's.
//! 2. [`Plan::bind`] puts the caller's identity in. Equal plans have equal rows, whoever asked for them.
//! 3. [`select`] prints plans as SQL, for the rows that the subscription begins with.
//! 4. [`QuerySet::evaluate`] answers what one commit changed in the results of all plans.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use spacetime_definition::Type;
//! use spacetime_query::*;
//!
//! let column = |name: &str, ty| StoredColumn {
//!     name: name.into(), source_name: name.into(), ty, is_indexed: true,
//! };
//! let user = StoredRelation {
//!     name: "user".into(),
//!     source_name: "User".into(),
//!     columns: vec![column("id", Type::U8), column("online", Type::Bool)],
//!     is_public: true, is_event: false, is_view: false,
//! };
//! let schema = Schema { relations: vec![user] };
//! let rules = VisibilityRules::default();
//!
//! struct Nothing;
//! impl Lookup for Nothing {
//!     fn rows(&mut self, _: RelationId, _: usize, _: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
//!         Ok(Vec::new())
//!     }
//! }
//!
//! let mut queries = QuerySet::new(schema.clone());
//! let text = "SELECT * FROM user WHERE id = 7 AND online";
//! for plan in subscribe(text, &schema, &rules, Access::Client)? {
//!     queries.add(plan.bind(&[0; 32]))?;
//! }
//!
//! // User 7 comes online: the row enters the result.
//! let commit = TableDelta { relation: 0, deletes: vec![&[7, 0]], inserts: vec![&[7, 1]] };
//! let deltas = queries.evaluate(&[commit], &mut Nothing)?;
//! assert_eq!(deltas[0].1.inserts, [vec![7, 1]]);
//! assert!(deltas[0].1.deletes.is_empty());
//! # Ok(())
//! # }
//! ```

mod access;
mod dialect;
mod error;
mod evaluate;
mod in_memory;
mod incremental;
mod literal;
mod parser;
mod plan;
mod print;
mod query_set;
mod resolve;
mod row;
mod schema;
mod selection;
mod store;
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

pub use access::{VisibilityRules, one_off, subscribe, subscribe_parsed};
pub use error::{Error, Position};
pub use in_memory::{MAX_STEPS, select_in_memory};
pub use incremental::{Delta, Lookup};
pub use parser::{MAX_DEPTH, MAX_LENGTH, parse, parse_in_module, parse_statement};
pub use plan::{ColumnRef, Comparison, Operand, Plan, Predicate, Value};
pub use print::{Parameter, Sql, StoredNames, print_statement, quoted, select};
pub use query_set::{PlanId, QuerySet, TableDelta};
pub use resolve::{
    Access, CheckedOutput, CheckedStatement, MAX_RELATIONS, answer_columns, check, check_statement,
};
pub use schema::{RelationId, Schema, StoredColumn, StoredRelation};
pub use selection::Selection;
pub use store::RowStore;
