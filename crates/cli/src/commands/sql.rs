//! `spacetime sql`.

use clap::Args;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::target::{Rows, Where};
use crate::terminal;

/// Runs a query and shows the rows.
///
/// Through a server: the SQL of clients, of one module, with what your identity may see. With --database-url: any SQL.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Name of the module; left out with --database-url.
    module: String,
    /// The query.
    query: Option<String>,
    #[command(flatten)]
    target: Where,
    /// Rows as a JSON array of objects.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(options: Options) -> Result<()> {
    let (module, query) = match (&options.module, &options.query) {
        (module, Some(query)) => (module.as_str(), query),
        (query, None) if options.target.database_url.is_some() => ("", query),
        _ => {
            return Err(Error::refused(
                "a query through a server is about one module",
                "spacetime sql MODULE 'SELECT * FROM …'",
            ));
        }
    };
    let mut target = options.target.open(None).await?;
    for rows in target.sql(module, query).await? {
        show(&rows, options.json)?;
    }
    Ok(())
}

/// Rows as a table, or as JSON.
pub(crate) fn show(rows: &Rows, json: bool) -> Result<()> {
    if json {
        let object = |row: &Vec<Value>| {
            let fields = rows.names.iter().cloned().zip(row.iter().cloned());
            Value::Object(fields.collect())
        };
        terminal::out(serde_json::to_string_pretty(&rows.rows.iter().map(object).collect::<Vec<_>>())?);
        return Ok(());
    }
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let cells: Vec<Vec<String>> = rows.rows.iter().map(|row| row.iter().map(text).collect()).collect();
    terminal::out(terminal::table(&rows.names.iter().map(String::as_str).collect::<Vec<_>>(), &cells));
    let count = cells.len();
    terminal::out(format_args!("({count} row{})", if count == 1 { "" } else { "s" }));
    Ok(())
}
