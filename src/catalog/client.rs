//! `spacetime._client`: the clients that gateways have connected to modules.

use spacetime_auth::Identity;

use super::module::{broken, read, write};
use crate::error::Result;
use crate::pg::read::Parameter;

/// A connection of a client to a module.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    /// Identity of the module.
    pub(crate) module: Identity,
    pub(crate) identity: Identity,
    /// Big-endian, as it is written.
    pub(crate) connection_id: [u8; 16],
    pub(crate) gateway: String,
    /// JWT payload as JSON text.
    pub(crate) claims: String,
}

/// Records a client.
pub(crate) fn insert_client(client: &Client) -> Result<()> {
    let claims: serde_json::Value = serde_json::from_str(&client.claims).map_err(broken)?;
    write(
        "INSERT INTO spacetime._client (module, identity, connection_id, gateway, claims) VALUES ($1, $2, $3, $4, $5)",
        &[
            client.module.to_be_bytes().as_slice().into(),
            client.identity.to_be_bytes().as_slice().into(),
            client.connection_id.as_slice().into(),
            client.gateway.as_str().into(),
            pgrx::JsonB(claims).into(),
        ],
    )
}

/// The client with this connection to a module.
pub(crate) fn client(
    module: Identity,
    identity: Identity,
    connection_id: [u8; 16],
) -> Result<Option<Client>> {
    let condition = "c.module = $1 AND c.identity = $2 AND c.connection_id = $3";
    let parameters = [
        Parameter::Bytea(&module.to_be_bytes()),
        Parameter::Bytea(&identity.to_be_bytes()),
        Parameter::Bytea(&connection_id),
    ];
    Ok(clients(condition, &parameters)?.into_iter().next())
}

/// The clients of a gateway, longest connected first.
pub(crate) fn clients_of_gateway(gateway: &str) -> Result<Vec<Client>> {
    clients("c.gateway = $1", &[Parameter::Text(gateway)])
}

fn clients(condition: &str, parameters: &[Parameter<'_>]) -> Result<Vec<Client>> {
    let query = format!(
        "SELECT c.module, c.identity, c.connection_id, c.gateway, c.claims::text FROM spacetime._client c \
         WHERE {condition} ORDER BY c.connected_at, c.connection_id"
    );
    let rows = read(&query, parameters)?;
    rows.into_iter()
        .map(|row| {
            let mut columns = row.into_iter();
            let mut bytes = || columns.next().flatten().ok_or_else(|| broken("unexpected NULL"));
            let wrong = |_| broken("wrong length");
            Ok(Client {
                module: Identity::from_be_bytes(bytes()?.try_into().map_err(wrong)?),
                identity: Identity::from_be_bytes(bytes()?.try_into().map_err(wrong)?),
                connection_id: bytes()?.try_into().map_err(wrong)?,
                gateway: String::from_utf8(bytes()?).map_err(broken)?,
                claims: String::from_utf8(bytes()?).map_err(broken)?,
            })
        })
        .collect()
}

/// Forgets a client.
pub(crate) fn delete_client(client: &Client) -> Result<()> {
    write(
        "DELETE FROM spacetime._client WHERE module = $1 AND identity = $2 AND connection_id = $3",
        &[
            client.module.to_be_bytes().as_slice().into(),
            client.identity.to_be_bytes().as_slice().into(),
            client.connection_id.as_slice().into(),
        ],
    )
}
