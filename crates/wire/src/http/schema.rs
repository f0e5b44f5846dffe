//! Answer of `GET /v1/database/:x/schema` (wire.md §5.7), as SATS-JSON: the definition as the guest wrote it, or for
//! tools older than the module translated to version 9; and
//! back, for tools of ours that ask a server.

mod read;
mod shape;
mod shapes;
mod translation;

use spacetime_definition::Definition;
use spacetime_definition::bsatn::Reader;

use crate::error::WireError;

/// Generation of a definition, the value of the query parameter `version`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    V9,
    V10,
}

impl Version {
    /// From the query parameter.
    pub fn from_parameter(text: &str) -> Option<Self> {
        match text {
            "9" => Some(Self::V9),
            "10" => Some(Self::V10),
            _ => None,
        }
    }

    /// The generation in which a module described itself.
    ///
    /// # Errors
    ///
    /// [`WireError::Malformed`] if `description` is no description.
    pub fn of(description: &[u8]) -> Result<Self, WireError> {
        match description.first() {
            Some(1) => Ok(Self::V9),
            Some(2) => Ok(Self::V10),
            _ => Err(WireError::malformed("not a module description of version 9 or 10")),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::V9 => "V9",
            Self::V10 => "V10",
        }
    }
}

/// The body for a module that described itself with `description`, the bytes that `__describe_module__` wrote. It
/// is in the generation of the module. A module of version 9 that is asked for version 10 answers 400, and the
/// official tool then asks for 9; for the other case there is [`version_9_json`].
///
/// # Errors
///
/// [`WireError::Malformed`] if the bytes are no description.
pub fn definition_json(description: &[u8]) -> Result<String, WireError> {
    let shape = match Version::of(description)? {
        Version::V9 => &shapes::V9,
        Version::V10 => &shapes::V10,
    };
    let mut reader = Reader::new(description.get(1..).unwrap_or_default());
    let mut body = String::with_capacity(description.len() * 4);
    shape.write(&mut reader, &mut body, 0)?;
    reader.finish()?;
    Ok(body)
}

/// The description that a body of [`definition_json`], or of another server, stands for.
///
/// # Errors
///
/// [`WireError::Malformed`] if the body is no definition of that version.
pub fn description(version: Version, body: &serde_json::Value) -> Result<Vec<u8>, WireError> {
    let (tag, shape) = match version {
        Version::V9 => (1, &shapes::V9),
        Version::V10 => (2, &shapes::V10),
    };
    let mut bytes = vec![tag];
    shape.read(body, &mut bytes, 0)?;
    Ok(bytes)
}

/// The body in version 9 for a module of any generation, with canonical names.
pub fn version_9_json(definition: &Definition) -> String {
    translation::version_9(definition).to_string()
}

/// The definition with its generation, `{"V9":{…}}`: what the official code generator reads from a file.
///
/// # Errors
///
/// As for [`definition_json`].
pub fn module_definition_json(description: &[u8]) -> Result<String, WireError> {
    Ok(format!("{{\"{}\":{}}}", Version::of(description)?.name(), definition_json(description)?))
}
