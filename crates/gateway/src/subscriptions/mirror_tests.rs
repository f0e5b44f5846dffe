//! Random commits, subscriptions and readings, against evaluation from scratch.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use spacetime_auth::Identity;
use spacetime_definition::{Field, Product, Type};
use spacetime_query::{
    Access, Plan as Checked, Schema, StoredColumn, StoredRelation, VisibilityRules, subscribe,
};

use super::event::{ClientId, SetKey};
use super::filling::Filled;
use super::mirror::{Changed, Mirror, Part, QueryId};
use super::planning::{Origin, Plan, Source, TableInfo};
use crate::changes::Table;
use crate::postgres::Rows;

/// Rows of two columns of one byte.
type State = [Vec<[u8; 2]>; 2];

const TABLES: [&str; 2] = ["a", "b"];
/// A view: rows of `a` whose key is above 1.
const VIEW: usize = 2;

const QUERIES: [&str; 7] = [
    "SELECT * FROM a",
    "SELECT * FROM a WHERE k = 1",
    "SELECT * FROM b WHERE id < 3 OR k = 2",
    "SELECT a.* FROM a JOIN b ON a.k = b.k",
    "SELECT b.* FROM a JOIN b ON a.k = b.id WHERE a.id > 1",
    "SELECT x.* FROM a x JOIN a y ON x.k = y.id",
    "SELECT b.* FROM v JOIN b ON v.id = b.id",
];

fn relation(name: &str, is_view: bool) -> StoredRelation {
    let column = |name: &str| StoredColumn {
        name: name.into(),
        source_name: name.into(),
        ty: Type::U8,
        is_indexed: true,
    };
    let columns = vec![column("id"), column("k")];
    let (name, source_name) = (name.to_owned(), name.to_owned());
    StoredRelation { name, source_name, columns, is_public: true, is_event: false, is_view }
}

fn schema() -> Schema {
    Schema { relations: vec![relation("a", false), relation("b", false), relation("v", true)] }
}

fn checked(text: &str) -> Checked {
    subscribe(text, &schema(), &VisibilityRules::default(), Access::Client).expect("a plan").remove(0)
}

/// As the planner gives it.
fn plan(text: &str) -> Plan {
    let mut query = checked(text);
    let field = |name: &str| Field { name: Some(name.into()), ty: Type::U8 };
    let row = Product { name: None, fields: vec![field("id"), field("k")] };
    let name = schema().relations[query.returned_relation()].name.clone();
    let table = TableInfo { name, id: 1, is_event: false, row: row.clone() };
    let origin = |id: &usize| {
        let relation = schema().relations[*id].clone();
        let sender = Identity::from_be_bytes([0; 32]);
        let source = match relation.is_view {
            true => Source::View { view: relation.name.clone(), sender },
            false => Source::Table(relation.name.clone()),
        };
        Origin { source, relation, row: Arc::new(row.clone()), reads: None }
    };
    let origins = query.relations.iter().map(origin).collect();
    query.relations = (0..query.relations.len()).collect();
    Plan { table: Arc::new(table), query, origins }
}

fn rows_of(state: &State, relation: usize) -> Vec<[u8; 2]> {
    match relation {
        // Rows of a view are a set.
        VIEW => {
            let rows: BTreeSet<_> = state[0].iter().filter(|row| row[1] > 1).copied().collect();
            rows.into_iter().collect()
        }
        table => state[table].clone(),
    }
}

/// Every combination of rows, looked at one by one.
fn naive(state: &State, text: &str) -> BTreeMap<[u8; 2], i64> {
    type Holds = fn(&[u8; 2], &[u8; 2]) -> bool;
    let (returned, other, holds): (usize, Option<usize>, Holds) = match text {
        "SELECT * FROM a" => (0, None, |_, _| true),
        "SELECT * FROM a WHERE k = 1" => (0, None, |a, _| a[1] == 1),
        "SELECT * FROM b WHERE id < 3 OR k = 2" => (1, None, |b, _| b[0] < 3 || b[1] == 2),
        "SELECT a.* FROM a JOIN b ON a.k = b.k" => (0, Some(1), |a, b| a[1] == b[1]),
        "SELECT b.* FROM a JOIN b ON a.k = b.id WHERE a.id > 1" => {
            (1, Some(0), |b, a| a[1] == b[0] && a[0] > 1)
        }
        "SELECT x.* FROM a x JOIN a y ON x.k = y.id" => (0, Some(0), |x, y| x[1] == y[0]),
        "SELECT b.* FROM v JOIN b ON v.id = b.id" => (1, Some(VIEW), |b, v| v[0] == b[0]),
        other => unreachable!("{other}"),
    };
    let partners = other.map_or_else(|| vec![[0, 0]], |other| rows_of(state, other));
    let mut found = BTreeMap::new();
    for row in rows_of(state, returned) {
        for _ in partners.iter().filter(|partner| holds(&row, partner)) {
            *found.entry(row).or_default() += 1;
        }
    }
    found
}

/// A generator that gives the same numbers in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    fn row(&mut self) -> [u8; 2] {
        [self.below(5) as u8, self.below(4) as u8]
    }

    /// A commit: the state after it, and what the log says of it.
    fn commit(&mut self, state: &State) -> (State, Vec<Table>) {
        let mut state = state.clone();
        let mut tables = Vec::new();
        for (at, name) in TABLES.into_iter().enumerate() {
            let mut table = Table { name: name.into(), deletes: Vec::new(), inserts: Vec::new() };
            for _ in 0..self.below(4) {
                if !state[at].is_empty() && self.below(2) == 0 {
                    let place = self.below(state[at].len());
                    table.deletes.push(Bytes::copy_from_slice(&state[at].swap_remove(place)));
                } else {
                    let row = self.row();
                    state[at].push(row);
                    table.inserts.push(Bytes::copy_from_slice(&row));
                }
            }
            if !table.deletes.is_empty() || !table.inserts.is_empty() {
                tables.push(table);
            }
        }
        (state, tables)
    }
}

/// How often a client has each row.
type RowCounts = BTreeMap<[u8; 2], i64>;

/// What a client knows of its queries.
#[derive(Default)]
struct Watcher {
    sets: BTreeMap<SetKey, (&'static str, QueryId, Option<RowCounts>)>,
}

impl Watcher {
    fn hear(&mut self, changed: &Changed) {
        for (id, delta) in changed {
            for (_, query, known) in self.sets.values_mut().filter(|(_, query, _)| query == id) {
                let known = known.as_mut().unwrap_or_else(|| unreachable!("{query:?} has no rows yet"));
                for (row, by) in delta {
                    let count = known.entry([row[0], row[1]]).or_default();
                    *count += by;
                    assert!(*count >= 0, "a row is deleted that was not there");
                }
                known.retain(|_, count| *count != 0);
            }
        }
    }

    /// Takes the first rows of what is ready, and compares everything.
    fn check(&mut self, mirror: &Mirror, state: &State) {
        for (text, id, known) in self.sets.values_mut() {
            let Some(query) = mirror.query(*id).filter(|query| query.is_ready()) else {
                assert!(known.is_none(), "{text} was ready and is not");
                continue;
            };
            let known = known.get_or_insert_with(|| {
                let mut rows = BTreeMap::new();
                for row in query.all().expect("rows").rows.iter() {
                    *rows.entry([row[0], row[1]]).or_default() += 1;
                }
                rows
            });
            assert_eq!(*known, naive(state, text), "{text}");
        }
    }
}

/// What Postgres answers in a snapshot.
fn read(mirror: &Mirror, part: Part, state: &State) -> Rows {
    let bytes = |rows: Vec<[u8; 2]>| rows.iter().map(|row| Bytes::copy_from_slice(row)).collect();
    let tables_read = vec!["a".to_owned()];
    match mirror.read(part) {
        Some(crate::postgres::Read::Rows { selection, .. }) => {
            let relation = if selection.relations == ["a"] { 0 } else { 1 };
            let text = QUERIES.iter().find(|text| {
                let query = checked(text);
                query.relations == [relation] && query.filter == selection.plans[0].filter
            });
            let rows = match text {
                Some(text) => {
                    let often = |(row, count): ([u8; 2], i64)| std::iter::repeat_n(row, count as usize);
                    naive(state, text).into_iter().flat_map(often).collect()
                }
                None => rows_of(state, relation),
            };
            Rows { rows: bytes(rows), tables_read }
        }
        Some(crate::postgres::Read::View { .. }) => Rows { rows: bytes(rows_of(state, VIEW)), tables_read },
        None => Rows { rows: Vec::new(), tables_read },
    }
}

fn filled(filled: Filled) -> Changed {
    assert!(filled.failed.is_empty());
    filled.changed
}

struct Run {
    dice: Dice,
    mirror: Mirror,
    state: State,
    watcher: Watcher,
    last_set: u32,
}

const CLIENT: ClientId = 1;

impl Run {
    /// One commit is taken in; views that it touches with it.
    fn commit(&mut self) -> Vec<Table> {
        let (state, tables) = self.dice.commit(&self.state);
        self.state = state;
        let mut changed = self.mirror.commit(&tables).expect("rows");
        let touched = self.mirror.touched(Some(&tables));
        let rows: Vec<_> =
            touched.iter().map(|part| (*part, read(&self.mirror, *part, &self.state))).collect();
        let rows: Vec<_> = rows.iter().map(|(part, rows)| (*part, rows)).collect();
        changed.extend(filled(self.mirror.fill(&rows, &[])));
        self.watcher.hear(&changed);
        tables
    }

    /// Subscribes; rows are read at once, or after commits that the mirror has not seen, and come after more of them.
    fn subscribe(&mut self) {
        let text = QUERIES[self.dice.below(QUERIES.len())];
        self.last_set += 1;
        let key = SetKey::Numbered(self.last_set);
        let (id, parts) = self.mirror.subscribe(plan(text), (CLIENT, key));
        self.watcher.sets.insert(key, (text, id, None));
        assert!(self.mirror.ready_queries().is_empty());
        self.watcher.check(&self.mirror, &self.state);
        for _ in 0..self.dice.below(3) {
            self.commit();
        }
        let mut rows: Vec<_> =
            parts.iter().map(|part| (*part, read(&self.mirror, *part, &self.state))).collect();
        let mut later = Vec::new();
        for _ in 0..self.dice.below(3) {
            later.push(self.commit());
        }
        if later.iter().any(|tables| parts.iter().any(|part| self.mirror.is_touched(*part, tables))) {
            rows = parts.iter().map(|part| (*part, read(&self.mirror, *part, &self.state))).collect();
            later.clear();
        }
        let later: Vec<_> = later.iter().map(Vec::as_slice).collect();
        let rows: Vec<_> = rows.iter().map(|(part, rows)| (*part, rows)).collect();
        let changed = filled(self.mirror.fill(&rows, &later));
        self.watcher.hear(&changed);
    }

    fn unsubscribe(&mut self) {
        let Some(key) = self.watcher.sets.keys().nth(self.dice.below(8)).copied() else { return };
        let Some((_, id, _)) = self.watcher.sets.remove(&key) else { return };
        self.mirror.unsubscribe(id, |subscriber| *subscriber == (CLIENT, key));
    }

    /// Commits are lost, or one cannot be taken in; everything is read anew.
    fn lose_commits(&mut self) {
        if self.dice.below(2) == 0 {
            // A row without columns; those of `a` may be in already.
            let (state, mut tables) = self.dice.commit(&self.state);
            self.state = state;
            tables.retain(|table| table.name != "b");
            tables.push(Table { name: "b".into(), deletes: Vec::new(), inserts: vec![Bytes::new()] });
            match self.mirror.commit(&tables) {
                Ok(changed) => self.watcher.hear(&changed),
                Err(_) => assert!(self.mirror.is_damaged),
            }
        }
        for _ in 0..self.dice.below(3) {
            self.state = self.dice.commit(&self.state).0;
        }
        let parts = self.mirror.parts_held();
        let rows: Vec<_> = parts.iter().map(|part| (*part, read(&self.mirror, *part, &self.state))).collect();
        let rows: Vec<_> = rows.iter().map(|(part, rows)| (*part, rows)).collect();
        let changed = filled(self.mirror.fill(&rows, &[]));
        self.watcher.hear(&changed);
    }
}

#[test]
fn results_are_those_of_the_state() {
    for seed in 0..200 {
        let mut run = Run {
            dice: Dice(seed),
            mirror: Mirror::default(),
            state: State::default(),
            watcher: Watcher::default(),
            last_set: 0,
        };
        for _ in 0..40 {
            match run.dice.below(8) {
                0 | 1 => run.subscribe(),
                2 => run.unsubscribe(),
                3 => run.lose_commits(),
                _ => drop(run.commit()),
            }
            run.watcher.check(&run.mirror, &run.state);
        }
        let keys: Vec<_> = run.watcher.sets.iter().map(|(key, (_, id, _))| (*key, *id)).collect();
        for (key, id) in keys {
            run.mirror.unsubscribe(id, |subscriber| *subscriber == (CLIENT, key));
        }
        assert!(run.mirror.parts_held().is_empty(), "rows are held for nobody");
    }
}

#[test]
fn what_cannot_be_evaluated_is_named_and_the_rest_goes_on() {
    let mut mirror = Mirror::default();
    let key = SetKey::Numbered(1);
    let (of_a, mut parts) = mirror.subscribe(plan("SELECT * FROM a WHERE k = 1"), (CLIENT, key));
    let (joined, more) = mirror.subscribe(plan("SELECT b.* FROM v JOIN b ON v.id = b.id"), (CLIENT, key));
    parts.extend(more);
    let state: State = [vec![[1, 1]], Vec::new()];
    let mut rows: Vec<_> = parts.iter().map(|part| (*part, read(&mirror, *part, &state))).collect();
    let fill = |mirror: &mut Mirror, rows: &[(Part, Rows)]| {
        mirror.fill(&rows.iter().map(|(part, rows)| (*part, rows)).collect::<Vec<_>>(), &[])
    };
    filled(fill(&mut mirror, &rows));
    // Neither commits nor the rows themselves can be read any more.
    let torn = Table { name: "b".into(), deletes: Vec::new(), inserts: vec![Bytes::new()] };
    assert!(mirror.commit(&[torn]).is_err());
    let of_b = rows.iter_mut().rfind(|(part, _)| matches!(part, Part::Relation(_))).expect("b is held");
    of_b.1.rows = vec![Bytes::new()];
    let again = fill(&mut mirror, &rows);
    assert_eq!(again.failed.iter().map(|(query, _)| *query).collect::<Vec<_>>(), [joined]);
    assert!(!mirror.is_damaged);
    assert!(again.changed.iter().all(|(query, delta)| *query == of_a && delta.is_empty()));
}
