//! Connections, and waiting for what they bring.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use spacetimedb_sdk::Identity;

/// A limit only so that a broken gateway ends the run.
pub const LIMIT: Duration = Duration::from_secs(60);

/// Waits until `check` is true.
pub fn until(what: &str, check: impl Fn() -> bool) {
    let end = Instant::now() + LIMIT;
    while !check() {
        assert!(Instant::now() < end, "never happened: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Something that a callback says once.
pub struct Word<T>(Receiver<T>);

impl<T> Word<T> {
    pub fn new() -> (Sender<T>, Self) {
        let (tell, hear) = channel();
        (tell, Self(hear))
    }

    pub fn hear(self, what: &str) -> T {
        self.0.recv_timeout(LIMIT).unwrap_or_else(|error| panic!("never heard of {what}: {error}"))
    }
}

/// A connection whose messages are handled in a thread.
pub struct Session<C> {
    pub connection: C,
    pub identity: Identity,
    pub token: String,
    pub thread: JoinHandle<()>,
    /// Whether the connection ended with an error.
    pub ended: Word<Option<String>>,
}

/// Connects to a module, whose bindings have its name: `connect!(chat, url, None)`. Methods of the builder may follow.
#[macro_export]
macro_rules! connect {
    ($module:ident, $url:expr, $token:expr $(, $option:ident($value:expr))*) => {{
        let (connected, who) = $crate::session::Word::new();
        let (disconnected, ended) = $crate::session::Word::new();
        let connection = $crate::bindings::$module::DbConnection::builder()
            .with_uri($url)
            .with_database_name(stringify!($module))
            .with_token($token)
            $(.$option($value))*
            .on_connect(move |_, identity, token| connected.send((identity, token.to_owned())).unwrap())
            .on_connect_error(|_, error| panic!("connecting to {}: {error}", stringify!($module)))
            .on_disconnect(move |_, error| {
                disconnected.send(error.map(|error| error.to_string())).unwrap()
            })
            .build()
            .unwrap();
        let thread = connection.run_threaded();
        let (identity, token) = who.hear("the identity");
        $crate::session::Session { connection, identity, token, thread, ended }
    }};
}

/// Subscribes and waits until the rows are there: `subscribe!(session, ["SELECT * FROM user"])`.
#[macro_export]
macro_rules! subscribe {
    ($session:expr, $queries:expr) => {{
        let (applied, is_applied) = $crate::session::Word::new();
        let failed = applied.clone();
        let handle = spacetimedb_sdk::DbContext::subscription_builder(&$session.connection)
            .on_applied(move |_| applied.send(Ok(())).unwrap())
            .on_error(move |_, error| failed.send(Err(error)).unwrap())
            .subscribe($queries);
        is_applied.hear("the subscription").unwrap();
        handle
    }};
}

/// Calls a reducer and waits for its result: `call!(session, set_name_then, "Ann".into())`.
#[macro_export]
macro_rules! call {
    ($session:expr, $reducer:ident $(, $argument:expr)*) => {{
        let (finished, result) = $crate::session::Word::new();
        $session.connection.reducers.$reducer($($argument,)* move |_, result| finished.send(result).unwrap()).unwrap();
        result.hear(stringify!($reducer)).unwrap()
    }};
}

/// Disconnects; fails if that was not all that ended the connection, or the SDK has panicked before.
#[macro_export]
macro_rules! close {
    ($session:expr) => {{
        let session = $session;
        spacetimedb_sdk::DbContext::disconnect(&session.connection).unwrap();
        assert_eq!(session.ended.hear("the end"), None);
        session.thread.join().unwrap();
    }};
}
