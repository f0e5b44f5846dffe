//! `spacetime describe`.

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;
use spacetime_definition::{Definition, Field, Lifecycle};

use crate::bindings::type_text;
use crate::error::Result;
use crate::module_file;
use crate::target::Where;
use crate::terminal;

/// Shows what a module consists of: tables, reducers, procedures, views.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Name of a published module.
    #[arg(required_unless_present = "bin_path")]
    module: Option<String>,
    /// A built module instead of a published one.
    #[arg(long, short, value_name = "FILE", conflicts_with = "module")]
    bin_path: Option<PathBuf>,
    /// The whole definition as JSON; of a server: its schema, in SpacetimeDB's form.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: Where,
}

pub(crate) async fn run(options: Options) -> Result<()> {
    if let Some(path) = &options.bin_path {
        let definition = module_file::read(path)?.1;
        return if options.json {
            print_json(&serde_json::to_value(&definition)?)
        } else {
            print(&definition)
        };
    }
    let mut target = options.target.open(None).await?;
    let module = options.module.as_deref().unwrap_or_default();
    if options.json {
        print_json(&target.describe(module).await?)
    } else {
        print(&target.definition(module).await?)
    }
}

fn print_json(description: &Value) -> Result<()> {
    terminal::out(serde_json::to_string_pretty(description)?);
    Ok(())
}

fn print(definition: &Definition) -> Result<()> {
    for table in &definition.tables {
        terminal::out(format_args!(
            "{} table {}",
            if table.is_public { "public" } else { "private" },
            table.name
        ));
        for (at, column) in table.columns.iter().enumerate() {
            let is_key = table.primary_key == Some(at);
            terminal::out(format_args!(
                "    {}: {}{}",
                column.name,
                type_text(&column.ty),
                if is_key { "  -- primary key" } else { "" }
            ));
        }
    }
    for reducer in &definition.reducers {
        let occasion = match reducer.lifecycle {
            None => "",
            Some(Lifecycle::Init) => "  -- runs at the first publish",
            Some(Lifecycle::ClientConnected) => "  -- runs when a client connects",
            Some(Lifecycle::ClientDisconnected) => "  -- runs when a client disconnects",
        };
        terminal::out(format_args!("reducer {}({}){occasion}", reducer.name, parameters(&reducer.params)));
    }
    for procedure in &definition.procedures {
        let returned = type_text(&procedure.return_type);
        terminal::out(format_args!(
            "procedure {}({}): {returned}",
            procedure.name,
            parameters(&procedure.params)
        ));
    }
    for view in &definition.views {
        terminal::out(format_args!("view {}({})", view.name, parameters(&view.params)));
    }
    Ok(())
}

fn parameters(fields: &[Field]) -> String {
    let named = |field: &Field| format!("{}: {}", field.name.as_deref().unwrap_or("_"), type_text(&field.ty));
    fields.iter().map(named).collect::<Vec<_>>().join(", ")
}
