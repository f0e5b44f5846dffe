//! Tables: ids, row counts, inserting, updating, deleting (module-abi.md §1.9).

use wasmtime::{Caller, Linker};

use super::RangeBytes;
use super::entry::answer;
use crate::error::Error;
use crate::wasm::abi::namespace;
use crate::wasm::memory::{read, read_name, read_u32, store, write};
use crate::wasm::state::State;
use crate::wasm::trap::{Fault, Refusal, Stop};

pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let v0 = namespace(0);
    linker.func_wrap(v0, "table_id_from_name", table_id_from_name)?;
    linker.func_wrap(v0, "index_id_from_name", index_id_from_name)?;
    linker.func_wrap(v0, "datastore_table_row_count", datastore_table_row_count)?;
    linker.func_wrap(v0, "datastore_insert_bsatn", datastore_insert_bsatn)?;
    linker.func_wrap(v0, "datastore_update_bsatn", datastore_update_bsatn)?;
    linker.func_wrap(v0, "datastore_delete_all_by_eq_bsatn", datastore_delete_all_by_eq_bsatn)?;
    // One function under two names: the first release called all ordered indexes btrees.
    let range = "datastore_delete_by_index_scan_range_bsatn";
    linker.func_wrap(v0, range, datastore_delete_by_index_scan_range_bsatn)?;
    linker.func_wrap(
        v0,
        "datastore_delete_by_btree_scan_bsatn",
        datastore_delete_by_index_scan_range_bsatn,
    )?;
    let point = "datastore_delete_by_index_scan_point_bsatn";
    linker.func_wrap(namespace(4), point, datastore_delete_by_index_scan_point_bsatn)?;
    linker.func_wrap(namespace(5), "datastore_clear", datastore_clear)?;
    Ok(())
}

fn table_id_from_name(
    mut caller: Caller<'_, State>,
    name: u32,
    name_len: u32,
    out: u32,
) -> wasmtime::Result<u32> {
    answer(&mut caller, |memory, host, _| {
        let id = host.table_id(read_name(memory, name, name_len)?)?;
        Ok(store(memory, out, &id.to_le_bytes())?)
    })
}

fn index_id_from_name(
    mut caller: Caller<'_, State>,
    name: u32,
    name_len: u32,
    out: u32,
) -> wasmtime::Result<u32> {
    answer(&mut caller, |memory, host, _| {
        let id = host.index_id(read_name(memory, name, name_len)?)?;
        Ok(store(memory, out, &id.to_le_bytes())?)
    })
}

fn datastore_table_row_count(mut caller: Caller<'_, State>, table: u32, out: u32) -> wasmtime::Result<u32> {
    answer(&mut caller, |memory, host, _| {
        let count = host.row_count(table)?;
        Ok(store(memory, out, &count.to_le_bytes())?)
    })
}

fn datastore_insert_bsatn(
    mut caller: Caller<'_, State>,
    table: u32,
    row: u32,
    row_len: u32,
) -> wasmtime::Result<u32> {
    answer(&mut caller, |memory, host, handles| {
        let len = read_u32(memory, row_len)?;
        handles.generated.clear();
        host.insert(table, read(memory, row, len)?, &mut handles.generated)?;
        write_back(memory, row, len, row_len, &handles.generated)
    })
}

fn datastore_update_bsatn(
    mut caller: Caller<'_, State>,
    table: u32,
    index: u32,
    row: u32,
    row_len: u32,
) -> wasmtime::Result<u32> {
    answer(&mut caller, |memory, host, handles| {
        let len = read_u32(memory, row_len)?;
        handles.generated.clear();
        host.update(table, index, read(memory, row, len)?, &mut handles.generated)?;
        write_back(memory, row, len, row_len, &handles.generated)
    })
}

/// Puts the generated columns over the start of the guest's row. They were part of it, so they fit.
fn write_back(memory: &mut [u8], row: u32, len: u32, row_len: u32, generated: &[u8]) -> Result<(), Refusal> {
    let space = write(memory, row, len)?;
    let Some(space) = space.get_mut(..generated.len()) else {
        let problem = "generated columns are longer than their row".into();
        return Err(Refusal::Stop(Stop::Host(Error::Internal(problem))));
    };
    space.copy_from_slice(generated);
    Ok(store(memory, row_len, &(generated.len() as u32).to_le_bytes())?)
}

fn datastore_delete_all_by_eq_bsatn(
    mut caller: Caller<'_, State>,
    table: u32,
    rows: u32,
    rows_len: u32,
    out: u32,
) -> wasmtime::Result<u32> {
    answer(&mut caller, |memory, host, _| {
        let count = host.delete_equal(table, read(memory, rows, rows_len)?)?;
        Ok(store(memory, out, &count.to_le_bytes())?)
    })
}

#[expect(clippy::too_many_arguments, reason = "the ABI's")]
fn datastore_delete_by_index_scan_range_bsatn(
    mut caller: Caller<'_, State>,
    index: u32,
    prefix: u32,
    prefix_len: u32,
    prefix_elems: u32,
    start: u32,
    start_len: u32,
    end: u32,
    end_len: u32,
    out: u32,
) -> wasmtime::Result<u32> {
    let range = GuestRange { prefix, prefix_len, prefix_elems, start, start_len, end, end_len };
    answer(&mut caller, |memory, host, _| {
        let count = host.delete_index_range(index, range.read(memory)?)?;
        Ok(store(memory, out, &count.to_le_bytes())?)
    })
}

fn datastore_delete_by_index_scan_point_bsatn(
    mut caller: Caller<'_, State>,
    index: u32,
    point: u32,
    point_len: u32,
    out: u32,
) -> wasmtime::Result<u32> {
    answer(&mut caller, |memory, host, _| {
        let count = host.delete_index_point(index, read(memory, point, point_len)?)?;
        Ok(store(memory, out, &count.to_le_bytes())?)
    })
}

fn datastore_clear(mut caller: Caller<'_, State>, table: u32, out: u32) -> wasmtime::Result<u32> {
    answer(&mut caller, |memory, host, _| {
        let count = host.clear(table)?;
        Ok(store(memory, out, &count.to_le_bytes())?)
    })
}

/// A range as three guest slices.
#[derive(Debug, Clone, Copy)]
pub(super) struct GuestRange {
    pub(super) prefix: u32,
    pub(super) prefix_len: u32,
    pub(super) prefix_elems: u32,
    pub(super) start: u32,
    pub(super) start_len: u32,
    pub(super) end: u32,
    pub(super) end_len: u32,
}

impl GuestRange {
    /// Without prefix elements the prefix pointer is not looked at: guests pass anything.
    pub(super) fn read<'m>(&self, memory: &'m [u8]) -> Result<RangeBytes<'m>, Fault> {
        let prefix_elems = u16::try_from(self.prefix_elems)
            .map_err(|_| Fault::Other("passed more prefix columns than an index can have"))?;
        let prefix = match prefix_elems {
            0 => &[],
            _ => read(memory, self.prefix, self.prefix_len)?,
        };
        let start = read(memory, self.start, self.start_len)?;
        let end = read(memory, self.end, self.end_len)?;
        Ok(RangeBytes { prefix, prefix_elems, start, end })
    }
}
