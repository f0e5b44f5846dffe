//! Random transactions: what was added up equals what a naive evaluator finds in the whole state.

use std::borrow::Cow;
use std::collections::HashMap;

use proptest::prelude::*;
use spacetime_definition::{Type, sort_key};

use crate::sample::table;
use crate::{
    Access, Comparison, Error, Lookup, Operand, Plan, Predicate, QuerySet, RelationId, Schema, TableDelta,
    VisibilityRules, one_off, subscribe,
};

type Row = Vec<u8>;
type State = Vec<Vec<Row>>;

const SENDER: [u8; 32] = [1; 32];

fn schema() -> Schema {
    let option = Type::Option(Box::new(Type::String));
    let left = [("#id", Type::U8), ("note", option), ("score", Type::F32), ("who", Type::Identity)];
    let right = [("text", Type::String), ("#left_id", Type::U8), ("#weight", Type::F32), ("on", Type::Bool)];
    Schema { relations: vec![table("left", &left), table("right", &right)] }
}

fn texts() -> Vec<&'static str> {
    vec![
        "SELECT * FROM left",
        "SELECT * FROM left WHERE id = 1",
        "SELECT * FROM left WHERE score = 0",
        "SELECT * FROM left WHERE score > 0 OR id <> 2",
        "SELECT * FROM left WHERE who = :sender AND id < 3",
        "SELECT * FROM right WHERE text >= 'b' AND on",
        "SELECT * FROM right WHERE text = 'b'",
        "SELECT * FROM right WHERE false",
        "SELECT l.* FROM left l JOIN right r ON l.id = r.left_id",
        "SELECT r.* FROM left l JOIN right r ON l.id = r.left_id WHERE l.who = :sender",
        "SELECT r.* FROM right r JOIN left l ON l.id = r.left_id WHERE l.id = 1 AND r.on",
        "SELECT l.* FROM left l JOIN right r ON l.id = r.left_id WHERE l.score < r.weight OR r.text = 'a'",
        "SELECT a.* FROM left a JOIN left b ON a.id = b.id",
        "SELECT b.* FROM right a JOIN right b WHERE a.left_id = b.left_id AND a.text < b.text",
        "SELECT r.* FROM right r JOIN right s ON r.weight = s.weight",
    ]
}

fn rule_sets() -> Vec<Vec<&'static str>> {
    vec![
        vec![],
        vec!["SELECT * FROM left WHERE who = :sender", "SELECT * FROM left WHERE id = 2"],
        vec!["SELECT r.* FROM left l JOIN right r ON l.id = r.left_id WHERE l.who = :sender"],
        vec![
            "SELECT r.* FROM left l JOIN right r ON l.id = r.left_id",
            "SELECT * FROM left WHERE who = :sender",
            "SELECT * FROM right WHERE on",
        ],
    ]
}

fn text_bytes(text: &str) -> Row {
    [&(text.len() as u32).to_le_bytes(), text.as_bytes()].concat()
}

fn float() -> impl Strategy<Value = Row> {
    prop_oneof![Just(0.0_f32), Just(-0.0), Just(1.5), Just(-2.0), Just(f32::NAN)]
        .prop_map(|value| value.to_le_bytes().to_vec())
}

fn short_text() -> impl Strategy<Value = Row> {
    prop_oneof![Just(""), Just("a"), Just("b"), Just("ab")].prop_map(text_bytes)
}

fn row(relation: usize) -> BoxedStrategy<Row> {
    if relation == 0 {
        let note = prop_oneof![Just(vec![1]), short_text().prop_map(|text| [vec![0], text].concat())];
        (0..4_u8, note, float(), 0..2_u8)
            .prop_map(|(id, note, score, who)| [vec![id], note, score, vec![who; 32]].concat())
            .boxed()
    } else {
        (short_text(), 0..4_u8, float(), 0..2_u8)
            .prop_map(|(text, id, weight, on)| [text, vec![id], weight, vec![on]].concat())
            .boxed()
    }
}

/// Inserts, then deletes by position: of rows of before and of rows just inserted.
fn transaction() -> impl Strategy<Value = Vec<(Vec<Row>, Vec<prop::sample::Index>)>> {
    let of = |relation| {
        (
            proptest::collection::vec(row(relation), 0..5),
            proptest::collection::vec(any::<prop::sample::Index>(), 0..4),
        )
    };
    (of(0), of(1)).prop_map(|(left, right)| vec![left, right])
}

/// A column's sort key: two values are equal and ordered as their keys are. Other code than the evaluator's.
fn key(schema: &Schema, relation: RelationId, row: &[u8], column: usize) -> Row {
    let mut reader = spacetime_definition::bsatn::Reader::new(row);
    let mut last = Vec::new();
    for stored in &schema.relations[relation].columns[..=column] {
        last.clear();
        sort_key::append(&stored.ty, &mut reader, &mut last).expect("a row");
    }
    last
}

fn literal_key(value: &crate::Value) -> Row {
    let mut key = Vec::new();
    let mut reader = spacetime_definition::bsatn::Reader::new(&value.bsatn);
    sort_key::append(&value.ty, &mut reader, &mut key).expect("a value");
    key
}

fn naive_holds(schema: &Schema, plan: &Plan, rows: &[&Row], predicate: &Predicate) -> bool {
    let of = |column: &crate::ColumnRef| {
        key(schema, plan.relations[column.relation], rows[column.relation], column.column)
    };
    match predicate {
        Predicate::Constant(value) => *value,
        Predicate::And(parts) => parts.iter().all(|part| naive_holds(schema, plan, rows, part)),
        Predicate::Or(parts) => parts.iter().any(|part| naive_holds(schema, plan, rows, part)),
        Predicate::Compare(left, comparison, operand) => {
            let right = match operand {
                Operand::Column(column) => of(column),
                Operand::Literal(value) => literal_key(value),
                Operand::Sender(_) => panic!("not bound"),
            };
            let left = of(left);
            match comparison {
                Comparison::Eq => left == right,
                Comparison::Ne => left != right,
                Comparison::Lt => left < right,
                Comparison::Le => left <= right,
                Comparison::Gt => left > right,
                Comparison::Ge => left >= right,
            }
        }
    }
}

fn naive(schema: &Schema, plan: &Plan, state: &State) -> HashMap<Row, i64> {
    let mut combinations: Vec<Vec<&Row>> = vec![vec![]];
    for relation in &plan.relations {
        combinations = combinations
            .iter()
            .flat_map(|front| state[*relation].iter().map(|row| front.iter().copied().chain([row]).collect()))
            .collect();
    }
    let mut result = HashMap::new();
    for rows in combinations {
        let joined = plan.joins.iter().all(|(left, right)| {
            let equal = Predicate::Compare(*left, Comparison::Eq, Operand::Column(*right));
            naive_holds(schema, plan, &rows, &equal)
        });
        if joined && naive_holds(schema, plan, &rows, &plan.filter) {
            *result.entry(rows[plan.returned].clone()).or_default() += 1;
        }
    }
    result
}

struct After<'a>(&'a Schema, &'a State);

impl Lookup for After<'_> {
    fn rows(&mut self, relation: RelationId, column: usize, value: &[u8]) -> Result<Vec<Row>, Error> {
        let ty = self.0.relations[relation].columns[column].ty.clone();
        let wanted = literal_key(&crate::Value { ty, bsatn: value.to_vec() });
        let rows = self.1[relation].iter().filter(|row| key(self.0, relation, row, column) == wanted);
        Ok(rows.cloned().collect())
    }
}

fn plans(schema: &Schema) -> Vec<Plan> {
    let mut plans = Vec::new();
    for rules in rule_sets() {
        let rules = VisibilityRules::check(&rules, schema).expect("rules");
        for text in texts() {
            // A join under a rule with a join has three relations, which no subscription may have.
            if let Ok(fragments) = subscribe(text, schema, &rules, Access::Client) {
                plans.extend(fragments.into_iter().map(|plan| plan.bind(&SENDER)));
            } else {
                assert!(
                    one_off(text, schema, &rules, Access::Client).is_ok() || text.contains("JOIN"),
                    "{text}"
                );
            }
        }
    }
    plans
}

/// Applies a transaction; the rows that it deleted and inserted, also those that it did both to.
fn apply(state: &mut State, changes: &[(Vec<Row>, Vec<prop::sample::Index>)]) -> Vec<(Vec<Row>, Vec<Row>)> {
    let mut deltas = Vec::new();
    for (rows, (inserts, deletes)) in state.iter_mut().zip(changes) {
        rows.extend(inserts.iter().cloned());
        let mut deleted = Vec::new();
        for index in deletes {
            if !rows.is_empty() {
                deleted.push(rows.swap_remove(index.index(rows.len())));
            }
        }
        deltas.push((deleted, inserts.clone()));
    }
    deltas
}

fn add(result: &mut HashMap<Row, i64>, rows: &[Cow<'_, [u8]>], sign: i64) {
    for row in rows {
        *result.entry(row.to_vec()).or_default() += sign;
    }
    result.retain(|_, count| *count != 0);
}

#[test]
fn every_query_is_replayed_under_some_rules() {
    assert!(plans(&schema()).len() > 40);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn replay_equals_evaluation_of_the_state(transactions in proptest::collection::vec(transaction(), 1..7)) {
        let schema = schema();
        let mut set = QuerySet::new(schema.clone());
        let ids: Vec<_> = plans(&schema).into_iter().map(|plan| set.add(plan).expect("a plan")).collect();
        let mut state: State = vec![vec![], vec![]];
        let mut results: HashMap<_, HashMap<Row, i64>> = HashMap::new();
        for changes in &transactions {
            let owned = apply(&mut state, changes);
            let deltas: Vec<_> = owned.iter().enumerate().map(|(relation, (deletes, inserts))| TableDelta {
                relation,
                deletes: deletes.iter().map(Vec::as_slice).collect(),
                inserts: inserts.iter().map(Vec::as_slice).collect(),
            }).collect();
            for (id, delta) in set.evaluate(&deltas, &mut After(&schema, &state)).expect("deltas") {
                prop_assert!(delta.deletes.iter().all(|row| !delta.inserts.contains(row)));
                let result = results.entry(id).or_default();
                add(result, &delta.deletes, -1);
                add(result, &delta.inserts, 1);
            }
            for id in &ids {
                let plan = set.plan(*id).expect("a plan");
                let expected = naive(&schema, plan, &state);
                prop_assert_eq!(results.entry(*id).or_default(), &expected, "{:?}", plan);
            }
        }
    }

    #[test]
    fn any_bytes_are_a_row_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let schema = schema();
        let mut set = QuerySet::new(schema.clone());
        for plan in plans(&schema) {
            set.add(plan).expect("a plan");
        }
        let state = vec![vec![], vec![]];
        for relation in 0..2 {
            let delta = TableDelta { relation, deletes: vec![], inserts: vec![&bytes] };
            if let Err(error) = set.evaluate(&[delta], &mut After(&schema, &state)) {
                prop_assert!(matches!(error, Error::MalformedRow { .. }), "{:?}", error);
            }
        }
    }
}

#[test]
fn removed_plans_leave_nothing_behind() {
    let schema = schema();
    let mut set = QuerySet::new(schema.clone());
    let first: Vec<_> = plans(&schema).into_iter().map(|plan| set.add(plan).expect("a plan")).collect();
    for id in &first {
        set.remove(*id);
    }
    assert!(set.is_empty());
    let row = [vec![1], vec![1], vec![0; 4], SENDER.to_vec()].concat();
    let delta = TableDelta { relation: 0, deletes: vec![], inserts: vec![&row] };
    assert!(set.concerned(&[delta]).expect("plans").is_empty());
}

#[test]
fn only_plans_that_name_the_value_are_concerned() {
    let schema = schema();
    let mut set = QuerySet::new(schema.clone());
    let rules = VisibilityRules::default();
    let mut ids = Vec::new();
    for id in 0..100 {
        let text = format!("SELECT * FROM left WHERE id = {id} AND score > 0");
        let plans = subscribe(&text, &schema, &rules, Access::Client).expect("plans");
        ids.extend(plans.into_iter().map(|plan| set.add(plan).expect("a plan")));
    }
    let row = [vec![7], vec![1], vec![0; 4], SENDER.to_vec()].concat();
    let delta = TableDelta { relation: 0, deletes: vec![&row], inserts: vec![] };
    let concerned: Vec<_> = set.concerned(&[delta]).expect("plans").into_iter().collect();
    assert_eq!(concerned, [ids[7]]);
}
