//! Where modules live: behind a gateway's HTTP interface, or in a database that is spoken to in SQL.

mod database;
mod log_tail;
mod server;

use std::time::Duration;

use clap::Args;
use serde_json::Value;
use spacetime_definition::Definition;

pub(crate) use database::Database;
pub(crate) use server::Server;

use crate::error::Result;
use crate::project::ProjectFile;
use crate::settings::Settings;

/// How often it is asked whether a server that was away is there again.
const AWAY: Duration = Duration::from_secs(1);

/// Options of all commands that need to know where.
#[derive(Debug, Default, Clone, Args)]
pub(crate) struct Where {
    /// Server: a URL, or a name (see `spacetime server`) [default: where `spacetime start` listens].
    #[arg(long, short, value_name = "SERVER", conflicts_with = "database_url")]
    pub(crate) server: Option<String>,
    /// Database to use without a server, in SQL, as the URL's role: postgres://…
    #[arg(long, value_name = "URL")]
    pub(crate) database_url: Option<String>,
}

/// One step of what publishing would do.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) text: String,
    pub(crate) breaks_clients: bool,
}

/// What publishing would do.
#[derive(Debug)]
pub(crate) enum Plan {
    /// There is no module of that name.
    New,
    Update(Vec<Step>),
    /// The data cannot be kept; why.
    Impossible(String),
}

/// What the user agreed to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Agreed {
    pub(crate) break_clients: bool,
    pub(crate) delete_data: bool,
}

/// Names and values of a query's rows, as text.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) names: Vec<String>,
    pub(crate) rows: Vec<Vec<Value>>,
}

pub(crate) enum Target {
    Server(Server),
    Database(Database),
}

impl Where {
    /// What the command line says, else the project's file, else the user's settings.
    pub(crate) async fn open(&self, project: Option<&ProjectFile>) -> Result<Target> {
        let of_project = |field: fn(&ProjectFile) -> &Option<String>| {
            project.and_then(|file| field(file).clone()).filter(|_| self.server.is_none())
        };
        let database = self.database_url.clone().or_else(|| of_project(|file| &file.database_url));
        if let Some(url) = database {
            return Ok(Target::Database(Database::connect(&url).await?));
        }
        let settings = Settings::read()?;
        let given = self.server.clone().or_else(|| of_project(|file| &file.server));
        Ok(Target::Server(Server::new(settings.server(given.as_deref())?, &settings)?))
    }
}

impl Target {
    pub(crate) async fn plan(&mut self, name: &str, wasm: &[u8]) -> Result<Plan> {
        match self {
            Self::Server(server) => server.plan(name, wasm).await,
            Self::Database(database) => database.plan(name, wasm).await,
        }
    }

    /// Publishes; returns a line about what it was.
    pub(crate) async fn publish(&mut self, name: &str, wasm: &[u8], agreed: Agreed) -> Result<String> {
        match self {
            Self::Server(server) => server.publish(name, wasm, agreed).await,
            Self::Database(database) => database.publish(name, wasm, agreed).await,
        }
    }

    /// Calls a reducer or procedure; returns what a procedure returned.
    pub(crate) async fn call(
        &mut self,
        module: &str,
        function: &str,
        arguments: &Value,
    ) -> Result<Option<Value>> {
        match self {
            Self::Server(server) => server.call(module, function, arguments).await,
            Self::Database(database) => database.call(module, function, arguments).await,
        }
    }

    pub(crate) async fn sql(&mut self, module: &str, query: &str) -> Result<Vec<Rows>> {
        match self {
            Self::Server(server) => server.sql(module, query).await,
            Self::Database(database) => database.sql(query).await,
        }
    }

    /// Records of a module's log, the oldest first, each an object with level, message and so on.
    pub(crate) async fn logs(&mut self, module: &str, count: u32) -> Result<Vec<Value>> {
        match self {
            Self::Server(server) => server.logs(module, count).await,
            Self::Database(database) => database.logs(module, count).await,
        }
    }

    /// Shows the newest `count` records of a log and then every new one; returns when there is nothing more to come.
    pub(crate) async fn follow_logs(
        &mut self,
        module: &str,
        count: u32,
        show: impl FnMut(&Value),
    ) -> Result<()> {
        match self {
            Self::Server(server) => server.follow_logs(module, count, show).await,
            Self::Database(database) => database.follow_logs(module, count, show).await,
        }
    }

    /// Connects again if the connection was lost. (Servers are connected to for each request.)
    pub(crate) async fn reconnect(&mut self) -> Result<()> {
        match self {
            Self::Server(_) => Ok(()),
            Self::Database(database) => database.reconnect().await,
        }
    }

    /// Waits until a server that was away can be reached again.
    pub(crate) async fn come_back(&mut self) {
        loop {
            tokio::time::sleep(AWAY).await;
            let is_there = match self {
                Self::Server(server) => server.is_healthy().await,
                Self::Database(database) => database.reconnect().await.is_ok(),
            };
            if is_there {
                return;
            }
        }
    }

    /// The definition as JSON: the database's own form, or the server's schema.
    pub(crate) async fn describe(&mut self, module: &str) -> Result<Value> {
        match self {
            Self::Server(server) => Ok(server.schema(module).await?.1),
            Self::Database(database) => database.describe(module).await,
        }
    }

    /// What a module consists of.
    pub(crate) async fn definition(&mut self, module: &str) -> Result<Definition> {
        match self {
            Self::Server(server) => server.definition(module).await,
            Self::Database(database) => Ok(serde_json::from_value(database.describe(module).await?)?),
        }
    }

    pub(crate) async fn list(&mut self) -> Result<Rows> {
        match self {
            Self::Server(server) => server.list().await,
            Self::Database(database) => database.list().await,
        }
    }

    pub(crate) async fn delete(&mut self, module: &str) -> Result<()> {
        match self {
            Self::Server(server) => server.delete(module).await,
            Self::Database(database) => database.delete(module).await,
        }
    }
}
