//! Who this session is, and how it becomes somebody.

use pgrx::WhoAllocated;
use pgrx::prelude::*;

use crate::auth::{self, Scope};
use crate::catalog;
use crate::error::Error;
use crate::pg::report::{ErrorReport, raise};
use crate::reducer::Caller;
use crate::subscription;

fn given(token: Option<&str>) -> Result<&str, Error> {
    token.ok_or_else(|| Error::InvalidParameter { what: "the token is NULL".into(), hint: String::new() })
}

/// What the session is told from here on is for its new identity.
fn log_in(token: Option<&str>, scope: Scope) -> Result<Vec<u8>, Error> {
    let identity = auth::login(given(token)?, scope)?;
    subscription::end_of_others()?;
    Ok(identity.to_be_bytes().to_vec())
}

fn caller() -> Result<Caller, Error> {
    Caller::of_session(&catalog::installation()?)
}

#[pg_schema]
mod spacetime {
    use super::*;

    /// The identity reducers get as sender, 32 bytes whose hex is the identity's.
    #[pg_extern(stable, parallel_safe)]
    fn sender() -> Result<Vec<u8>, ErrorReport> {
        Ok(caller()?.identity.to_be_bytes().to_vec())
    }

    /// The connection id reducers get, 16 bytes whose hex is the id's. Workers do not know that of a plain session.
    #[pg_extern(stable, parallel_restricted)]
    fn connection_id() -> Result<Vec<u8>, ErrorReport> {
        let mut id = caller()?.connection_id;
        id.reverse();
        Ok(id.to_vec())
    }

    /// What the session's token says; without one, what guests are told about the role.
    #[pg_extern(stable, parallel_restricted)]
    fn claims() -> Result<pgrx::JsonB, ErrorReport> {
        let claims = caller()?.claims.unwrap_or_default();
        let claims = serde_json::from_str(&claims).map_err(|error| Error::Internal(error.to_string()));
        Ok(pgrx::JsonB(claims?))
    }

    /// Makes the session who a token says it is.
    #[pg_extern(volatile, parallel_unsafe)]
    fn login(token: Option<&str>) -> Result<Vec<u8>, ErrorReport> {
        Ok(log_in(token, Scope::Session)?)
    }

    /// As `login`, until the end of the transaction.
    #[pg_extern(volatile, parallel_unsafe)]
    fn login_local(token: Option<&str>) -> Result<Vec<u8>, ErrorReport> {
        Ok(log_in(token, Scope::Transaction)?)
    }

    /// Makes the session speak for its role again.
    #[pg_extern(volatile, parallel_unsafe)]
    fn logout() -> Result<(), ErrorReport> {
        auth::logout()?;
        Ok(subscription::end_of_others()?)
    }

    /// Lets tokens of an issuer count.
    #[pg_extern(volatile, parallel_unsafe)]
    fn trust_issuer(
        issuer: &str,
        audiences: Option<Vec<String>>,
        options: default!(pgrx::JsonB, "'{}'"),
    ) -> Result<(), ErrorReport> {
        Ok(auth::trust(issuer, audiences, &options.0)?)
    }

    /// Refuses tokens of an issuer.
    #[pg_extern(volatile, strict, parallel_unsafe)]
    fn distrust_issuer(issuer: &str) -> Result<(), ErrorReport> {
        Ok(auth::distrust(issuer)?)
    }

    /// For gateways: whom a token proves, its claims, and the role it maps to. `also_trust`: further issuers, whose tokens
    /// count for any audience.
    #[pg_extern(volatile, strict, parallel_unsafe)]
    #[expect(clippy::type_complexity, reason = "the macro reads the column names from the type")]
    fn _verify_token(
        token: &str,
        also_trust: Vec<String>,
    ) -> Result<
        TableIterator<
            'static,
            (name!(identity, Vec<u8>), name!(claims, String), name!(role, Option<String>)),
        >,
        ErrorReport,
    > {
        let (verified, role) = auth::verify_token(token, &also_trust)?;
        Ok(TableIterator::once((verified.identity.to_be_bytes().to_vec(), verified.payload, role)))
    }

    /// A token that proves a new identity, for ever.
    #[pg_extern(volatile, parallel_unsafe)]
    fn anonymous_token()
    -> Result<TableIterator<'static, (name!(identity, Vec<u8>), name!(token, String))>, ErrorReport> {
        let (identity, token) = auth::anonymous_token()?;
        Ok(TableIterator::once((identity.to_be_bytes().to_vec(), token)))
    }

    /// A token of one minute with the claims of another; `also_trust` as for `_verify_token`.
    #[pg_extern(volatile, strict, parallel_unsafe)]
    fn websocket_token(
        token: &str,
        also_trust: default!(Vec<String>, "'{}'"),
    ) -> Result<String, ErrorReport> {
        Ok(auth::websocket_token(token, &also_trust)?)
    }

    /// What verifies tokens of this server, as a JSON Web Key Set.
    #[pg_extern(stable, parallel_unsafe)]
    fn public_keys() -> Result<pgrx::JsonB, ErrorReport> {
        Ok(pgrx::JsonB(auth::public_keys()?))
    }

    /// BEFORE INSERT trigger on `_installation`: a restored dump brings the id it was made with, and identities of roles
    /// are derived from that one, not from the id that CREATE EXTENSION drew a moment before.
    #[pg_trigger]
    fn _replace_installation<'a>(
        trigger: &'a PgTrigger<'a>,
    ) -> Result<Option<PgHeapTuple<'a, impl WhoAllocated>>, PgTriggerError> {
        catalog::forget_installation().unwrap_or_else(|error| raise(error));
        Ok(trigger.new())
    }
}
