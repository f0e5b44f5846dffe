// ---- mod.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

#![allow(unused, missing_docs, nonstandard_style, uncommon_codepoints, clippy::all)]

#[rustfmt::skip]
pub mod message_table;
#[rustfmt::skip]
pub mod message_type;
#[rustfmt::skip]
pub mod register_user_reducer;
#[rustfmt::skip]
pub mod remote_connection;
#[rustfmt::skip]
pub mod remote_reducers;
#[rustfmt::skip]
pub mod remote_tables;
#[rustfmt::skip]
pub mod send_message_reducer;
#[rustfmt::skip]
pub mod session_table;
#[rustfmt::skip]
pub mod session_type;
#[rustfmt::skip]
pub mod set_name_reducer;
#[rustfmt::skip]
pub mod user_table;
#[rustfmt::skip]
pub mod user_type;

pub use message_table::*;
pub use message_type::*;
pub use register_user_reducer::*;
pub use remote_connection::*;
pub use remote_reducers::*;
pub use remote_tables::*;
pub use send_message_reducer::*;
pub use session_table::*;
pub use session_type::*;
pub use set_name_reducer::*;
pub use user_table::*;
pub use user_type::*;

// ---- message_table.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::EventContext;
use super::Message;
use super::RemoteModule;
use super::RemoteTables;

/// The rows of `message` in the client's cache.
pub struct MessageTableHandle<'ctx> {
    rows: __sdk::TableHandle<Message>,
    context: PhantomData<&'ctx RemoteTables>,
}

/// Gives `context.db` its method `message`.
pub trait MessageTableAccess {
    /// The rows of `message` in the client's cache.
    fn message(&self) -> MessageTableHandle<'_>;
}

impl MessageTableAccess for RemoteTables {
    fn message(&self) -> MessageTableHandle<'_> {
        MessageTableHandle { rows: self.connection.get_table::<Message>("message"), context: PhantomData }
    }
}

/// Stands for `message` where code is generic over tables.
pub struct MessageTableAccessor;

impl __sdk::TableAccessor<RemoteTables> for MessageTableAccessor {
    type Row = Message;
    type Handle<'db> = MessageTableHandle<'db>;

    fn get<'db>(db: &'db RemoteTables) -> MessageTableHandle<'db> {
        db.message()
    }
}

/// Gives query builders their method `message`.
pub trait MessageQueryTableAccess {
    /// Queries of `message`.
    fn message(&self) -> __query_builder::Table<Message>;
}

impl MessageQueryTableAccess for __sdk::QueryTableAccessor {
    fn message(&self) -> __query_builder::Table<Message> {
        __query_builder::Table::new("message")
    }
}

/// A callback for rows that appear.
pub struct MessageInsertCallbackId(__sdk::CallbackId);

impl __sdk::Table for MessageTableHandle<'_> {
    type Row = Message;
    type EventContext = EventContext;

    fn count(&self) -> u64 {
        self.rows.count()
    }

    fn iter(&self) -> impl Iterator<Item = Message> + '_ {
        self.rows.iter()
    }

    type InsertCallbackId = MessageInsertCallbackId;

    fn on_insert(
        &self,
        callback: impl FnMut(&EventContext, &Message) + Send + 'static,
    ) -> MessageInsertCallbackId {
        MessageInsertCallbackId(self.rows.on_insert(callback))
    }

    fn remove_on_insert(&self, callback: MessageInsertCallbackId) {
        self.rows.remove_on_insert(callback.0)
    }

    type DeleteCallbackId = MessageDeleteCallbackId;

    fn on_delete(
        &self,
        callback: impl FnMut(&EventContext, &Message) + Send + 'static,
    ) -> MessageDeleteCallbackId {
        MessageDeleteCallbackId(self.rows.on_delete(callback))
    }

    fn remove_on_delete(&self, callback: MessageDeleteCallbackId) {
        self.rows.remove_on_delete(callback.0)
    }
}

impl __sdk::TableLike for MessageTableHandle<'_> {
    type Row = Message;
    type EventContext = EventContext;

    fn count(&self) -> u64 {
        self.rows.count()
    }

    fn iter(&self) -> impl Iterator<Item = Message> + '_ {
        self.rows.iter()
    }
}

impl __sdk::WithInsert for MessageTableHandle<'_> {
    type InsertCallbackId = MessageInsertCallbackId;

    fn on_insert(
        &self,
        callback: impl FnMut(&EventContext, &Message) + Send + 'static,
    ) -> MessageInsertCallbackId {
        MessageInsertCallbackId(self.rows.on_insert(callback))
    }

    fn remove_on_insert(&self, callback: MessageInsertCallbackId) {
        self.rows.remove_on_insert(callback.0)
    }
}

/// A callback for rows that disappear.
pub struct MessageDeleteCallbackId(__sdk::CallbackId);

impl __sdk::WithDelete for MessageTableHandle<'_> {
    type DeleteCallbackId = MessageDeleteCallbackId;

    fn on_delete(
        &self,
        callback: impl FnMut(&EventContext, &Message) + Send + 'static,
    ) -> MessageDeleteCallbackId {
        MessageDeleteCallbackId(self.rows.on_delete(callback))
    }

    fn remove_on_delete(&self, callback: MessageDeleteCallbackId) {
        self.rows.remove_on_delete(callback.0)
    }
}

/// A callback for rows that are replaced by others with the same primary key.
pub struct MessageUpdateCallbackId(__sdk::CallbackId);

impl __sdk::TableWithPrimaryKey for MessageTableHandle<'_> {
    type UpdateCallbackId = MessageUpdateCallbackId;

    fn on_update(
        &self,
        callback: impl FnMut(&EventContext, &Message, &Message) + Send + 'static,
    ) -> MessageUpdateCallbackId {
        MessageUpdateCallbackId(self.rows.on_update(callback))
    }

    fn remove_on_update(&self, callback: MessageUpdateCallbackId) {
        self.rows.remove_on_update(callback.0)
    }
}

impl __sdk::WithUpdate for MessageTableHandle<'_> {
    type UpdateCallbackId = MessageUpdateCallbackId;

    fn on_update(
        &self,
        callback: impl FnMut(&EventContext, &Message, &Message) + Send + 'static,
    ) -> MessageUpdateCallbackId {
        MessageUpdateCallbackId(self.rows.on_update(callback))
    }

    fn remove_on_update(&self, callback: MessageUpdateCallbackId) {
        self.rows.remove_on_update(callback.0)
    }
}

/// Finds rows of `message` by `id`, of which no two have the same.
pub struct MessageIdUnique<'ctx> {
    index: __sdk::UniqueConstraintHandle<Message, u64>,
    context: PhantomData<&'ctx RemoteTables>,
}

impl<'ctx> MessageTableHandle<'ctx> {
    /// Finds rows by `id`.
    pub fn id(&self) -> MessageIdUnique<'ctx> {
        MessageIdUnique { index: self.rows.get_unique_constraint::<u64>("id"), context: PhantomData }
    }
}

impl MessageIdUnique<'_> {
    /// The row in the client's cache with this value, if there is one.
    pub fn find(&self, value: &u64) -> Option<Message> {
        self.index.find(value)
    }
}

pub(super) fn register(cache: &mut __sdk::ClientCache<RemoteModule>) {
    let table = cache.get_or_make_table::<Message>("message");
    table.add_unique_constraint::<u64>("id", |row| &row.id);
}

// ---- message_type.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::RemoteModule;

#[derive(__lib::ser::Serialize, __lib::de::Deserialize, Debug, Clone, PartialEq, Eq, Hash)]
#[sats(crate = __lib)]
pub struct Message {
    pub id: u64,
    pub sender: __sdk::Identity,
    pub receiver: __sdk::Identity,
    pub content: String,
    pub timestamp: __sdk::Timestamp,
}

impl __sdk::InModule for Message {
    type Module = RemoteModule;
}

/// The columns, for conditions of queries.
pub struct MessageCols {
    pub id: __query_builder::Col<Message, u64>,
    pub sender: __query_builder::Col<Message, __sdk::Identity>,
    pub receiver: __query_builder::Col<Message, __sdk::Identity>,
    pub content: __query_builder::Col<Message, String>,
    pub timestamp: __query_builder::Col<Message, __sdk::Timestamp>,
}

impl __query_builder::HasCols for Message {
    type Cols = MessageCols;

    fn cols(table: &'static str) -> MessageCols {
        MessageCols {
            id: __query_builder::Col::new(table, "id"),
            sender: __query_builder::Col::new(table, "sender"),
            receiver: __query_builder::Col::new(table, "receiver"),
            content: __query_builder::Col::new(table, "content"),
            timestamp: __query_builder::Col::new(table, "timestamp"),
        }
    }
}

/// The columns with an index, for joins of queries.
pub struct MessageIxCols {
    pub id: __query_builder::IxCol<Message, u64>,
}

impl __query_builder::HasIxCols for Message {
    type IxCols = MessageIxCols;

    fn ix_cols(table: &'static str) -> MessageIxCols {
        MessageIxCols {
            id: __query_builder::IxCol::new(table, "id"),
        }
    }
}

impl __query_builder::CanBeLookupTable for Message {}

// ---- register_user_reducer.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::Reducer;
use super::ReducerEventContext;
use super::RemoteModule;
use super::RemoteReducers;

#[derive(__lib::ser::Serialize, __lib::de::Deserialize, Debug, Clone, PartialEq, Eq, Hash)]
#[sats(crate = __lib)]
pub(super) struct RegisterUserArgs {
    pub(super) name: String,
}

impl __sdk::InModule for RegisterUserArgs {
    type Module = RemoteModule;
}

impl From<RegisterUserArgs> for Reducer {
    fn from(RegisterUserArgs { name }: RegisterUserArgs) -> Self {
        Reducer::RegisterUser { name }
    }
}

/// Gives `context.reducers` the methods that call reducer `register_user`.
pub trait register_user {
    /// Asks the server to run the reducer, without waiting for it. Fails if the connection has ended.
    fn register_user(&self, name: String) -> __sdk::Result<()> {
        self.register_user_then(name, |_, _| {})
    }

    /// As `register_user`; the callback gets the result: the reducer's own, or what kept it from having one.
    fn register_user_then(
        &self,
        name: String,
        __callback: impl FnOnce(&ReducerEventContext, Result<Result<(), String>, __sdk::InternalError>)
        + Send
        + 'static,
    ) -> __sdk::Result<()>;
}

impl register_user for RemoteReducers {
    fn register_user_then(
        &self,
        name: String,
        __callback: impl FnOnce(&ReducerEventContext, Result<Result<(), String>, __sdk::InternalError>)
        + Send
        + 'static,
    ) -> __sdk::Result<()> {
        self.connection.invoke_reducer_with_callback(RegisterUserArgs { name }, __callback)
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
    RegisterUser { name: String },
    SendMessage { to: __sdk::Identity, content: String },
    SetName { name: String },
}

impl __sdk::InModule for Reducer {
    type Module = RemoteModule;
}

impl __sdk::Reducer for Reducer {
    fn reducer_name(&self) -> &'static str {
        match self {
            Self::RegisterUser { .. } => "register_user",
            Self::SendMessage { .. } => "send_message",
            Self::SetName { .. } => "set_name",
        }
    }

    fn args_bsatn(&self) -> Result<Vec<u8>, __sats::bsatn::EncodeError> {
        match self {
            Self::RegisterUser { name } => {
                __sats::bsatn::to_vec(&super::register_user_reducer::RegisterUserArgs { name: name.clone() })
            }
            Self::SendMessage { to, content } => {
                __sats::bsatn::to_vec(&super::send_message_reducer::SendMessageArgs { to: to.clone(), content: content.clone() })
            }
            Self::SetName { name } => {
                __sats::bsatn::to_vec(&super::set_name_reducer::SetNameArgs { name: name.clone() })
            }
        }
    }
}

// ---- remote_tables.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::EventContext;
use super::Message;
use super::RemoteModule;
use super::Session;
use super::User;

/// The module's tables and views, each with a method that gives its rows.
pub struct RemoteTables {
    pub(super) connection: __sdk::DbContextImpl<RemoteModule>,
}

impl __sdk::InModule for RemoteTables {
    type Module = RemoteModule;
}

/// The tables and views that `subscribe_to_all_tables` subscribes to.
pub(super) const NAMES: &[&str] = &[
    "message",
    "session",
    "user",
];

pub(super) fn register(cache: &mut __sdk::ClientCache<RemoteModule>) {
    super::message_table::register(cache);
    super::session_table::register(cache);
    super::user_table::register(cache);
}

/// What a message of the server says of each table.
#[derive(Debug, Default)]
pub struct DbUpdate {
    message: __sdk::TableUpdate<Message>,
    session: __sdk::TableUpdate<Session>,
    user: __sdk::TableUpdate<User>,
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
                "message" => update.message.append(__sdk::TableUpdate::parse_table_update(table)?),
                "session" => update.session.append(__sdk::TableUpdate::parse_table_update(table)?),
                "user" => update.user.append(__sdk::TableUpdate::parse_table_update(table)?),
                name => return Err(unknown(name)),
            }
        }
        Ok(update)
    }
}

impl __sdk::DbUpdate for DbUpdate {
    fn apply_to_client_cache(&self, cache: &mut __sdk::ClientCache<RemoteModule>) -> AppliedDiff<'_> {
        AppliedDiff {
            message: cache.apply_diff_to_table::<Message>("message", &self.message).with_updates_by_pk(|row| &row.id),
            session: cache.apply_diff_to_table::<Session>("session", &self.session).with_updates_by_pk(|row| &row.connection),
            user: cache.apply_diff_to_table::<User>("user", &self.user).with_updates_by_pk(|row| &row.id),
            lifetime_of_update: PhantomData,
        }
    }

    fn parse_initial_rows(message: __ws::v2::QueryRows) -> __sdk::Result<Self> {
        let mut update = Self::default();
        for table in message.tables {
            match &table.table[..] {
                "message" => update.message.append(__sdk::parse_row_list_as_inserts(table.rows)?),
                "session" => update.session.append(__sdk::parse_row_list_as_inserts(table.rows)?),
                "user" => update.user.append(__sdk::parse_row_list_as_inserts(table.rows)?),
                name => return Err(unknown(name)),
            }
        }
        Ok(update)
    }

    fn parse_unsubscribe_rows(message: __ws::v2::QueryRows) -> __sdk::Result<Self> {
        let mut update = Self::default();
        for table in message.tables {
            match &table.table[..] {
                "message" => update.message.append(__sdk::parse_row_list_as_deletes(table.rows)?),
                "session" => update.session.append(__sdk::parse_row_list_as_deletes(table.rows)?),
                "user" => update.user.append(__sdk::parse_row_list_as_deletes(table.rows)?),
                name => return Err(unknown(name)),
            }
        }
        Ok(update)
    }
}

/// What a message of the server changed in the client's cache.
pub struct AppliedDiff<'r> {
    message: __sdk::TableAppliedDiff<'r, Message>,
    session: __sdk::TableAppliedDiff<'r, Session>,
    user: __sdk::TableAppliedDiff<'r, User>,
    lifetime_of_update: PhantomData<&'r ()>,
}

impl __sdk::InModule for AppliedDiff<'_> {
    type Module = RemoteModule;
}

impl<'r> __sdk::AppliedDiff<'r> for AppliedDiff<'r> {
    fn invoke_row_callbacks(&self, event: &EventContext, callbacks: &mut __sdk::DbCallbacks<RemoteModule>) {
        callbacks.invoke_table_row_callbacks::<Message>("message", &self.message, event);
        callbacks.invoke_table_row_callbacks::<Session>("session", &self.session, event);
        callbacks.invoke_table_row_callbacks::<User>("user", &self.user, event);
    }
}

// ---- send_message_reducer.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::Reducer;
use super::ReducerEventContext;
use super::RemoteModule;
use super::RemoteReducers;

#[derive(__lib::ser::Serialize, __lib::de::Deserialize, Debug, Clone, PartialEq, Eq, Hash)]
#[sats(crate = __lib)]
pub(super) struct SendMessageArgs {
    pub(super) to: __sdk::Identity,
    pub(super) content: String,
}

impl __sdk::InModule for SendMessageArgs {
    type Module = RemoteModule;
}

impl From<SendMessageArgs> for Reducer {
    fn from(SendMessageArgs { to, content }: SendMessageArgs) -> Self {
        Reducer::SendMessage { to, content }
    }
}

/// Gives `context.reducers` the methods that call reducer `send_message`.
pub trait send_message {
    /// Asks the server to run the reducer, without waiting for it. Fails if the connection has ended.
    fn send_message(&self, to: __sdk::Identity, content: String) -> __sdk::Result<()> {
        self.send_message_then(to, content, |_, _| {})
    }

    /// As `send_message`; the callback gets the result: the reducer's own, or what kept it from having one.
    fn send_message_then(
        &self,
        to: __sdk::Identity,
        content: String,
        __callback: impl FnOnce(&ReducerEventContext, Result<Result<(), String>, __sdk::InternalError>)
        + Send
        + 'static,
    ) -> __sdk::Result<()>;
}

impl send_message for RemoteReducers {
    fn send_message_then(
        &self,
        to: __sdk::Identity,
        content: String,
        __callback: impl FnOnce(&ReducerEventContext, Result<Result<(), String>, __sdk::InternalError>)
        + Send
        + 'static,
    ) -> __sdk::Result<()> {
        self.connection.invoke_reducer_with_callback(SendMessageArgs { to, content }, __callback)
    }
}

// ---- session_table.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::EventContext;
use super::RemoteModule;
use super::RemoteTables;
use super::Session;

/// The rows of `session` in the client's cache.
pub struct SessionTableHandle<'ctx> {
    rows: __sdk::TableHandle<Session>,
    context: PhantomData<&'ctx RemoteTables>,
}

/// Gives `context.db` its method `session`.
pub trait SessionTableAccess {
    /// The rows of `session` in the client's cache.
    fn session(&self) -> SessionTableHandle<'_>;
}

impl SessionTableAccess for RemoteTables {
    fn session(&self) -> SessionTableHandle<'_> {
        SessionTableHandle { rows: self.connection.get_table::<Session>("session"), context: PhantomData }
    }
}

/// Stands for `session` where code is generic over tables.
pub struct SessionTableAccessor;

impl __sdk::TableAccessor<RemoteTables> for SessionTableAccessor {
    type Row = Session;
    type Handle<'db> = SessionTableHandle<'db>;

    fn get<'db>(db: &'db RemoteTables) -> SessionTableHandle<'db> {
        db.session()
    }
}

/// Gives query builders their method `session`.
pub trait SessionQueryTableAccess {
    /// Queries of `session`.
    fn session(&self) -> __query_builder::Table<Session>;
}

impl SessionQueryTableAccess for __sdk::QueryTableAccessor {
    fn session(&self) -> __query_builder::Table<Session> {
        __query_builder::Table::new("session")
    }
}

/// A callback for rows that appear.
pub struct SessionInsertCallbackId(__sdk::CallbackId);

impl __sdk::Table for SessionTableHandle<'_> {
    type Row = Session;
    type EventContext = EventContext;

    fn count(&self) -> u64 {
        self.rows.count()
    }

    fn iter(&self) -> impl Iterator<Item = Session> + '_ {
        self.rows.iter()
    }

    type InsertCallbackId = SessionInsertCallbackId;

    fn on_insert(
        &self,
        callback: impl FnMut(&EventContext, &Session) + Send + 'static,
    ) -> SessionInsertCallbackId {
        SessionInsertCallbackId(self.rows.on_insert(callback))
    }

    fn remove_on_insert(&self, callback: SessionInsertCallbackId) {
        self.rows.remove_on_insert(callback.0)
    }

    type DeleteCallbackId = SessionDeleteCallbackId;

    fn on_delete(
        &self,
        callback: impl FnMut(&EventContext, &Session) + Send + 'static,
    ) -> SessionDeleteCallbackId {
        SessionDeleteCallbackId(self.rows.on_delete(callback))
    }

    fn remove_on_delete(&self, callback: SessionDeleteCallbackId) {
        self.rows.remove_on_delete(callback.0)
    }
}

impl __sdk::TableLike for SessionTableHandle<'_> {
    type Row = Session;
    type EventContext = EventContext;

    fn count(&self) -> u64 {
        self.rows.count()
    }

    fn iter(&self) -> impl Iterator<Item = Session> + '_ {
        self.rows.iter()
    }
}

impl __sdk::WithInsert for SessionTableHandle<'_> {
    type InsertCallbackId = SessionInsertCallbackId;

    fn on_insert(
        &self,
        callback: impl FnMut(&EventContext, &Session) + Send + 'static,
    ) -> SessionInsertCallbackId {
        SessionInsertCallbackId(self.rows.on_insert(callback))
    }

    fn remove_on_insert(&self, callback: SessionInsertCallbackId) {
        self.rows.remove_on_insert(callback.0)
    }
}

/// A callback for rows that disappear.
pub struct SessionDeleteCallbackId(__sdk::CallbackId);

impl __sdk::WithDelete for SessionTableHandle<'_> {
    type DeleteCallbackId = SessionDeleteCallbackId;

    fn on_delete(
        &self,
        callback: impl FnMut(&EventContext, &Session) + Send + 'static,
    ) -> SessionDeleteCallbackId {
        SessionDeleteCallbackId(self.rows.on_delete(callback))
    }

    fn remove_on_delete(&self, callback: SessionDeleteCallbackId) {
        self.rows.remove_on_delete(callback.0)
    }
}

/// A callback for rows that are replaced by others with the same primary key.
pub struct SessionUpdateCallbackId(__sdk::CallbackId);

impl __sdk::TableWithPrimaryKey for SessionTableHandle<'_> {
    type UpdateCallbackId = SessionUpdateCallbackId;

    fn on_update(
        &self,
        callback: impl FnMut(&EventContext, &Session, &Session) + Send + 'static,
    ) -> SessionUpdateCallbackId {
        SessionUpdateCallbackId(self.rows.on_update(callback))
    }

    fn remove_on_update(&self, callback: SessionUpdateCallbackId) {
        self.rows.remove_on_update(callback.0)
    }
}

impl __sdk::WithUpdate for SessionTableHandle<'_> {
    type UpdateCallbackId = SessionUpdateCallbackId;

    fn on_update(
        &self,
        callback: impl FnMut(&EventContext, &Session, &Session) + Send + 'static,
    ) -> SessionUpdateCallbackId {
        SessionUpdateCallbackId(self.rows.on_update(callback))
    }

    fn remove_on_update(&self, callback: SessionUpdateCallbackId) {
        self.rows.remove_on_update(callback.0)
    }
}

/// Finds rows of `session` by `connection`, of which no two have the same.
pub struct SessionConnectionUnique<'ctx> {
    index: __sdk::UniqueConstraintHandle<Session, __sdk::ConnectionId>,
    context: PhantomData<&'ctx RemoteTables>,
}

impl<'ctx> SessionTableHandle<'ctx> {
    /// Finds rows by `connection`.
    pub fn connection(&self) -> SessionConnectionUnique<'ctx> {
        SessionConnectionUnique { index: self.rows.get_unique_constraint::<__sdk::ConnectionId>("connection"), context: PhantomData }
    }
}

impl SessionConnectionUnique<'_> {
    /// The row in the client's cache with this value, if there is one.
    pub fn find(&self, value: &__sdk::ConnectionId) -> Option<Session> {
        self.index.find(value)
    }
}

pub(super) fn register(cache: &mut __sdk::ClientCache<RemoteModule>) {
    let table = cache.get_or_make_table::<Session>("session");
    table.add_unique_constraint::<__sdk::ConnectionId>("connection", |row| &row.connection);
}

// ---- session_type.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::RemoteModule;

#[derive(__lib::ser::Serialize, __lib::de::Deserialize, Debug, Clone, PartialEq, Eq, Hash)]
#[sats(crate = __lib)]
pub struct Session {
    pub connection: __sdk::ConnectionId,
    pub client: __sdk::Identity,
}

impl __sdk::InModule for Session {
    type Module = RemoteModule;
}

/// The columns, for conditions of queries.
pub struct SessionCols {
    pub connection: __query_builder::Col<Session, __sdk::ConnectionId>,
    pub client: __query_builder::Col<Session, __sdk::Identity>,
}

impl __query_builder::HasCols for Session {
    type Cols = SessionCols;

    fn cols(table: &'static str) -> SessionCols {
        SessionCols {
            connection: __query_builder::Col::new(table, "connection"),
            client: __query_builder::Col::new(table, "client"),
        }
    }
}

/// The columns with an index, for joins of queries.
pub struct SessionIxCols {
    pub connection: __query_builder::IxCol<Session, __sdk::ConnectionId>,
}

impl __query_builder::HasIxCols for Session {
    type IxCols = SessionIxCols;

    fn ix_cols(table: &'static str) -> SessionIxCols {
        SessionIxCols {
            connection: __query_builder::IxCol::new(table, "connection"),
        }
    }
}

impl __query_builder::CanBeLookupTable for Session {}

// ---- set_name_reducer.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::Reducer;
use super::ReducerEventContext;
use super::RemoteModule;
use super::RemoteReducers;

#[derive(__lib::ser::Serialize, __lib::de::Deserialize, Debug, Clone, PartialEq, Eq, Hash)]
#[sats(crate = __lib)]
pub(super) struct SetNameArgs {
    pub(super) name: String,
}

impl __sdk::InModule for SetNameArgs {
    type Module = RemoteModule;
}

impl From<SetNameArgs> for Reducer {
    fn from(SetNameArgs { name }: SetNameArgs) -> Self {
        Reducer::SetName { name }
    }
}

/// Gives `context.reducers` the methods that call reducer `set_name`.
pub trait set_name {
    /// Asks the server to run the reducer, without waiting for it. Fails if the connection has ended.
    fn set_name(&self, name: String) -> __sdk::Result<()> {
        self.set_name_then(name, |_, _| {})
    }

    /// As `set_name`; the callback gets the result: the reducer's own, or what kept it from having one.
    fn set_name_then(
        &self,
        name: String,
        __callback: impl FnOnce(&ReducerEventContext, Result<Result<(), String>, __sdk::InternalError>)
        + Send
        + 'static,
    ) -> __sdk::Result<()>;
}

impl set_name for RemoteReducers {
    fn set_name_then(
        &self,
        name: String,
        __callback: impl FnOnce(&ReducerEventContext, Result<Result<(), String>, __sdk::InternalError>)
        + Send
        + 'static,
    ) -> __sdk::Result<()> {
        self.connection.invoke_reducer_with_callback(SetNameArgs { name }, __callback)
    }
}

// ---- user_table.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::EventContext;
use super::RemoteModule;
use super::RemoteTables;
use super::User;

/// The rows of `user` in the client's cache.
pub struct UserTableHandle<'ctx> {
    rows: __sdk::TableHandle<User>,
    context: PhantomData<&'ctx RemoteTables>,
}

/// Gives `context.db` its method `user`.
pub trait UserTableAccess {
    /// The rows of `user` in the client's cache.
    fn user(&self) -> UserTableHandle<'_>;
}

impl UserTableAccess for RemoteTables {
    fn user(&self) -> UserTableHandle<'_> {
        UserTableHandle { rows: self.connection.get_table::<User>("user"), context: PhantomData }
    }
}

/// Stands for `user` where code is generic over tables.
pub struct UserTableAccessor;

impl __sdk::TableAccessor<RemoteTables> for UserTableAccessor {
    type Row = User;
    type Handle<'db> = UserTableHandle<'db>;

    fn get<'db>(db: &'db RemoteTables) -> UserTableHandle<'db> {
        db.user()
    }
}

/// Gives query builders their method `user`.
pub trait UserQueryTableAccess {
    /// Queries of `user`.
    fn user(&self) -> __query_builder::Table<User>;
}

impl UserQueryTableAccess for __sdk::QueryTableAccessor {
    fn user(&self) -> __query_builder::Table<User> {
        __query_builder::Table::new("user")
    }
}

/// A callback for rows that appear.
pub struct UserInsertCallbackId(__sdk::CallbackId);

impl __sdk::Table for UserTableHandle<'_> {
    type Row = User;
    type EventContext = EventContext;

    fn count(&self) -> u64 {
        self.rows.count()
    }

    fn iter(&self) -> impl Iterator<Item = User> + '_ {
        self.rows.iter()
    }

    type InsertCallbackId = UserInsertCallbackId;

    fn on_insert(
        &self,
        callback: impl FnMut(&EventContext, &User) + Send + 'static,
    ) -> UserInsertCallbackId {
        UserInsertCallbackId(self.rows.on_insert(callback))
    }

    fn remove_on_insert(&self, callback: UserInsertCallbackId) {
        self.rows.remove_on_insert(callback.0)
    }

    type DeleteCallbackId = UserDeleteCallbackId;

    fn on_delete(
        &self,
        callback: impl FnMut(&EventContext, &User) + Send + 'static,
    ) -> UserDeleteCallbackId {
        UserDeleteCallbackId(self.rows.on_delete(callback))
    }

    fn remove_on_delete(&self, callback: UserDeleteCallbackId) {
        self.rows.remove_on_delete(callback.0)
    }
}

impl __sdk::TableLike for UserTableHandle<'_> {
    type Row = User;
    type EventContext = EventContext;

    fn count(&self) -> u64 {
        self.rows.count()
    }

    fn iter(&self) -> impl Iterator<Item = User> + '_ {
        self.rows.iter()
    }
}

impl __sdk::WithInsert for UserTableHandle<'_> {
    type InsertCallbackId = UserInsertCallbackId;

    fn on_insert(
        &self,
        callback: impl FnMut(&EventContext, &User) + Send + 'static,
    ) -> UserInsertCallbackId {
        UserInsertCallbackId(self.rows.on_insert(callback))
    }

    fn remove_on_insert(&self, callback: UserInsertCallbackId) {
        self.rows.remove_on_insert(callback.0)
    }
}

/// A callback for rows that disappear.
pub struct UserDeleteCallbackId(__sdk::CallbackId);

impl __sdk::WithDelete for UserTableHandle<'_> {
    type DeleteCallbackId = UserDeleteCallbackId;

    fn on_delete(
        &self,
        callback: impl FnMut(&EventContext, &User) + Send + 'static,
    ) -> UserDeleteCallbackId {
        UserDeleteCallbackId(self.rows.on_delete(callback))
    }

    fn remove_on_delete(&self, callback: UserDeleteCallbackId) {
        self.rows.remove_on_delete(callback.0)
    }
}

/// A callback for rows that are replaced by others with the same primary key.
pub struct UserUpdateCallbackId(__sdk::CallbackId);

impl __sdk::TableWithPrimaryKey for UserTableHandle<'_> {
    type UpdateCallbackId = UserUpdateCallbackId;

    fn on_update(
        &self,
        callback: impl FnMut(&EventContext, &User, &User) + Send + 'static,
    ) -> UserUpdateCallbackId {
        UserUpdateCallbackId(self.rows.on_update(callback))
    }

    fn remove_on_update(&self, callback: UserUpdateCallbackId) {
        self.rows.remove_on_update(callback.0)
    }
}

impl __sdk::WithUpdate for UserTableHandle<'_> {
    type UpdateCallbackId = UserUpdateCallbackId;

    fn on_update(
        &self,
        callback: impl FnMut(&EventContext, &User, &User) + Send + 'static,
    ) -> UserUpdateCallbackId {
        UserUpdateCallbackId(self.rows.on_update(callback))
    }

    fn remove_on_update(&self, callback: UserUpdateCallbackId) {
        self.rows.remove_on_update(callback.0)
    }
}

/// Finds rows of `user` by `id`, of which no two have the same.
pub struct UserIdUnique<'ctx> {
    index: __sdk::UniqueConstraintHandle<User, __sdk::Identity>,
    context: PhantomData<&'ctx RemoteTables>,
}

impl<'ctx> UserTableHandle<'ctx> {
    /// Finds rows by `id`.
    pub fn id(&self) -> UserIdUnique<'ctx> {
        UserIdUnique { index: self.rows.get_unique_constraint::<__sdk::Identity>("id"), context: PhantomData }
    }
}

impl UserIdUnique<'_> {
    /// The row in the client's cache with this value, if there is one.
    pub fn find(&self, value: &__sdk::Identity) -> Option<User> {
        self.index.find(value)
    }
}

pub(super) fn register(cache: &mut __sdk::ClientCache<RemoteModule>) {
    let table = cache.get_or_make_table::<User>("user");
    table.add_unique_constraint::<__sdk::Identity>("id", |row| &row.id);
}

// ---- user_type.rs
// Made by `spacetime generate`. Do not edit: the next run replaces it.

use std::marker::PhantomData;

use spacetimedb_sdk::__codegen::{self as __sdk, __lib, __query_builder, __sats, __ws};

use super::RemoteModule;

#[derive(__lib::ser::Serialize, __lib::de::Deserialize, Debug, Clone, PartialEq, Eq, Hash)]
#[sats(crate = __lib)]
pub struct User {
    pub id: __sdk::Identity,
    pub name: Option<String>,
}

impl __sdk::InModule for User {
    type Module = RemoteModule;
}

/// The columns, for conditions of queries.
pub struct UserCols {
    pub id: __query_builder::Col<User, __sdk::Identity>,
    pub name: __query_builder::Col<User, Option<String>>,
}

impl __query_builder::HasCols for User {
    type Cols = UserCols;

    fn cols(table: &'static str) -> UserCols {
        UserCols {
            id: __query_builder::Col::new(table, "id"),
            name: __query_builder::Col::new(table, "name"),
        }
    }
}

/// The columns with an index, for joins of queries.
pub struct UserIxCols {
    pub id: __query_builder::IxCol<User, __sdk::Identity>,
}

impl __query_builder::HasIxCols for User {
    type IxCols = UserIxCols;

    fn ix_cols(table: &'static str) -> UserIxCols {
        UserIxCols {
            id: __query_builder::IxCol::new(table, "id"),
        }
    }
}

impl __query_builder::CanBeLookupTable for User {}

