//! Rows of the `spacetime._…` tables as structs. Read and written as the owner of the extension; who may do what is
//! decided before, in [`crate::module`] and [`crate::sql_api`].

mod environment;
mod module;
mod storage;

pub(crate) use environment::{forget_variables, set_variable, variable};
pub(crate) use module::{
    Concurrency, Grant, ModuleRow, SqlWriters, catalog_oid, delete, find, find_all_wrappers, find_by_schema,
    grants, insert, installation, update_code, wasm,
};
pub(crate) use storage::{
    StoragePlan, StoredColumn, StoredIndex, StoredReducer, StoredSequence, StoredTable, StoredType,
};
