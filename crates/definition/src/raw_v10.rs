//! RawModuleDefV10 (module-abi.md §3.6): SDKs 2.0 to 2.14. A list of sections in any order, each at most once.

use crate::bsatn::Reader;
use crate::definition::{Abi, EnvironmentVariable, HttpRoute, Visibility};
use crate::error::Error;
use crate::raw::{
    self, ExplicitName, NameKind, RawModule, RawProcedure, RawReducer, RawSchedule, RawTable, string,
};

/// Methods of an HTTP route, by tag; tag 9 is an extension method with its name.
const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

pub(crate) fn read(reader: &mut Reader<'_>) -> Result<RawModule, Error> {
    let mut module = RawModule::empty(Abi::V10);
    let mut seen = [false; 17];
    let sections = reader.length()?;
    // Every section takes at least its tag byte, so a hostile count ends with the input.
    for _ in 0..sections {
        let tag = reader.u8()?;
        if let Some(seen) = seen.get_mut(usize::from(tag))
            && std::mem::replace(seen, true)
        {
            return Err(reader.error(format!("section {tag} occurs twice")));
        }
        section(tag, reader, &mut module)?;
    }
    Ok(module)
}

fn section(tag: u8, reader: &mut Reader<'_>, module: &mut RawModule) -> Result<(), Error> {
    match tag {
        0 => module.typespace = raw::list(reader, raw::algebraic_type)?,
        1 => module.types = raw::list(reader, raw::type_def)?,
        2 => module.tables = raw::list(reader, table)?,
        3 => module.reducers = raw::list(reader, reducer)?,
        4 => module.procedures = raw::list(reader, procedure)?,
        5 => module.views = raw::list(reader, raw::view)?,
        6 => module.schedules = raw::list(reader, schedule)?,
        7 => module.lifecycles = raw::list(reader, |reader| Ok((raw::lifecycle(reader)?, string(reader)?)))?,
        8 => module.row_level_security = raw::list(reader, string)?,
        9 => module.snake_case = reader.tag(2)? == 1,
        10 => module.explicit_names = raw::list(reader, explicit_name)?,
        11 => module.http_handlers = raw::list(reader, string)?,
        12 => module.http_routes = raw::list(reader, http_route)?,
        13 => {
            module.view_primary_keys =
                raw::list(reader, |reader| Ok((string(reader)?, raw::list(reader, string)?)))?;
        }
        14 => empty(reader, "Submodules (section 14)", "publish the submodule as a module of its own")?,
        15 => module.environment = raw::list(reader, environment_variable)?,
        16 => {
            empty(reader, "Outboxes (section 16)", "call the other module's reducer from a client instead")?
        }
        tag => {
            return Err(Error::unsupported(
                format!("section {tag} of the module definition"),
                "the module was built with a newer SDK than 2.14; use spacetimedb 2.14 or older",
            ));
        }
    }
    Ok(())
}

fn environment_variable(reader: &mut Reader<'_>) -> Result<EnvironmentVariable, Error> {
    let name = string(reader)?;
    let allowed = match reader.tag(3)? {
        0 => None,
        1 => Some(vec![string(reader)?]),
        _ => Some(raw::list(reader, string)?),
    };
    Ok(EnvironmentVariable { name, allowed, is_optional: reader.bool()? })
}

/// A section that is fine as long as nothing is in it.
fn empty(reader: &mut Reader<'_>, what: &str, hint: &str) -> Result<(), Error> {
    match reader.length()? {
        0 => Ok(()),
        _ => Err(Error::unsupported(what, hint)),
    }
}

fn table(reader: &mut Reader<'_>) -> Result<RawTable, Error> {
    Ok(RawTable {
        name: string(reader)?,
        product: reader.u32()?,
        primary_key: raw::columns(reader)?,
        indexes: raw::list(reader, raw::index)?,
        constraints: raw::list(reader, raw::constraint)?,
        sequences: raw::list(reader, raw::sequence)?,
        is_public: raw::is_public(reader)?,
        defaults: raw::list(reader, |reader| Ok((reader.u16()?, reader.bytes()?.to_vec())))?,
        is_event: reader.bool()?,
    })
}

fn visibility(reader: &mut Reader<'_>) -> Result<Visibility, Error> {
    Ok(match reader.tag(2)? {
        0 => Visibility::Private,
        _ => Visibility::ClientCallable,
    })
}

fn reducer(reader: &mut Reader<'_>) -> Result<RawReducer, Error> {
    Ok(RawReducer {
        name: string(reader)?,
        params: raw::elements(reader)?,
        visibility: visibility(reader)?,
        returns: Some((raw::algebraic_type(reader)?, raw::algebraic_type(reader)?)),
    })
}

fn procedure(reader: &mut Reader<'_>) -> Result<RawProcedure, Error> {
    Ok(RawProcedure {
        name: string(reader)?,
        params: raw::elements(reader)?,
        return_type: raw::algebraic_type(reader)?,
        visibility: visibility(reader)?,
    })
}

fn schedule(reader: &mut Reader<'_>) -> Result<RawSchedule, Error> {
    Ok(RawSchedule {
        name: raw::option(reader, string)?,
        table: string(reader)?,
        at_column: reader.u16()?,
        function: string(reader)?,
    })
}

fn explicit_name(reader: &mut Reader<'_>) -> Result<ExplicitName, Error> {
    let kind = match reader.tag(4)? {
        0 => NameKind::Table,
        1 => NameKind::Function,
        2 => NameKind::Index,
        // Since 2.14; names submodules, which are refused when there are any.
        _ => NameKind::Namespace,
    };
    Ok(ExplicitName { kind, source: string(reader)?, canonical: string(reader)? })
}

fn http_route(reader: &mut Reader<'_>) -> Result<HttpRoute, Error> {
    let handler = string(reader)?;
    let method = match reader.tag(2)? {
        0 => None,
        _ => Some(match METHODS.get(reader.tag(METHODS.len() + 1)?) {
            Some(method) => (*method).to_owned(),
            None => string(reader)?,
        }),
    };
    Ok(HttpRoute { handler, method, path: string(reader)? })
}
