//! Statements of the one-off dialect (wire.md §4.4), around the query that subscriptions know.

use sqlparser::tokenizer::Token;

use super::{Parser, tokens};
use crate::Error;
use crate::syntax::{Assignment, Literal, Operand, Output, Projection, Query, Select, Statement};

/// Parses one statement of the one-off dialect.
///
/// # Errors
///
/// As [`crate::parse`].
pub fn parse_statement(text: &str) -> Result<Statement, Error> {
    let mut parser = tokens(text)?;
    let statement = parser.statement()?;
    parser.end()?;
    Ok(statement)
}

impl Parser {
    fn statement(&mut self) -> Result<Statement, Error> {
        if self.take_word("SELECT") {
            self.select().map(Statement::Select)
        } else if self.take_word("INSERT") {
            self.insert()
        } else if self.take_word("UPDATE") {
            self.update()
        } else if self.take_word("DELETE") {
            self.expect_word("FROM")?;
            Ok(Statement::Delete { table: self.name("a table")?, filter: self.filter()? })
        } else if self.take_word("SET") {
            self.expect_word("row_limit")?;
            if !self.take(&Token::Eq) {
                self.expect_word("TO")?;
            }
            self.count().map(Statement::SetRowLimit)
        } else if self.take_word("SHOW") {
            self.expect_word("row_limit")?;
            Ok(Statement::ShowRowLimit)
        } else {
            self.expected("SELECT, INSERT, UPDATE, DELETE, SET or SHOW")
        }
    }

    fn select(&mut self) -> Result<Select, Error> {
        let is_rows = self.peek(0) == Some(&Token::Mul)
            || (self.peek(1) == Some(&Token::Period) && self.peek(2) == Some(&Token::Mul));
        let (projection, output) = if is_rows {
            (self.projection()?, Output::Rows)
        } else if self.at_word("COUNT") && self.peek(1) == Some(&Token::LParen) {
            self.next += 2;
            self.expect(&Token::Mul)?;
            self.expect(&Token::RParen)?;
            self.expect_word("AS")?;
            (Projection::All, Output::Count(self.name("an alias")?))
        } else {
            (Projection::All, Output::Columns(self.list(Self::output_column)?))
        };
        let Query { from, joins, filter, .. } = self.relations_and_filter(projection.clone())?;
        let limit = if self.take_word("LIMIT") { Some(self.count()?) } else { None };
        Ok(Select { query: Query { projection, from, joins, filter }, output, limit })
    }

    fn output_column(&mut self) -> Result<(crate::syntax::Column, Option<crate::syntax::Name>), Error> {
        let column = if self.peek(1) == Some(&Token::Period) {
            self.qualified_column()?
        } else {
            crate::syntax::Column { relation: None, name: self.name("a column")? }
        };
        let alias = if self.take_word("AS") { Some(self.name("an alias")?) } else { None };
        Ok((column, alias))
    }

    fn insert(&mut self) -> Result<Statement, Error> {
        self.expect_word("INTO")?;
        let table = self.name("a table")?;
        let columns = self.in_parentheses(|parser| parser.name("a column"))?;
        self.expect_word("VALUES")?;
        let rows = self.list(|parser| parser.in_parentheses(Self::literal))?;
        Ok(Statement::Insert { table, columns, rows })
    }

    fn update(&mut self) -> Result<Statement, Error> {
        let table = self.name("a table")?;
        self.expect_word("SET")?;
        let assignments = self.list(|parser| {
            let column = parser.name("a column")?;
            parser.expect(&Token::Eq)?;
            let (value, position) = parser.literal()?;
            Ok(Assignment { column, value, position })
        })?;
        Ok(Statement::Update { table, assignments, filter: self.filter()? })
    }

    fn literal(&mut self) -> Result<(Literal, crate::Position), Error> {
        let before = self.next;
        match self.operand()? {
            Operand::Literal(literal, position) => Ok((literal, position)),
            _ => {
                self.next = before;
                self.expected("a literal")
            }
        }
    }

    fn count(&mut self) -> Result<u64, Error> {
        let Some(Token::Number(digits, false)) = self.peek(0) else {
            return self.expected("a number of rows");
        };
        let Ok(count) = digits.parse() else { return self.expected("a number of rows") };
        self.next += 1;
        Ok(count)
    }

    fn list<T>(&mut self, item: impl Fn(&mut Self) -> Result<T, Error>) -> Result<Vec<T>, Error> {
        let mut items = vec![item(self)?];
        while self.take(&Token::Comma) {
            items.push(item(self)?);
        }
        Ok(items)
    }

    fn in_parentheses<T>(&mut self, item: impl Fn(&mut Self) -> Result<T, Error>) -> Result<Vec<T>, Error> {
        self.expect(&Token::LParen)?;
        let items = self.list(item)?;
        self.expect(&Token::RParen)?;
        Ok(items)
    }
}

#[cfg(test)]
mod tests {
    use super::parse_statement;
    use crate::syntax::{Output, Statement};
    use proptest::prelude::*;

    #[test]
    fn statements() {
        for text in [
            "SELECT * FROM user LIMIT 3;",
            "SELECT id, u.name AS n FROM user u WHERE online LIMIT 0",
            "select count(*) as n from user",
            "SELECT count FROM user",
            "INSERT INTO user (id, name) VALUES (1, 'a'), (-2, 0xab)",
            "UPDATE user SET name = 'x', id = 1 WHERE id = 2 OR online",
            "DELETE FROM \"user\"",
            "SET row_limit = 5",
            "SET row_limit TO 5",
            "SHOW row_limit",
        ] {
            assert!(parse_statement(text).is_ok(), "{text}");
        }
        let Ok(Statement::Select(select)) = parse_statement("SELECT count FROM user") else {
            panic!("no select")
        };
        assert!(matches!(select.output, Output::Columns(_)));
    }

    #[test]
    fn refusals() {
        for (text, message) in [
            ("SELECT COUNT(*) FROM user", "expected AS, found `FROM` at line 1, column 17"),
            ("INSERT INTO user VALUES (1)", "expected `(`, found `VALUES` at line 1, column 18"),
            ("UPDATE user SET id = name", "expected a literal, found `name` at line 1, column 22"),
            ("SELECT * FROM user LIMIT -1", "expected a number of rows, found `-` at line 1, column 26"),
            (
                "SELECT * FROM user; SHOW row_limit",
                "expected the end of the query, found `SHOW` at line 1, column 21",
            ),
            (
                "DROP TABLE user",
                "expected SELECT, INSERT, UPDATE, DELETE, SET or SHOW, found `DROP` at line 1, column 1",
            ),
        ] {
            assert_eq!(
                parse_statement(text).map_err(|error| error.to_string()),
                Err(message.to_owned()),
                "{text}"
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_words_are_answered(words in proptest::collection::vec(prop_oneof![
            Just("SELECT"), Just("INSERT"), Just("INTO"), Just("UPDATE"), Just("DELETE"), Just("FROM"), Just("user"),
            Just("SET"), Just("("), Just(")"), Just("*"), Just(","), Just("="), Just("1"), Just("VALUES"), Just("AS"),
            Just("COUNT"), Just("LIMIT"), Just("."), Just("WHERE"), Just("SHOW"), Just("row_limit"),
        ], 0..20)) {
            let _ = parse_statement(&words.join(" "));
        }
    }
}
