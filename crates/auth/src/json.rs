//! JSON objects of strangers: read so that no two readers can disagree about what they say.
//!
//! serde_json keeps the last of two members of one name, other readers keep the first; a token that says both is an
//! attack on one of them.

use std::collections::HashSet;

use serde_json::{Map, Value};

/// How deep claims may nest. Real ones nest three or four levels.
const DEPTH_MAX: usize = 16;
/// What serde_json calls a number internally: such a member would turn an object into a number.
const NUMBER_KEY: &str = "$serde_json::private::Number";

/// Reads an object, refusing repeated names, deep nesting and characters Postgres cannot store.
pub(crate) fn parse_object(text: &str) -> Result<Map<String, Value>, &'static str> {
    let value: Value = serde_json::from_str(text).map_err(|_| "a part is not JSON")?;
    let Value::Object(object) = value else { return Err("a part is not a JSON object") };
    check_members(text)?;
    Ok(object)
}

/// Walks `text`, which is known to be JSON.
fn check_members(text: &str) -> Result<(), &'static str> {
    // Names seen in each open object; None for an open array.
    let mut open: Vec<Option<HashSet<String>>> = Vec::new();
    let mut at_name = false;
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'{' => {
                open.push(Some(HashSet::new()));
                at_name = true;
            }
            b'[' => {
                open.push(None);
                at_name = false;
            }
            b'}' | b']' => {
                open.pop();
            }
            b',' => at_name = matches!(open.last(), Some(Some(_))),
            b':' => at_name = false,
            b'"' => {
                let end = end_of_string(bytes, at);
                let string: String =
                    serde_json::from_str(&text[at..end]).map_err(|_| "a part is not JSON")?;
                if string.contains('\0') {
                    return Err("it contains the character U+0000");
                }
                if at_name && string == NUMBER_KEY {
                    return Err("a member has a reserved name");
                }
                if at_name
                    && let Some(Some(names)) = open.last_mut()
                    && !names.insert(string)
                {
                    return Err("a member appears twice");
                }
                at = end;
                continue;
            }
            _ => {}
        }
        if open.len() > DEPTH_MAX {
            return Err("it is nested too deeply");
        }
        at += 1;
    }
    Ok(())
}

/// The offset behind the string that starts at `start`.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_objects() {
        let object = parse_object(r#"{"a": [1, {"a": "x\"y"}], "b": {"a": null}}"#).unwrap();
        assert_eq!(object.len(), 2);
    }

    #[test]
    fn refuses_what_can_be_read_in_two_ways() {
        assert_eq!(parse_object(r#"{"iss": 1, "iss": 2}"#), Err("a member appears twice"));
        assert_eq!(parse_object(r#"{"iss": 1, "\u0069ss": 2}"#), Err("a member appears twice"));
        assert_eq!(parse_object(r#"{"x": [{"a": 1, "a": 1}]}"#), Err("a member appears twice"));
        assert_eq!(
            parse_object(r#"{"x": {"$serde_json::private::Number": "1"}}"#),
            Err("a member has a reserved name")
        );
        assert_eq!(parse_object(r#"{"sub": "a\u0000b"}"#), Err("it contains the character U+0000"));
        assert_eq!(parse_object("[]"), Err("a part is not a JSON object"));
        assert_eq!(parse_object(r#"{"a": 1} {"a": 2}"#), Err("a part is not JSON"));
        let deep = format!(r#"{{"x": {}{}}}"#, "[".repeat(20), "]".repeat(20));
        assert_eq!(parse_object(&deep), Err("it is nested too deeply"));
    }
}
