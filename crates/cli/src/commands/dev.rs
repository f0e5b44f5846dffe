//! `spacetime dev`: every edit is built, published and generated; a broken one leaves the old version serving.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

use super::gateway::stop_requested;
use super::{build, generate, publish};
use crate::error::{Error, Result};
use crate::project::Project;
use crate::target::{Target, Where};
use crate::terminal;

/// Editors write several files, several times.
const QUIET: Duration = Duration::from_millis(150);

/// Watches a project: builds, publishes and generates at every change. The data are kept.
///
/// An edit that does not compile, or cannot keep the data, changes nothing. When the server was away, the newest version is
/// published as soon as it is back.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Name of the module [default: the one in spacetime.toml].
    name: Option<String>,
    /// Folder of the project.
    #[arg(long, short, value_name = "DIR", default_value = ".")]
    project_path: PathBuf,
    #[command(flatten)]
    target: Where,
    /// Publish versions that break clients, too.
    #[arg(long, short)]
    yes: bool,
}

pub(crate) async fn run(options: Options) -> Result<()> {
    let stopping = stop_requested()?;
    tokio::pin!(stopping);
    let project = Project::open(&options.project_path)?;
    let name = publish::module_name(options.name.as_deref(), &project.file)?;
    let mut target = options.target.open(Some(&project.file)).await?;
    let (_watcher, mut edits) = watch(&project.folder)?;
    loop {
        let mut is_away = false;
        match round(&project.folder, &name, &mut target, options.yes).await {
            Ok(()) => {}
            // Ctrl-C reaches the compiler as well.
            Err(error) if error.is_interrupt() => return Ok(()),
            Err(error) => {
                terminal::error(&error);
                terminal::note(format!("{name} stays as it was."));
                is_away = error.is_connection();
            }
        }
        let also = if is_away { "the server and for " } else { "" };
        terminal::note(format!("Waiting for {also}changes; Ctrl-C stops."));
        tokio::select! {
            biased;
            () = &mut stopping => return Ok(()),
            _ = edits.recv() => {}
            () = target.come_back(), if is_away => {}
        }
        while tokio::time::timeout(QUIET, edits.recv()).await.is_ok() {}
    }
}

/// Tells of every change of a source, as long as the watcher lives.
fn watch(project: &Path) -> Result<(RecommendedWatcher, mpsc::UnboundedReceiver<()>)> {
    let (edited, edits) = mpsc::unbounded_channel();
    let folder = project.to_owned();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if let Ok(event) = event
            && (event.kind.is_modify() || event.kind.is_create() || event.kind.is_remove())
            && event.paths.iter().any(|path| is_source(&folder, path))
        {
            // Nobody listens any more: the command is at its end.
            let _ = edited.send(());
        }
    })
    .map_err(watch_failed)?;
    watcher.watch(project, RecursiveMode::Recursive).map_err(watch_failed)?;
    Ok((watcher, edits))
}

async fn round(folder: &Path, name: &str, target: &mut Target, yes: bool) -> Result<()> {
    // Anew each time: spacetime.toml may have changed, too.
    let project = Project::open(folder)?;
    let built = tokio::task::block_in_place(|| build::build(&project, false))?;
    target.reconnect().await?;
    publish::publish(target, name, &built.wasm, false, yes).await?;
    if let Some(wanted) = &project.file.generate {
        generate::write(&built.definition, wanted.lang, &project.folder.join(&wanted.out_dir))?;
    }
    Ok(())
}

/// Whether a change of a file can change the module: not what building writes, nor hidden files.
fn is_source(project: &Path, path: &Path) -> bool {
    let Ok(inside) = path.strip_prefix(project) else { return false };
    let outputs = ["target", "build", "bin", "obj", "node_modules"];
    let mut parts = inside.components().map(|part| part.as_os_str().to_string_lossy().into_owned());
    let is_output = parts.any(|part| outputs.contains(&part.as_str()) || part.starts_with('.'));
    let ending = inside.extension().map(|ending| ending.to_string_lossy().into_owned()).unwrap_or_default();
    !is_output && matches!(ending.as_str(), "rs" | "toml" | "c" | "h" | "cs" | "csproj")
}

fn watch_failed(error: notify::Error) -> Error {
    Error::Plain(format!("the folder cannot be watched: {error}"))
}
