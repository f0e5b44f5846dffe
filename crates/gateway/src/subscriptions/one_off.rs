//! Queries that are asked once.

use std::sync::Arc;

use bytes::Bytes;

use super::event::SetKey;
use super::mirror::{Mirror, Part};
use super::planning::{Asker, OneOff, Plan, TableInfo, one_off_plan};
use crate::error::{Error, Result};
use crate::postgres::{Database, Module, Read, Rows};

/// The rows of a query, as of now, and the table they are of.
pub(crate) async fn one_off(
    database: &Database,
    module: &Module,
    asker: &Asker,
    text: &str,
) -> Result<(Arc<TableInfo>, Vec<Bytes>)> {
    let (table, plan) = one_off_plan(module, asker, text)?;
    let rows = match plan {
        OneOff::Nothing => Vec::new(),
        OneOff::Read(read) => {
            read_all(database, module, &[read]).await?.pop().map_or_else(Vec::new, |read| read.rows)
        }
        OneOff::Subscription(plans) => subscribed(database, module, plans).await?,
    };
    Ok((table, rows))
}

/// As the first rows of a subscription that nobody else has.
async fn subscribed(database: &Database, module: &Module, plans: Vec<Plan>) -> Result<Vec<Bytes>> {
    let mut mirror = Mirror::default();
    let (mut queries, mut parts): (Vec<_>, Vec<Part>) = (Vec::new(), Vec::new());
    for plan in plans {
        let (query, missing) = mirror.subscribe(plan, (0, SetKey::Legacy));
        queries.push(query);
        parts.extend(missing);
    }
    let reads: Vec<_> = parts.iter().filter_map(|part| mirror.read(*part)).collect();
    let rows = read_all(database, module, &reads).await?;
    let filled: Vec<_> = parts.iter().copied().zip(&rows).collect();
    mirror.fill(&filled, &[]).map_err(|error| Error::Query(error.to_string()))?;
    let mut found = Vec::new();
    for query in queries.iter().filter_map(|id| mirror.query(*id)) {
        found.extend(query.all()?.rows.iter().map(Bytes::copy_from_slice));
    }
    Ok(found)
}

async fn read_all(database: &Database, module: &Module, reads: &[Read]) -> Result<Vec<Rows>> {
    let loaded = database.load(&module.key(), reads).await?;
    loaded.rows.into_iter().collect::<std::result::Result<_, _>>().map_err(Error::Query)
}
