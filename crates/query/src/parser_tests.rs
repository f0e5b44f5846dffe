use proptest::prelude::*;

use crate::syntax::{Expression, Literal, Operand, Projection};
use crate::{Error, MAX_DEPTH, MAX_LENGTH, parse};

fn refused_at(text: &str) -> (u64, u64) {
    match parse(text) {
        Err(Error::Syntax { position, .. }) => (position.line, position.column),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn names_are_never_reserved() {
    for name in ["user", "order", "group", "end", "offset", "value", "timestamp", "table", "current_user"] {
        for name in [name.to_owned(), format!("\"{name}\"")] {
            for text in [
                format!("SELECT * FROM {name} WHERE {name} = 1;"),
                format!(
                    "select {name}.* from {name} join t on {name}.{name} = t.x where {name}.{name} = true"
                ),
            ] {
                assert!(parse(&text).is_ok(), "{text}: {:?}", parse(&text));
            }
        }
    }
}

#[test]
fn joins_and_aliases() {
    let query = parse("SELECT a.* FROM Person AS a INNER JOIN \"Person\" b ON a.x = b.y WHERE a.z").unwrap();
    assert!(matches!(&query.projection, Projection::Relation(name) if name.text == "a"));
    assert_eq!(query.from.table.text, "Person");
    assert_eq!(query.joins.len(), 1);
    assert_eq!(query.joins[0].relation.alias.as_ref().unwrap().text, "b");
    assert!(query.joins[0].on.is_some());
    assert!(parse("SELECT a.* FROM a JOIN b WHERE a.x = b.x").unwrap().joins[0].on.is_none());
}

#[test]
fn literals_keep_their_text() {
    for (text, expected) in [
        ("-5", Literal::Number("-5".into())),
        ("1e3", Literal::Number("1e3".into())),
        ("0xAB", Literal::Hex("AB".into())),
        ("x'ab'", Literal::Hex("ab".into())),
        ("'it''s'", Literal::String("it's".into())),
        ("TRUE", Literal::Bool(true)),
    ] {
        let filter = parse(&format!("SELECT * FROM t WHERE c = {text}")).unwrap().filter;
        let Some(Expression::Compare(_, _, Operand::Literal(literal, _))) = filter else {
            panic!("{filter:?}")
        };
        assert_eq!(literal, expected);
    }
    assert!(parse("SELECT * FROM t WHERE :sender = c").is_ok());
}

#[test]
fn and_binds_closer_than_or() {
    let Some(Expression::Or(parts)) = parse("SELECT * FROM t WHERE a OR b AND c").unwrap().filter else {
        panic!()
    };
    assert!(matches!(parts[1], Expression::And(_)));
}

#[test]
fn errors_point_at_the_token() {
    for (text, position) in [
        ("", (1, 1)),
        ("SELECT", (1, 7)),
        ("SELECT a FROM t", (1, 10)),
        ("SELECT DISTINCT * FROM t", (1, 17)),
        ("SELECT * FROM t, u", (1, 16)),
        ("SELECT * FROM t LEFT JOIN u", (1, 17)),
        ("SELECT * FROM t ORDER BY x", (1, 17)),
        ("SELECT * FROM t\nWHERE x = :other", (2, 12)),
        ("SELECT * FROM t WHERE NOT x", (1, 27)),
        ("SELECT * FROM t WHERE x IN (1)", (1, 25)),
        ("SELECT * FROM t WHERE x = f(1)", (1, 28)),
        ("SELECT * FROM t WHERE x + 1 = 2", (1, 25)),
        ("SELECT * FROM t WHERE 1", (1, 24)),
        ("SELECT a.* FROM a JOIN b ON x = b.y", (1, 31)),
        ("SELECT * FROM t; SELECT * FROM t", (1, 18)),
    ] {
        assert_eq!(refused_at(text), position, "{text}");
    }
}

#[test]
fn limits() {
    let nested = |depth| format!("SELECT * FROM t WHERE {}a{}", "(".repeat(depth), ")".repeat(depth));
    assert!(parse(&nested(MAX_DEPTH - 1)).is_ok());
    assert!(matches!(parse(&nested(MAX_DEPTH)), Err(Error::TooDeep { .. })));
    assert!(matches!(parse(&" ".repeat(MAX_LENGTH + 1)), Err(Error::TooLong { .. })));
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in ".{0,200}") {
        let _ = parse(&text);
    }

    #[test]
    fn arbitrary_clauses_never_panic(words in proptest::collection::vec(
        proptest::sample::select(vec!["SELECT", "*", "FROM", "t", ".", "JOIN", "ON", "=", "WHERE", "(", ")", "AND",
            "OR", ":", "sender", "0x", "'", "1", "-", "x'", ";", "\"", "/*", "--", "<", "\n", "$$"]), 0..30)) {
        let _ = parse(&words.join(" "));
        let _ = parse(&format!("SELECT * FROM t WHERE {}", words.concat()));
    }
}

#[test]
fn tables_with_their_module() {
    let (module, query) = crate::parse_in_module(
        "SELECT m.* FROM \"my chat\".message m JOIN \"my chat\".user ON m.a = user.b;",
    )
    .expect("parses");
    assert_eq!((module.text.as_str(), query.from.table.text.as_str()), ("my chat", "message"));
    assert_eq!(query.joins[0].relation.table.text, "user");
    for (text, column) in [
        ("SELECT * FROM message", 22),
        ("SELECT * FROM chat.", 20),
        ("SELECT * FROM chat.*", 20),
        ("SELECT a.* FROM chat.a JOIN b ON a.x = b.y", 31),
        ("SELECT a.* FROM chat.a JOIN bank.b ON a.x = b.y", 29),
    ] {
        let error = crate::parse_in_module(text).expect_err(text);
        assert_eq!(error.sqlstate(), "42601", "{text}");
        assert_eq!(error.position().map(|position| position.column), Some(column), "{text}: {error}");
    }
    // Nobody else writes a module.
    assert!(crate::parse("SELECT * FROM chat.message").is_err());
}
