//! Clients that come and go, as gateways report them (module-abi.md §5.2).

use std::rc::Rc;

use spacetime_auth::Identity;
use spacetime_definition::Lifecycle;

use super::call::{Target, call, lock_current};
use super::caller::Caller;
use crate::catalog::{self, Client};
use crate::error::{Error, Result};
use crate::module::{ReadyModule, ready};
use crate::pg::worker::TRANSIENT;
use crate::pg::{entry, invalidation, subtransaction};
use crate::wasm::host::LogRecord;

/// Records a client and runs `client_connected`. An error of it refuses the client: the transaction fails.
pub(crate) fn connect(
    module: &str,
    identity: &[u8],
    connection_id: &[u8],
    gateway: &str,
    claims: &serde_json::Value,
) -> Result<()> {
    entry::check(c"connecting a client")?;
    let (identity, connection_id) = parse(identity, connection_id)?;
    let module = ready(module)?;
    let client = Client {
        module: module.row.identity,
        identity,
        connection_id,
        gateway: gateway.into(),
        claims: claims.to_string(),
    };
    if catalog::client(client.module, identity, connection_id)?.is_some() {
        return Err(Error::AlreadyExists {
            what: format!(
                "connection {} to module {:?} is already open",
                hex::encode(connection_id),
                module.row.name
            ),
            hint: "Draw a random connection id for each connection.".into(),
        });
    }
    // Before the reducer, in its transaction: guests and subscribers see the client there.
    catalog::insert_client(&client)?;
    run(module, Lifecycle::ClientConnected, &client)
}

/// Runs `client_disconnected` and forgets the client, whatever the reducer says to it. `false`: there is none.
pub(crate) fn disconnect(module: &str, identity: &[u8], connection_id: &[u8]) -> Result<bool> {
    entry::check(c"disconnecting a client")?;
    let (identity, connection_id) = parse(identity, connection_id)?;
    let module = ready(module)?;
    let Some(client) = catalog::client(module.row.identity, identity, connection_id)? else {
        return Ok(false);
    };
    disconnect_client(&client)?;
    Ok(true)
}

/// Disconnects what the last run of a gateway has left connected.
pub(crate) fn disconnect_all(gateway: &str) -> Result<i64> {
    entry::check(c"disconnecting clients")?;
    let clients = catalog::clients_of_gateway(gateway)?;
    for client in &clients {
        disconnect_client(client)?;
    }
    Ok(i64::try_from(clients.len()).unwrap_or(i64::MAX))
}

fn disconnect_client(client: &Client) -> Result<()> {
    // The module itself may not be callable: the client is gone nevertheless.
    let left = subtransaction::attempt(|| {
        let module = ready(&client.module.to_string())?;
        run(module, Lifecycle::ClientDisconnected, client)
    });
    if let Err(failure) = left {
        // Others were in the way: not what the reducer says to it.
        if TRANSIENT.contains(&failure.sqlstate.as_str()) {
            return Err(Error::Serialization {
                what: failure.message,
                hint: "Run the transaction again.".into(),
            });
        }
        let message = format!(
            "client_disconnected failed; the client is disconnected nevertheless: {}",
            failure.message
        );
        if let Ok(module) = ready(&client.module.to_string()) {
            log_error(&module, &message);
        }
        pgrx::log!("spacetime: module {}: {message}", client.module);
    }
    catalog::delete_client(client)
}

/// Appends to the module's log what went wrong outside of its own code.
pub(super) fn log_error(module: &ReadyModule, message: &str) {
    let source = Some("__spacetimedb__");
    module.log.append(LogRecord { level: 0, target: source, file: source, line: None, message });
}

fn run(module: Rc<ReadyModule>, lifecycle: Lifecycle, client: &Client) -> Result<()> {
    let module = lock_current(module)?;
    let Some(reducer) = module.definition.reducers.iter().position(|r| r.lifecycle == Some(lifecycle)) else {
        return Ok(());
    };
    let target = Target { module, reducer, generation: invalidation::modules_generation() };
    let mut connection_id = client.connection_id;
    connection_id.reverse();
    let caller = Caller {
        identity: client.identity,
        connection_id,
        claims: Some(client.claims.as_str().into()),
        tag: 0,
    };
    call(&target, &[], caller, false).map(drop)
}

fn parse(identity: &[u8], connection_id: &[u8]) -> Result<(Identity, [u8; 16])> {
    let refused = |what: &str, hint: &str| Error::InvalidParameter { what: what.into(), hint: hint.into() };
    let identity = <[u8; 32]>::try_from(identity)
        .map_err(|_| refused("an identity has 32 bytes", "decode('c200…', 'hex')"))?;
    let connection_id =
        <[u8; 16]>::try_from(connection_id).ok().filter(|id| *id != [0; 16]).ok_or_else(|| {
            refused("a connection id has 16 bytes that are not all 0", "0 means that there is no connection.")
        })?;
    Ok((Identity::from_be_bytes(identity), connection_id))
}
