//! What the bindings of all modules have: connections and the contexts of callbacks.

use super::{IMPORTS, fill};

/// `remote_connection.rs`
pub(super) fn text() -> String {
    let mut text = format!("{IMPORTS}{HEAD}");
    text.push_str(&context("DbConnection", "A connection to the module.", None));
    text.push_str(CONNECTION);
    let contexts = [
        ("EventContext", "The connection, for callbacks of rows.", "__sdk::Event<Reducer>"),
        ("ReducerEventContext", "The connection, for callbacks of reducers.", "__sdk::ReducerEvent<Reducer>"),
        ("ProcedureEventContext", "The connection, for callbacks of procedures.", "()"),
        ("SubscriptionEventContext", "The connection, for callbacks of subscriptions.", "()"),
        ("ErrorContext", "The connection, for callbacks of errors.", "Option<__sdk::Error>"),
    ];
    for (name, about, event) in contexts {
        text.push_str(&context(name, about, Some(event)));
    }
    text
}

fn context(name: &str, about: &str, event: Option<&str>) -> String {
    let field = match event {
        None | Some("()") => String::new(),
        Some(event) => format!("    /// Why the callback is called.\n    pub event: {event},\n"),
    };
    let (mention, value) =
        if field.is_empty() { ("", "&()") } else { ("            event,\n", "&self.event") };
    let construction = match event {
        None => fill(NEW_CONNECTION, &[]),
        Some(event) => fill(NEW_CONTEXT, &[("$Event", event), ("$value", value)]),
    };
    fill(
        &format!("{CONTEXT}{construction}"),
        &[("$Context", name), ("$about", about), ("$field", &field), ("$mention", mention)],
    )
}

const HEAD: &str = "
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
";

const CONTEXT: &str = "
/// $about
pub struct $Context {
    /// The rows in the client's cache.
    pub db: RemoteTables,
    /// Calls reducers.
    pub reducers: RemoteReducers,
    /// Calls procedures.
    pub procedures: RemoteProcedures,
$field    connection: __sdk::DbContextImpl<RemoteModule>,
}

impl __sdk::InModule for $Context {
    type Module = RemoteModule;
}

impl __sdk::DbContext for $Context {
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
";

const NEW_CONNECTION: &str = "
impl __sdk::DbConnection for $Context {
    fn new(connection: __sdk::DbContextImpl<RemoteModule>) -> Self {
        Self {
            db: RemoteTables { connection: connection.clone() },
            reducers: RemoteReducers { connection: connection.clone() },
            procedures: RemoteProcedures { connection: connection.clone() },
            connection,
        }
    }
}
";

const NEW_CONTEXT: &str = "
impl __sdk::AbstractEventContext for $Context {
    type Event = $Event;

    fn event(&self) -> &Self::Event {
        $value
    }

    fn new(connection: __sdk::DbContextImpl<RemoteModule>, event: Self::Event) -> Self {
        Self {
            db: RemoteTables { connection: connection.clone() },
            reducers: RemoteReducers { connection: connection.clone() },
            procedures: RemoteProcedures { connection: connection.clone() },
$mention            connection,
        }
    }
}

impl __sdk::$Context for $Context {}
";

const CONNECTION: &str = "
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
    #[cfg(not(target_arch = \"wasm32\"))]
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
    #[cfg(not(target_arch = \"wasm32\"))]
    pub fn run_threaded(&self) -> std::thread::JoinHandle<()> {
        self.connection.run_threaded()
    }

    /// Handles messages in a task of the browser for as long as the connection lasts.
    #[cfg(target_arch = \"wasm32\")]
    pub fn run_background_task(&self) {
        self.connection.run_background_task()
    }

    /// Handles messages for as long as the connection lasts.
    pub async fn run_async(&self) -> __sdk::Result<()> {
        self.connection.run_async().await
    }
}
";
