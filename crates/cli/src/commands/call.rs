//! `spacetime call`.

use clap::Args;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::target::Where;
use crate::terminal;

/// Calls a reducer or a procedure.
///
/// Arguments are JSON, or plain words: `spacetime call chat set_name Ada`. One argument that is a JSON object stands for all
/// parameters by name.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Name of the module.
    module: String,
    /// The reducer or procedure.
    function: String,
    /// Arguments, in order: JSON or plain words.
    #[arg(allow_negative_numbers = true)]
    arguments: Vec<String>,
    #[command(flatten)]
    target: Where,
}

pub(crate) async fn run(options: Options) -> Result<()> {
    let arguments = arguments(&options.arguments);
    let mut target = options.target.open(None).await?;
    let returned = target.call(&options.module, &options.function, &arguments).await;
    let returned = returned.map_err(|error| match error {
        Error::Answer { status: 530, text } => Error::Plain(format!("{} refused: {text}", options.function)),
        error => error,
    })?;
    if let Some(value) = returned {
        terminal::out(value);
    }
    Ok(())
}

/// What is no JSON is a string; a single object is all of the parameters.
fn arguments(given: &[String]) -> Value {
    let mut values: Vec<Value> = given
        .iter()
        .map(|text| serde_json::from_str(text).unwrap_or_else(|_| text.as_str().into()))
        .collect();
    match values.as_slice() {
        [Value::Object(_)] => values.remove(0),
        _ => Value::Array(values),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn words_are_strings_and_json_is_json() {
        let parsed = |words: &[&str]| {
            super::arguments(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(
            parsed(&["Ada", "7", "\"7\"", "[1]", "-1.5", "null"]),
            json!(["Ada", 7, "7", [1], -1.5, null])
        );
        assert_eq!(parsed(&["{\"name\": \"Ada\"}"]), json!({"name": "Ada"}));
        assert_eq!(parsed(&[]), json!([]));
    }
}
