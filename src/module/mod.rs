//! The life of a module: from bytes to a plan, from the plan to tables, from the catalog to something callable.

mod address;
mod adopt;
mod check;
mod ddl;
mod environment;
mod filters;
mod http;
mod last_writer;
mod log;
mod migrate;
mod names;
mod options;
mod owner;
mod paths;
mod plan;
mod plan_functions;
mod policies;
mod publish;
mod query;
mod ready;
mod rows;
mod schedule;
mod triggers;
mod update;
mod wrappers;

pub(crate) use address::{protect, set_names};
pub(crate) use adopt::adopt;
pub(crate) use check::check;
pub(crate) use environment::{environment, read_variable, set_variable};
pub(crate) use http::{allow_http, disallow_http, http_reach};
pub(crate) use last_writer::{lock_for_sql_writer, require_last_writer_seen};
pub(crate) use log::{HeldLog, LogFile, read_log};
pub(crate) use owner::{allow_publish, describe, set_owner};
pub(crate) use paths::StatePaths;
pub(crate) use publish::{drop_module, plan_publish, publish};
pub(crate) use query::{Statement, argument};
pub(crate) use ready::{ReadyModule, ready};
pub(crate) use rows::read_rows;
pub(crate) use schedule::{
    ScheduledFunction, ScheduledRow, ScheduledTable, heal, schedule_at, scheduled_table, workers_of,
};
