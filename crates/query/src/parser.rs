//! Recursive descent over tokens. Positions are those of the tokens.

mod statement;

pub use statement::parse_statement;

use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};

use crate::dialect::SubscriptionDialect;
use crate::syntax::{
    Column, Comparison, Expression, Join, Literal, Name, Operand, Projection, Query, Relation,
};
use crate::{Error, Position};

/// Longest query in bytes (wire.md §4.1).
pub const MAX_LENGTH: usize = 50_000;

/// Deepest nesting of parentheses; the recursion of the parser and of whoever walks the tree relies on it.
pub const MAX_DEPTH: usize = 100;

/// Words that follow a relation; unquoted they are no alias.
const AFTER_RELATION: [&str; 17] = [
    "AS",
    "JOIN",
    "INNER",
    "ON",
    "WHERE",
    "LEFT",
    "RIGHT",
    "FULL",
    "OUTER",
    "CROSS",
    "NATURAL",
    "GROUP",
    "ORDER",
    "LIMIT",
    "UNION",
    "EXCEPT",
    "INTERSECT",
];

/// Parses one query of the subscription dialect.
///
/// # Errors
///
/// [`Error::Syntax`] with the position of the first token that fits nothing, [`Error::TooLong`] and
/// [`Error::TooDeep`] beyond the limits.
pub fn parse(text: &str) -> Result<Query, Error> {
    tokens(text)?.query()
}

/// Parses a query whose tables are written as `module.table`; gives the module, too.
///
/// # Errors
///
/// As [`parse`]; all tables must be of one module.
pub fn parse_in_module(text: &str) -> Result<(Name, Query), Error> {
    let mut parser = Parser { names_module: true, ..tokens(text)? };
    let query = parser.query()?;
    let position = query.from.table.position;
    let module = parser.module.ok_or_else(|| Error::Syntax {
        position,
        problem: "expected a table with its module in front, `module.table`,".to_owned(),
    })?;
    Ok((module, query))
}

fn tokens(text: &str) -> Result<Parser, Error> {
    if text.len() > MAX_LENGTH {
        return Err(Error::TooLong { length: text.len() });
    }
    let tokens = Tokenizer::new(&SubscriptionDialect, text)
        .tokenize_with_location()
        .map_err(|error| Error::Syntax { position: position(error.location), problem: error.message })?;
    let tokens = tokens.into_iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).collect();
    Ok(Parser { tokens, next: 0, end: end_of(text), names_module: false, module: None })
}

fn position(location: Location) -> Position {
    Position { line: location.line, column: location.column }
}

fn end_of(text: &str) -> Position {
    let (mut line, mut column) = (1, 1);
    for character in text.chars() {
        if character == '\n' {
            (line, column) = (line + 1, 1);
        } else {
            column += 1;
        }
    }
    Position { line, column }
}

struct Parser {
    tokens: Vec<TokenWithSpan>,
    next: usize,
    end: Position,
    /// Tables have their module in front of them.
    names_module: bool,
    /// The module of the tables so far.
    module: Option<Name>,
}

impl Parser {
    fn peek(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.next + ahead).map(|token| &token.token).filter(|token| **token != Token::EOF)
    }

    fn position(&self) -> Position {
        match self.tokens.get(self.next) {
            Some(token) if token.token != Token::EOF => position(token.span.start),
            _ => self.end,
        }
    }

    fn expected<T>(&self, what: &str) -> Result<T, Error> {
        let found = self.peek(0).map_or_else(|| "the end".to_owned(), |token| format!("`{token}`"));
        Err(Error::Syntax { position: self.position(), problem: format!("expected {what}, found {found}") })
    }

    fn take(&mut self, token: &Token) -> bool {
        let found = self.peek(0) == Some(token);
        self.next += usize::from(found);
        found
    }

    fn at_word(&self, word: &str) -> bool {
        matches!(self.peek(0), Some(Token::Word(found)) if found.quote_style.is_none() && found.value.eq_ignore_ascii_case(word))
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.at_word(word);
        self.next += usize::from(found);
        found
    }

    fn expect_word(&mut self, word: &str) -> Result<(), Error> {
        if self.take_word(word) { Ok(()) } else { self.expected(word) }
    }

    fn expect(&mut self, token: &Token) -> Result<(), Error> {
        if self.take(token) { Ok(()) } else { self.expected(&format!("`{token}`")) }
    }

    fn name(&mut self, what: &str) -> Result<Name, Error> {
        let position = self.position();
        let Some(Token::Word(word)) = self.peek(0) else { return self.expected(what) };
        let text = word.value.clone();
        self.next += 1;
        Ok(Name { text, position })
    }

    fn query(&mut self) -> Result<Query, Error> {
        self.expect_word("SELECT")?;
        let projection = self.projection()?;
        let query = self.relations_and_filter(projection)?;
        self.end()?;
        Ok(query)
    }

    fn relations_and_filter(&mut self, projection: Projection) -> Result<Query, Error> {
        self.expect_word("FROM")?;
        let from = self.relation()?;
        let mut joins = Vec::new();
        while self.at_word("JOIN") || self.at_word("INNER") {
            joins.push(self.join()?);
        }
        Ok(Query { projection, from, joins, filter: self.filter()? })
    }

    fn filter(&mut self) -> Result<Option<Expression>, Error> {
        if self.take_word("WHERE") { self.disjunction(0).map(Some) } else { Ok(None) }
    }

    fn end(&mut self) -> Result<(), Error> {
        while self.take(&Token::SemiColon) {}
        if self.peek(0).is_some() {
            return self.expected("the end of the query");
        }
        Ok(())
    }

    fn projection(&mut self) -> Result<Projection, Error> {
        if self.take(&Token::Mul) {
            return Ok(Projection::All);
        }
        let relation = self.name("`*` or a table")?;
        self.expect(&Token::Period)?;
        self.expect(&Token::Mul)?;
        Ok(Projection::Relation(relation))
    }

    fn relation(&mut self) -> Result<Relation, Error> {
        let table = self.table()?;
        let alias = if self.take_word("AS") {
            Some(self.name("an alias")?)
        } else {
            let is_alias = matches!(self.peek(0), Some(Token::Word(_)))
                && !AFTER_RELATION.iter().any(|word| self.at_word(word));
            if is_alias { Some(self.name("an alias")?) } else { None }
        };
        Ok(Relation { table, alias })
    }

    fn table(&mut self) -> Result<Name, Error> {
        if !self.names_module {
            return self.name("a table");
        }
        let module = self.name("a table with its module in front")?;
        if !self.take(&Token::Period) {
            return self.expected(&format!("`.` and a table of module `{}`", module.text));
        }
        match &self.module {
            Some(known) if known.text != module.text => {
                let problem = format!("tables of two modules, `{}` and `{}`,", known.text, module.text);
                return Err(Error::Syntax { position: module.position, problem });
            }
            _ => self.module = Some(module),
        }
        self.name("a table")
    }

    fn join(&mut self) -> Result<Join, Error> {
        self.take_word("INNER");
        self.expect_word("JOIN")?;
        let relation = self.relation()?;
        if !self.take_word("ON") {
            return Ok(Join { relation, on: None });
        }
        let left = self.qualified_column()?;
        self.expect(&Token::Eq)?;
        let right = self.qualified_column()?;
        Ok(Join { relation, on: Some((left, right)) })
    }

    fn qualified_column(&mut self) -> Result<Column, Error> {
        let relation = Some(self.name("a column with its table")?);
        self.expect(&Token::Period)?;
        Ok(Column { relation, name: self.name("a column")? })
    }

    fn disjunction(&mut self, depth: usize) -> Result<Expression, Error> {
        let first = self.conjunction(depth)?;
        let mut parts = vec![first];
        while self.take_word("OR") {
            parts.push(self.conjunction(depth)?);
        }
        Ok(single(parts, Expression::Or))
    }

    fn conjunction(&mut self, depth: usize) -> Result<Expression, Error> {
        let mut parts = vec![self.predicate(depth)?];
        while self.take_word("AND") {
            parts.push(self.predicate(depth)?);
        }
        Ok(single(parts, Expression::And))
    }

    fn predicate(&mut self, depth: usize) -> Result<Expression, Error> {
        if depth >= MAX_DEPTH {
            return Err(Error::TooDeep { position: self.position() });
        }
        if self.take(&Token::LParen) {
            let inner = self.disjunction(depth + 1)?;
            self.expect(&Token::RParen)?;
            return Ok(inner);
        }
        let left = self.operand()?;
        let comparison = match self.peek(0) {
            Some(Token::Eq) => Comparison::Eq,
            Some(Token::Neq) => Comparison::Ne,
            Some(Token::Lt) => Comparison::Lt,
            Some(Token::LtEq) => Comparison::Le,
            Some(Token::Gt) => Comparison::Gt,
            Some(Token::GtEq) => Comparison::Ge,
            _ => {
                return match left {
                    Operand::Column(_) | Operand::Literal(Literal::Bool(_), _) => {
                        Ok(Expression::Operand(left))
                    }
                    _ => self.expected("a comparison"),
                };
            }
        };
        self.next += 1;
        Ok(Expression::Compare(left, comparison, self.operand()?))
    }

    fn operand(&mut self) -> Result<Operand, Error> {
        let position = self.position();
        let qualified = self.peek(1) == Some(&Token::Period);
        let literal = match self.peek(0) {
            Some(Token::Word(_)) if qualified => return Ok(Operand::Column(self.qualified_column()?)),
            Some(Token::Word(_)) if self.at_word("TRUE") => Literal::Bool(true),
            Some(Token::Word(_)) if self.at_word("FALSE") => Literal::Bool(false),
            Some(Token::Word(_)) => {
                return Ok(Operand::Column(Column { relation: None, name: self.name("a column")? }));
            }
            Some(Token::Colon) => return self.parameter(position),
            Some(Token::Number(digits, false)) => Literal::Number(digits.clone()),
            Some(Token::SingleQuotedString(text)) => Literal::String(text.clone()),
            Some(Token::HexStringLiteral(digits)) => Literal::Hex(digits.clone()),
            Some(sign @ (Token::Minus | Token::Plus)) => {
                let Some(Token::Number(digits, false)) = self.peek(1) else {
                    return self.expected("an operand");
                };
                let number = format!("{sign}{digits}");
                self.next += 1;
                Literal::Number(number)
            }
            _ => return self.expected("a column, a literal or `:sender`"),
        };
        self.next += 1;
        Ok(Operand::Literal(literal, position))
    }

    fn parameter(&mut self, position: Position) -> Result<Operand, Error> {
        self.next += 1;
        match self.peek(0) {
            Some(Token::Word(word)) if word.value == "sender" => {
                self.next += 1;
                Ok(Operand::Sender(position))
            }
            _ => self.expected("`sender`, the only parameter"),
        }
    }
}

fn single(mut parts: Vec<Expression>, join: fn(Vec<Expression>) -> Expression) -> Expression {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            join(parts)
        }
        None => join(parts),
    }
}
