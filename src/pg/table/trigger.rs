//! Triggers of operators on module tables: one host write fires what one SQL statement would.
//!
//! Without the bracket any AFTER trigger, and so every foreign key, fails with "AfterTriggerSaveEvent() called outside
//! of query" (seen). Tables without foreign triggers never come here.

use pgrx::pg_sys;

use super::attempt::{limit_row_wait, unlimit_row_wait};

/// The kinds of write a trigger can be on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    Insert,
    Update,
    Delete,
}

/// One statement's worth of trigger events, open between [`Bracket::begin`] and [`Bracket::end`].
#[derive(Debug)]
pub(super) struct Bracket {
    event: Event,
    estate: *mut pg_sys::EState,
    target: *mut pg_sys::ResultRelInfo,
    capture: *mut pg_sys::TransitionCaptureState,
    /// Of the limit on waits for rows.
    settings_level: Option<i32>,
}

impl Bracket {
    /// Opens the bracket and fires BEFORE STATEMENT triggers. Until it ends, `spacetime.row_wait_ms` limits every wait for
    /// a lock: a foreign key that waits for somebody's row would hold up the whole module.
    ///
    /// # Safety
    /// `estate` and `target` are of one open table with a trigger descriptor.
    pub(super) unsafe fn begin(
        event: Event,
        estate: *mut pg_sys::EState,
        target: *mut pg_sys::ResultRelInfo,
    ) -> Self {
        // SAFETY: upheld by the caller.
        unsafe {
            let settings_level = limit_row_wait();
            pg_sys::AfterTriggerBeginQuery();
            let command = match event {
                Event::Insert => pg_sys::CmdType::CMD_INSERT,
                Event::Update => pg_sys::CmdType::CMD_UPDATE,
                Event::Delete => pg_sys::CmdType::CMD_DELETE,
            };
            let relation = (*(*target).ri_RelationDesc).rd_id;
            let capture = pg_sys::MakeTransitionCaptureState((*target).ri_TrigDesc, relation, command);
            match event {
                Event::Insert => pg_sys::ExecBSInsertTriggers(estate, target),
                Event::Update => pg_sys::ExecBSUpdateTriggers(estate, target),
                Event::Delete => pg_sys::ExecBSDeleteTriggers(estate, target),
            }
            Self { event, estate, target, capture, settings_level }
        }
    }

    /// Fires BEFORE ROW triggers; `false` means one of them said to skip the row.
    ///
    /// # Safety
    /// `row` is the slot to be written (for updates and inserts), `old` the row on disk (for updates and deletes).
    pub(super) unsafe fn before_row(
        &self,
        row: *mut pg_sys::TupleTableSlot,
        old: *mut pg_sys::ItemPointerData,
    ) -> bool {
        // SAFETY: upheld by the caller; `epq` is only consulted for rows that changed under us, and the row is locked.
        unsafe {
            let descriptor = &*(*self.target).ri_TrigDesc;
            let null_tuple = std::ptr::null_mut();
            let mut epq = pg_sys::EPQState::default();
            match self.event {
                Event::Insert if descriptor.trig_insert_before_row => {
                    pg_sys::ExecBRInsertTriggers(self.estate, self.target, row)
                }
                Event::Update if descriptor.trig_update_before_row => {
                    init_recheck(&mut epq, self.estate);
                    let mut failure = pg_sys::TM_FailureData::default();
                    #[cfg(feature = "pg15")]
                    return pg_sys::ExecBRUpdateTriggers(
                        self.estate,
                        &mut epq,
                        self.target,
                        old,
                        null_tuple,
                        row,
                        &mut failure,
                    );
                    #[cfg(not(feature = "pg15"))]
                    return pg_sys::ExecBRUpdateTriggers(
                        self.estate,
                        &mut epq,
                        self.target,
                        old,
                        null_tuple,
                        row,
                        std::ptr::null_mut(),
                        &mut failure,
                        #[cfg(feature = "pg18")]
                        false,
                    );
                }
                Event::Delete if descriptor.trig_delete_before_row => {
                    init_recheck(&mut epq, self.estate);
                    #[cfg(feature = "pg15")]
                    return pg_sys::ExecBRDeleteTriggers(
                        self.estate,
                        &mut epq,
                        self.target,
                        old,
                        null_tuple,
                        std::ptr::null_mut(),
                    );
                    #[cfg(not(feature = "pg15"))]
                    return pg_sys::ExecBRDeleteTriggers(
                        self.estate,
                        &mut epq,
                        self.target,
                        old,
                        null_tuple,
                        std::ptr::null_mut(),
                        std::ptr::null_mut(),
                        std::ptr::null_mut(),
                        #[cfg(feature = "pg18")]
                        false,
                    );
                }
                _ => true,
            }
        }
    }

    /// Queues AFTER ROW triggers of a row that was written.
    ///
    /// # Safety
    /// As for [`Bracket::before_row`], after the write.
    pub(super) unsafe fn after_row(
        &self,
        row: *mut pg_sys::TupleTableSlot,
        old: *mut pg_sys::ItemPointerData,
        recheck_indexes: *mut pg_sys::List,
    ) {
        let null_tuple = std::ptr::null_mut();
        // SAFETY: upheld by the caller.
        unsafe {
            match self.event {
                Event::Insert => {
                    pg_sys::ExecARInsertTriggers(
                        self.estate,
                        self.target,
                        row,
                        recheck_indexes,
                        self.capture,
                    );
                }
                Event::Update => pg_sys::ExecARUpdateTriggers(
                    self.estate,
                    self.target,
                    std::ptr::null_mut(),
                    std::ptr::null_mut(),
                    old,
                    null_tuple,
                    row,
                    recheck_indexes,
                    self.capture,
                    false,
                ),
                Event::Delete => {
                    pg_sys::ExecARDeleteTriggers(
                        self.estate,
                        self.target,
                        old,
                        null_tuple,
                        self.capture,
                        false,
                    );
                }
            }
        }
    }

    /// Fires AFTER STATEMENT triggers and everything queued: foreign keys among them.
    ///
    /// # Safety
    /// The bracket is the innermost one open.
    pub(super) unsafe fn end(self) {
        // SAFETY: upheld by the caller.
        unsafe {
            match self.event {
                Event::Insert => pg_sys::ExecASInsertTriggers(self.estate, self.target, self.capture),
                Event::Update => pg_sys::ExecASUpdateTriggers(self.estate, self.target, self.capture),
                Event::Delete => pg_sys::ExecASDeleteTriggers(self.estate, self.target, self.capture),
            }
            pg_sys::AfterTriggerEndQuery(self.estate);
            if !self.capture.is_null() {
                pg_sys::pfree(self.capture.cast());
            }
            unlimit_row_wait(self.settings_level);
        }
    }
}

/// `EvalPlanQualInit` without a plan: rows are locked before their triggers run, so nothing is ever rechecked.
unsafe fn init_recheck(epq: &mut pg_sys::EPQState, estate: *mut pg_sys::EState) {
    let none = std::ptr::null_mut();
    // SAFETY: the estate is live; the state is used by one trigger call only.
    unsafe {
        pg_sys::EvalPlanQualInit(
            epq,
            estate,
            none,
            std::ptr::null_mut(),
            -1,
            #[cfg(not(feature = "pg15"))]
            std::ptr::null_mut(),
        );
    }
}

/// Looks the trigger functions up into memory that lives as long as `target`. Left to themselves triggers would look
/// them up at their first row, in that row's memory, and keep pointers into it.
///
/// # Safety
/// `target` has a trigger descriptor and belongs to `estate`.
pub(super) unsafe fn prepare_functions(target: *mut pg_sys::ResultRelInfo, estate: *mut pg_sys::EState) {
    // SAFETY: upheld by the caller; `ri_TrigFunctions` has one entry per trigger.
    unsafe {
        let descriptor = &*(*target).ri_TrigDesc;
        for at in 0..descriptor.numtriggers as usize {
            let function = (*descriptor.triggers.add(at)).tgfoid;
            pg_sys::fmgr_info_cxt(function, (*target).ri_TrigFunctions.add(at), (*estate).es_query_cxt);
        }
    }
}
