//! How text is cut into tokens: identifiers as in Postgres, but nothing else of a database's own.

use sqlparser::dialect::Dialect;

#[derive(Debug)]
pub(crate) struct SubscriptionDialect;

impl Dialect for SubscriptionDialect {
    fn is_identifier_start(&self, character: char) -> bool {
        character.is_alphabetic() || character == '_'
    }

    fn is_identifier_part(&self, character: char) -> bool {
        character.is_alphanumeric() || character == '_'
    }

    fn is_delimited_identifier_start(&self, character: char) -> bool {
        character == '"'
    }
}
