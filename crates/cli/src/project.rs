//! A module's project: a folder with sources and, if the defaults do not fit, `spacetime.toml`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

const FILE: &str = "spacetime.toml";

/// What `spacetime.toml` may say. Everything can be given on the command line instead.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ProjectFile {
    /// Name to publish under.
    pub(crate) name: Option<String>,
    /// Server to publish to: a name or a URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) server: Option<String>,
    /// Database to publish to, instead of a server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) database_url: Option<String>,
    /// Where bindings go: `[generate] lang = "typescript", out_dir = "…"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) generate: Option<Generate>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Generate {
    pub(crate) lang: crate::bindings::Language,
    pub(crate) out_dir: PathBuf,
}

/// The languages that `build` builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SourceLanguage {
    Rust,
    C,
    CSharp,
}

#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) folder: PathBuf,
    pub(crate) file: ProjectFile,
    pub(crate) language: SourceLanguage,
}

impl Project {
    /// The project in a folder.
    ///
    /// # Errors
    ///
    /// There is no folder, or nothing in it that could be built.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let folder = folder.canonicalize().map_err(Error::file(folder))?;
        let language = language(&folder)?;
        Ok(Self { file: read_file(&folder)?, language, folder })
    }
}

/// `spacetime.toml` of a folder; the defaults if there is none.
pub(crate) fn read_file(folder: &Path) -> Result<ProjectFile> {
    let path = folder.join(FILE);
    match std::fs::read_to_string(&path) {
        Ok(text) => toml::from_str(&text).map_err(|source| Error::Toml { path, source }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(ProjectFile::default()),
        Err(source) => Err(Error::File { path, source }),
    }
}

/// Writes the `spacetime.toml` of a new project.
pub(crate) fn write_file(folder: &Path, file: &ProjectFile) -> Result<()> {
    let text = toml::to_string(file).map_err(|error| Error::Plain(error.to_string()))?;
    let path = folder.join(FILE);
    std::fs::write(&path, text).map_err(Error::file(path))
}

fn language(folder: &Path) -> Result<SourceLanguage> {
    if folder.join("Cargo.toml").is_file() {
        return Ok(SourceLanguage::Rust);
    }
    let entries = std::fs::read_dir(folder).map_err(Error::file(folder))?;
    let names: Vec<_> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    let has = |ending: &str| names.iter().any(|name| name.ends_with(ending));
    if has(".csproj") {
        Ok(SourceLanguage::CSharp)
    } else if has(".c") {
        Ok(SourceLanguage::C)
    } else {
        Err(Error::refused(
            format!("{} is no module: there is no Cargo.toml, .csproj or .c file", folder.display()),
            "make one with `spacetime init`, or name its folder with --project-path",
        ))
    }
}
