//! Pairs of versions that only descriptions can say: names that change with the SDK, schedules, event tables, views. The
//! rest is in the tests that need a server, with its effect on data.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that panics has failed")]

mod description;

use description::*;
use spacetime_definition::migration::{Change, Migration, Step};
use spacetime_definition::{Definition, decode};

fn of(module: &Module) -> Definition {
    decode(&module.v10()).unwrap()
}

/// Kind, object and whether it breaks clients, `!` for what is refused.
fn steps(old: &Definition, new: &Definition) -> Vec<String> {
    let text = |step: &Step| {
        let breaks = if step.breaks_clients { " breaks" } else { "" };
        let refused = if step.obstacle.is_some() { " !" } else { "" };
        format!("{} {}{breaks}{refused}", step.change.kind(), step.object)
    };
    Migration::between(old, new).steps.iter().map(text).collect()
}

#[test]
fn a_version_is_no_change_of_itself() {
    for module in [Module::person(), Module::timer()] {
        assert_eq!(steps(&of(&module), &of(&module)), Vec::<String>::new());
    }
}

#[test]
fn names_of_another_sdk_are_renames() {
    let old = decode(&Module::timer().v9()).unwrap();
    let migration = Migration::between(&old, &of(&Module::timer()));
    let parts = migration.tables[0].as_ref().unwrap();
    assert_eq!(
        (parts.old, &parts.columns[..], &parts.indexes[..]),
        (0, &[Some(0), Some(1)][..], &[Some(0)][..])
    );
    assert_eq!(
        steps(&old, &of(&Module::timer())),
        [
            "rename_table table `timer` breaks",
            "rename_column column `timer.scheduled_id` breaks",
            "rename_column column `timer.scheduled_at` breaks",
            "change_index index `timer_scheduled_id_idx_btree`",
            "change_schedule table `timer`",
            "drop_reducer reducer `onTick`",
            "add_reducer reducer `on_tick`",
        ]
    );
}

#[test]
fn a_name_that_is_there_is_never_renamed() {
    // Columns `a` and `b` swap the names that clients see; what counts is what they are called now.
    let named = |first, second| {
        let mut module = Module::person();
        module.typespace =
            vec![product(&[("id", U64.into()), (first, STRING.into()), (second, STRING.into())])];
        of(&module)
    };
    let migration = Migration::between(&named("a", "b"), &named("b", "a"));
    assert_eq!(migration.tables[0].as_ref().unwrap().columns, [Some(0), Some(2), Some(1)]);
    assert_eq!(migration.steps[0].change, Change::ReorderColumns(0));
}

#[test]
fn schedules_come_and_go_without_data() {
    let mut without = Module::timer();
    without.tables[0].schedule = None;
    let (with, without) = (of(&Module::timer()), of(&without));
    assert_eq!(steps(&with, &without)[0], "change_schedule table `timer`");
    assert_eq!(steps(&without, &with)[0], "change_schedule table `timer`");
}

#[test]
fn event_tables_hold_nothing_to_lose() {
    let event = |fields: &[(&str, Vec<u8>)]| {
        let mut module = Module::person();
        module.typespace = vec![product(fields)];
        module.tables[0].is_event = true;
        of(&module)
    };
    let (two, one) = (event(&[("id", U64.into()), ("name", STRING.into())]), event(&[("id", U64.into())]));
    assert_eq!(steps(&two, &one), ["drop_column column `person.name` breaks"]);
    assert_eq!(steps(&one, &two), ["add_column column `person.name` breaks"]);
    assert_eq!(steps(&two, &of(&Module::person())), ["change_lifetime table `person` breaks !"]);
}

#[test]
fn views_that_change_break_clients_and_new_ones_do_not() {
    let view = |name, anonymous| {
        let mut module = Module::person();
        module.views = vec![(name, anonymous, array(reference(0)))];
        of(&module)
    };
    assert_eq!(steps(&of(&Module::person()), &view("all", true)), ["add_view view `all`"]);
    assert_eq!(steps(&view("all", true), &view("all", false)), ["change_view view `all` breaks"]);
    assert_eq!(
        steps(&view("all", true), &view("most", true)),
        ["drop_view view `all` breaks", "add_view view `most`"]
    );
}

#[test]
fn obstacles_say_when_they_do_not_stand() {
    let mut wider = Module::person();
    wider.typespace = vec![product(&[("id", U64.into()), ("name", STRING.into()), ("age", U8.into())])];
    let add = Migration::between(&of(&Module::person()), &of(&wider)).steps.remove(0);
    let obstacle = add.obstacle.unwrap();
    assert_eq!((obstacle.unless_empty, obstacle.unless_allowed), (Some(0), false));
    let drop = Migration::between(&of(&wider), &of(&Module::person())).steps.remove(0);
    let obstacle = drop.obstacle.unwrap();
    assert_eq!((obstacle.unless_empty, obstacle.unless_allowed), (Some(0), true));
}
