//! `spacetime publish`: shows what will happen to the data, asks where somebody could be hurt, and does it.

use std::path::PathBuf;

use clap::Args;

use super::build;
use crate::error::{Error, Result};
use crate::project::{self, Project, ProjectFile};
use crate::target::{Agreed, Plan, Target, Where};
use crate::{module_file, terminal};

/// Publishes a module: makes it, or migrates what is there to the new version.
///
/// Shows what will change, and asks before clients break or data are deleted.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Name of the module [default: the one in spacetime.toml].
    name: Option<String>,
    /// Folder of the project to build and publish.
    #[arg(long, short, value_name = "DIR", default_value = ".", conflicts_with = "bin_path")]
    project_path: PathBuf,
    /// A built module to publish instead of a project.
    #[arg(long, short, value_name = "FILE")]
    bin_path: Option<PathBuf>,
    #[command(flatten)]
    target: Where,
    /// Start afresh: deletes all data of the module.
    #[arg(long, short = 'c')]
    delete_data: bool,
    /// Agree beforehand to what would be asked.
    #[arg(long, short)]
    yes: bool,
}

pub(crate) async fn run(options: Options) -> Result<()> {
    let (wasm, file) = match &options.bin_path {
        Some(path) => (module_file::read(path)?.0, project::read_file(".".as_ref())?),
        None => {
            let project = Project::open(&options.project_path)?;
            (build::build(&project, false)?.wasm, project.file)
        }
    };
    let name = module_name(options.name.as_deref(), &file)?;
    let mut target = options.target.open(Some(&file)).await?;
    publish(&mut target, &name, &wasm, options.delete_data, options.yes).await
}

/// The name on the command line, else the project's.
pub(crate) fn module_name(given: Option<&str>, file: &ProjectFile) -> Result<String> {
    given.map(str::to_owned).or_else(|| file.name.clone()).ok_or_else(|| {
        Error::refused(
            "the module has no name",
            "give one: spacetime publish NAME, or name = \"…\" in spacetime.toml",
        )
    })
}

/// Publishes after having shown the plan and asked.
pub(crate) async fn publish(
    target: &mut Target,
    name: &str,
    wasm: &[u8],
    delete_data: bool,
    yes: bool,
) -> Result<()> {
    let plan = target.plan(name, wasm).await?;
    let agreed = match plan {
        Plan::New => Agreed::default(),
        _ if delete_data => {
            terminal::confirm(&format!("Delete all data of {name}?"), "--yes", yes)?;
            Agreed { break_clients: false, delete_data: true }
        }
        Plan::Update(steps) => {
            for step in &steps {
                terminal::step(if step.breaks_clients { "breaking" } else { "change" }, &step.text);
            }
            let break_clients = steps.iter().any(|step| step.breaks_clients);
            if break_clients {
                terminal::confirm("Clients of the version that runs now will break. Publish?", "--yes", yes)?;
            }
            Agreed { break_clients, delete_data: false }
        }
        Plan::Impossible(why) => {
            return Err(Error::refused(
                format!("the data of {name} cannot be kept: {why}"),
                "change the module, or start afresh with --delete-data",
            ));
        }
    };
    let done = target.publish(name, wasm, agreed).await?;
    terminal::step("published", done);
    Ok(())
}
