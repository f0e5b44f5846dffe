//! An OpenID provider for tests: a real HTTP server that can be made to misbehave, and keys to sign tokens with.
//!
//! It runs on one thread and answers one connection at a time, so that tests can count threads.
#![allow(dead_code, unused_imports, reason = "each test uses a part")]

pub(crate) mod keys;

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

pub(crate) use keys::{SigningKey, token};

pub(crate) const DISCOVERY: &str = "/.well-known/openid-configuration";

/// What a path answers.
#[derive(Clone)]
pub(crate) enum Reply {
    Json(Value),
    Status(u16),
    Text(String),
    /// Status and Location.
    Redirect(u16, String),
    /// A body of this size, with or without saying so beforehand.
    Huge {
        bytes: usize,
        announced: bool,
    },
    /// Reads the request and never answers.
    Hang,
    /// A status line, then one byte at a time for as long as somebody listens.
    Drip,
    /// Closes the connection without an answer.
    Close,
    /// Says it will send more than it does.
    Truncated,
    /// Not HTTP.
    Garbage,
}

#[derive(Default)]
struct State {
    replies: HashMap<String, Reply>,
    requests: Vec<String>,
    /// Connections that must stay open although nobody serves them.
    held: Vec<TcpStream>,
}

pub(crate) struct Provider {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

/// What an additional handler may answer to method, path and body.
pub(crate) type Handler = Box<dyn Fn(&Provider, &str, &str, &str) -> Option<Reply> + Send>;

impl Provider {
    /// Serves discovery and `keys` on a free port of 127.0.0.1.
    pub(crate) fn start(keys: &[&SigningKey]) -> Self {
        let provider = Self::start_with(0, None);
        provider.publish("", keys);
        provider
    }

    /// Serves nothing yet but what `handler` answers.
    pub(crate) fn start_with(port: u16, handler: Option<Handler>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(Mutex::new(State::default()));
        let server = Self { address, state: Arc::clone(&state) };
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                // Clients go away in the middle; that is what half of the tests do.
                let _ = server.serve(connection, handler.as_ref());
            }
        });
        Self { address, state }
    }

    /// The issuer without a slash at the end.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The same by name, for tests of name resolution.
    pub(crate) fn url_by_name(&self) -> String {
        format!("http://localhost:{}", self.address.port())
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics while it holds the lock")
    }

    /// Publishes a discovery document and keys for the issuer at `path` (empty, `/` or `/tenant`).
    pub(crate) fn publish(&self, path: &str, keys: &[&SigningKey]) {
        let base = path.trim_end_matches('/');
        let document = json!({"issuer": self.url() + path, "jwks_uri": format!("{}{base}/keys", self.url())});
        self.reply(&format!("{base}{DISCOVERY}"), Reply::Json(document));
        self.reply(&format!("{base}/keys"), Reply::Json(keys::jwks(keys)));
    }

    pub(crate) fn reply(&self, path: &str, reply: Reply) {
        self.state().replies.insert(path.to_owned(), reply);
    }

    /// Sends a request to itself and waits for the answer.
    pub(crate) fn post(&self, path: &str) {
        let mut connection = TcpStream::connect(self.address).expect("a listener");
        write!(connection, "POST {path} HTTP/1.1\r\n\r\n").expect("a connection");
        connection.read_to_end(&mut Vec::new()).expect("an answer");
    }

    /// Paths asked for so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.state().requests.clone()
    }

    fn serve(&self, mut connection: TcpStream, handler: Option<&Handler>) -> std::io::Result<()> {
        connection.set_read_timeout(Some(Duration::from_secs(10)))?;
        let Some((method, path, body)) = read_request(&mut connection)? else { return Ok(()) };
        self.state().requests.push(path.clone());
        let handled = handler.and_then(|handler| handler(self, &method, &path, &body));
        let reply =
            handled.or_else(|| self.state().replies.get(&path).cloned()).unwrap_or(Reply::Status(404));
        self.answer(connection, reply)
    }

    fn answer(&self, mut connection: TcpStream, reply: Reply) -> std::io::Result<()> {
        let head =
            |status: u16, more: String| format!("HTTP/1.1 {status} X\r\nConnection: close\r\n{more}\r\n");
        let with_length = |length: usize| format!("Content-Length: {length}\r\n");
        match reply {
            Reply::Json(value) => return self.answer(connection, Reply::Text(value.to_string())),
            Reply::Text(body) => write!(connection, "{}{body}", head(200, with_length(body.len())))?,
            Reply::Status(status) => connection.write_all(head(status, with_length(0)).as_bytes())?,
            Reply::Redirect(status, target) => {
                connection.write_all(
                    head(status, format!("Location: {target}\r\nContent-Length: 0\r\n")).as_bytes(),
                )?;
            }
            Reply::Huge { bytes, announced } => {
                let more = if announced { with_length(bytes) } else { String::new() };
                connection.write_all(head(200, more).as_bytes())?;
                let block = vec![b' '; 16 * 1024];
                for _ in 0..bytes / block.len() {
                    connection.write_all(&block)?;
                }
            }
            Reply::Drip => {
                connection.write_all(head(200, String::new()).as_bytes())?;
                loop {
                    connection.write_all(b" ")?;
                    thread::sleep(Duration::from_millis(20));
                }
            }
            Reply::Hang => self.state().held.push(connection),
            Reply::Close => {}
            Reply::Truncated => write!(connection, "{}{{", head(200, with_length(1000)))?,
            Reply::Garbage => connection.write_all(b"SSH-2.0-OpenSSH_9.2\r\n")?,
        }
        Ok(())
    }
}

/// Method, path and body.
fn read_request(connection: &mut TcpStream) -> std::io::Result<Option<(String, String, String)>> {
    let mut bytes = Vec::new();
    let mut block = [0; 4096];
    loop {
        let count = connection.read(&mut block)?;
        // 0x16 starts a TLS handshake, which nobody here speaks.
        if count == 0 || block[0] == 0x16 {
            return Ok(None);
        }
        bytes.extend_from_slice(&block[..count]);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .and_then(|(_, length)| length.trim().parse().ok())
            .unwrap_or(0);
        if body.len() >= length {
            let mut words = head.split_whitespace();
            let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            return Ok(Some((method.to_owned(), path.to_owned(), body.to_owned())));
        }
    }
}
