//! `spacetime login`.

use clap::Args;

use crate::device_login;
use crate::error::{Error, Result};
use crate::settings::Settings;
use crate::target::Server;
use crate::terminal;

/// Decides who you are at a server: the identity of a token, or a new one.
///
/// Without a login, the first command that needs one gets a new identity and keeps its token.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Server: a URL, or a name (see `spacetime server`) [default: where `spacetime start` listens].
    #[arg(long, short)]
    server: Option<String>,
    /// Be the identity of this token; - reads it from standard input.
    #[arg(long, conflicts_with = "logout")]
    token: Option<String>,
    /// Log in at an OpenID provider that the server trusts: its URL. You type a code on its page (device flow).
    #[arg(long, value_name = "URL", conflicts_with_all = ["logout", "token"], requires = "client_id")]
    issuer: Option<String>,
    /// What this command is called at the provider; its administrator gives one out.
    #[arg(long, requires = "issuer")]
    client_id: Option<String>,
    /// What the token is to tell of you.
    #[arg(long, requires = "issuer", default_value = "openid profile email")]
    scope: String,
    /// Forget the token.
    #[arg(long)]
    logout: bool,
    /// Print the token, for other programs.
    #[arg(long, conflicts_with = "logout")]
    show_token: bool,
}

pub(crate) async fn run(options: Options) -> Result<()> {
    let mut settings = Settings::read()?;
    let url = settings.server(options.server.as_deref())?;
    if options.logout {
        settings.tokens.remove(&url);
        settings.write()?;
        terminal::step("logged out", &url);
        return Ok(());
    }
    let given = match (options.token, &options.issuer, &options.client_id) {
        (Some(token), ..) if token == "-" => {
            Some(std::io::read_to_string(std::io::stdin()).map_err(Error::file("standard input"))?)
        }
        (None, Some(issuer), Some(client_id)) => {
            let provider = device_login::Provider { issuer, client_id, scope: &options.scope };
            Some(device_login::log_in(&provider).await?)
        }
        (token, ..) => token,
    };
    if let Some(token) = given {
        // Logging in takes its time; other commands may have written theirs.
        let mut settings = Settings::read()?;
        settings.tokens.insert(url.clone(), token.trim().to_owned());
        // Kept only if the server takes it.
        let mut server = Server::new(url, &settings)?;
        let identity = server.identity().await?;
        settings.write()?;
        terminal::step("logged in", format!("at {} as {identity}", server.url()));
        return Ok(());
    }
    let mut server = Server::new(url.clone(), &settings)?;
    let identity = server.identity().await?;
    if options.show_token {
        terminal::out(Settings::read()?.tokens.get(&url).cloned().unwrap_or_default());
    } else {
        terminal::step("logged in", format!("at {} as {identity}", server.url()));
    }
    Ok(())
}
