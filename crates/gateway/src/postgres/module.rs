//! What a gateway knows of a module.

use std::sync::Arc;

use spacetime_auth::Identity;
use spacetime_definition::Definition;
use spacetime_query::Selection;
use spacetime_wire::ConnectionId;
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
    pub(crate) rights: Rights,
    /// Most rows that a query of others than the owner may return, as the planner estimates them.
    pub(crate) row_limit: Option<u64>,
}

/// What clients who do not own the module may see of it, beyond what it says of itself. By canonical names.
#[derive(Debug)]
pub(crate) struct Rights {
    /// The role they have the rights of.
    pub(crate) role: Arc<str>,
    /// Tables and views whose right to look an operator has taken from the role.
    pub(crate) closed: Vec<String>,
    /// Tables with row policies that operators made.
    pub(crate) policed: Vec<Policed>,
}

/// A table whose rows only Postgres can say who sees.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Policed {
    pub(crate) name: String,
    /// Tables of the module that its policies look at, itself included; `None` if that cannot be told, because they call
    /// functions.
    pub(crate) reads: Option<Vec<String>>,
}

/// A policy is ours while it has our name and says neither less nor more than the module's filters.
const QUERY: &str = "SELECT m.identity, m.owner_identity, m.wasm_sha256, m.description,
        ARRAY(SELECT n.name FROM spacetime._module_name n WHERE n.identity = m.identity ORDER BY n.name),
        ARRAY(SELECT t.value ->> 'name'
              FROM jsonb_array_elements(m.storage -> 'tables') t
              JOIN pg_class c ON c.relnamespace = s.oid AND c.relname = t.value ->> 'pg_name'
              WHERE NOT has_table_privilege($3, c.oid, 'SELECT')
              UNION ALL
              SELECT v.value ->> 'name'
              FROM jsonb_array_elements(m.storage -> 'views') v
              JOIN pg_proc p ON p.pronamespace = s.oid AND p.proname = v.value ->> 'pg_name'
              WHERE NOT has_function_privilege($3, p.oid, 'EXECUTE')),
        (SELECT coalesce(jsonb_agg(jsonb_build_object('name', t.value ->> 'name', 'reads', (
                    SELECT CASE WHEN bool_and(u.name IS NOT NULL) THEN jsonb_agg(DISTINCT u.name) END
                    FROM (SELECT t.value ->> 'name' AS name
                          UNION ALL
                          SELECT CASE WHEN d.refclassid = 'pg_class'::regclass THEN (
                                     SELECT coalesce(max(o.value ->> 'name'), '') FROM pg_class r
                                     LEFT JOIN jsonb_array_elements(m.storage -> 'tables') o
                                         ON r.relnamespace = s.oid AND r.relname = o.value ->> 'pg_name'
                                     WHERE r.oid = d.refobjid HAVING bool_and(r.relkind IN ('r', 'p')))
                                 WHEN d.refclassid = 'pg_proc'::regclass THEN (
                                     SELECT '' FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace
                                     WHERE f.oid = d.refobjid AND n.nspname = 'spacetime')
                                 ELSE '' END
                          FROM pg_policy p JOIN pg_depend d
                              ON d.classid = 'pg_policy'::regclass AND d.objid = p.oid
                          WHERE p.polrelid = c.oid AND p.polcmd IN ('r', '*')) u))), '[]')
              FROM jsonb_array_elements(m.storage -> 'tables') t
              JOIN pg_class c ON c.relnamespace = s.oid AND c.relname = t.value ->> 'pg_name'
              WHERE c.relrowsecurity AND coalesce((
                  SELECT NOT bool_or(o.is_ours) OR bool_or(NOT o.is_ours) FROM (
                      SELECT p.polname = 'spacetime_read' AND p.polpermissive AND p.polroles = '{0}'
                          AND p.polcmd = 'r'
                          AND (p.polqual::text LIKE '{CONST %:constvalue 1 [ 1 0 0 0 0 0 0 0 ]}')
                              = (jsonb_array_length(coalesce(t.value -> 'rules', '[]')) = 0) AS is_ours
                      FROM pg_policy p
                      WHERE p.polrelid = c.oid AND p.polcmd IN ('r', '*')
                        AND EXISTS (SELECT FROM unnest(p.polroles) r WHERE r = 0 OR pg_has_role($3, r, 'USAGE'))
                  ) o), true)),
        m.row_limit
    FROM spacetime._module m LEFT JOIN pg_namespace s ON s.nspname = m.schema_name
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
        self.module_as(name, &self.client_role).await
    }

    /// As [`Database::module`], with the rights of a role.
    pub(crate) async fn module_as(&self, name: &str, role: &Arc<str>) -> Result<Arc<Module>> {
        let name = name.to_lowercase();
        let identity = hex::decode(&name).ok().filter(|bytes| bytes.len() == 32);
        let missing = match &identity {
            Some(_) => ErrorBody::NoSuchIdentity,
            None => ErrorBody::NoSuchName(name.clone()),
        };
        let by_name = identity.is_none().then_some(name);
        let found = self.shared().await?.query_opt(QUERY, &[&identity, &by_name, &&**role]).await?;
        let row = found.ok_or(missing)?;
        let description: Vec<u8> = row.get(3);
        let definition =
            spacetime_definition::decode(&description).map_err(|error| Error::Layout(error.to_string()))?;
        let policed = serde_json::from_value(row.get(6)).map_err(|error| Error::Layout(error.to_string()))?;
        Ok(Arc::new(Module {
            identity: identity_of(row.get(0))?,
            owner: identity_of(row.get(1))?,
            wasm_sha256: row.get(2),
            names: row.get(4),
            rights: Rights { role: Arc::clone(role), closed: row.get(5), policed },
            row_limit: row.get::<_, Option<i64>>(7).and_then(|limit| u64::try_from(limit).ok()),
            description,
            definition,
        }))
    }

    /// Refuses selections that are estimated to be of more rows together than a module's clients may ask for.
    pub(crate) async fn check_row_limit(
        &self,
        module: &Module,
        is_owner: bool,
        selections: &[Selection],
    ) -> Result<()> {
        let Some(limit) = module.row_limit.filter(|_| !is_owner) else { return Ok(()) };
        let mut rows: u64 = 0;
        for selection in selections {
            let selection =
                serde_json::to_string(selection).map_err(|error| Error::Layout(error.to_string()))?;
            let question = "SELECT spacetime._estimate($1, $2)";
            let found = self.shared().await?.query_one(question, &[&module.key(), &selection]).await?;
            rows = rows.saturating_add(u64::try_from(found.get::<_, i64>(0)).unwrap_or(0));
        }
        if rows > limit {
            return Err(Error::Query(format!(
                "Estimated cardinality ({rows} rows) exceeds limit ({limit} rows)"
            )));
        }
        Ok(())
    }

    /// Identities of the modules somebody owns.
    pub(crate) async fn modules_of(&self, owner: Identity) -> Result<Vec<Identity>> {
        let query = "SELECT identity FROM spacetime._module WHERE owner_identity = $1 ORDER BY created_at";
        let rows = self.shared().await?.query(query, &[&owner.to_be_bytes().as_slice()]).await?;
        rows.iter().map(|row| identity_of(row.get(0))).collect()
    }
}

impl Database {
    /// The clients of a module that are connected, in the order in which they came.
    pub(crate) async fn clients(&self, module: Identity) -> Result<Vec<(Identity, ConnectionId)>> {
        let query = "SELECT identity, connection_id FROM spacetime._client WHERE module = $1
            ORDER BY connected_at, identity, connection_id";
        let rows = self.shared().await?.query(query, &[&module.to_be_bytes().as_slice()]).await?;
        let client = |row: &tokio_postgres::Row| {
            let id: [u8; 16] = row
                .get::<_, &[u8]>(1)
                .try_into()
                .map_err(|_| Error::Layout("a connection id does not have 16 bytes".into()))?;
            Ok((identity_of(row.get(0))?, ConnectionId::new(u128::from_be_bytes(id))))
        };
        rows.iter().map(client).collect()
    }
}

/// An identity as Postgres keeps it.
pub(crate) fn identity_of(bytes: &[u8]) -> Result<Identity> {
    let bytes = bytes.try_into().map_err(|_| Error::Layout("an identity does not have 32 bytes".into()))?;
    Ok(Identity::from_be_bytes(bytes))
}
