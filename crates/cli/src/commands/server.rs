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
    /// Lists the names.
    List,
    /// Forgets a name.
    Remove {
        /// As `spacetime server list` shows it.
        name: String,
    },
}

pub(crate) fn run(options: Options) -> Result<()> {
    let mut settings = Settings::read()?;
    match options.what {
        What::Add { name, url, default } => {
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
        }
        What::List => {
            let local = (!settings.servers.contains_key("local"))
                .then(|| ("local".into(), settings.server(Some("local"))));
            let named = settings.servers.iter().map(|(name, url)| (name.clone(), Ok(url.clone())));
            for (name, url) in local.into_iter().chain(named) {
                let default = settings.default_server.as_deref().unwrap_or("local") == name;
                terminal::out(format_args!("{name}\t{}{}", url?, if default { "\t(default)" } else { "" }));
            }
        }
        What::Remove { name } => {
            if settings.servers.remove(&name).is_none() {
                return Err(Error::refused(
                    format!("no server is called {name:?}"),
                    "see: spacetime server list",
                ));
            }
            if settings.default_server.as_ref() == Some(&name) {
                settings.default_server = None;
            }
            settings.write()?;
            terminal::step("removed", name);
        }
    }
    Ok(())
}
