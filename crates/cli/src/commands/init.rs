//! `spacetime init`: a project that builds and publishes as it is.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::error::{Error, Result};
use crate::project::{self, ProjectFile};
use crate::terminal;

/// Makes a new project that builds and publishes as it is.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Folder to make it in; new, or empty.
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// What to make, and in which language.
    #[arg(long, value_enum, default_value_t = Language::Rust)]
    lang: Language,
    /// An example to begin with (Rust): `chat` has users and private messages.
    #[arg(long, value_enum, default_value_t = Template::Basic)]
    template: Template,
    /// Name of the module [default: the folder's].
    #[arg(long)]
    name: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Language {
    /// A module in Rust.
    Rust,
    /// A module in C.
    C,
    /// A module in C#.
    Csharp,
    /// A client in TypeScript.
    TypescriptClient,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Template {
    Basic,
    Chat,
}

const GITIGNORE: &str = include_str!("../../templates/gitignore");
const RUST_CARGO: &str = include_str!("../../templates/rust/Cargo.toml");
const RUST_LIB: &str = include_str!("../../templates/rust/lib.rs");
const CHAT_CARGO: &str = include_str!("../../templates/chat/Cargo.toml");
const CHAT_LIB: &str = include_str!("../../../../modules/examples/chat/src/lib.rs");
const C_HEADER: &str = include_str!("../../../../modules/c/spacetime.h");
const C_MODULE: &str = include_str!("../../../../modules/c/guestbook.c");
const CSHARP_PROJECT: &str = include_str!("../../templates/csharp/module.csproj");
const CSHARP_LIB: &str = include_str!("../../templates/csharp/Lib.cs");
const CLIENT_PACKAGE: &str = include_str!("../../templates/typescript-client/package.json");
const CLIENT_CONFIG: &str = include_str!("../../templates/typescript-client/tsconfig.json");
const CLIENT_MAIN: &str = include_str!("../../templates/typescript-client/main.ts");

pub(crate) fn run(options: Options) -> Result<()> {
    if options.template == Template::Chat && options.lang != Language::Rust {
        return Err(Error::refused("the chat is written in Rust", "leave out --lang"));
    }
    let folder = new_folder(&options.folder)?;
    let of_folder = folder.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = module_name(options.name.as_deref().or(of_folder.as_deref()).unwrap_or_default())?;
    let files: &[(&str, &str)] = match (options.lang, options.template) {
        (Language::Rust, Template::Basic) => &[("Cargo.toml", RUST_CARGO), ("src/lib.rs", RUST_LIB)],
        (Language::Rust, Template::Chat) => &[("Cargo.toml", CHAT_CARGO), ("src/lib.rs", CHAT_LIB)],
        (Language::C, _) => &[("spacetime.h", C_HEADER), ("module.c", C_MODULE)],
        (Language::Csharp, _) => &[("module.csproj", CSHARP_PROJECT), ("Lib.cs", CSHARP_LIB)],
        (Language::TypescriptClient, _) => &[
            ("package.json", CLIENT_PACKAGE),
            ("tsconfig.json", CLIENT_CONFIG),
            ("src/main.ts", CLIENT_MAIN),
        ],
    };
    for (path, text) in files.iter().chain(&[(".gitignore", GITIGNORE)]) {
        let text = text.replace("{crate}", &name).replace("{name}", &name);
        write(&folder.join(path), &text)?;
    }
    if options.lang != Language::TypescriptClient {
        project::write_file(&folder, &ProjectFile { name: Some(name.clone()), ..ProjectFile::default() })?;
    }
    terminal::step("made", format!("{name} in {}", folder.display()));
    terminal::note(next(options.lang));
    Ok(())
}

fn next(language: Language) -> &'static str {
    match language {
        Language::Rust | Language::C => {
            "Next: spacetime start (in another terminal), then here: spacetime publish"
        }
        Language::Csharp => {
            "Needs the .NET 8 SDK and `dotnet workload install wasi-experimental`. Next: spacetime start, spacetime publish"
        }
        Language::TypescriptClient => {
            "Next, once the module is published: npm install, npm run generate, npm start"
        }
    }
}

/// The folder, which must not hold anything that could be overwritten.
fn new_folder(folder: &Path) -> Result<PathBuf> {
    std::fs::create_dir_all(folder).map_err(Error::file(folder))?;
    let mut entries = std::fs::read_dir(folder).map_err(Error::file(folder))?;
    if entries.any(|entry| entry.is_ok_and(|entry| entry.file_name() != ".git")) {
        return Err(Error::refused(
            format!("{} is not empty", folder.display()),
            "name a new folder: spacetime init NAME",
        ));
    }
    folder.canonicalize().map_err(Error::file(folder))
}

/// A module's name: lower case letters, digits and hyphens.
fn module_name(given: &str) -> Result<String> {
    let name = given.to_lowercase().replace(['_', ' ', '.'], "-");
    let is_good = name.starts_with(|first: char| first.is_ascii_lowercase())
        && !name.ends_with('-')
        && !name.contains("--")
        && name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-');
    if is_good {
        return Ok(name);
    }
    Err(Error::refused(
        format!("{given:?} cannot be the name of a module"),
        "names are lower case letters, digits and hyphens; give one with --name",
    ))
}

fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(Error::file(folder))?;
    }
    std::fs::write(path, text).map_err(Error::file(path))
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_are_made_of_folders() {
        assert_eq!(super::module_name("My_Chat").unwrap(), "my-chat");
        for wrong in ["", "7up", "a--b", "a-", "ü"] {
            assert!(super::module_name(wrong).is_err(), "{wrong}");
        }
    }
}
