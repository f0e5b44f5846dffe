//! RawModuleDefV9 (module-abi.md §3.5): Rust and C# 1.0 to 1.12.

use std::collections::HashMap;

use crate::bsatn::Reader;
use crate::definition::{Abi, Visibility};
use crate::error::Error;
use crate::raw::{self, RawModule, RawProcedure, RawReducer, RawSchedule, RawTable, RawView};

enum MiscExport {
    ColumnDefault { table: String, column: u16, value: Vec<u8> },
    Procedure(RawProcedure),
    View(RawView),
}

pub(crate) fn read(reader: &mut Reader<'_>) -> Result<RawModule, Error> {
    let mut module = RawModule::empty(Abi::V9);
    module.typespace = raw::list(reader, raw::algebraic_type)?;
    module.tables = raw::list(reader, |reader| table(reader, &mut module.schedules))?;
    module.reducers = raw::list(reader, |reader| {
        let name = raw::string(reader)?;
        let params = raw::elements(reader)?;
        if let Some(lifecycle) = raw::option(reader, raw::lifecycle)? {
            module.lifecycles.push((lifecycle, name.clone()));
        }
        Ok(RawReducer { name, params, visibility: Visibility::ClientCallable, returns: None })
    })?;
    module.types = raw::list(reader, raw::type_def)?;
    let positions: HashMap<_, _> =
        module.tables.iter().enumerate().map(|(position, table)| (table.name.clone(), position)).collect();
    for export in raw::list(reader, misc_export)? {
        match export {
            MiscExport::Procedure(procedure) => module.procedures.push(procedure),
            MiscExport::View(view) => module.views.push(view),
            MiscExport::ColumnDefault { table, column, value } => {
                let position = positions.get(&table);
                let Some(target) = position.and_then(|position| module.tables.get_mut(*position)) else {
                    return Err(Error::invalid(
                        format!("table `{table}`"),
                        "has a default value but does not exist",
                    ));
                };
                target.defaults.push((column, value));
            }
        }
    }
    module.row_level_security = raw::list(reader, raw::string)?;
    Ok(module)
}

fn table(reader: &mut Reader<'_>, schedules: &mut Vec<RawSchedule>) -> Result<RawTable, Error> {
    let name = raw::string(reader)?;
    let product = reader.u32()?;
    let primary_key = raw::columns(reader)?;
    let indexes = raw::list(reader, raw::index)?;
    let constraints = raw::list(reader, raw::constraint)?;
    let sequences = raw::list(reader, raw::sequence)?;
    let schedule = raw::option(reader, |reader| {
        let schedule_name = raw::option(reader, raw::string)?;
        let function = raw::string(reader)?;
        let at_column = reader.u16()?;
        Ok(RawSchedule { name: schedule_name, table: name.clone(), at_column, function })
    })?;
    schedules.extend(schedule);
    let is_public = raw::is_public(reader)?;
    Ok(RawTable {
        name,
        product,
        primary_key,
        indexes,
        constraints,
        sequences,
        is_public,
        defaults: Vec::new(),
        is_event: false,
    })
}

fn misc_export(reader: &mut Reader<'_>) -> Result<MiscExport, Error> {
    match reader.tag(3)? {
        0 => {
            let table = raw::string(reader)?;
            let column = reader.u16()?;
            Ok(MiscExport::ColumnDefault { table, column, value: reader.bytes()?.to_vec() })
        }
        1 => Ok(MiscExport::Procedure(RawProcedure {
            name: raw::string(reader)?,
            params: raw::elements(reader)?,
            return_type: raw::algebraic_type(reader)?,
            visibility: Visibility::ClientCallable,
        })),
        _ => raw::view(reader).map(MiscExport::View),
    }
}
