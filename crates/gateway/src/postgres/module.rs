//! What a gateway knows of a module.

use std::sync::Arc;

use spacetime_auth::Identity;
use spacetime_definition::Definition;
use spacetime_wire::http::ErrorBody;

use super::Database;
use crate::error::{Error, Result};

/// A version of a module.
#[derive(Debug)]
pub(crate) struct Module {
    pub(crate) identity: Identity,
    pub(crate) owner: Identity,
    pub(crate) names: Vec<String>,
    pub(crate) wasm_sha256: Vec<u8>,
    /// As the guest described itself.
    pub(crate) description: Vec<u8>,
    pub(crate) definition: Definition,
    /// Tables, by canonical name, whose rows clients see under more conditions than that the table is public: filters of
    /// the module, policies or revoked rights of operators.
    pub(crate) secured: Vec<String>,
}

const QUERY: &str = "SELECT m.identity, m.owner_identity, m.wasm_sha256, m.description,
        ARRAY(SELECT n.name FROM spacetime._module_name n WHERE n.identity = m.identity ORDER BY n.name),
        ARRAY(SELECT t.value ->> 'name'
              FROM jsonb_array_elements(m.storage -> 'tables') t
              JOIN pg_namespace s ON s.nspname = m.schema_name
              JOIN pg_class c ON c.relnamespace = s.oid AND c.relname = t.value ->> 'pg_name'
              WHERE NOT has_table_privilege('spacetime_client', c.oid, 'SELECT')
                 OR (c.relrowsecurity AND NOT coalesce((
                     SELECT bool_and(p.polname = 'spacetime_read' AND pg_get_expr(p.polqual, p.polrelid) = 'true'
                                     AND p.polpermissive AND p.polroles = '{0}')
                     FROM pg_policy p WHERE p.polrelid = c.oid), false)))
    FROM spacetime._module m
    WHERE m.identity = $1 OR m.identity = (SELECT n.identity FROM spacetime._module_name n WHERE n.name = $2)";

impl Module {
    /// What the extension calls the module, whatever its names become.
    pub(crate) fn key(&self) -> String {
        self.identity.to_string()
    }
}

impl Database {
    /// The module with a name, or an identity in hex; the error is the answer to the client.
    pub(crate) async fn module(&self, name: &str) -> Result<Arc<Module>> {
        let name = name.to_lowercase();
        let identity = hex::decode(&name).ok().filter(|bytes| bytes.len() == 32);
        let missing = match &identity {
            Some(_) => ErrorBody::NoSuchIdentity,
            None => ErrorBody::NoSuchName(name.clone()),
        };
        let by_name = identity.is_none().then_some(name);
        let found = self.shared().await?.query_opt(QUERY, &[&identity, &by_name]).await?;
        let row = found.ok_or(missing)?;
        let description: Vec<u8> = row.get(3);
        let definition =
            spacetime_definition::decode(&description).map_err(|error| Error::Layout(error.to_string()))?;
        Ok(Arc::new(Module {
            identity: identity_of(row.get(0))?,
            owner: identity_of(row.get(1))?,
            wasm_sha256: row.get(2),
            names: row.get(4),
            secured: row.get(5),
            description,
            definition,
        }))
    }

    /// Identities of the modules somebody owns.
    pub(crate) async fn modules_of(&self, owner: Identity) -> Result<Vec<Identity>> {
        let query = "SELECT identity FROM spacetime._module WHERE owner_identity = $1 ORDER BY created_at";
        let rows = self.shared().await?.query(query, &[&owner.to_be_bytes().as_slice()]).await?;
        rows.iter().map(|row| identity_of(row.get(0))).collect()
    }
}

/// An identity as Postgres keeps it.
pub(crate) fn identity_of(bytes: &[u8]) -> Result<Identity> {
    let bytes = bytes.try_into().map_err(|_| Error::Layout("an identity does not have 32 bytes".into()))?;
    Ok(Identity::from_be_bytes(bytes))
}
