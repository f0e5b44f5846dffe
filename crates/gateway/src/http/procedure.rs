//! `/v1/database/{name}/call/{function}` for procedures: the answer is what they return.

use std::sync::Arc;
use std::time::Instant;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use spacetime_definition::bsatn::Reader;
use spacetime_wire::http::ErrorBody;
use spacetime_wire::sats_json::{Form, from_bsatn};

use super::call::{add_headers, connect};
use crate::error::{Error, Result};
use crate::executor::{Arguments, Failed, ProcedureCall};
use crate::postgres::Module;
use crate::refusal::Refusal;
use crate::state::Gateway;
use crate::tokens::Caller;

/// Calls the procedure at a position of the definition.
pub(super) async fn call(
    gateway: &Arc<Gateway>,
    module: &Arc<Module>,
    procedure: usize,
    caller: Caller,
    arguments: String,
) -> Result<Response> {
    let procedure = module.definition.procedures.get(procedure).ok_or(ErrorBody::NoSuchProcedure)?;
    let connection_id = connect(gateway, module, &caller).await?;
    let began = Instant::now();
    let call = ProcedureCall {
        module: module.identity,
        procedure: procedure.name.clone(),
        arguments: Arguments::Json(arguments),
        sender: caller.identity,
        connection_id,
        claims: Arc::from(caller.claims.as_str()),
        role: caller.role.clone(),
    };
    let outcome = match gateway.procedures.start().await {
        Ok(start) => start.run(&call).await.0,
        Err(failed) => Err(failed),
    };
    let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    gateway.disconnected_soon(module, &caller, connection_id).await;
    let mut response = match outcome {
        Ok(result) => {
            let mut body = String::new();
            from_bsatn(&procedure.return_type, &mut Reader::new(&result), Form::Client, &mut body)
                .map_err(|error| Error::Layout(error.to_string()))?;
            ([(header::CONTENT_TYPE, "application/json")], body).into_response()
        }
        Err(Failed { sqlstate, message }) => {
            let refusal = Refusal::of(sqlstate.as_deref());
            Error::from(refusal.to_body(&procedure.name, message, ErrorBody::NoSuchProcedure)).into_response()
        }
    };
    add_headers(&mut response, micros, &caller);
    Ok(response)
}
