//! What the operator can choose.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Serves SpacetimeDB's client API for the modules of a Postgres database.
#[derive(Debug, Clone, clap::Parser)]
#[command(name = "spacetime-gateway", version)]
pub struct Options {
    /// The database: a URL (postgres://…) or key=value pairs. The role must own the extension or be a superuser.
    #[arg(long, env = "DATABASE_URL")]
    pub database_url: String,
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,
    /// File with the private key tokens are signed with; made at the first start. Without it nobody's token counts any more.
    #[arg(long, default_value = "spacetime-gateway.pem")]
    pub key_file: PathBuf,
    /// Name of this gateway, the same after a restart and different from other gateways of the database: what its last run
    /// left connected is disconnected by it.
    #[arg(long, default_value = "gateway")]
    pub name: String,
    /// Who may publish new modules: anybody with a token, or nobody (then only SQL creates modules).
    #[arg(long, value_enum, default_value_t = Publishers::Loopback)]
    pub publish: Publishers,
    /// Role whose EXECUTE rights clients have; empty: spacetime_client where it exists, else PUBLIC's.
    #[arg(long, default_value = "")]
    pub client_role: String,
}

/// Who may create modules over HTTP. The owner of a module may always update it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Publishers {
    /// Anybody, while the gateway listens on a loopback address only.
    Loopback,
    Anybody,
    Nobody,
}

impl Options {
    /// Whether somebody without further rights may create modules.
    pub fn lets_anybody_publish(&self) -> bool {
        match self.publish {
            Publishers::Loopback => self.listen.ip().is_loopback(),
            Publishers::Anybody => true,
            Publishers::Nobody => false,
        }
    }
}
