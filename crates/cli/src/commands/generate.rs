//! `spacetime generate`: typed code for clients of a module.

use std::path::{Path, PathBuf};

use clap::Args;
use spacetime_definition::Definition;

use super::build;
use crate::bindings::{self, Language};
use crate::error::{Error, Result};
use crate::project::{self, Project};
use crate::target::Where;
use crate::{module_file, terminal};

/// Writes typed code for clients of a module: of a project, a built module, or one that is published.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// A published module instead of a project.
    module: Option<String>,
    /// Language of the client.
    #[arg(long, short, value_enum)]
    lang: Option<Language>,
    /// Folder to write to. Files that the generator made before are replaced.
    #[arg(long, short, value_name = "DIR")]
    out_dir: Option<PathBuf>,
    /// Folder of the project.
    #[arg(long, short, value_name = "DIR", default_value = ".")]
    project_path: PathBuf,
    /// A built module instead of a project.
    #[arg(long, short, value_name = "FILE", conflicts_with = "module")]
    bin_path: Option<PathBuf>,
    #[command(flatten)]
    target: Where,
}

pub(crate) async fn run(options: Options) -> Result<()> {
    let file = project::read_file(&options.project_path)?;
    let language = options.lang.or(file.generate.as_ref().map(|generate| generate.lang));
    let language = language.ok_or_else(|| {
        Error::refused("no language was given", "add --lang typescript, --lang rust or --lang sql")
    })?;
    let folder = options
        .out_dir
        .clone()
        .or_else(|| file.generate.map(|generate| options.project_path.join(generate.out_dir)));
    let folder = folder.ok_or_else(|| {
        Error::refused("no folder to write to was given", "add --out-dir src/module_bindings")
    })?;
    let definition = definition(&options).await?;
    write(&definition, language, &folder)
}

async fn definition(options: &Options) -> Result<Definition> {
    if let Some(path) = &options.bin_path {
        return Ok(module_file::read(path)?.1);
    }
    let Some(module) = &options.module else {
        return Ok(build::build(&Project::open(&options.project_path)?, false)?.definition);
    };
    options.target.open(None).await?.definition(module).await
}

/// Writes the files, and removes those that an earlier version had and this one has not.
pub(crate) fn write(definition: &Definition, language: Language, folder: &Path) -> Result<()> {
    let files = bindings::generate(definition, language)?;
    std::fs::create_dir_all(folder).map_err(Error::file(folder))?;
    for entry in std::fs::read_dir(folder).map_err(Error::file(folder))?.filter_map(|entry| entry.ok()) {
        let is_ours = std::fs::read_to_string(entry.path()).is_ok_and(|text| text.contains(bindings::MARK));
        if is_ours && !files.iter().any(|(name, _)| *entry.file_name() == **name) {
            std::fs::remove_file(entry.path()).map_err(Error::file(entry.path()))?;
        }
    }
    for (name, text) in &files {
        let path = folder.join(name);
        if std::fs::read_to_string(&path).is_ok_and(|before| before == *text) {
            continue;
        }
        std::fs::write(&path, text).map_err(Error::file(path))?;
    }
    terminal::step("generated", format!("{} file(s) in {}", files.len(), folder.display()));
    Ok(())
}
