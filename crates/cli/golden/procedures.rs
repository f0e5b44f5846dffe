// ---- mod.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

#![allow(unused, missing_docs, nonstandard_style, uncommon_codepoints, clippy::all)]

#[rustfmt::skip]
pub mod add_entry_reducer;
#[rustfmt::skip]
pub mod add_procedure;
#[rustfmt::skip]
pub mod entry_table;
#[rustfmt::skip]
pub mod entry_type;
#[rustfmt::skip]
pub mod errnos_procedure;
#[rustfmt::skip]
pub mod fetch_procedure;
#[rustfmt::skip]
pub mod leave_open_procedure;
#[rustfmt::skip]
pub mod record_and_sleep_procedure;
#[rustfmt::skip]
pub mod record_both_procedure;
#[rustfmt::skip]
pub mod record_one_of_procedure;
#[rustfmt::skip]
pub mod record_procedure;
#[rustfmt::skip]
pub mod record_then_panic_procedure;
#[rustfmt::skip]
pub mod remote_connection;
#[rustfmt::skip]
pub mod remote_reducers;
#[rustfmt::skip]
pub mod remote_tables;
#[rustfmt::skip]
pub mod report_type;
#[rustfmt::skip]
pub mod sleep_procedure;
#[rustfmt::skip]
pub mod sleep_within_procedure;
#[rustfmt::skip]
pub mod spin_procedure;
#[rustfmt::skip]
pub mod times_procedure;
#[rustfmt::skip]
pub mod verdict_type;

pub use add_entry_reducer::*;
pub use add_procedure::*;
pub use entry_table::*;
pub use entry_type::*;
pub use errnos_procedure::*;
pub use fetch_procedure::*;
pub use leave_open_procedure::*;
pub use record_and_sleep_procedure::*;
pub use record_both_procedure::*;
pub use record_one_of_procedure::*;
pub use record_procedure::*;
pub use record_then_panic_procedure::*;
pub use remote_connection::*;
pub use remote_reducers::*;
pub use remote_tables::*;
pub use report_type::*;
pub use sleep_procedure::*;
pub use sleep_within_procedure::*;
pub use spin_procedure::*;
pub use times_procedure::*;
pub use verdict_type::*;

// ---- add_entry_reducer.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::Reducer;
use super::ReducerEventContext;
use super::RemoteModule;
use super::RemoteReducers;

#[derive(__lib::ser::Serialize, __lib::de::Deserialize, Debug, Clone, PartialEq, Eq, Hash)]
#[sats(crate = __lib)]
pub(super) struct AddEntryArgs {
    pub(super) text: String,
}

impl __sdk::InModule for AddEntryArgs {
    type Module = RemoteModule;
}

impl From<AddEntryArgs> for Reducer {
    fn from(AddEntryArgs { text }: AddEntryArgs) -> Self {
        Reducer::AddEntry { text }
    }
}

/// Gives `context.reducers` the methods that call reducer `add_entry`.
pub trait add_entry {
    /// Asks the server to run the reducer, without waiting for it. Fails if the connection has ended.
    fn add_entry(&self, text: String) -> __sdk::Result<()> {
        self.add_entry_then(text, |_, _| {})
    }

    /// As `add_entry`; the callback gets the result: the reducer's own, or what kept it from having one.
    fn add_entry_then(
        &self,
        text: String,
        __callback: impl FnOnce(&ReducerEventContext, Result<Result<(), String>, __sdk::InternalError>)
        + Send
        + 'static,
    ) -> __sdk::Result<()>;
}

impl add_entry for RemoteReducers {
    fn add_entry_then(
        &self,
        text: String,
        __callback: impl FnOnce(&ReducerEventContext, Result<Result<(), String>, __sdk::InternalError>)
        + Send
        + 'static,
    ) -> __sdk::Result<()> {
        self.connection.invoke_reducer_with_callback(AddEntryArgs { text }, __callback)
    }
}

// ---- add_procedure.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::ProcedureEventContext;
use super::RemoteModule;
use super::RemoteProcedures;

#[derive(__lib::ser::Serialize, __lib::de::Deserialize, Debug, Clone, PartialEq, Eq, Hash)]
#[sats(crate = __lib)]
struct AddArgs {
    pub(super) a: u32,
    pub(super) b: u32,
}

impl __sdk::InModule for AddArgs {
    type Module = RemoteModule;
}

/// Gives `context.procedures` the methods that call procedure `add`.
pub trait add {
    /// Asks the server to run the procedure, without waiting for it.
    fn add(&self, a: u32, b: u32) {
        self.add_then(a, b, |_, _| {})
    }

    /// As `add`; the callback gets what the procedure returned, or what kept it from returning.
    fn add_then(
        &self,
        a: u32,
        b: u32,
        __callback: impl FnOnce(&ProcedureEventContext, Result<u32, __sdk::InternalError>) + Send + 'static,
    );
}

impl add for RemoteProcedures {
    fn add_then(
        &self,
        a: u32,
        b: u32,
        __callback: impl FnOnce(&ProcedureEventContext, Result<u32, __sdk::InternalError>) + Send + 'static,
    ) {
        self.connection.invoke_procedure_with_callback::<_, u32>("add", AddArgs { a, b }, __callback)
    }
}

// ---- entry_table.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::Entry;
use super::EventContext;
use super::RemoteModule;
use super::RemoteTables;

/// The rows of `entry` in the client's cache.
pub struct EntryTableHandle<'ctx> {
    rows: __sdk::TableHandle<Entry>,
    context: PhantomData<&'ctx RemoteTables>,
}

/// Gives `context.db` its method `entry`.
pub trait EntryTableAccess {
    /// The rows of `entry` in the client's cache.
    fn entry(&self) -> EntryTableHandle<'_>;
}

impl EntryTableAccess for RemoteTables {
    fn entry(&self) -> EntryTableHandle<'_> {
        EntryTableHandle { rows: self.connection.get_table::<Entry>("entry"), context: PhantomData }
    }
}

/// Stands for `entry` where code is generic over tables.
pub struct EntryTableAccessor;

impl __sdk::TableAccessor<RemoteTables> for EntryTableAccessor {
    type Row = Entry;
    type Handle<'db> = EntryTableHandle<'db>;

    fn get<'db>(db: &'db RemoteTables) -> EntryTableHandle<'db> {
        db.entry()
    }
}

/// Gives query builders their method `entry`.
pub trait EntryQueryTableAccess {
    /// Queries of `entry`.
    fn entry(&self) -> __query_builder::Table<Entry>;
}

impl EntryQueryTableAccess for __sdk::QueryTableAccessor {
    fn entry(&self) -> __query_builder::Table<Entry> {
        __query_builder::Table::new("entry")
    }
}

/// A callback for rows that appear.
pub struct EntryInsertCallbackId(__sdk::CallbackId);

impl __sdk::Table for EntryTableHandle<'_> {
    type Row = Entry;
    type EventContext = EventContext;

    fn count(&self) -> u64 {
        self.rows.count()
    }

    fn iter(&self) -> impl Iterator<Item = Entry> + '_ {
        self.rows.iter()
    }

    type InsertCallbackId = EntryInsertCallbackId;

    fn on_insert(
        &self,
        callback: impl FnMut(&EventContext, &Entry) + Send + 'static,
    ) -> EntryInsertCallbackId {
        EntryInsertCallbackId(self.rows.on_insert(callback))
    }

    fn remove_on_insert(&self, callback: EntryInsertCallbackId) {
        self.rows.remove_on_insert(callback.0)
    }

    type DeleteCallbackId = EntryDeleteCallbackId;

    fn on_delete(
        &self,
        callback: impl FnMut(&EventContext, &Entry) + Send + 'static,
    ) -> EntryDeleteCallbackId {
        EntryDeleteCallbackId(self.rows.on_delete(callback))
    }

    fn remove_on_delete(&self, callback: EntryDeleteCallbackId) {
        self.rows.remove_on_delete(callback.0)
    }
}

impl __sdk::TableLike for EntryTableHandle<'_> {
    type Row = Entry;
    type EventContext = EventContext;

    fn count(&self) -> u64 {
        self.rows.count()
    }

    fn iter(&self) -> impl Iterator<Item = Entry> + '_ {
        self.rows.iter()
    }
}

impl __sdk::WithInsert for EntryTableHandle<'_> {
    type InsertCallbackId = EntryInsertCallbackId;

    fn on_insert(
        &self,
        callback: impl FnMut(&EventContext, &Entry) + Send + 'static,
    ) -> EntryInsertCallbackId {
        EntryInsertCallbackId(self.rows.on_insert(callback))
    }

    fn remove_on_insert(&self, callback: EntryInsertCallbackId) {
        self.rows.remove_on_insert(callback.0)
    }
}

/// A callback for rows that disappear.
pub struct EntryDeleteCallbackId(__sdk::CallbackId);

impl __sdk::WithDelete for EntryTableHandle<'_> {
    type DeleteCallbackId = EntryDeleteCallbackId;

    fn on_delete(
        &self,
        callback: impl FnMut(&EventContext, &Entry) + Send + 'static,
    ) -> EntryDeleteCallbackId {
        EntryDeleteCallbackId(self.rows.on_delete(callback))
    }

    fn remove_on_delete(&self, callback: EntryDeleteCallbackId) {
        self.rows.remove_on_delete(callback.0)
    }
}

/// A callback for rows that are replaced by others with the same primary key.
pub struct EntryUpdateCallbackId(__sdk::CallbackId);

impl __sdk::TableWithPrimaryKey for EntryTableHandle<'_> {
    type UpdateCallbackId = EntryUpdateCallbackId;

    fn on_update(
        &self,
        callback: impl FnMut(&EventContext, &Entry, &Entry) + Send + 'static,
    ) -> EntryUpdateCallbackId {
        EntryUpdateCallbackId(self.rows.on_update(callback))
    }

    fn remove_on_update(&self, callback: EntryUpdateCallbackId) {
        self.rows.remove_on_update(callback.0)
    }
}

impl __sdk::WithUpdate for EntryTableHandle<'_> {
    type UpdateCallbackId = EntryUpdateCallbackId;

    fn on_update(
        &self,
        callback: impl FnMut(&EventContext, &Entry, &Entry) + Send + 'static,
    ) -> EntryUpdateCallbackId {
        EntryUpdateCallbackId(self.rows.on_update(callback))
    }

    fn remove_on_update(&self, callback: EntryUpdateCallbackId) {
        self.rows.remove_on_update(callback.0)
    }
}

/// Finds rows of `entry` by `id`, of which no two have the same.
pub struct EntryIdUnique<'ctx> {
    index: __sdk::UniqueConstraintHandle<Entry, u64>,
    context: PhantomData<&'ctx RemoteTables>,
}

impl<'ctx> EntryTableHandle<'ctx> {
    /// Finds rows by `id`.
    pub fn id(&self) -> EntryIdUnique<'ctx> {
        EntryIdUnique { index: self.rows.get_unique_constraint::<u64>("id"), context: PhantomData }
    }
}

impl EntryIdUnique<'_> {
    /// The row in the client's cache with this value, if there is one.
    pub fn find(&self, value: &u64) -> Option<Entry> {
        self.index.find(value)
    }
}

pub(super) fn register(cache: &mut __sdk::ClientCache<RemoteModule>) {
    let table = cache.get_or_make_table::<Entry>("entry");
    table.add_unique_constraint::<u64>("id", |row| &row.id);
}

// ---- entry_type.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::RemoteModule;

#[derive(__lib::ser::Serialize, __lib::de::Deserialize, Debug, Clone, PartialEq, Eq, Hash)]
#[sats(crate = __lib)]
pub struct Entry {
    pub id: u64,
    pub text: String,
    pub at: __sdk::Timestamp,
    pub sender: __sdk::Identity,
}

impl __sdk::InModule for Entry {
    type Module = RemoteModule;
}

/// The columns, for conditions of queries.
pub struct EntryCols {
    pub id: __query_builder::Col<Entry, u64>,
    pub text: __query_builder::Col<Entry, String>,
    pub at: __query_builder::Col<Entry, __sdk::Timestamp>,
    pub sender: __query_builder::Col<Entry, __sdk::Identity>,
}

impl __query_builder::HasCols for Entry {
    type Cols = EntryCols;

    fn cols(table: &'static str) -> EntryCols {
        EntryCols {
            id: __query_builder::Col::new(table, "id"),
            text: __query_builder::Col::new(table, "text"),
            at: __query_builder::Col::new(table, "at"),
            sender: __query_builder::Col::new(table, "sender"),
        }
    }
}

/// The columns with an index, for joins of queries.
pub struct EntryIxCols {
    pub id: __query_builder::IxCol<Entry, u64>,
}

impl __query_builder::HasIxCols for Entry {
    type IxCols = EntryIxCols;

    fn ix_cols(table: &'static str) -> EntryIxCols {
        EntryIxCols {
            id: __query_builder::IxCol::new(table, "id"),
        }
    }
}

impl __query_builder::CanBeLookupTable for Entry {}

// ---- errnos_procedure.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::ProcedureEventContext;
use super::RemoteModule;
use super::RemoteProcedures;

#[derive(__lib::ser::Serialize, __lib::de::Deserialize, Debug, Clone, PartialEq, Eq, Hash)]
#[sats(crate = __lib)]
struct ErrnosArgs {}

impl __sdk::InModule for ErrnosArgs {
    type Module = RemoteModule;
}

/// Gives `context.procedures` the methods that call procedure `errnos`.
pub trait errnos {
    /// Asks the server to run the procedure, without waiting for it.
    fn errnos(&self) {
        self.errnos_then(|_, _| {})
    }

    /// As `errnos`; the callback gets what the procedure returned, or what kept it from returning.
    fn errnos_then(
        &self,
        __callback: impl FnOnce(&ProcedureEventContext, Result<Vec<u16>, __sdk::InternalError>) + Send + 'static,
    );
}

impl errnos for RemoteProcedures {
    fn errnos_then(
        &self,
        __callback: impl FnOnce(&ProcedureEventContext, Result<Vec<u16>, __sdk::InternalError>) + Send + 'static,
    ) {
        self.connection.invoke_procedure_with_callback::<_, Vec<u16>>("errnos", ErrnosArgs {}, __callback)
    }
}

// ---- fetch_procedure.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::ProcedureEventContext;
use super::RemoteModule;
use super::RemoteProcedures;

#[derive(__lib::ser::Serialize, __lib::de::Deserialize, Debug, Clone, PartialEq, Eq, Hash)]
#[sats(crate = __lib)]
struct FetchArgs {
    pub(super) url: String,
}

impl __sdk::InModule for FetchArgs {
    type Module = RemoteModule;
}

/// Gives `context.procedures` the methods that call procedure `fetch`.
pub trait fetch {
    /// Asks the server to run the procedure, without waiting for it.
    fn fetch(&self, url: String) {
        self.fetch_then(url, |_, _| {})
    }

    /// As `fetch`; the callback gets what the procedure returned, or what kept it from returning.
    fn fetch_then(
        &self,
        url: String,
        __callback: impl FnOnce(&ProcedureEventContext, Result<Result<String, String>, __sdk::InternalError>) + Send + 'static,
    );
}

impl fetch for RemoteProcedures {
    fn fetch_then(
        &self,
        url: String,
        __callback: impl FnOnce(&ProcedureEventContext, Result<Result<String, String>, __sdk::InternalError>) + Send + 'static,
    ) {
        self.connection.invoke_procedure_with_callback::<_, Result<String, String>>("fetch", FetchArgs { url }, __callback)
    }
}

// ---- leave_open_procedure.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::ProcedureEventContext;
use super::RemoteModule;
use super::RemoteProcedures;

#[derive(__lib::ser::Serialize, __lib::de::Deserialize, Debug, Clone, PartialEq, Eq, Hash)]
#[sats(crate = __lib)]
struct LeaveOpenArgs {}

impl __sdk::InModule for LeaveOpenArgs {
    type Module = RemoteModule;
}

/// Gives `context.procedures` the methods that call procedure `leave_open`.
pub trait leave_open {
    /// Asks the server to run the procedure, without waiting for it.
    fn leave_open(&self) {
        self.leave_open_then(|_, _| {})
    }

    /// As `leave_open`; the callback gets what the procedure returned, or what kept it from returning.
    fn leave_open_then(
        &self,
        __callback: impl FnOnce(&ProcedureEventContext, Result<u16, __sdk::InternalError>) + Send + 'static,
    );
}

impl leave_open for RemoteProcedures {
    fn leave_open_then(
        &self,
        __callback: impl FnOnce(&ProcedureEventContext, Result<u16, __sdk::InternalError>) + Send + 'static,
    ) {
        self.connection.invoke_procedure_with_callback::<_, u16>("leave_open", LeaveOpenArgs {}, __callback)
    }
}

// ---- record_and_sleep_procedure.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::ProcedureEventContext;
use super::RemoteModule;
use super::RemoteProcedures;

#[derive(__lib::ser::Serialize, __lib::de::Deserialize, Debug, Clone, PartialEq, Eq, Hash)]
#[sats(crate = __lib)]
struct RecordAndSleepArgs {
    pub(super) text: String,
    pub(super) milliseconds: u64,
}

impl __sdk::InModule for RecordAndSleepArgs {
    type Module = RemoteModule;
}

/// Gives `context.procedures` the methods that call procedure `record_and_sleep`.
pub trait record_and_sleep {
    /// Asks the server to run the procedure, without waiting for it.
    fn record_and_sleep(&self, text: String, milliseconds: u64) {
        self.record_and_sleep_then(text, milliseconds, |_, _| {})
    }

    /// As `record_and_sleep`; the callback gets what the procedure returned, or what kept it from returning.
    fn record_and_sleep_then(
        &self,
        text: String,
        milliseconds: u64,
        __callback: impl FnOnce(&ProcedureEventContext, Result<bool, __sdk::InternalError>) + Send + 'static,
    );
}

impl record_and_sleep for RemoteProcedures {
    fn record_and_sleep_then(
        &self,
        text: String,
        milliseconds: u64,
        __callback: impl FnOnce(&ProcedureEventContext, Result<bool, __sdk::InternalError>) + Send + 'static,
    ) {
        self.connection.invoke_procedure_with_callback::<_, bool>("record_and_sleep", RecordAndSleepArgs { text, milliseconds }, __callback)
    }
}

// ---- record_both_procedure.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::ProcedureEventContext;
use super::RemoteModule;
use super::RemoteProcedures;

#[derive(__lib::ser::Serialize, __lib::de::Deserialize, Debug, Clone, PartialEq, Eq, Hash)]
#[sats(crate = __lib)]
struct RecordBothArgs {
    pub(super) first: String,
    pub(super) second: String,
}

impl __sdk::InModule for RecordBothArgs {
    type Module = RemoteModule;
}

/// Gives `context.procedures` the methods that call procedure `record_both`.
pub trait record_both {
    /// Asks the server to run the procedure, without waiting for it.
    fn record_both(&self, first: String, second: String) {
        self.record_both_then(first, second, |_, _| {})
    }

    /// As `record_both`; the callback gets what the procedure returned, or what kept it from returning.
    fn record_both_then(
        &self,
        first: String,
        second: String,
        __callback: impl FnOnce(&ProcedureEventContext, Result<(), __sdk::InternalError>) + Send + 'static,
    );
}

impl record_both for RemoteProcedures {
    fn record_both_then(
        &self,
        first: String,
        second: String,
        __callback: impl FnOnce(&ProcedureEventContext, Result<(), __sdk::InternalError>) + Send + 'static,
    ) {
        self.connection.invoke_procedure_with_callback::<_, ()>("record_both", RecordBothArgs { first, second }, __callback)
    }
}

// ---- record_one_of_procedure.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::ProcedureEventContext;
use super::RemoteModule;
use super::RemoteProcedures;
use super::Report;

#[derive(__lib::ser::Serialize, __lib::de::Deserialize, Debug, Clone, PartialEq, Eq, Hash)]
#[sats(crate = __lib)]
struct RecordOneOfArgs {
    pub(super) first: String,
    pub(super) second: String,
}

impl __sdk::InModule for RecordOneOfArgs {
    type Module = RemoteModule;
}

/// Gives `context.procedures` the methods that call procedure `record_one_of`.
pub trait record_one_of {
    /// Asks the server to run the procedure, without waiting for it.
    fn record_one_of(&self, first: String, second: String) {
        self.record_one_of_then(first, second, |_, _| {})
    }

    /// As `record_one_of`; the callback gets what the procedure returned, or what kept it from returning.
    fn record_one_of_then(
        &self,
        first: String,
        second: String,
        __callback: impl FnOnce(&ProcedureEventContext, Result<Report, __sdk::InternalError>) + Send + 'static,
    );
}

impl record_one_of for RemoteProcedures {
    fn record_one_of_then(
        &self,
        first: String,
        second: String,
        __callback: impl FnOnce(&ProcedureEventContext, Result<Report, __sdk::InternalError>) + Send + 'static,
    ) {
        self.connection.invoke_procedure_with_callback::<_, Report>("record_one_of", RecordOneOfArgs { first, second }, __callback)
    }
}

// ---- record_procedure.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::ProcedureEventContext;
use super::RemoteModule;
use super::RemoteProcedures;

#[derive(__lib::ser::Serialize, __lib::de::Deserialize, Debug, Clone, PartialEq, Eq, Hash)]
#[sats(crate = __lib)]
struct RecordArgs {
    pub(super) text: String,
}

impl __sdk::InModule for RecordArgs {
    type Module = RemoteModule;
}

/// Gives `context.procedures` the methods that call procedure `record`.
pub trait record {
    /// Asks the server to run the procedure, without waiting for it.
    fn record(&self, text: String) {
        self.record_then(text, |_, _| {})
    }

    /// As `record`; the callback gets what the procedure returned, or what kept it from returning.
    fn record_then(
        &self,
        text: String,
        __callback: impl FnOnce(&ProcedureEventContext, Result<u64, __sdk::InternalError>) + Send + 'static,
    );
}

impl record for RemoteProcedures {
    fn record_then(
        &self,
        text: String,
        __callback: impl FnOnce(&ProcedureEventContext, Result<u64, __sdk::InternalError>) + Send + 'static,
    ) {
        self.connection.invoke_procedure_with_callback::<_, u64>("record", RecordArgs { text }, __callback)
    }
}

// ---- record_then_panic_procedure.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::ProcedureEventContext;
use super::RemoteModule;
use super::RemoteProcedures;

#[derive(__lib::ser::Serialize, __lib::de::Deserialize, Debug, Clone, PartialEq, Eq, Hash)]
#[sats(crate = __lib)]
struct RecordThenPanicArgs {
    pub(super) committed: String,
    pub(super) lost: String,
}

impl __sdk::InModule for RecordThenPanicArgs {
    type Module = RemoteModule;
}

/// Gives `context.procedures` the methods that call procedure `record_then_panic`.
pub trait record_then_panic {
    /// Asks the server to run the procedure, without waiting for it.
    fn record_then_panic(&self, committed: String, lost: String) {
        self.record_then_panic_then(committed, lost, |_, _| {})
    }

    /// As `record_then_panic`; the callback gets what the procedure returned, or what kept it from returning.
    fn record_then_panic_then(
        &self,
        committed: String,
        lost: String,
        __callback: impl FnOnce(&ProcedureEventContext, Result<u64, __sdk::InternalError>) + Send + 'static,
    );
}

impl record_then_panic for RemoteProcedures {
    fn record_then_panic_then(
        &self,
        committed: String,
        lost: String,
        __callback: impl FnOnce(&ProcedureEventContext, Result<u64, __sdk::InternalError>) + Send + 'static,
    ) {
        self.connection.invoke_procedure_with_callback::<_, u64>("record_then_panic", RecordThenPanicArgs { committed, lost }, __callback)
    }
}

// ---- remote_connection.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::remote_reducers::Reducer;
use super::remote_tables::{self, AppliedDiff, DbUpdate, RemoteTables};

/// Stands for the module; the bindings hang together by it.
#[derive(Debug)]
pub struct RemoteModule;

impl __sdk::InModule for RemoteModule {
    type Module = Self;
}

impl __sdk::SpacetimeModule for RemoteModule {
    type DbConnection = DbConnection;
    type EventContext = EventContext;
    type ReducerEventContext = ReducerEventContext;
    type ProcedureEventContext = ProcedureEventContext;
    type SubscriptionEventContext = SubscriptionEventContext;
    type ErrorContext = ErrorContext;
    type Reducer = Reducer;
    type DbView = RemoteTables;
    type Reducers = RemoteReducers;
    type Procedures = RemoteProcedures;
    type DbUpdate = DbUpdate;
    type AppliedDiff<'r> = AppliedDiff<'r>;
    type SubscriptionHandle = SubscriptionHandle;
    type QueryBuilder = __sdk::QueryBuilder;

    fn register_tables(cache: &mut __sdk::ClientCache<Self>) {
        remote_tables::register(cache)
    }

    const ALL_TABLE_NAMES: &'static [&'static str] = remote_tables::NAMES;
}

/// The module's reducers, each with a method that calls it.
pub struct RemoteReducers {
    pub(super) connection: __sdk::DbContextImpl<RemoteModule>,
}

impl __sdk::InModule for RemoteReducers {
    type Module = RemoteModule;
}

/// The module's procedures, each with a method that calls it.
pub struct RemoteProcedures {
    pub(super) connection: __sdk::DbContextImpl<RemoteModule>,
}

impl __sdk::InModule for RemoteProcedures {
    type Module = RemoteModule;
}

/// Makes subscriptions: `connection.subscription_builder().on_applied(…).subscribe(…)`.
pub type SubscriptionBuilder = __sdk::SubscriptionBuilder<RemoteModule>;

/// A subscription, to end it.
#[derive(Clone)]
pub struct SubscriptionHandle {
    subscription: __sdk::SubscriptionHandleImpl<RemoteModule>,
}

impl __sdk::InModule for SubscriptionHandle {
    type Module = RemoteModule;
}

impl __sdk::SubscriptionHandle for SubscriptionHandle {
    fn new(subscription: __sdk::SubscriptionHandleImpl<RemoteModule>) -> Self {
        Self { subscription }
    }

    fn is_ended(&self) -> bool {
        self.subscription.is_ended()
    }

    fn is_active(&self) -> bool {
        self.subscription.is_active()
    }

    fn unsubscribe_then(self, on_end: __sdk::OnEndedCallback<RemoteModule>) -> __sdk::Result<()> {
        self.subscription.unsubscribe_then(Some(on_end))
    }

    fn unsubscribe(self) -> __sdk::Result<()> {
        self.subscription.unsubscribe_then(None)
    }
}

/// The connection and every context: for code that works with each of them.
pub trait RemoteDbContext:
    __sdk::DbContext<
        DbView = RemoteTables,
        Reducers = RemoteReducers,
        Procedures = RemoteProcedures,
        SubscriptionBuilder = SubscriptionBuilder,
    >
{
}

impl<Context> RemoteDbContext for Context where
    Context: __sdk::DbContext<
            DbView = RemoteTables,
            Reducers = RemoteReducers,
            Procedures = RemoteProcedures,
            SubscriptionBuilder = SubscriptionBuilder,
        >
{
}

/// A connection to the module.
pub struct DbConnection {
    /// The rows in the client's cache.
    pub db: RemoteTables,
    /// Calls reducers.
    pub reducers: RemoteReducers,
    /// Calls procedures.
    pub procedures: RemoteProcedures,
    connection: __sdk::DbContextImpl<RemoteModule>,
}

impl __sdk::InModule for DbConnection {
    type Module = RemoteModule;
}

impl __sdk::DbContext for DbConnection {
    type DbView = RemoteTables;
    type Reducers = RemoteReducers;
    type Procedures = RemoteProcedures;
    type SubscriptionBuilder = SubscriptionBuilder;

    fn db(&self) -> &RemoteTables {
        &self.db
    }

    fn reducers(&self) -> &RemoteReducers {
        &self.reducers
    }

    fn procedures(&self) -> &RemoteProcedures {
        &self.procedures
    }

    fn is_active(&self) -> bool {
        self.connection.is_active()
    }

    fn disconnect(&self) -> __sdk::Result<()> {
        self.connection.disconnect()
    }

    fn subscription_builder(&self) -> SubscriptionBuilder {
        SubscriptionBuilder::new(&self.connection)
    }

    fn try_identity(&self) -> Option<__sdk::Identity> {
        self.connection.try_identity()
    }

    fn connection_id(&self) -> __sdk::ConnectionId {
        self.connection.connection_id()
    }

    fn try_connection_id(&self) -> Option<__sdk::ConnectionId> {
        self.connection.try_connection_id()
    }
}

impl __sdk::DbConnection for DbConnection {
    fn new(connection: __sdk::DbContextImpl<RemoteModule>) -> Self {
        Self {
            db: RemoteTables { connection: connection.clone() },
            reducers: RemoteReducers { connection: connection.clone() },
            procedures: RemoteProcedures { connection: connection.clone() },
            connection,
        }
    }
}

impl DbConnection {
    /// Begins a connection: `DbConnection::builder().with_uri(…).with_database_name(…).build()`.
    pub fn builder() -> __sdk::DbConnectionBuilder<RemoteModule> {
        __sdk::DbConnectionBuilder::new()
    }

    /// Handles one message of the server if there is one, and says whether there was.
    pub fn advance_one_message(&self) -> __sdk::Result<bool> {
        self.connection.advance_one_message()
    }

    /// Waits for a message of the server and handles it.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn advance_one_message_blocking(&self) -> __sdk::Result<()> {
        self.connection.advance_one_message_blocking()
    }

    /// Waits for a message of the server and handles it.
    pub async fn advance_one_message_async(&self) -> __sdk::Result<()> {
        self.connection.advance_one_message_async().await
    }

    /// Handles the messages that are there: for programs with a loop of their own, as games have.
    pub fn frame_tick(&self) -> __sdk::Result<()> {
        self.connection.frame_tick()
    }

    /// Handles messages in a thread of its own for as long as the connection lasts.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn run_threaded(&self) -> std::thread::JoinHandle<()> {
        self.connection.run_threaded()
    }

    /// Handles messages in a task of the browser for as long as the connection lasts.
    #[cfg(target_arch = "wasm32")]
    pub fn run_background_task(&self) {
        self.connection.run_background_task()
    }

    /// Handles messages for as long as the connection lasts.
    pub async fn run_async(&self) -> __sdk::Result<()> {
        self.connection.run_async().await
    }
}

/// The connection, for callbacks of rows.
pub struct EventContext {
    /// The rows in the client's cache.
    pub db: RemoteTables,
    /// Calls reducers.
    pub reducers: RemoteReducers,
    /// Calls procedures.
    pub procedures: RemoteProcedures,
    /// Why the callback is called.
    pub event: __sdk::Event<Reducer>,
    connection: __sdk::DbContextImpl<RemoteModule>,
}

impl __sdk::InModule for EventContext {
    type Module = RemoteModule;
}

impl __sdk::DbContext for EventContext {
    type DbView = RemoteTables;
    type Reducers = RemoteReducers;
    type Procedures = RemoteProcedures;
    type SubscriptionBuilder = SubscriptionBuilder;

    fn db(&self) -> &RemoteTables {
        &self.db
    }

    fn reducers(&self) -> &RemoteReducers {
        &self.reducers
    }

    fn procedures(&self) -> &RemoteProcedures {
        &self.procedures
    }

    fn is_active(&self) -> bool {
        self.connection.is_active()
    }

    fn disconnect(&self) -> __sdk::Result<()> {
        self.connection.disconnect()
    }

    fn subscription_builder(&self) -> SubscriptionBuilder {
        SubscriptionBuilder::new(&self.connection)
    }

    fn try_identity(&self) -> Option<__sdk::Identity> {
        self.connection.try_identity()
    }

    fn connection_id(&self) -> __sdk::ConnectionId {
        self.connection.connection_id()
    }

    fn try_connection_id(&self) -> Option<__sdk::ConnectionId> {
        self.connection.try_connection_id()
    }
}

impl __sdk::AbstractEventContext for EventContext {
    type Event = __sdk::Event<Reducer>;

    fn event(&self) -> &Self::Event {
        &self.event
    }

    fn new(connection: __sdk::DbContextImpl<RemoteModule>, event: Self::Event) -> Self {
        Self {
            db: RemoteTables { connection: connection.clone() },
            reducers: RemoteReducers { connection: connection.clone() },
            procedures: RemoteProcedures { connection: connection.clone() },
            event,
            connection,
        }
    }
}

impl __sdk::EventContext for EventContext {}

/// The connection, for callbacks of reducers.
pub struct ReducerEventContext {
    /// The rows in the client's cache.
    pub db: RemoteTables,
    /// Calls reducers.
    pub reducers: RemoteReducers,
    /// Calls procedures.
    pub procedures: RemoteProcedures,
    /// Why the callback is called.
    pub event: __sdk::ReducerEvent<Reducer>,
    connection: __sdk::DbContextImpl<RemoteModule>,
}

impl __sdk::InModule for ReducerEventContext {
    type Module = RemoteModule;
}

impl __sdk::DbContext for ReducerEventContext {
    type DbView = RemoteTables;
    type Reducers = RemoteReducers;
    type Procedures = RemoteProcedures;
    type SubscriptionBuilder = SubscriptionBuilder;

    fn db(&self) -> &RemoteTables {
        &self.db
    }

    fn reducers(&self) -> &RemoteReducers {
        &self.reducers
    }

    fn procedures(&self) -> &RemoteProcedures {
        &self.procedures
    }

    fn is_active(&self) -> bool {
        self.connection.is_active()
    }

    fn disconnect(&self) -> __sdk::Result<()> {
        self.connection.disconnect()
    }

    fn subscription_builder(&self) -> SubscriptionBuilder {
        SubscriptionBuilder::new(&self.connection)
    }

    fn try_identity(&self) -> Option<__sdk::Identity> {
        self.connection.try_identity()
    }

    fn connection_id(&self) -> __sdk::ConnectionId {
        self.connection.connection_id()
    }

    fn try_connection_id(&self) -> Option<__sdk::ConnectionId> {
        self.connection.try_connection_id()
    }
}

impl __sdk::AbstractEventContext for ReducerEventContext {
    type Event = __sdk::ReducerEvent<Reducer>;

    fn event(&self) -> &Self::Event {
        &self.event
    }

    fn new(connection: __sdk::DbContextImpl<RemoteModule>, event: Self::Event) -> Self {
        Self {
            db: RemoteTables { connection: connection.clone() },
            reducers: RemoteReducers { connection: connection.clone() },
            procedures: RemoteProcedures { connection: connection.clone() },
            event,
            connection,
        }
    }
}

impl __sdk::ReducerEventContext for ReducerEventContext {}

/// The connection, for callbacks of procedures.
pub struct ProcedureEventContext {
    /// The rows in the client's cache.
    pub db: RemoteTables,
    /// Calls reducers.
    pub reducers: RemoteReducers,
    /// Calls procedures.
    pub procedures: RemoteProcedures,
    connection: __sdk::DbContextImpl<RemoteModule>,
}

impl __sdk::InModule for ProcedureEventContext {
    type Module = RemoteModule;
}

impl __sdk::DbContext for ProcedureEventContext {
    type DbView = RemoteTables;
    type Reducers = RemoteReducers;
    type Procedures = RemoteProcedures;
    type SubscriptionBuilder = SubscriptionBuilder;

    fn db(&self) -> &RemoteTables {
        &self.db
    }

    fn reducers(&self) -> &RemoteReducers {
        &self.reducers
    }

    fn procedures(&self) -> &RemoteProcedures {
        &self.procedures
    }

    fn is_active(&self) -> bool {
        self.connection.is_active()
    }

    fn disconnect(&self) -> __sdk::Result<()> {
        self.connection.disconnect()
    }

    fn subscription_builder(&self) -> SubscriptionBuilder {
        SubscriptionBuilder::new(&self.connection)
    }

    fn try_identity(&self) -> Option<__sdk::Identity> {
        self.connection.try_identity()
    }

    fn connection_id(&self) -> __sdk::ConnectionId {
        self.connection.connection_id()
    }

    fn try_connection_id(&self) -> Option<__sdk::ConnectionId> {
        self.connection.try_connection_id()
    }
}

impl __sdk::AbstractEventContext for ProcedureEventContext {
    type Event = ();

    fn event(&self) -> &Self::Event {
        &()
    }

    fn new(connection: __sdk::DbContextImpl<RemoteModule>, event: Self::Event) -> Self {
        Self {
            db: RemoteTables { connection: connection.clone() },
            reducers: RemoteReducers { connection: connection.clone() },
            procedures: RemoteProcedures { connection: connection.clone() },
            connection,
        }
    }
}

impl __sdk::ProcedureEventContext for ProcedureEventContext {}

/// The connection, for callbacks of subscriptions.
pub struct SubscriptionEventContext {
    /// The rows in the client's cache.
    pub db: RemoteTables,
    /// Calls reducers.
    pub reducers: RemoteReducers,
    /// Calls procedures.
    pub procedures: RemoteProcedures,
    connection: __sdk::DbContextImpl<RemoteModule>,
}

impl __sdk::InModule for SubscriptionEventContext {
    type Module = RemoteModule;
}

impl __sdk::DbContext for SubscriptionEventContext {
    type DbView = RemoteTables;
    type Reducers = RemoteReducers;
    type Procedures = RemoteProcedures;
    type SubscriptionBuilder = SubscriptionBuilder;

    fn db(&self) -> &RemoteTables {
        &self.db
    }

    fn reducers(&self) -> &RemoteReducers {
        &self.reducers
    }

    fn procedures(&self) -> &RemoteProcedures {
        &self.procedures
    }

    fn is_active(&self) -> bool {
        self.connection.is_active()
    }

    fn disconnect(&self) -> __sdk::Result<()> {
        self.connection.disconnect()
    }

    fn subscription_builder(&self) -> SubscriptionBuilder {
        SubscriptionBuilder::new(&self.connection)
    }

    fn try_identity(&self) -> Option<__sdk::Identity> {
        self.connection.try_identity()
    }

    fn connection_id(&self) -> __sdk::ConnectionId {
        self.connection.connection_id()
    }

    fn try_connection_id(&self) -> Option<__sdk::ConnectionId> {
        self.connection.try_connection_id()
    }
}

impl __sdk::AbstractEventContext for SubscriptionEventContext {
    type Event = ();

    fn event(&self) -> &Self::Event {
        &()
    }

    fn new(connection: __sdk::DbContextImpl<RemoteModule>, event: Self::Event) -> Self {
        Self {
            db: RemoteTables { connection: connection.clone() },
            reducers: RemoteReducers { connection: connection.clone() },
            procedures: RemoteProcedures { connection: connection.clone() },
            connection,
        }
    }
}

impl __sdk::SubscriptionEventContext for SubscriptionEventContext {}

/// The connection, for callbacks of errors.
pub struct ErrorContext {
    /// The rows in the client's cache.
    pub db: RemoteTables,
    /// Calls reducers.
    pub reducers: RemoteReducers,
    /// Calls procedures.
    pub procedures: RemoteProcedures,
    /// Why the callback is called.
    pub event: Option<__sdk::Error>,
    connection: __sdk::DbContextImpl<RemoteModule>,
}

impl __sdk::InModule for ErrorContext {
    type Module = RemoteModule;
}

impl __sdk::DbContext for ErrorContext {
    type DbView = RemoteTables;
    type Reducers = RemoteReducers;
    type Procedures = RemoteProcedures;
    type SubscriptionBuilder = SubscriptionBuilder;

    fn db(&self) -> &RemoteTables {
        &self.db
    }

    fn reducers(&self) -> &RemoteReducers {
        &self.reducers
    }

    fn procedures(&self) -> &RemoteProcedures {
        &self.procedures
    }

    fn is_active(&self) -> bool {
        self.connection.is_active()
    }

    fn disconnect(&self) -> __sdk::Result<()> {
        self.connection.disconnect()
    }

    fn subscription_builder(&self) -> SubscriptionBuilder {
        SubscriptionBuilder::new(&self.connection)
    }

    fn try_identity(&self) -> Option<__sdk::Identity> {
        self.connection.try_identity()
    }

    fn connection_id(&self) -> __sdk::ConnectionId {
        self.connection.connection_id()
    }

    fn try_connection_id(&self) -> Option<__sdk::ConnectionId> {
        self.connection.try_connection_id()
    }
}

impl __sdk::AbstractEventContext for ErrorContext {
    type Event = Option<__sdk::Error>;

    fn event(&self) -> &Self::Event {
        &self.event
    }

    fn new(connection: __sdk::DbContextImpl<RemoteModule>, event: Self::Event) -> Self {
        Self {
            db: RemoteTables { connection: connection.clone() },
            reducers: RemoteReducers { connection: connection.clone() },
            procedures: RemoteProcedures { connection: connection.clone() },
            event,
            connection,
        }
    }
}

impl __sdk::ErrorContext for ErrorContext {}

// ---- remote_reducers.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::RemoteModule;

/// A reducer with its arguments.
#[derive(Debug, Clone, PartialEq)]
pub enum Reducer {
    AddEntry { text: String },
}

impl __sdk::InModule for Reducer {
    type Module = RemoteModule;
}

impl __sdk::Reducer for Reducer {
    fn reducer_name(&self) -> &'static str {
        match self {
            Self::AddEntry { .. } => "add_entry",
        }
    }

    fn args_bsatn(&self) -> Result<Vec<u8>, __sats::bsatn::EncodeError> {
        match self {
            Self::AddEntry { text } => {
                __sats::bsatn::to_vec(&super::add_entry_reducer::AddEntryArgs { text: text.clone() })
            }
        }
    }
}

// ---- remote_tables.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::Entry;
use super::EventContext;
use super::RemoteModule;

/// The module's tables and views, each with a method that gives its rows.
pub struct RemoteTables {
    pub(super) connection: __sdk::DbContextImpl<RemoteModule>,
}

impl __sdk::InModule for RemoteTables {
    type Module = RemoteModule;
}

/// The tables and views that `subscribe_to_all_tables` subscribes to.
pub(super) const NAMES: &[&str] = &[
    "entry",
];

pub(super) fn register(cache: &mut __sdk::ClientCache<RemoteModule>) {
    super::entry_table::register(cache);
}

/// What a message of the server says of each table.
#[derive(Debug, Default)]
pub struct DbUpdate {
    entry: __sdk::TableUpdate<Entry>,
}

impl __sdk::InModule for DbUpdate {
    type Module = RemoteModule;
}

fn unknown(table: &str) -> __sdk::Error {
    __sdk::InternalError::unknown_name("table", table, "a message of the server").into()
}

impl TryFrom<__ws::v2::TransactionUpdate> for DbUpdate {
    type Error = __sdk::Error;

    fn try_from(message: __ws::v2::TransactionUpdate) -> Result<Self, Self::Error> {
        let mut update = Self::default();
        for table in __sdk::transaction_update_iter_table_updates(message) {
            match &table.table_name[..] {
                "entry" => update.entry.append(__sdk::TableUpdate::parse_table_update(table)?),
                name => return Err(unknown(name)),
            }
        }
        Ok(update)
    }
}

impl __sdk::DbUpdate for DbUpdate {
    fn apply_to_client_cache(&self, cache: &mut __sdk::ClientCache<RemoteModule>) -> AppliedDiff<'_> {
        AppliedDiff {
            entry: cache.apply_diff_to_table::<Entry>("entry", &self.entry).with_updates_by_pk(|row| &row.id),
            lifetime_of_update: PhantomData,
        }
    }

    fn parse_initial_rows(message: __ws::v2::QueryRows) -> __sdk::Result<Self> {
        let mut update = Self::default();
        for table in message.tables {
            match &table.table[..] {
                "entry" => update.entry.append(__sdk::parse_row_list_as_inserts(table.rows)?),
                name => return Err(unknown(name)),
            }
        }
        Ok(update)
    }

    fn parse_unsubscribe_rows(message: __ws::v2::QueryRows) -> __sdk::Result<Self> {
        let mut update = Self::default();
        for table in message.tables {
            match &table.table[..] {
                "entry" => update.entry.append(__sdk::parse_row_list_as_deletes(table.rows)?),
                name => return Err(unknown(name)),
            }
        }
        Ok(update)
    }
}

/// What a message of the server changed in the client's cache.
pub struct AppliedDiff<'r> {
    entry: __sdk::TableAppliedDiff<'r, Entry>,
    lifetime_of_update: PhantomData<&'r ()>,
}

impl __sdk::InModule for AppliedDiff<'_> {
    type Module = RemoteModule;
}

impl<'r> __sdk::AppliedDiff<'r> for AppliedDiff<'r> {
    fn invoke_row_callbacks(&self, event: &EventContext, callbacks: &mut __sdk::DbCallbacks<RemoteModule>) {
        callbacks.invoke_table_row_callbacks::<Entry>("entry", &self.entry, event);
    }
}

// ---- report_type.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::RemoteModule;
use super::Verdict;

#[derive(__lib::ser::Serialize, __lib::de::Deserialize, Debug, Clone, PartialEq, Eq, Hash)]
#[sats(crate = __lib)]
pub struct Report {
    pub count: u64,
    pub texts: Vec<String>,
    pub verdict: Verdict,
    pub remark: Option<String>,
}

impl __sdk::InModule for Report {
    type Module = RemoteModule;
}

// ---- sleep_procedure.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::ProcedureEventContext;
use super::RemoteModule;
use super::RemoteProcedures;

#[derive(__lib::ser::Serialize, __lib::de::Deserialize, Debug, Clone, PartialEq, Eq, Hash)]
#[sats(crate = __lib)]
struct SleepArgs {
    pub(super) milliseconds: u64,
}

impl __sdk::InModule for SleepArgs {
    type Module = RemoteModule;
}

/// Gives `context.procedures` the methods that call procedure `sleep`.
pub trait sleep {
    /// Asks the server to run the procedure, without waiting for it.
    fn sleep(&self, milliseconds: u64) {
        self.sleep_then(milliseconds, |_, _| {})
    }

    /// As `sleep`; the callback gets what the procedure returned, or what kept it from returning.
    fn sleep_then(
        &self,
        milliseconds: u64,
        __callback: impl FnOnce(&ProcedureEventContext, Result<bool, __sdk::InternalError>) + Send + 'static,
    );
}

impl sleep for RemoteProcedures {
    fn sleep_then(
        &self,
        milliseconds: u64,
        __callback: impl FnOnce(&ProcedureEventContext, Result<bool, __sdk::InternalError>) + Send + 'static,
    ) {
        self.connection.invoke_procedure_with_callback::<_, bool>("sleep", SleepArgs { milliseconds }, __callback)
    }
}

// ---- sleep_within_procedure.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::ProcedureEventContext;
use super::RemoteModule;
use super::RemoteProcedures;

#[derive(__lib::ser::Serialize, __lib::de::Deserialize, Debug, Clone, PartialEq, Eq, Hash)]
#[sats(crate = __lib)]
struct SleepWithinArgs {}

impl __sdk::InModule for SleepWithinArgs {
    type Module = RemoteModule;
}

/// Gives `context.procedures` the methods that call procedure `sleep_within`.
pub trait sleep_within {
    /// Asks the server to run the procedure, without waiting for it.
    fn sleep_within(&self) {
        self.sleep_within_then(|_, _| {})
    }

    /// As `sleep_within`; the callback gets what the procedure returned, or what kept it from returning.
    fn sleep_within_then(
        &self,
        __callback: impl FnOnce(&ProcedureEventContext, Result<i64, __sdk::InternalError>) + Send + 'static,
    );
}

impl sleep_within for RemoteProcedures {
    fn sleep_within_then(
        &self,
        __callback: impl FnOnce(&ProcedureEventContext, Result<i64, __sdk::InternalError>) + Send + 'static,
    ) {
        self.connection.invoke_procedure_with_callback::<_, i64>("sleep_within", SleepWithinArgs {}, __callback)
    }
}

// ---- spin_procedure.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::ProcedureEventContext;
use super::RemoteModule;
use super::RemoteProcedures;

#[derive(__lib::ser::Serialize, __lib::de::Deserialize, Debug, Clone, PartialEq, Eq, Hash)]
#[sats(crate = __lib)]
struct SpinArgs {}

impl __sdk::InModule for SpinArgs {
    type Module = RemoteModule;
}

/// Gives `context.procedures` the methods that call procedure `spin`.
pub trait spin {
    /// Asks the server to run the procedure, without waiting for it.
    fn spin(&self) {
        self.spin_then(|_, _| {})
    }

    /// As `spin`; the callback gets what the procedure returned, or what kept it from returning.
    fn spin_then(
        &self,
        __callback: impl FnOnce(&ProcedureEventContext, Result<(), __sdk::InternalError>) + Send + 'static,
    );
}

impl spin for RemoteProcedures {
    fn spin_then(
        &self,
        __callback: impl FnOnce(&ProcedureEventContext, Result<(), __sdk::InternalError>) + Send + 'static,
    ) {
        self.connection.invoke_procedure_with_callback::<_, ()>("spin", SpinArgs {}, __callback)
    }
}

// ---- times_procedure.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::ProcedureEventContext;
use super::RemoteModule;
use super::RemoteProcedures;

#[derive(__lib::ser::Serialize, __lib::de::Deserialize, Debug, Clone, PartialEq, Eq, Hash)]
#[sats(crate = __lib)]
struct TimesArgs {}

impl __sdk::InModule for TimesArgs {
    type Module = RemoteModule;
}

/// Gives `context.procedures` the methods that call procedure `times`.
pub trait times {
    /// Asks the server to run the procedure, without waiting for it.
    fn times(&self) {
        self.times_then(|_, _| {})
    }

    /// As `times`; the callback gets what the procedure returned, or what kept it from returning.
    fn times_then(
        &self,
        __callback: impl FnOnce(&ProcedureEventContext, Result<Vec<bool>, __sdk::InternalError>) + Send + 'static,
    );
}

impl times for RemoteProcedures {
    fn times_then(
        &self,
        __callback: impl FnOnce(&ProcedureEventContext, Result<Vec<bool>, __sdk::InternalError>) + Send + 'static,
    ) {
        self.connection.invoke_procedure_with_callback::<_, Vec<bool>>("times", TimesArgs {}, __callback)
    }
}

// ---- verdict_type.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::RemoteModule;

#[derive(__lib::ser::Serialize, __lib::de::Deserialize, Debug, Clone, PartialEq, Eq, Hash)]
#[sats(crate = __lib)]
pub enum Verdict {
    Fine,
    Refused(String),
}

impl __sdk::InModule for Verdict {
    type Module = RemoteModule;
}

