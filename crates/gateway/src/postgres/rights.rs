//! Whether what clients may see has changed: operators may take rights from clients and change row policies at any time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use spacetime_auth::Identity;

use super::Database;
use super::module::identity_of;
use crate::error::{Error, Result};
use crate::metrics::Metrics;
use crate::subscriptions::{Hubs, Input};

/// How often is looked: for so long somebody may go on to see what was taken away.
const PAUSE: Duration = Duration::from_secs(1);

/// What a role may see of a module.
#[derive(Debug, Clone)]
pub(crate) struct RightsSeen {
    role: Arc<str>,
    /// By table or view: something that changes with who sees what of it. Policies by their text: a publish that makes them
    /// again as they were changes nothing.
    seen: Arc<BTreeMap<String, String>>,
}

impl RightsSeen {
    /// Whether later rights are others for any of these tables and views.
    pub(crate) fn differ<'a>(&self, later: &Self, mut names: impl Iterator<Item = &'a String>) -> bool {
        self.role == later.role
            && names.any(|name| match (self.seen.get(name), later.seen.get(name)) {
                (Some(before), Some(now)) => before != now,
                // What is gone, a publish has taken away; its clients learn of that otherwise.
                _ => false,
            })
    }
}

// A policy by its expression tree: pg_get_expr would wait for whoever has locked the table. Without places in a text, and without
// the numbers of functions that are not Postgres' own: a publish makes those of client visibility filters again.
const QUERY: &str =
    "SELECT m.identity, coalesce(jsonb_object_agg(r.name, r.seen) FILTER (WHERE r.name IS NOT NULL), '{}')
    FROM spacetime._module m LEFT JOIN pg_namespace s ON s.nspname = m.schema_name
    LEFT JOIN LATERAL (
        SELECT t.value ->> 'name' AS name, md5(concat_ws('|',
            has_table_privilege($1, c.oid, 'SELECT'), c.relrowsecurity,
            (SELECT string_agg(concat_ws(',', p.polname, p.polcmd, p.polpermissive,
                        (SELECT bool_or(r = 0 OR pg_has_role($1, r, 'USAGE')) FROM unnest(p.polroles) r),
                        regexp_replace(p.polqual::text, ' :(location -?[0-9]+|funcid [0-9]{5,})', '', 'g'),
                        (SELECT string_agg(f.name, ',' ORDER BY f.name)
                         FROM pg_depend d, LATERAL (SELECT d.refobjid::regprocedure::text AS name) f
                         WHERE d.classid = 'pg_policy'::regclass AND d.objid = p.oid
                           AND d.refclassid = 'pg_proc'::regclass)), ';' ORDER BY p.polname)
             FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd IN ('r', '*')))) AS seen
        FROM jsonb_array_elements(m.storage -> 'tables') t
        JOIN pg_class c ON c.relnamespace = s.oid AND c.relname = t.value ->> 'pg_name'
        UNION ALL
        SELECT v.value ->> 'name', has_function_privilege($1, p.oid, 'EXECUTE')::text
        FROM jsonb_array_elements(m.storage -> 'views') v
        JOIN pg_proc p ON p.pronamespace = s.oid AND p.proname = v.value ->> 'pg_name'
    ) r ON true
    WHERE $2::bytea IS NULL OR m.identity = $2
    GROUP BY m.identity";

impl Database {
    /// What a role may see of a module now. From then on it is watched.
    pub(crate) async fn watch(&self, module: Identity, role: &Arc<str>) -> Result<Option<RightsSeen>> {
        self.watched().insert(Arc::clone(role));
        Ok(self.rights(Some(module), role).await?.pop().map(|(_, seen)| seen))
    }

    fn watched(&self) -> MutexGuard<'_, BTreeSet<Arc<str>>> {
        self.watched_roles.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a role may see of one module now, or of all.
    async fn rights(&self, module: Option<Identity>, role: &Arc<str>) -> Result<Vec<(Identity, RightsSeen)>> {
        let module = module.map(|module| module.to_be_bytes().to_vec());
        let rows = self.shared().await?.query(QUERY, &[&&**role, &module]).await?;
        rows.iter()
            .map(|row| {
                let seen = serde_json::from_value(row.get(1));
                let seen = seen.map_err(|error| Error::Layout(error.to_string()))?;
                let seen = RightsSeen { role: Arc::clone(role), seen: Arc::new(seen) };
                Ok((identity_of(row.get(0))?, seen))
            })
            .collect()
    }
}

/// Tells the hubs again and again what clients may see, as long as there are clients.
pub(crate) async fn watch_rights(database: Arc<Database>, metrics: Arc<Metrics>, hubs: Arc<Hubs>) {
    loop {
        tokio::time::sleep(PAUSE).await;
        if metrics.connections.load(Ordering::Relaxed) == 0 {
            continue;
        }
        let roles = database.watched().clone();
        for role in roles {
            match database.rights(None, &role).await {
                Ok(all) => {
                    for (module, seen) in all {
                        hubs.tell_all(|| Input::Rights { module, seen: seen.clone() });
                    }
                }
                // Nobody sees more than before while Postgres is away.
                Err(error) => tracing::debug!(%error, "the rights of clients could not be looked at"),
            }
        }
    }
}
