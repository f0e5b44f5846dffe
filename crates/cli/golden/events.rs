// ---- mod.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

#![allow(unused, missing_docs, nonstandard_style, uncommon_codepoints, clippy::all)]

#[rustfmt::skip]
pub mod cause_type;
#[rustfmt::skip]
pub mod check_all_reducer;
#[rustfmt::skip]
pub mod damage_table;
#[rustfmt::skip]
pub mod damage_type;
#[rustfmt::skip]
pub mod emit_and_fail_reducer;
#[rustfmt::skip]
pub mod emit_reducer;
#[rustfmt::skip]
pub mod emit_without_end_reducer;
#[rustfmt::skip]
pub mod remote_connection;
#[rustfmt::skip]
pub mod remote_reducers;
#[rustfmt::skip]
pub mod remote_tables;
#[rustfmt::skip]
pub mod seen_table;
#[rustfmt::skip]
pub mod seen_type;

pub use cause_type::*;
pub use check_all_reducer::*;
pub use damage_table::*;
pub use damage_type::*;
pub use emit_and_fail_reducer::*;
pub use emit_reducer::*;
pub use emit_without_end_reducer::*;
pub use remote_connection::*;
pub use remote_reducers::*;
pub use remote_tables::*;
pub use seen_table::*;
pub use seen_type::*;

// ---- cause_type.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::RemoteModule;

#[derive(__lib::ser::Serialize, __lib::de::Deserialize, Debug, Clone, PartialEq, Eq, Hash)]
#[sats(crate = __lib)]
pub enum Cause {
    Fall,
    Hit(__sdk::Identity),
}

impl __sdk::InModule for Cause {
    type Module = RemoteModule;
}

// ---- check_all_reducer.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::Reducer;
use super::ReducerEventContext;
use super::RemoteModule;
use super::RemoteReducers;

#[derive(__lib::ser::Serialize, __lib::de::Deserialize, Debug, Clone, PartialEq, Eq, Hash)]
#[sats(crate = __lib)]
pub(super) struct CheckAllArgs {}

impl __sdk::InModule for CheckAllArgs {
    type Module = RemoteModule;
}

impl From<CheckAllArgs> for Reducer {
    fn from(CheckAllArgs {}: CheckAllArgs) -> Self {
        Reducer::CheckAll {}
    }
}

/// Gives `context.reducers` the methods that call reducer `check_all`.
pub trait check_all {
    /// Asks the server to run the reducer, without waiting for it. Fails if the connection has ended.
    fn check_all(&self) -> __sdk::Result<()> {
        self.check_all_then(|_, _| {})
    }

    /// As `check_all`; the callback gets the result: the reducer's own, or what kept it from having one.
    fn check_all_then(
        &self,
        __callback: impl FnOnce(&ReducerEventContext, Result<Result<(), String>, __sdk::InternalError>)
        + Send
        + 'static,
    ) -> __sdk::Result<()>;
}

impl check_all for RemoteReducers {
    fn check_all_then(
        &self,
        __callback: impl FnOnce(&ReducerEventContext, Result<Result<(), String>, __sdk::InternalError>)
        + Send
        + 'static,
    ) -> __sdk::Result<()> {
        self.connection.invoke_reducer_with_callback(CheckAllArgs {}, __callback)
    }
}

// ---- damage_table.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::Damage;
use super::EventContext;
use super::RemoteModule;
use super::RemoteTables;

/// The rows of `damage` in the client's cache.
pub struct DamageTableHandle<'ctx> {
    rows: __sdk::TableHandle<Damage>,
    context: PhantomData<&'ctx RemoteTables>,
}

/// Gives `context.db` its method `damage`.
pub trait DamageTableAccess {
    /// The rows of `damage` in the client's cache.
    fn damage(&self) -> DamageTableHandle<'_>;
}

impl DamageTableAccess for RemoteTables {
    fn damage(&self) -> DamageTableHandle<'_> {
        DamageTableHandle { rows: self.connection.get_table::<Damage>("damage"), context: PhantomData }
    }
}

/// Stands for `damage` where code is generic over tables.
pub struct DamageTableAccessor;

impl __sdk::TableAccessor<RemoteTables> for DamageTableAccessor {
    type Row = Damage;
    type Handle<'db> = DamageTableHandle<'db>;

    fn get<'db>(db: &'db RemoteTables) -> DamageTableHandle<'db> {
        db.damage()
    }
}

/// Gives query builders their method `damage`.
pub trait DamageQueryTableAccess {
    /// Queries of `damage`.
    fn damage(&self) -> __query_builder::Table<Damage>;
}

impl DamageQueryTableAccess for __sdk::QueryTableAccessor {
    fn damage(&self) -> __query_builder::Table<Damage> {
        __query_builder::Table::new("damage")
    }
}

/// A callback for rows that appear.
pub struct DamageInsertCallbackId(__sdk::CallbackId);

impl __sdk::EventTable for DamageTableHandle<'_> {
    type Row = Damage;
    type EventContext = EventContext;

    fn count(&self) -> u64 {
        self.rows.count()
    }

    fn iter(&self) -> impl Iterator<Item = Damage> + '_ {
        self.rows.iter()
    }

    type InsertCallbackId = DamageInsertCallbackId;

    fn on_insert(
        &self,
        callback: impl FnMut(&EventContext, &Damage) + Send + 'static,
    ) -> DamageInsertCallbackId {
        DamageInsertCallbackId(self.rows.on_insert(callback))
    }

    fn remove_on_insert(&self, callback: DamageInsertCallbackId) {
        self.rows.remove_on_insert(callback.0)
    }
}

impl __sdk::TableLike for DamageTableHandle<'_> {
    type Row = Damage;
    type EventContext = EventContext;

    fn count(&self) -> u64 {
        self.rows.count()
    }

    fn iter(&self) -> impl Iterator<Item = Damage> + '_ {
        self.rows.iter()
    }
}

impl __sdk::WithInsert for DamageTableHandle<'_> {
    type InsertCallbackId = DamageInsertCallbackId;

    fn on_insert(
        &self,
        callback: impl FnMut(&EventContext, &Damage) + Send + 'static,
    ) -> DamageInsertCallbackId {
        DamageInsertCallbackId(self.rows.on_insert(callback))
    }

    fn remove_on_insert(&self, callback: DamageInsertCallbackId) {
        self.rows.remove_on_insert(callback.0)
    }
}

pub(super) fn register(cache: &mut __sdk::ClientCache<RemoteModule>) {
    let table = cache.get_or_make_table::<Damage>("damage");
}

// ---- damage_type.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::Cause;
use super::RemoteModule;

#[derive(__lib::ser::Serialize, __lib::de::Deserialize, Debug, Clone, PartialEq)]
#[sats(crate = __lib)]
pub struct Damage {
    pub id: u64,
    pub target: String,
    pub amount: i32,
    pub ticket: Option<u32>,
    pub zone: u8,
    pub cause: Cause,
    pub share: f32,
}

impl __sdk::InModule for Damage {
    type Module = RemoteModule;
}

/// The columns, for conditions of queries.
pub struct DamageCols {
    pub id: __query_builder::Col<Damage, u64>,
    pub target: __query_builder::Col<Damage, String>,
    pub amount: __query_builder::Col<Damage, i32>,
    pub ticket: __query_builder::Col<Damage, Option<u32>>,
    pub zone: __query_builder::Col<Damage, u8>,
    pub cause: __query_builder::Col<Damage, Cause>,
    pub share: __query_builder::Col<Damage, f32>,
}

impl __query_builder::HasCols for Damage {
    type Cols = DamageCols;

    fn cols(table: &'static str) -> DamageCols {
        DamageCols {
            id: __query_builder::Col::new(table, "id"),
            target: __query_builder::Col::new(table, "target"),
            amount: __query_builder::Col::new(table, "amount"),
            ticket: __query_builder::Col::new(table, "ticket"),
            zone: __query_builder::Col::new(table, "zone"),
            cause: __query_builder::Col::new(table, "cause"),
            share: __query_builder::Col::new(table, "share"),
        }
    }
}

/// The columns with an index, for joins of queries.
pub struct DamageIxCols {
    pub id: __query_builder::IxCol<Damage, u64>,
    pub ticket: __query_builder::IxCol<Damage, Option<u32>>,
    pub zone: __query_builder::IxCol<Damage, u8>,
}

impl __query_builder::HasIxCols for Damage {
    type IxCols = DamageIxCols;

    fn ix_cols(table: &'static str) -> DamageIxCols {
        DamageIxCols {
            id: __query_builder::IxCol::new(table, "id"),
            ticket: __query_builder::IxCol::new(table, "ticket"),
            zone: __query_builder::IxCol::new(table, "zone"),
        }
    }
}

// ---- emit_and_fail_reducer.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::Reducer;
use super::ReducerEventContext;
use super::RemoteModule;
use super::RemoteReducers;

#[derive(__lib::ser::Serialize, __lib::de::Deserialize, Debug, Clone, PartialEq, Eq, Hash)]
#[sats(crate = __lib)]
pub(super) struct EmitAndFailArgs {}

impl __sdk::InModule for EmitAndFailArgs {
    type Module = RemoteModule;
}

impl From<EmitAndFailArgs> for Reducer {
    fn from(EmitAndFailArgs {}: EmitAndFailArgs) -> Self {
        Reducer::EmitAndFail {}
    }
}

/// Gives `context.reducers` the methods that call reducer `emit_and_fail`.
pub trait emit_and_fail {
    /// Asks the server to run the reducer, without waiting for it. Fails if the connection has ended.
    fn emit_and_fail(&self) -> __sdk::Result<()> {
        self.emit_and_fail_then(|_, _| {})
    }

    /// As `emit_and_fail`; the callback gets the result: the reducer's own, or what kept it from having one.
    fn emit_and_fail_then(
        &self,
        __callback: impl FnOnce(&ReducerEventContext, Result<Result<(), String>, __sdk::InternalError>)
        + Send
        + 'static,
    ) -> __sdk::Result<()>;
}

impl emit_and_fail for RemoteReducers {
    fn emit_and_fail_then(
        &self,
        __callback: impl FnOnce(&ReducerEventContext, Result<Result<(), String>, __sdk::InternalError>)
        + Send
        + 'static,
    ) -> __sdk::Result<()> {
        self.connection.invoke_reducer_with_callback(EmitAndFailArgs {}, __callback)
    }
}

// ---- emit_reducer.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::Reducer;
use super::ReducerEventContext;
use super::RemoteModule;
use super::RemoteReducers;

#[derive(__lib::ser::Serialize, __lib::de::Deserialize, Debug, Clone, PartialEq, Eq, Hash)]
#[sats(crate = __lib)]
pub(super) struct EmitArgs {
    pub(super) target: String,
}

impl __sdk::InModule for EmitArgs {
    type Module = RemoteModule;
}

impl From<EmitArgs> for Reducer {
    fn from(EmitArgs { target }: EmitArgs) -> Self {
        Reducer::Emit { target }
    }
}

/// Gives `context.reducers` the methods that call reducer `emit`.
pub trait emit {
    /// Asks the server to run the reducer, without waiting for it. Fails if the connection has ended.
    fn emit(&self, target: String) -> __sdk::Result<()> {
        self.emit_then(target, |_, _| {})
    }

    /// As `emit`; the callback gets the result: the reducer's own, or what kept it from having one.
    fn emit_then(
        &self,
        target: String,
        __callback: impl FnOnce(&ReducerEventContext, Result<Result<(), String>, __sdk::InternalError>)
        + Send
        + 'static,
    ) -> __sdk::Result<()>;
}

impl emit for RemoteReducers {
    fn emit_then(
        &self,
        target: String,
        __callback: impl FnOnce(&ReducerEventContext, Result<Result<(), String>, __sdk::InternalError>)
        + Send
        + 'static,
    ) -> __sdk::Result<()> {
        self.connection.invoke_reducer_with_callback(EmitArgs { target }, __callback)
    }
}

// ---- emit_without_end_reducer.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::Reducer;
use super::ReducerEventContext;
use super::RemoteModule;
use super::RemoteReducers;

#[derive(__lib::ser::Serialize, __lib::de::Deserialize, Debug, Clone, PartialEq, Eq, Hash)]
#[sats(crate = __lib)]
pub(super) struct EmitWithoutEndArgs {}

impl __sdk::InModule for EmitWithoutEndArgs {
    type Module = RemoteModule;
}

impl From<EmitWithoutEndArgs> for Reducer {
    fn from(EmitWithoutEndArgs {}: EmitWithoutEndArgs) -> Self {
        Reducer::EmitWithoutEnd {}
    }
}

/// Gives `context.reducers` the methods that call reducer `emit_without_end`.
pub trait emit_without_end {
    /// Asks the server to run the reducer, without waiting for it. Fails if the connection has ended.
    fn emit_without_end(&self) -> __sdk::Result<()> {
        self.emit_without_end_then(|_, _| {})
    }

    /// As `emit_without_end`; the callback gets the result: the reducer's own, or what kept it from having one.
    fn emit_without_end_then(
        &self,
        __callback: impl FnOnce(&ReducerEventContext, Result<Result<(), String>, __sdk::InternalError>)
        + Send
        + 'static,
    ) -> __sdk::Result<()>;
}

impl emit_without_end for RemoteReducers {
    fn emit_without_end_then(
        &self,
        __callback: impl FnOnce(&ReducerEventContext, Result<Result<(), String>, __sdk::InternalError>)
        + Send
        + 'static,
    ) -> __sdk::Result<()> {
        self.connection.invoke_reducer_with_callback(EmitWithoutEndArgs {}, __callback)
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
    CheckAll {},
    Emit { target: String },
    EmitAndFail {},
    EmitWithoutEnd {},
}

impl __sdk::InModule for Reducer {
    type Module = RemoteModule;
}

impl __sdk::Reducer for Reducer {
    fn reducer_name(&self) -> &'static str {
        match self {
            Self::CheckAll { .. } => "check_all",
            Self::Emit { .. } => "emit",
            Self::EmitAndFail { .. } => "emit_and_fail",
            Self::EmitWithoutEnd { .. } => "emit_without_end",
        }
    }

    fn args_bsatn(&self) -> Result<Vec<u8>, __sats::bsatn::EncodeError> {
        match self {
            Self::CheckAll {} => {
                __sats::bsatn::to_vec(&super::check_all_reducer::CheckAllArgs {})
            }
            Self::Emit { target } => {
                __sats::bsatn::to_vec(&super::emit_reducer::EmitArgs { target: target.clone() })
            }
            Self::EmitAndFail {} => {
                __sats::bsatn::to_vec(&super::emit_and_fail_reducer::EmitAndFailArgs {})
            }
            Self::EmitWithoutEnd {} => {
                __sats::bsatn::to_vec(&super::emit_without_end_reducer::EmitWithoutEndArgs {})
            }
        }
    }
}

// ---- remote_tables.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::Damage;
use super::EventContext;
use super::RemoteModule;
use super::Seen;

/// The module's tables and views, each with a method that gives its rows.
pub struct RemoteTables {
    pub(super) connection: __sdk::DbContextImpl<RemoteModule>,
}

impl __sdk::InModule for RemoteTables {
    type Module = RemoteModule;
}

/// The tables and views that `subscribe_to_all_tables` subscribes to.
pub(super) const NAMES: &[&str] = &[
    "damage",
    "seen",
];

pub(super) fn register(cache: &mut __sdk::ClientCache<RemoteModule>) {
    super::damage_table::register(cache);
    super::seen_table::register(cache);
}

/// What a message of the server says of each table.
#[derive(Debug, Default)]
pub struct DbUpdate {
    damage: __sdk::TableUpdate<Damage>,
    seen: __sdk::TableUpdate<Seen>,
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
                "damage" => update.damage.append(__sdk::TableUpdate::parse_table_update(table)?),
                "seen" => update.seen.append(__sdk::TableUpdate::parse_table_update(table)?),
                name => return Err(unknown(name)),
            }
        }
        Ok(update)
    }
}

impl __sdk::DbUpdate for DbUpdate {
    fn apply_to_client_cache(&self, cache: &mut __sdk::ClientCache<RemoteModule>) -> AppliedDiff<'_> {
        AppliedDiff {
            damage: self.damage.into_event_diff(),
            seen: cache.apply_diff_to_table::<Seen>("seen", &self.seen),
            lifetime_of_update: PhantomData,
        }
    }

    fn parse_initial_rows(message: __ws::v2::QueryRows) -> __sdk::Result<Self> {
        let mut update = Self::default();
        for table in message.tables {
            match &table.table[..] {
                "damage" => update.damage.append(__sdk::parse_row_list_as_inserts(table.rows)?),
                "seen" => update.seen.append(__sdk::parse_row_list_as_inserts(table.rows)?),
                name => return Err(unknown(name)),
            }
        }
        Ok(update)
    }

    fn parse_unsubscribe_rows(message: __ws::v2::QueryRows) -> __sdk::Result<Self> {
        let mut update = Self::default();
        for table in message.tables {
            match &table.table[..] {
                "damage" => update.damage.append(__sdk::parse_row_list_as_deletes(table.rows)?),
                "seen" => update.seen.append(__sdk::parse_row_list_as_deletes(table.rows)?),
                name => return Err(unknown(name)),
            }
        }
        Ok(update)
    }
}

/// What a message of the server changed in the client's cache.
pub struct AppliedDiff<'r> {
    damage: __sdk::TableAppliedDiff<'r, Damage>,
    seen: __sdk::TableAppliedDiff<'r, Seen>,
    lifetime_of_update: PhantomData<&'r ()>,
}

impl __sdk::InModule for AppliedDiff<'_> {
    type Module = RemoteModule;
}

impl<'r> __sdk::AppliedDiff<'r> for AppliedDiff<'r> {
    fn invoke_row_callbacks(&self, event: &EventContext, callbacks: &mut __sdk::DbCallbacks<RemoteModule>) {
        callbacks.invoke_table_row_callbacks::<Damage>("damage", &self.damage, event);
        callbacks.invoke_table_row_callbacks::<Seen>("seen", &self.seen, event);
    }
}

// ---- seen_table.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::EventContext;
use super::RemoteModule;
use super::RemoteTables;
use super::Seen;

/// The rows of `seen` in the client's cache.
pub struct SeenTableHandle<'ctx> {
    rows: __sdk::TableHandle<Seen>,
    context: PhantomData<&'ctx RemoteTables>,
}

/// Gives `context.db` its method `seen`.
pub trait SeenTableAccess {
    /// The rows of `seen` in the client's cache.
    fn seen(&self) -> SeenTableHandle<'_>;
}

impl SeenTableAccess for RemoteTables {
    fn seen(&self) -> SeenTableHandle<'_> {
        SeenTableHandle { rows: self.connection.get_table::<Seen>("seen"), context: PhantomData }
    }
}

/// Stands for `seen` where code is generic over tables.
pub struct SeenTableAccessor;

impl __sdk::TableAccessor<RemoteTables> for SeenTableAccessor {
    type Row = Seen;
    type Handle<'db> = SeenTableHandle<'db>;

    fn get<'db>(db: &'db RemoteTables) -> SeenTableHandle<'db> {
        db.seen()
    }
}

/// Gives query builders their method `seen`.
pub trait SeenQueryTableAccess {
    /// Queries of `seen`.
    fn seen(&self) -> __query_builder::Table<Seen>;
}

impl SeenQueryTableAccess for __sdk::QueryTableAccessor {
    fn seen(&self) -> __query_builder::Table<Seen> {
        __query_builder::Table::new("seen")
    }
}

/// A callback for rows that appear.
pub struct SeenInsertCallbackId(__sdk::CallbackId);

impl __sdk::Table for SeenTableHandle<'_> {
    type Row = Seen;
    type EventContext = EventContext;

    fn count(&self) -> u64 {
        self.rows.count()
    }

    fn iter(&self) -> impl Iterator<Item = Seen> + '_ {
        self.rows.iter()
    }

    type InsertCallbackId = SeenInsertCallbackId;

    fn on_insert(
        &self,
        callback: impl FnMut(&EventContext, &Seen) + Send + 'static,
    ) -> SeenInsertCallbackId {
        SeenInsertCallbackId(self.rows.on_insert(callback))
    }

    fn remove_on_insert(&self, callback: SeenInsertCallbackId) {
        self.rows.remove_on_insert(callback.0)
    }

    type DeleteCallbackId = SeenDeleteCallbackId;

    fn on_delete(
        &self,
        callback: impl FnMut(&EventContext, &Seen) + Send + 'static,
    ) -> SeenDeleteCallbackId {
        SeenDeleteCallbackId(self.rows.on_delete(callback))
    }

    fn remove_on_delete(&self, callback: SeenDeleteCallbackId) {
        self.rows.remove_on_delete(callback.0)
    }
}

impl __sdk::TableLike for SeenTableHandle<'_> {
    type Row = Seen;
    type EventContext = EventContext;

    fn count(&self) -> u64 {
        self.rows.count()
    }

    fn iter(&self) -> impl Iterator<Item = Seen> + '_ {
        self.rows.iter()
    }
}

impl __sdk::WithInsert for SeenTableHandle<'_> {
    type InsertCallbackId = SeenInsertCallbackId;

    fn on_insert(
        &self,
        callback: impl FnMut(&EventContext, &Seen) + Send + 'static,
    ) -> SeenInsertCallbackId {
        SeenInsertCallbackId(self.rows.on_insert(callback))
    }

    fn remove_on_insert(&self, callback: SeenInsertCallbackId) {
        self.rows.remove_on_insert(callback.0)
    }
}

/// A callback for rows that disappear.
pub struct SeenDeleteCallbackId(__sdk::CallbackId);

impl __sdk::WithDelete for SeenTableHandle<'_> {
    type DeleteCallbackId = SeenDeleteCallbackId;

    fn on_delete(
        &self,
        callback: impl FnMut(&EventContext, &Seen) + Send + 'static,
    ) -> SeenDeleteCallbackId {
        SeenDeleteCallbackId(self.rows.on_delete(callback))
    }

    fn remove_on_delete(&self, callback: SeenDeleteCallbackId) {
        self.rows.remove_on_delete(callback.0)
    }
}

pub(super) fn register(cache: &mut __sdk::ClientCache<RemoteModule>) {
    let table = cache.get_or_make_table::<Seen>("seen");
}

// ---- seen_type.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::RemoteModule;

#[derive(__lib::ser::Serialize, __lib::de::Deserialize, Debug, Clone, PartialEq, Eq, Hash)]
#[sats(crate = __lib)]
pub struct Seen {
    pub id: u64,
    pub before: u64,
    pub after: u64,
}

impl __sdk::InModule for Seen {
    type Module = RemoteModule;
}

/// The columns, for conditions of queries.
pub struct SeenCols {
    pub id: __query_builder::Col<Seen, u64>,
    pub before: __query_builder::Col<Seen, u64>,
    pub after: __query_builder::Col<Seen, u64>,
}

impl __query_builder::HasCols for Seen {
    type Cols = SeenCols;

    fn cols(table: &'static str) -> SeenCols {
        SeenCols {
            id: __query_builder::Col::new(table, "id"),
            before: __query_builder::Col::new(table, "before"),
            after: __query_builder::Col::new(table, "after"),
        }
    }
}

/// The columns with an index, for joins of queries.
pub struct SeenIxCols {}

impl __query_builder::HasIxCols for Seen {
    type IxCols = SeenIxCols;

    fn ix_cols(table: &'static str) -> SeenIxCols {
        SeenIxCols {}
    }
}

impl __query_builder::CanBeLookupTable for Seen {}

