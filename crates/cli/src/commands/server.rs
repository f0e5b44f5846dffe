//! `spacetime server`.

use clap::{Args, Subcommand};

use crate::error::{Error, Result};
use crate::settings::Settings;
use crate::terminal;

/// Gives servers names, for --server.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Gives a server a name.
    Add {
        /// For --server: `spacetime list --server NAME`.
        name: String,
        /// http://host:port or https://host
        url: String,
        /// Use it where a command names none.
        #[arg(long)]
        default: bool,
    },
    /// Lists the names, one per line, with tabs between name, URL and what is the default.
    List {
        /// As a JSON array of objects.
        #[arg(long)]
        json: bool,
    },
    /// Forgets a name.
    Remove {
        /// As `spacetime server list` shows it.
        name: String,
    },
}

pub(crate) fn run(options: Options) -> Result<()> {
    let settings = Settings::read()?;
    match options.what {
        What::Add { name, url, default } => add(settings, name, &url, default),
        What::List { json } => list(&settings, json),
        What::Remove { name } => remove(settings, name),
    }
}

fn add(mut settings: Settings, name: String, url: &str, default: bool) -> Result<()> {
    if !(url.starts_with("http://") || url.starts_with("https://")) {
        return Err(Error::refused(
            format!("{url:?} is no URL of a server"),
            "http://host:port or https://host",
        ));
    }
    settings.servers.insert(name.clone(), url.trim_end_matches('/').to_owned());
    if default {
        settings.default_server = Some(name.clone());
    }
    settings.write()?;
    terminal::step("added", name);
    Ok(())
}

fn list(settings: &Settings, json: bool) -> Result<()> {
    // Always there, unless the user means something else by it.
    let local = [("local".to_owned(), settings.server(Some("local"))?)];
    let named = settings.servers.iter().map(|(name, url)| (name.clone(), url.clone()));
    let servers: Vec<_> =
        local.into_iter().filter(|(name, _)| !settings.servers.contains_key(name)).chain(named).collect();
    let default = settings.default_server.as_deref().unwrap_or("local");
    if json {
        let objects = servers
            .iter()
            .map(|(name, url)| serde_json::json!({"name": name, "url": url, "default": name == default}));
        terminal::out(serde_json::Value::from_iter(objects));
        return Ok(());
    }
    for (name, url) in servers {
        let mark = if name == default { "\t(default)" } else { "" };
        terminal::out(format_args!("{name}\t{url}{mark}"));
    }
    Ok(())
}

fn remove(mut settings: Settings, name: String) -> Result<()> {
    if settings.servers.remove(&name).is_none() {
        return Err(Error::refused(format!("no server is called {name:?}"), "see: spacetime server list"));
    }
    if settings.default_server.as_ref() == Some(&name) {
        settings.default_server = None;
    }
    settings.write()?;
    terminal::step("removed", name);
    Ok(())
}
