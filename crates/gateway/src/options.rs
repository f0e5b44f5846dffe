//! What the operator can choose.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Procedures that run at a time by default.
const PROCEDURE_CONNECTIONS: usize = 16;

/// Serves SpacetimeDB's client API for the modules of a Postgres database.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// The database: a URL (postgres://…) or key=value pairs. The role must be a superuser.
    #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: String,
    /// Certificates (PEM) that Postgres' own must lead to; without it, sslmode=require encrypts and believes any server.
    #[arg(long, value_name = "FILE")]
    pub database_ca: Option<PathBuf>,
    /// Addresses to listen on, separated by commas.
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',', default_value = "127.0.0.1:3000,[::1]:3000")]
    pub listen: Vec<SocketAddr>,
    /// Certificate chain (PEM): clients connect with TLS.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// Private key (PEM) of the certificate.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Name of this gateway, the same after a restart and different from other gateways of the database: what its last run
    /// left connected is disconnected by it.
    #[arg(long, default_value = "gateway")]
    pub name: String,
    /// Who may publish new modules, besides those that spacetime.grant_publish names.
    #[arg(long, value_enum, default_value_t = Publishers::Loopback)]
    pub publish: Publishers,
    /// Trust tokens of the public issuer of the official command line tool, as long as all addresses are loopback ones.
    #[arg(long)]
    pub trust_loopback_cli: bool,
    /// Role whose EXECUTE rights clients have [default: spacetime_client where it exists, else PUBLIC's].
    #[arg(long, value_name = "ROLE", default_value = "", hide_default_value = true)]
    pub client_role: String,
    /// Procedures that run at a time; each has a connection to Postgres.
    #[arg(long, value_name = "N", default_value_t = PROCEDURE_CONNECTIONS)]
    pub procedure_connections: usize,
    /// Compression of messages to clients.
    #[arg(long, value_enum, default_value_t = CompressionChoice::Never)]
    pub compression: CompressionChoice,
}

/// Who may create modules over HTTP. The owner of a module may always update it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Publishers {
    /// Anybody, while the gateway listens on loopback addresses only.
    Loopback,
    /// Whoever can reach the gateway.
    Anybody,
    /// Only those that spacetime.grant_publish names.
    Nobody,
}

/// Whether messages to clients are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum CompressionChoice {
    /// Every client reads plain messages, and TypeScript clients may put compressed ones out of order.
    Never,
    /// As the client asks.
    Asked,
}

impl Options {
    /// A gateway of a database, everything else as the command line has it by default.
    pub fn new(database_url: String, listen: Vec<SocketAddr>) -> Self {
        Self {
            database_url,
            database_ca: None,
            listen,
            tls_cert: None,
            tls_key: None,
            name: "gateway".into(),
            publish: Publishers::Loopback,
            trust_loopback_cli: false,
            client_role: String::new(),
            procedure_connections: PROCEDURE_CONNECTIONS,
            compression: CompressionChoice::Never,
        }
    }

    /// Whether somebody without further rights may create modules.
    pub fn lets_anybody_publish(&self) -> bool {
        match self.publish {
            Publishers::Loopback => self.is_loopback(),
            Publishers::Anybody => true,
            Publishers::Nobody => false,
        }
    }

    /// Whether nobody from outside this machine can connect.
    pub fn is_loopback(&self) -> bool {
        self.listen.iter().all(|address| address.ip().is_loopback())
    }
}
