//! Each rule of module-abi.md §3.7: the message must name the object and the problem.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that panics has failed")]

mod description;

use description::*;
use spacetime_definition::{Error, IndexAlgorithm, Lifecycle, Visibility, decode};

/// Both versions must refuse the module with a message containing all of `parts`.
#[track_caller]
fn refused(module: &Module, parts: &[&str]) {
    refused_bytes(&module.v10(), parts);
    refused_bytes(&module.v9(), parts);
}

#[track_caller]
fn refused_bytes(bytes: &[u8], parts: &[&str]) {
    let error = decode(bytes).expect_err("must be refused");
    assert!(matches!(error, Error::Invalid { .. } | Error::Unsupported { .. }), "{error:?}");
    for part in parts {
        assert!(error.to_string().contains(part), "{error} lacks {part}");
    }
}

/// `Module::person` with one change.
#[track_caller]
fn person_refused(change: impl FnOnce(&mut Module), parts: &[&str]) {
    let mut module = Module::person();
    change(&mut module);
    refused(&module, parts);
}

#[track_caller]
fn table_refused(change: impl FnOnce(&mut Table), parts: &[&str]) {
    person_refused(|module| change(&mut module.tables[0]), parts);
}

#[test]
fn the_unchanged_modules_are_accepted() {
    for module in [Module::person(), Module::timer(), Module::default()] {
        decode(&module.v9()).unwrap();
        decode(&module.v10()).unwrap();
    }
}

#[test]
fn table_and_column_names() {
    table_refused(|table| table.name = "st_person", &["table `st_person`", "`st_`"]);
    table_refused(|table| table.name = "1person", &["person", "not an identifier"]);
    table_refused(|table| table.name = "", &["not an identifier"]);
    table_refused(|table| table.name = "cafe\u{301}", &["normal form C"]);
    let row = |fields: &[(&str, Vec<u8>)]| vec![product(fields)];
    person_refused(
        |module| module.typespace = row(&[("id", U64.into()), ("a b!", BOOL.into())]),
        &["table `person`, column", "not an identifier"],
    );
    person_refused(
        |module| module.typespace = row(&[("id", U64.into()), ("id", BOOL.into())]),
        &["`id`", "canonical name"],
    );
    person_refused(|module| module.typespace = vec![U64.into()], &["row type is not a product"]);
    person_refused(
        |module| {
            module.types.clear();
            module.tables[0].product = 9;
        },
        &["type 9, which does not exist"],
    );
}

#[test]
fn primary_keys_and_constraints() {
    table_refused(|table| table.primary_key = vec![0, 1], &["table `person`", "more than one column"]);
    table_refused(|table| table.primary_key = vec![7], &["column 7", "does not exist"]);
    table_refused(|table| table.primary_key = vec![1], &["column `name`", "no unique constraint"]);
    table_refused(|table| table.indexes.clear(), &["person_id_key", "needs an index on (id)"]);
    table_refused(|table| table.constraints.push(unique(&[9])), &["unique constraint", "column 9"]);
    table_refused(|table| table.constraints.push(unique(&[])), &["has no columns"]);
    table_refused(|table| table.indexes.push(index(None, 0, &[1, 1])), &["column 1 twice"]);
    table_refused(
        |table| table.indexes.push(index(None, 2, &[1])),
        &["column `name`", "direct index", "string"],
    );
    // The same index twice has the same name twice.
    table_refused(
        |table| table.indexes.push(index(None, 0, &[0])),
        &["person_id_idx_btree", "already taken"],
    );
}

#[test]
fn sequences() {
    let with = |bytes: Vec<u8>| move |table: &mut Table| table.sequences = vec![bytes];
    table_refused(with(sequence(1, None, None, None, 1)), &["column `name`", "integer, not string"]);
    table_refused(with(sequence(9, None, None, None, 1)), &["column 9", "does not exist"]);
    table_refused(with(sequence(0, None, None, None, 0)), &["column `id`", "increment 0"]);
    table_refused(with(sequence(0, Some(1), Some(2), None, 1)), &["minimum ≤ start ≤ maximum"]);
    table_refused(with(sequence(0, Some(3), None, Some(2), 1)), &["minimum ≤ start ≤ maximum"]);
    table_refused(with(sequence(0, None, Some(3), Some(2), 1)), &["minimum ≤ start ≤ maximum"]);
    let twice = |table: &mut Table| table.sequences = vec![sequence(0, None, None, None, 1); 2];
    table_refused(twice, &["column `id`", "two sequences"]);
}

#[test]
fn default_values() {
    table_refused(|table| table.defaults = vec![(0, vec![1])], &["column `id`", "not a u64"]);
    table_refused(|table| table.defaults = vec![(1, text("xy")), (1, text("z"))], &["two default values"]);
    table_refused(|table| table.defaults = vec![(5, vec![])], &["column 5", "does not exist"]);
    let mut module = Module::person();
    module.tables[0].defaults = vec![(1, text("xy"))];
    for bytes in [module.v9(), module.v10()] {
        assert_eq!(decode(&bytes).unwrap().tables[0].columns[1].default, Some(text("xy")));
    }
}

#[test]
fn namespaces() {
    let params = || elements(&[]);
    person_refused(
        |module| module.procedures = vec![("add", params(), BOOL.into())],
        &["procedure `add`", "already taken by reducer `add`"],
    );
    person_refused(
        |module| module.views = vec![("person", true, array(reference(0)))],
        &["view `person`", "already taken by table `person`"],
    );
    person_refused(
        |module| module.tables.push(module.tables[0].clone()),
        &["already taken by table `person`"],
    );
    person_refused(|module| module.types.push((vec![], "Person", 0)), &["type `Person`", "defined twice"]);
}

#[test]
fn lifecycle_reducers() {
    let mut module = Module::person();
    module.reducers = vec![("a", elements(&[])), ("b", elements(&[])), ("c", elements(&[]))];
    module.lifecycles = vec![(2, "c"), (0, "a"), (1, "b")];
    for bytes in [module.v9(), module.v10()] {
        let reducers = decode(&bytes).unwrap().reducers;
        let bound: Vec<_> = reducers.iter().map(|reducer| reducer.lifecycle.unwrap()).collect();
        assert_eq!(bound, [Lifecycle::Init, Lifecycle::ClientConnected, Lifecycle::ClientDisconnected]);
        assert!(reducers.iter().all(|reducer| reducer.visibility == Visibility::Private));
    }
    module.lifecycles = vec![(0, "a"), (0, "b")];
    refused(&module, &["Init is already bound to reducer `a`"]);
    module.lifecycles = vec![(0, "nothing")];
    refused_bytes(&module.v10(), &["reducer `nothing`", "does not exist"]);
    let with_parameters = |module: &mut Module| module.lifecycles = vec![(0, "add")];
    person_refused(with_parameters, &["reducer `add`", "no parameters"]);
}

#[test]
fn schedules() {
    let timer = |change: fn(&mut Module), parts: &[&str]| {
        let mut module = Module::timer();
        change(&mut module);
        refused(&module, parts);
    };
    timer(|module| module.tables[0].schedule = Some((1, "nothing")), &["calls `nothing`"]);
    timer(|module| module.tables[0].schedule = Some((0, "onTick")), &["must be a ScheduleAt, not u64"]);
    timer(|module| module.tables[0].schedule = Some((8, "onTick")), &["column 8"]);
    timer(|module| module.tables[0].primary_key.clear(), &["primary key of type u64"]);
    timer(
        |module| module.reducers[0].1 = elements(&[("row", reference(0)), ("x", BOOL.into())]),
        &["exactly one parameter"],
    );
    timer(|module| module.reducers[0].1 = elements(&[("row", U64.into())]), &["exactly one parameter"]);

    let v9 = decode(&Module::timer().v9()).unwrap();
    let schedule = v9.tables[0].schedule.as_ref().unwrap();
    assert_eq!(
        (schedule.name.as_str(), schedule.at_column, schedule.function.as_str()),
        ("Timer_sched", 1, "onTick")
    );
    assert_eq!(v9.reducers[0].visibility, Visibility::ClientCallable);
    let v10 = decode(&Module::timer().v10()).unwrap();
    let schedule = v10.tables[0].schedule.as_ref().unwrap();
    assert_eq!((schedule.name.as_str(), schedule.function.as_str()), ("timer_sched", "on_tick"));
    assert_eq!(v10.reducers[0].visibility, Visibility::Private);
}

#[test]
fn a_procedure_can_be_scheduled() {
    let mut module = Module::timer();
    let (name, params) = module.reducers.remove(0);
    module.procedures = vec![(name, params, product(&[]))];
    assert_eq!(decode(&module.v10()).unwrap().procedures[0].visibility, Visibility::Private);
    assert_eq!(decode(&module.v9()).unwrap().procedures[0].visibility, Visibility::ClientCallable);
}

#[test]
fn reducer_returns_of_v10() {
    let reducer = |ok: Vec<u8>, err: Vec<u8>| {
        let bytes = list(&[[text("f"), elements(&[]), vec![1], ok, err].concat()]);
        [vec![2], list(&[[vec![3], bytes].concat()])].concat()
    };
    decode(&reducer(product(&[]), STRING.into())).unwrap();
    refused_bytes(&reducer(U64.into(), STRING.into()), &["reducer `f`", "returns nothing"]);
    refused_bytes(&reducer(product(&[]), U64.into()), &["reducer `f`", "returns a string"]);
}

#[test]
fn direct_and_hash_indexes() {
    let mut module = Module::person();
    module.tables[0].indexes.extend([index(None, 2, &[0]), index(None, 1, &[1, 0])]);
    let indexes = decode(&module.v9()).unwrap().tables.remove(0).indexes;
    assert_eq!(indexes[1].algorithm, IndexAlgorithm::Direct);
    assert_eq!((indexes[1].name.as_str(), indexes[1].is_unique), ("person_id_idx_direct", true));
    assert_eq!((indexes[2].name.as_str(), indexes[2].is_unique), ("person_name_id_idx_hash", false));
}
