use proptest::prelude::*;

use crate::sample::schema;
use crate::{Access, Error, Operand, Plan, Predicate, VisibilityRules, check, one_off, parse, subscribe};

fn plan(text: &str) -> Result<Plan, Error> {
    check(&parse(text)?, &schema(), Access::Client)
}

fn subscription(text: &str) -> Result<Vec<Plan>, Error> {
    subscribe(text, &schema(), &VisibilityRules::default(), Access::Client)
}

fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> (String, &'static str) {
    let error = result.expect_err("refused");
    (error.to_string(), error.sqlstate())
}

#[test]
fn names_are_canonical_or_of_the_source() {
    assert_eq!(
        plan("SELECT * FROM member WHERE user_id = 1"),
        plan("SELECT * FROM memberSource WHERE userXid = 1")
    );
}

#[test]
fn sides_of_a_comparison_can_be_exchanged() {
    assert_eq!(plan("SELECT * FROM user WHERE 3 < id"), plan("SELECT * FROM user u WHERE u.id > 3"));
    assert_eq!(plan("SELECT * FROM user WHERE online"), plan("SELECT * FROM user WHERE true = online"));
}

#[test]
fn texts_of_refusals() {
    let absent = "no such table: `secret`. If the table exists, it may be marked private.";
    for (text, message, state) in [
        ("SELECT * FROM secret", absent, "42P01"),
        ("SELECT * FROM user WHERE nope = 1", "`nope` is not in scope", "42703"),
        ("SELECT x.* FROM user", "`x` is not in scope", "42703"),
        ("SELECT user.* FROM user u", "`user` is not in scope", "42703"),
        (
            "SELECT u.* FROM user u JOIN member m ON u.id = m.user_id WHERE room = 1",
            "`room` is not in scope",
            "42703",
        ),
        (
            "SELECT user.* FROM user JOIN user ON user.id = user.id",
            "`user` names two tables of the query; give one of them an alias",
            "42712",
        ),
        ("SELECT * FROM user WHERE id = 'one'", "the literal `'one'` is no value of type u32", "22P02"),
        ("SELECT * FROM user WHERE id = -1", "the literal `-1` is no value of type u32", "22P02"),
        ("SELECT * FROM user WHERE id = name", "u32 cannot be compared with string", "42804"),
        ("SELECT * FROM user WHERE id", "`id` has type u32, a condition must be a bool", "42804"),
        ("SELECT * FROM user WHERE tag = 1", "values of type Option<u8> cannot be compared", "42883"),
        (
            "SELECT * FROM user WHERE id = :sender",
            "`:sender`, an Identity, cannot be compared with u32",
            "42804",
        ),
        (
            "SELECT * FROM user WHERE 1 = 1",
            "a literal must be compared with a column, not with another literal",
            "42P18",
        ),
    ] {
        assert_eq!(refusal(plan(text)), (message.to_owned(), state), "{text}");
    }
}

#[test]
fn refusals_know_their_position() {
    let error = plan("SELECT *\nFROM user WHERE nope = 1").expect_err("refused");
    assert_eq!(error.position().map(|position| (position.line, position.column)), Some((2, 17)));
}

#[test]
fn owners_see_private_tables() {
    assert!(check(&parse("SELECT * FROM secret").expect("syntax"), &schema(), Access::Owner).is_ok());
}

#[test]
fn binding_the_sender_makes_a_literal() {
    let plan = plan("SELECT * FROM user WHERE who = :sender").expect("a plan");
    assert!(plan.uses_sender());
    let bound = plan.bind(&[7; 32]);
    assert!(!bound.uses_sender());
    let Predicate::Compare(_, _, Operand::Literal(value)) = &bound.filter else { panic!("{bound:?}") };
    assert_eq!(value.bsatn, [7; 32]);
}

#[test]
fn joins_of_subscriptions() {
    let on = subscription("SELECT u.* FROM user u JOIN member m ON u.id = m.user_id WHERE m.room = 3");
    let implicit = subscription("SELECT u.* FROM user u JOIN member m WHERE u.id = m.user_id AND m.room = 3");
    let own = subscription("SELECT u.* FROM user u JOIN member m ON u.id = u.id WHERE u.id = m.user_id")
        .expect("a plan");
    assert_eq!(own[0].joins.len(), 1);
    assert!(on.is_ok());
    assert_eq!(on, implicit);
    for (text, message) in [
        (
            "SELECT u.* FROM user u JOIN member m",
            "Subscriptions require an equality between columns of the joined tables",
        ),
        (
            "SELECT u.* FROM user u JOIN member m ON u.name = m.note",
            "Subscriptions require indexes on join columns: `user`.`name` has none",
        ),
        (
            "SELECT a.* FROM user a JOIN user b ON a.id = b.id JOIN user c ON b.id = c.id",
            "Invalid number of tables in subscription: 3",
        ),
        (
            "SELECT u.* FROM user u JOIN ping p ON u.id = p.user_id",
            "the event table `ping` can only be joined if its own rows are returned",
        ),
    ] {
        assert_eq!(refusal(subscription(text)), (message.to_owned(), "0A000"), "{text}");
    }
    assert!(subscription("SELECT p.* FROM user u JOIN ping p ON u.id = p.user_id").is_ok());
    let text = "SELECT u.* FROM user u JOIN member m ON u.name = m.note";
    assert!(one_off(text, &schema(), &VisibilityRules::default(), Access::Client).is_ok());
}

#[test]
fn everything_is_one_plan_per_readable_table() {
    let relations = |access| {
        let plans = subscribe(" select *  FROM * ;", &schema(), &VisibilityRules::default(), access);
        plans.map(|plans| plans.iter().map(Plan::returned_relation).collect::<Vec<_>>())
    };
    assert_eq!(relations(Access::Client), Ok(vec![0, 1]));
    assert_eq!(relations(Access::Owner), Ok(vec![0, 1, 2]));
}

#[test]
fn rules_restrict_every_reference() {
    let rules = VisibilityRules::check(
        &["SELECT * FROM user WHERE who = :sender", "SELECT * FROM user WHERE online"],
        &schema(),
    )
    .expect("rules");
    let seen = |text| subscribe(text, &schema(), &rules, Access::Client);
    assert_eq!(
        seen("SELECT * FROM user WHERE id = 1"),
        subscription("SELECT * FROM user WHERE id = 1 AND (who = :sender OR online)")
    );
    assert_eq!(
        seen("SELECT m.* FROM member m JOIN user u ON m.user_id = u.id"),
        subscription(
            "SELECT m.* FROM member m JOIN user u ON m.user_id = u.id WHERE u.who = :sender OR u.online"
        )
    );
    assert_eq!(
        subscribe("SELECT * FROM user", &schema(), &rules, Access::Owner),
        subscription("SELECT * FROM user")
    );
}

#[test]
fn rules_with_joins_are_fragments() {
    let rules = VisibilityRules::check(
        &["SELECT u.* FROM secret s JOIN user u ON s.user_id = u.id", "SELECT * FROM user WHERE online"],
        &schema(),
    )
    .expect("rules");
    let fragments =
        subscribe("SELECT * FROM user WHERE id = 1", &schema(), &rules, Access::Client).expect("plans");
    assert_eq!(
        fragments.iter().map(|plan| plan.relations.clone()).collect::<Vec<_>>(),
        [vec![0, 2], vec![0]]
    );
    let join = "SELECT u.* FROM user u JOIN member m ON u.id = m.user_id";
    let refused = subscribe(join, &schema(), &rules, Access::Client);
    assert_eq!(refusal(refused).0, "Invalid number of tables in subscription: 3");
}

#[test]
fn cyclic_rules_are_refused_and_self_joins_are_not() {
    let cycle = [
        "SELECT u.* FROM user u JOIN member m ON u.id = m.user_id",
        "SELECT m.* FROM user u JOIN member m ON u.id = m.user_id",
    ];
    let message = "Discovered cyclic dependency when resolving RLS rules for table `user`";
    assert_eq!(refusal(VisibilityRules::check(&cycle, &schema())).0, message);
    let own = ["SELECT a.* FROM user a JOIN user b ON a.id = b.id WHERE b.who = :sender"];
    assert!(VisibilityRules::check(&own, &schema()).is_ok());
}

#[test]
fn rules_cannot_multiply_a_query_without_end() {
    let rules = VisibilityRules::check(
        &["SELECT u.* FROM secret s JOIN user u ON s.user_id = u.id", "SELECT * FROM user WHERE online"],
        &schema(),
    )
    .expect("rules");
    let joins: String = (1..9).map(|number| format!(" JOIN user u{number}")).collect();
    let refused = one_off(&format!("SELECT u.* FROM user u{joins}"), &schema(), &rules, Access::Client);
    assert_eq!(refusal(refused).1, "54001");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_words_are_answered(words in proptest::collection::vec(prop_oneof![
        Just("SELECT"), Just("*"), Just("FROM"), Just("user"), Just("member"), Just("JOIN"), Just("ON"), Just("WHERE"),
        Just("user.id"), Just("="), Just("member.user_id"), Just("<"), Just("AND"), Just("OR"), Just("("), Just(")"),
        Just(":sender"), Just("0xab"), Just("'x'"), Just("-1e400"), Just("1.5e-3"), Just("who"), Just("true"),
    ], 0..24)) {
        let _ = subscription(&words.join(" "));
    }

    #[test]
    fn any_condition_is_answered(text in "[a-z0-9_.'=<>() -]{0,40}") {
        let _ = subscription(&format!("SELECT * FROM user WHERE {text}"));
    }
}
