//! Reducers, procedures and views, and what binds reducers to lifecycle events and schedules (module-abi.md §3.7).

use std::collections::HashMap;

use crate::definition::{
    Abi, Definition, Lifecycle, Procedure, Reducer, Schedule, Table, View, ViewKind, Visibility,
};
use crate::error::Error;
use crate::names::{self, Namespace, Naming, check_identifier};
use crate::raw::{RawElement, RawModule, RawReducer, RawSchedule, RawType, RawView};
use crate::resolve::{QUERY_FIELD, Resolver};
use crate::table::is_row;
use crate::types::{Field, Type};

pub(crate) fn reducers(
    raw: &RawModule,
    naming: &Naming,
    resolver: &mut Resolver<'_>,
    functions: &mut Namespace,
) -> Result<Vec<Reducer>, Error> {
    raw.reducers
        .iter()
        .map(|reducer| {
            let name = naming.function(&reducer.name);
            let subject = format!("reducer `{name}`");
            check_identifier(&subject, &name)?;
            functions.claim(&name, &subject)?;
            check_returns(reducer, &subject, resolver)?;
            Ok(Reducer {
                name,
                source_name: reducer.name.clone(),
                params: resolver.params(&reducer.params, &subject)?,
                lifecycle: None,
                visibility: reducer.visibility,
            })
        })
        .collect()
}

fn check_returns(reducer: &RawReducer, subject: &str, resolver: &mut Resolver<'_>) -> Result<(), Error> {
    let Some((ok, err)) = &reducer.returns else { return Ok(()) };
    if !resolver.resolve(ok, subject)?.is_unit() {
        return Err(Error::invalid(subject, "a reducer returns nothing when it succeeds"));
    }
    if resolver.resolve(err, subject)? != Type::String {
        return Err(Error::invalid(subject, "a reducer returns a string when it fails"));
    }
    Ok(())
}

pub(crate) fn procedures(
    raw: &RawModule,
    naming: &Naming,
    resolver: &mut Resolver<'_>,
    functions: &mut Namespace,
) -> Result<Vec<Procedure>, Error> {
    raw.procedures
        .iter()
        .map(|procedure| {
            let name = naming.function(&procedure.name);
            let subject = format!("procedure `{name}`");
            check_identifier(&subject, &name)?;
            functions.claim(&name, &subject)?;
            Ok(Procedure {
                name,
                source_name: procedure.name.clone(),
                params: resolver.params(&procedure.params, &subject)?,
                return_type: resolver.resolve(&procedure.return_type, &subject)?,
                visibility: procedure.visibility,
            })
        })
        .collect()
}

/// Views are functions and relations: their names must be free in both namespaces.
pub(crate) fn views(
    raw: &RawModule,
    naming: &Naming,
    resolver: &mut Resolver<'_>,
    functions: &mut Namespace,
    relations: &mut Namespace,
) -> Result<Vec<View>, Error> {
    let mut keys = HashMap::new();
    for (view, columns) in &raw.view_primary_keys {
        if keys.insert(view.as_str(), columns.as_slice()).is_some() {
            return Err(Error::invalid(format!("view `{view}`"), "has two primary keys"));
        }
    }
    let mut views = Vec::new();
    for view in &raw.views {
        let name = naming.function(&view.name);
        let subject = format!("view `{name}`");
        check_identifier(&subject, &name)?;
        functions.claim(&name, &subject)?;
        relations.claim(&name, &subject)?;
        let key = keys.remove(view.name.as_str());
        views.push(build_view(view, key, name, resolver)?);
    }
    match keys.keys().next() {
        Some(view) => Err(Error::invalid(format!("view `{view}`"), "has a primary key but does not exist")),
        None => Ok(views),
    }
}

fn build_view(
    raw: &RawView,
    key: Option<&[String]>,
    name: String,
    resolver: &mut Resolver<'_>,
) -> Result<View, Error> {
    let subject = format!("view `{name}`");
    let (kind, row) = view_shape(raw, &subject, resolver)?;
    let Type::Product(row_type) = resolver.resolve(row, &subject)? else {
        return Err(Error::invalid(subject, "the row type is not a product"));
    };
    let primary_key = match key {
        Some([]) => return Err(Error::invalid(subject, "the primary key has no columns")),
        Some(columns) => Some(key_columns(columns, row, &row_type.fields, &subject, resolver)?),
        None => None,
    };
    Ok(View {
        source_name: raw.name.clone(),
        index: raw.index,
        is_public: raw.is_public,
        is_anonymous: raw.is_anonymous,
        params: resolver.params(&raw.params, &subject)?,
        return_type: resolver.resolve(&raw.return_type, &subject)?,
        primary_key,
        kind,
        row_type,
        name,
    })
}

/// Kind of the view and its row type, still unresolved: primary keys name columns as the source does.
fn view_shape<'v>(
    raw: &'v RawView,
    subject: &str,
    resolver: &Resolver<'v>,
) -> Result<(ViewKind, &'v RawType), Error> {
    match resolver.target(&raw.return_type, subject)? {
        RawType::Array(row) => return Ok((ViewKind::Rows, row)),
        RawType::Sum(variants) => {
            if let [some, none] = variants.as_slice()
                && some.name.as_deref() == Some("some")
                && none.name.as_deref() == Some("none")
            {
                return Ok((ViewKind::Option, &some.ty));
            }
        }
        RawType::Product(fields) => {
            if let [RawElement { name: Some(name), ty }] = fields.as_slice()
                && name == QUERY_FIELD
            {
                return Ok((ViewKind::Query, ty));
            }
        }
        RawType::Ref(_) | RawType::Scalar(_) => {}
    }
    Err(Error::invalid(subject, "a view returns an array of rows, an option of a row, or a query"))
}

fn key_columns(
    columns: &[String],
    row: &RawType,
    fields: &[Field],
    subject: &str,
    resolver: &Resolver<'_>,
) -> Result<Vec<String>, Error> {
    let RawType::Product(elements) = resolver.target(row, subject)? else {
        return Err(Error::invalid(subject, "the row type is not a product"));
    };
    columns
        .iter()
        .map(|column| {
            let position = elements.iter().position(|element| element.name.as_ref() == Some(column));
            position.and_then(|position| fields.get(position)?.name.clone()).ok_or_else(|| {
                Error::invalid(
                    subject,
                    format!("the primary key names column `{column}`, which does not exist"),
                )
            })
        })
        .collect()
}

/// Binds reducers to lifecycle events; they become private.
pub(crate) fn bind_lifecycles(raw: &RawModule, reducers: &mut [Reducer]) -> Result<(), Error> {
    let mut bound: HashMap<Lifecycle, String> = HashMap::new();
    for (lifecycle, source_name) in &raw.lifecycles {
        let subject = format!("reducer `{source_name}`");
        let Some(reducer) = reducers.iter_mut().find(|reducer| reducer.source_name == *source_name) else {
            return Err(Error::invalid(subject, format!("is bound to {lifecycle:?} but does not exist")));
        };
        if let Some(other) = bound.insert(*lifecycle, source_name.clone()) {
            return Err(Error::invalid(
                subject,
                format!("{lifecycle:?} is already bound to reducer `{other}`"),
            ));
        }
        if reducer.lifecycle.is_some() {
            return Err(Error::invalid(subject, "is bound to two lifecycle events"));
        }
        if !reducer.params.is_empty() {
            return Err(Error::invalid(
                subject,
                format!("is bound to {lifecycle:?} and must have no parameters"),
            ));
        }
        reducer.lifecycle = Some(*lifecycle);
        reducer.visibility = Visibility::Private;
    }
    Ok(())
}

/// Makes tables scheduled; V10 makes the functions private.
pub(crate) fn bind_schedules(
    raw: &RawModule,
    definition: &mut Definition,
    relations: &mut Namespace,
) -> Result<(), Error> {
    let tables: HashMap<_, _> = raw.tables.iter().enumerate().map(|(i, t)| (t.name.as_str(), i)).collect();
    for schedule in &raw.schedules {
        let position = tables.get(schedule.table.as_str());
        let Some(table) = position.and_then(|position| definition.tables.get_mut(*position)) else {
            return Err(Error::invalid(
                format!("table `{}`", schedule.table),
                format!("is scheduled with `{}` but does not exist", schedule.function),
            ));
        };
        let subject = format!("scheduled table `{}`", table.name);
        if table.schedule.is_some() {
            return Err(Error::invalid(subject, "has two schedules"));
        }
        check_schedule_columns(schedule, table, &subject)?;
        let (function, params, visibility) =
            target(&mut definition.reducers, &mut definition.procedures, schedule, &subject)?;
        if !matches!(params, [row] if is_row(&row.ty, table)) {
            return Err(Error::invalid(
                subject,
                format!("`{function}` must have exactly one parameter, a row of this table"),
            ));
        }
        if definition.abi == Abi::V10 {
            *visibility = Visibility::Private;
        }
        let name = schedule.name.clone().unwrap_or_else(|| names::schedule_name(&table.name));
        relations.claim(&name, &format!("{subject}, schedule"))?;
        table.schedule = Some(Schedule { name, at_column: usize::from(schedule.at_column), function });
    }
    Ok(())
}

fn check_schedule_columns(schedule: &RawSchedule, table: &Table, subject: &str) -> Result<(), Error> {
    let key = table.primary_key.and_then(|position| table.columns.get(position));
    if !key.is_some_and(|column| column.ty == Type::U64) {
        return Err(Error::invalid(subject, "needs a primary key of type u64"));
    }
    match table.columns.get(usize::from(schedule.at_column)) {
        Some(column) if column.ty == Type::ScheduleAt => Ok(()),
        Some(column) => Err(Error::invalid(
            format!("{subject}, column `{}`", column.name),
            format!("must be a ScheduleAt, not {}", column.ty.describe()),
        )),
        None => Err(Error::invalid(
            subject,
            format!("is scheduled at column {}, which does not exist", schedule.at_column),
        )),
    }
}

/// The function that a schedule calls: canonical name, parameters, and its visibility to change.
fn target<'f>(
    reducers: &'f mut [Reducer],
    procedures: &'f mut [Procedure],
    schedule: &RawSchedule,
    subject: &str,
) -> Result<(String, &'f [Field], &'f mut Visibility), Error> {
    if let Some(reducer) = reducers.iter_mut().find(|reducer| reducer.source_name == schedule.function) {
        if reducer.lifecycle.is_some() {
            return Err(Error::invalid(subject, format!("`{}` is a lifecycle reducer", reducer.name)));
        }
        return Ok((reducer.name.clone(), &reducer.params, &mut reducer.visibility));
    }
    match procedures.iter_mut().find(|procedure| procedure.source_name == schedule.function) {
        Some(procedure) => Ok((procedure.name.clone(), &procedure.params, &mut procedure.visibility)),
        None => Err(Error::invalid(
            subject,
            format!("calls `{}`, which is neither a reducer nor a procedure", schedule.function),
        )),
    }
}
