//! `spacetime build`: from sources to WebAssembly.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use spacetime_definition::Definition;

use crate::error::{Error, Result};
use crate::project::{Project, SourceLanguage};
use crate::{module_file, terminal};

/// Builds a module to WebAssembly, and prints the path of the file.
///
/// Rust needs cargo and the target wasm32-unknown-unknown, C needs clang and lld, C# the .NET 8 SDK. wasm-opt is used where it
/// is installed.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Folder of the project.
    #[arg(long, short, value_name = "DIR", default_value = ".")]
    project_path: PathBuf,
    /// Quicker to build, slower to run.
    #[arg(long)]
    debug: bool,
}

/// What a build made.
pub(crate) struct Built {
    pub(crate) path: PathBuf,
    pub(crate) wasm: Vec<u8>,
    pub(crate) definition: Definition,
}

pub(crate) fn run(options: Options) -> Result<()> {
    let built = build(&Project::open(&options.project_path)?, options.debug)?;
    terminal::out(built.path.display());
    Ok(())
}

/// Builds a project and shows what came of it.
pub(crate) fn build(project: &Project, debug: bool) -> Result<Built> {
    let path = match project.language {
        SourceLanguage::Rust => rust(&project.folder, debug)?,
        SourceLanguage::C => c(&project.folder)?,
        SourceLanguage::CSharp => csharp(&project.folder)?,
    };
    let path = if debug { path } else { optimised(path)? };
    let (wasm, definition) = module_file::read(&path)?;
    terminal::step("built", format!("{} ({} kB)", path.display(), wasm.len().div_ceil(1024)));
    let names = |names: Vec<&str>| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let tables = definition.tables.iter().map(|table| table.name.as_str()).collect();
    let reducers = definition.reducers.iter().map(|reducer| reducer.name.as_str()).collect();
    terminal::step("tables", names(tables));
    terminal::step("reducers", names(reducers));
    Ok(Built { path, wasm, definition })
}

/// Runs a compiler, whose own words the user sees.
fn run_program(command: &mut Command, missing: &str) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => Error::refused(format!("{program} is not installed"), missing),
        _ => Error::Program { program: program.clone(), source },
    })?;
    if status.success() { Ok(()) } else { Err(Error::ProgramFailed { program, status }) }
}

fn rust(folder: &Path, debug: bool) -> Result<PathBuf> {
    const TARGET: &str = "wasm32-unknown-unknown";
    require_rust_target(TARGET)?;
    let mut cargo = Command::new("cargo");
    cargo.current_dir(folder).args(["build", "--target", TARGET]);
    // The module is found by what cargo says it made; people read the rest on stderr.
    cargo.args(["--message-format", "json-render-diagnostics"]).stdout(std::process::Stdio::piped());
    if !debug {
        cargo.arg("--release");
    }
    let output =
        cargo.stderr(std::process::Stdio::inherit()).output().map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => {
                Error::refused("cargo is not installed", "install Rust from https://rustup.rs")
            }
            _ => Error::Program { program: "cargo".into(), source },
        })?;
    if !output.status.success() {
        return Err(Error::ProgramFailed { program: "cargo build".into(), status: output.status });
    }
    let messages = output.stdout.split(|byte| *byte == b'\n');
    let mut files = messages
        .filter_map(|line| serde_json::from_slice::<serde_json::Value>(line).ok())
        .filter(|message| message["reason"] == "compiler-artifact")
        .flat_map(|message| message["filenames"].as_array().cloned().unwrap_or_default())
        .filter_map(|name| name.as_str().filter(|name| name.ends_with(".wasm")).map(PathBuf::from));
    files.next_back().ok_or_else(|| {
        Error::refused(
            "cargo built no WebAssembly library",
            "Cargo.toml needs [lib] with crate-type = [\"cdylib\"]",
        )
    })
}

fn require_rust_target(target: &str) -> Result<()> {
    let root = Command::new("rustc").args(["--print", "target-libdir", "--target", target]).output();
    let Ok(output) = root else {
        return Err(Error::refused("rustc is not installed", "install Rust from https://rustup.rs"));
    };
    if Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir() {
        return Ok(());
    }
    Err(Error::refused(format!("Rust cannot build for {target} yet"), format!("rustup target add {target}")))
}

fn c(folder: &Path) -> Result<PathBuf> {
    let mut sources: Vec<_> = std::fs::read_dir(folder)
        .map_err(Error::file(folder))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "c"))
        .collect();
    sources.sort();
    let out = folder.join("build");
    std::fs::create_dir_all(&out).map_err(Error::file(&out))?;
    let name = folder.file_name().map_or("module".into(), |name| name.to_string_lossy().into_owned());
    let path = out.join(format!("{name}.wasm"));
    let mut clang = Command::new("clang");
    clang.current_dir(folder).args([
        "--target=wasm32-unknown-unknown",
        "-std=c11",
        "-O2",
        "-mbulk-memory",
        "-nostdlib",
        "-ffreestanding",
        "-fno-builtin",
        "-Wl,--no-entry",
        "-I.",
    ]);
    clang.args(&sources).arg("-o").arg(&path);
    run_program(&mut clang, "install clang and lld, for example: apt install clang lld")?;
    Ok(path)
}

fn csharp(folder: &Path) -> Result<PathBuf> {
    let mut dotnet = Command::new("dotnet");
    dotnet.current_dir(folder).args(["publish", "-c", "Release"]);
    const WORKLOAD: &str = "dotnet workload install wasi-experimental";
    run_program(
        &mut dotnet,
        &format!("install the .NET 8 SDK (https://dot.net), and its part for WebAssembly: {WORKLOAD}"),
    )
    .inspect_err(|error| {
        if matches!(error, Error::ProgramFailed { .. }) {
            // Among what dotnet says itself, it is easily missed.
            terminal::note(format!("If it misses a workload: {WORKLOAD}"));
        }
    })?;
    let found = newest_wasm(&folder.join("bin"));
    found.ok_or_else(|| Error::Plain(format!("dotnet left no .wasm below {}", folder.join("bin").display())))
}

/// The .wasm file below a folder that was written last.
fn newest_wasm(folder: &Path) -> Option<PathBuf> {
    let mut newest = None;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).ok()?.filter_map(|entry| entry.ok()) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "wasm") {
                let written = entry.metadata().and_then(|facts| facts.modified()).ok()?;
                newest = newest.max(Some((written, path)));
            }
        }
    }
    newest.map(|(_, path)| path)
}

/// The module made smaller by wasm-opt, where that is installed; the module itself otherwise.
fn optimised(path: PathBuf) -> Result<PathBuf> {
    let small = path.with_extension("opt.wasm");
    let result =
        Command::new("wasm-opt").args(["-all", "-g", "-O2"]).arg(&path).arg("-o").arg(&small).status();
    match result {
        Ok(status) if status.success() => Ok(small),
        Ok(_) => {
            terminal::warn("wasm-opt failed; the module stays as the compiler made it");
            Ok(path)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(path),
        Err(source) => Err(Error::Program { program: "wasm-opt".into(), source }),
    }
}
