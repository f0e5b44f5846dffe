//! Bodies of the HTTP interface (wire.md §5): what routes answer, without the routes. Bodies that carry SATS values
//! are SATS-JSON, the others plain serde; wire.md §0.3 has both forms of an identity.

mod algebraic_type;
mod answer;
mod error;
mod log;
pub mod schema;
mod sql;

pub use algebraic_type::algebraic_type;
pub use answer::{
    DatabaseInfo, Databases, HostType, IdentityAndToken, InsertDomainResult, Names, PrePublishResult,
    PublishOperation, PublishResult, SetDomainsResult, Token, step_text,
};
pub use error::ErrorBody;
pub use log::{LogFrame, LogLevel, LogLine};
pub use sql::{StatementStats, statement_result};
