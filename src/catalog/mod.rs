//! Rows of the `spacetime._…` tables as structs. Read and written as the owner of the extension; who may do what is
//! decided before, in [`crate::module`] and [`crate::sql_api`].

mod client;
mod environment;
mod http_host;
mod issuer;
mod module;
mod schedule;
mod storage;
mod subscription;

pub(crate) use client::{Client, client, clients_of_gateway, delete_client, insert_client};
pub(crate) use environment::{forget_variables, set_variable, variable};
pub(crate) use http_host::{HttpHost, allow_http_host, disallow_http_host, forget_http_hosts, http_hosts};
pub(crate) use issuer::{
    IssuerRow, distrust_issuer, insert_signing_key, is_publisher, issuer, public_keys, set_owner_identity,
    set_publisher, signing_key, trust_issuer,
};
pub(crate) use module::{
    Concurrency, Grant, ModuleRow, SqlWriters, catalog_oid, commented_tables, delete, find,
    find_all_wrappers, find_by_schema, forget_installation, grants, insert, installation, is_protected,
    names, own_triggers, own_working_triggers, require_own_version, row_limit, set_names, set_protected,
    set_row_limit, update_code, update_place, wasm,
};
pub(crate) use schedule::{
    Existing, RowEntry, ScheduleEntry, ScheduleHead, Scheduled, hand_over, module_identities,
    note_schedule_error, reschedule, schedule_entry, schedule_heads, schedule_immediate, schedule_row,
    scheduled_keys, unschedule, unschedule_row, unschedule_table,
};
pub(crate) use storage::{
    StoragePlan, StoredColumn, StoredIndex, StoredProcedure, StoredReducer, StoredRule, StoredRuleFunction,
    StoredSequence, StoredTable, StoredType, StoredView,
};
pub(crate) use subscription::{
    SubscriptionRow, SubscriptionState, delete_large_rows, delete_subscription, insert_large_row,
    insert_subscription, large_row, left_subscriptions, note_evaluation, note_resumable, own_subscriptions,
    resumable_from, resume_subscription, subscription, subscription_states, subscriptions_in_transactions,
};
