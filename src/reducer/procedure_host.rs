//! What a procedure can ask for: the transactions it begins and ends, and what can be asked only within one.

use std::cell::RefCell;
use std::rc::Rc;

use super::call::lock_current;
use super::caller::Caller;
use super::connection::log_error;
use super::host::CallHost;
use super::http;
use super::tables::CallTables;
use crate::error::{Error, Result};
use crate::module::{ReadyModule, read_variable, ready, require_last_writer_seen};
use crate::pg::memory::CallMemory;
use crate::pg::procedure::TransactionControl;
use crate::pg::{access, entry, interrupt, snapshot, user, worker, xact};
use crate::wasm::host::{
    Errno, Host, HostResult, HttpRequest, HttpResponse, LogRecord, RangeBytes, RowBatch, ScanId,
};

/// State of one procedure call.
pub(super) struct Conversation {
    module: Rc<ReadyModule>,
    procedure: String,
    caller: Caller,
    /// `None` where the transaction is not the procedure's to end.
    control: Option<TransactionControl>,
    open: Option<OpenTransaction>,
}

/// A transaction the guest has begun, and what must be closed before it ends.
struct OpenTransaction {
    tables: Rc<RefCell<CallTables>>,
    host: CallHost,
    memory: CallMemory,
    owner: user::Caller,
}

impl OpenTransaction {
    /// Closes everything that must not outlive the transaction.
    fn close(self) {
        self.tables.borrow_mut().close();
        snapshot::pop();
        self.owner.restore();
        self.memory.leave();
    }
}

impl Conversation {
    pub(super) fn new(
        module: Rc<ReadyModule>,
        procedure: String,
        caller: Caller,
        control: Option<TransactionControl>,
    ) -> Self {
        Self { module, procedure, caller, control, open: None }
    }

    /// Rolls back what the guest left open; whether there was anything.
    pub(super) fn roll_back_open(&mut self) -> bool {
        self.roll_back().is_ok()
    }

    pub(super) fn take_control(&mut self) -> Option<TransactionControl> {
        self.control.take()
    }

    fn begin(&mut self) -> HostResult<i64> {
        if self.open.is_some() {
            return Err(Errno::WouldBlockTransaction.into());
        }
        let module = self.lock()?;
        let memory = CallMemory::enter();
        let owner = user::become_owner(module.owner);
        snapshot::push();
        if module.is_serial() {
            let row = &module.row;
            require_last_writer_seen(module.state, || row.schema_name.clone(), &row.storage.lock_table)?;
        }
        let timestamp_us = module.state.next_timestamp_us();
        let tables = Rc::new(RefCell::new(CallTables::new(module, self.caller.clone(), memory)));
        let host = CallHost::new(Rc::clone(&tables));
        self.open = Some(OpenTransaction { tables, host, memory, owner });
        Ok(timestamp_us)
    }

    /// Takes the module's lock first of all, so that whatever snapshot the transaction reads by is younger.
    fn lock(&self) -> Result<Rc<ReadyModule>> {
        let Some(control) = self.control else {
            let (module, procedure) = (self.module.row.name.clone(), self.procedure.clone());
            return Err(Error::NoTransactionControl { module, procedure });
        };
        entry::check(c"a procedure's transaction")?;
        if self.module.is_serial() {
            access::lock_module(self.module.lock_table);
        }
        xact::note_module_lock();
        control.ensure_snapshot();
        let module = lock_current(ready(&self.module.key)?)?;
        if module.row.version != self.module.row.version {
            return Err(Error::NotInState {
                what: format!(
                    "module {:?} was published anew while its procedure {:?} ran",
                    module.row.name, self.procedure
                ),
                hint: "Call the procedure again; what it has committed stays.".into(),
            });
        }
        Ok(module)
    }

    fn commit(&mut self) -> HostResult<()> {
        let open = self.open.take().ok_or(Errno::NotInTransaction)?;
        open.close();
        let Some(control) = &self.control else { return Ok(()) };
        control.commit().map_err(|failure| {
            // Guests run the transaction once more then, and end in a panic of their own if that fails, too.
            let message = format!("a transaction of procedure {:?}: {}", self.procedure, failure.message);
            log_error(&self.module, &message);
            Errno::HostCallFailure.into()
        })
    }

    fn roll_back(&mut self) -> HostResult<()> {
        let open = self.open.take().ok_or(Errno::NotInTransaction)?;
        open.close();
        if let Some(control) = &self.control {
            control.roll_back();
        }
        Ok(())
    }

    fn require_no_transaction(&self) -> HostResult<()> {
        match self.open {
            Some(_) => Err(Errno::WouldBlockTransaction.into()),
            None => Ok(()),
        }
    }

    fn http_request(
        &self,
        request: HttpRequest,
        body: &[u8],
    ) -> HostResult<std::result::Result<HttpResponse, String>> {
        self.require_no_transaction()?;
        let prepared = http::prepare(&self.module, request, body)?;
        self.end_reading()?;
        match prepared {
            Ok(request) => Ok(http::send(&self.module, &self.procedure, request)?),
            Err(reason) => Ok(Err(reason)),
        }
    }

    /// Lets go of the locks and snapshots of what was read outside of the guest's transactions: it may wait for long now.
    fn end_reading(&self) -> Result<()> {
        let ended = self.control.map_or(Ok(()), |control| control.commit());
        // Nothing was written, so nothing conflicts.
        ended.map_err(|failure| Error::Internal(failure.message))
    }

    fn sleep_until(&self, until_us: i64) -> HostResult<i64> {
        self.require_no_transaction()?;
        self.end_reading()?;
        if interrupt::wait_until(until_us) {
            return Ok(worker::now_us());
        }
        let function = format!("procedure {:?}", self.procedure);
        Err(Error::Interrupted { module: self.module.row.name.clone(), function }.into())
    }
}

/// The guest's view of a procedure call.
pub(super) struct ProcedureHost(Rc<RefCell<Conversation>>);

impl ProcedureHost {
    pub(super) fn new(conversation: Rc<RefCell<Conversation>>) -> Self {
        Self(conversation)
    }

    /// Asks the open transaction; without one there is nothing to ask.
    fn within<R>(&self, ask: impl FnOnce(&mut CallHost) -> HostResult<R>) -> HostResult<R> {
        match &mut self.0.borrow_mut().open {
            Some(open) => ask(&mut open.host),
            None => Err(Errno::NotInTransaction.into()),
        }
    }
}

impl Host for ProcedureHost {
    fn table_id(&mut self, name: &str) -> HostResult<u32> {
        self.within(|host| host.table_id(name))
    }

    fn index_id(&mut self, name: &str) -> HostResult<u32> {
        self.within(|host| host.index_id(name))
    }

    fn row_count(&mut self, table: u32) -> HostResult<u64> {
        self.within(|host| host.row_count(table))
    }

    fn scan_table(&mut self, table: u32) -> HostResult<ScanId> {
        self.within(|host| host.scan_table(table))
    }

    fn scan_index_point(&mut self, index: u32, point: &[u8]) -> HostResult<ScanId> {
        self.within(|host| host.scan_index_point(index, point))
    }

    fn scan_index_range(&mut self, index: u32, range: RangeBytes<'_>) -> HostResult<ScanId> {
        self.within(|host| host.scan_index_range(index, range))
    }

    fn fetch(&mut self, scan: ScanId, bytes_wanted: usize, batch: &mut RowBatch) -> HostResult<bool> {
        self.within(|host| host.fetch(scan, bytes_wanted, batch))
    }

    /// After the end of a transaction its scans are closed already.
    fn close_scan(&mut self, scan: ScanId) {
        if let Some(open) = &mut self.0.borrow_mut().open {
            open.host.close_scan(scan);
        }
    }

    fn insert(&mut self, table: u32, row: &[u8], generated: &mut Vec<u8>) -> HostResult<()> {
        self.within(|host| host.insert(table, row, generated))
    }

    fn update(&mut self, table: u32, index: u32, row: &[u8], generated: &mut Vec<u8>) -> HostResult<()> {
        self.within(|host| host.update(table, index, row, generated))
    }

    fn delete_index_point(&mut self, index: u32, point: &[u8]) -> HostResult<u32> {
        self.within(|host| host.delete_index_point(index, point))
    }

    fn delete_index_range(&mut self, index: u32, range: RangeBytes<'_>) -> HostResult<u32> {
        self.within(|host| host.delete_index_range(index, range))
    }

    fn delete_equal(&mut self, table: u32, rows: &[u8]) -> HostResult<u32> {
        self.within(|host| host.delete_equal(table, rows))
    }

    fn clear(&mut self, table: u32) -> HostResult<u64> {
        self.within(|host| host.clear(table))
    }

    fn module_identity(&self) -> [u8; 32] {
        self.0.borrow().module.row.identity.to_le_bytes()
    }

    fn claims(&mut self, connection_id: [u8; 16]) -> HostResult<Option<String>> {
        let conversation = self.0.borrow();
        let caller = &conversation.caller;
        Ok(caller.claims.as_deref().filter(|_| caller.connection_id == connection_id).map(str::to_owned))
    }

    fn env(&mut self, name: &str) -> HostResult<Option<String>> {
        let conversation = self.0.borrow();
        let module = &conversation.module;
        let declared = module.definition.environment.iter().find(|variable| variable.name == name);
        Ok(read_variable(module, declared.ok_or(Errno::HostCallFailure)?)?)
    }

    fn schedule_immediate(&mut self, reducer: &str, args: &[u8]) -> HostResult<()> {
        self.within(|host| host.schedule_immediate(reducer, args))
    }

    fn begin(&mut self) -> HostResult<i64> {
        self.0.borrow_mut().begin()
    }

    fn commit(&mut self) -> HostResult<()> {
        self.0.borrow_mut().commit()
    }

    fn abort(&mut self) -> HostResult<()> {
        self.0.borrow_mut().roll_back()
    }

    fn sleep_until(&mut self, until_us: i64) -> HostResult<i64> {
        self.0.borrow().sleep_until(until_us)
    }

    fn http_request(
        &mut self,
        request: HttpRequest,
        body: &[u8],
    ) -> HostResult<std::result::Result<HttpResponse, String>> {
        self.0.borrow().http_request(request, body)
    }

    fn log(&mut self, record: LogRecord<'_>) {
        self.0.borrow().module.log.append(record);
    }
}
