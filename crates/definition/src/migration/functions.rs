//! What changes for callers: reducers, procedures, views, and who sees which rows.

use super::{Change, Step};
use crate::definition::{Definition, Reducer, View};

/// Makes the change of the item at a position.
type ChangeOf = fn(usize) -> Change;

pub(super) fn steps(old: &Definition, new: &Definition) -> Vec<Step> {
    let mut steps = Vec::new();
    if old.row_level_security != new.row_level_security {
        let object = "row-level security".to_owned();
        // Clients may hold rows they may not see any more.
        steps.push(Step::new(Change::ChangeRowLevelSecurity, object).breaking());
    }
    compare(
        ("reducer", &old.reducers, &new.reducers),
        |reducer| &reducer.name,
        |a, b| signature(a) == signature(b),
        [Change::AddReducer, Change::ChangeReducer, Change::DropReducer],
        &mut steps,
    );
    compare(
        ("procedure", &old.procedures, &new.procedures),
        |procedure| &procedure.name,
        |a, b| a.params == b.params && a.return_type == b.return_type && a.visibility == b.visibility,
        [Change::AddProcedure, Change::ChangeProcedure, Change::DropProcedure],
        &mut steps,
    );
    let first_view = steps.len();
    compare(
        ("view", &old.views, &new.views),
        |view| &view.name,
        |a, b| shape(a) == shape(b),
        [Change::AddView, Change::ChangeView, Change::DropView],
        &mut steps,
    );
    for step in &mut steps[first_view..] {
        step.breaks_clients = !matches!(step.change, Change::AddView(_));
    }
    steps
}

fn signature(reducer: &Reducer) -> impl PartialEq + '_ {
    (&reducer.params, reducer.lifecycle, reducer.visibility)
}

fn shape(view: &View) -> impl PartialEq + '_ {
    (&view.params, &view.return_type, &view.primary_key, view.is_public, view.is_anonymous)
}

fn compare<T>(
    (noun, old, new): (&str, &[T], &[T]),
    name: impl Fn(&T) -> &String,
    is_same: impl Fn(&T, &T) -> bool,
    [add, change, drop]: [ChangeOf; 3],
    steps: &mut Vec<Step>,
) {
    let object = |item: &T| format!("{noun} `{}`", name(item));
    for (at, item) in old.iter().enumerate() {
        if !new.iter().any(|other| name(other) == name(item)) {
            steps.push(Step::new(drop(at), object(item)));
        }
    }
    for (at, item) in new.iter().enumerate() {
        match old.iter().find(|other| name(other) == name(item)) {
            None => steps.push(Step::new(add(at), object(item))),
            Some(before) if !is_same(before, item) => steps.push(Step::new(change(at), object(item))),
            Some(_) => {}
        }
    }
}
