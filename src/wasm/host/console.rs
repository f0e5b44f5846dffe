//! The module's log and its timers.
//!
//! Invariant: logging never ends a call: a record that cannot be read is dropped. Names and texts are taken lossily.

use std::borrow::Cow;
use std::time::Instant;

use wasmtime::{Caller, Linker};

use super::entry::{answer, answer_code};
use super::{Errno, LogRecord};
use crate::wasm::abi::namespace;
use crate::wasm::limits::{Budget, BudgetExceeded};
use crate::wasm::memory::read;
use crate::wasm::state::State;

/// Level of what a guest's panic hook writes; the trap follows.
const LEVEL_PANIC: u8 = 101;
const LEVEL_INFO: u8 = 2;

/// Longest message kept of a record.
const MESSAGE_BYTES_MAX: usize = 64 << 10;
/// Longest target and file name kept of a record, and name of a timer.
const NAME_BYTES_MAX: usize = 1 << 10;

/// "No line number".
const NO_LINE: u32 = u32::MAX;

pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let v0 = namespace(0);
    linker.func_wrap(v0, "console_log", console_log)?;
    linker.func_wrap(v0, "console_timer_start", console_timer_start)?;
    linker.func_wrap(v0, "console_timer_end", console_timer_end)?;
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "the ABI's")]
fn console_log(
    mut caller: Caller<'_, State>,
    level: u32,
    target: u32,
    target_len: u32,
    file: u32,
    file_len: u32,
    line: u32,
    message: u32,
    message_len: u32,
) -> wasmtime::Result<()> {
    answer(&mut caller, |memory, host, handles| {
        let texts = (
            optional_text(memory, target, target_len),
            optional_text(memory, file, file_len),
            read(memory, message, message_len).ok().map(|text| beginning(text, MESSAGE_BYTES_MAX)),
        );
        let (Some(target), Some(file), Some(message)) = texts else { return Ok(()) };
        let record = LogRecord {
            // A level is a byte; the guest's wider type has room for nonsense.
            level: level as u8,
            target: target.as_deref(),
            file: file.as_deref(),
            line: (line != NO_LINE).then_some(line),
            message: &message,
        };
        if record.level == LEVEL_PANIC {
            handles.panic_message = Some(panic_reason(&record));
        }
        host.log(record);
        Ok(())
    })
    .map(|_| ())
}

/// `None` if the guest passed something unreadable, `Some(None)` if it passed nothing.
fn optional_text(memory: &[u8], ptr: u32, len: u32) -> Option<Option<Cow<'_, str>>> {
    match ptr {
        0 => Some(None),
        _ => read(memory, ptr, len).ok().map(|bytes| Some(beginning(bytes, NAME_BYTES_MAX))),
    }
}

/// What is kept of a text. Cut before it is decoded: guests may pass all of their memory.
/// The beginning of a text, without what Postgres' text cannot hold: bytes that are no UTF-8, and U+0000.
fn beginning(text: &[u8], bytes_max: usize) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(&text[..text.len().min(bytes_max)]);
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { text }
}

fn panic_reason(record: &LogRecord<'_>) -> String {
    match (record.file, record.line) {
        (Some(file), Some(line)) => format!("panicked: {} ({file}:{line})", record.message),
        _ => format!("panicked: {}", record.message),
    }
}

fn console_timer_start(mut caller: Caller<'_, State>, name: u32, name_len: u32) -> wasmtime::Result<u32> {
    answer_code(&mut caller, |memory, _, handles| {
        let name = beginning(read(memory, name, name_len)?, NAME_BYTES_MAX);
        Ok(handles.timers.start(&name, &mut handles.budget)?)
    })
}

fn console_timer_end(mut caller: Caller<'_, State>, timer: u32) -> wasmtime::Result<u32> {
    answer(&mut caller, |_, host, handles| {
        let timer = handles.timers.end(timer, &mut handles.budget).ok_or(Errno::NoSuchConsoleTimer)?;
        let message = format!("Timing span {:?}: {:?}", timer.name, timer.started.elapsed());
        host.log(LogRecord { level: LEVEL_INFO, target: None, file: None, line: None, message: &message });
        Ok(())
    })
}

struct Timer {
    name: String,
    started: Instant,
}

/// The running timers of one entry: id is the place in the slab plus one.
#[derive(Default)]
pub(in crate::wasm) struct Timers {
    slots: Vec<Option<Timer>>,
    free: Vec<usize>,
}

impl Timers {
    fn start(&mut self, name: &str, budget: &mut Budget) -> Result<u32, BudgetExceeded> {
        budget.charge(name.len() + size_of::<Timer>())?;
        let timer = Some(Timer { name: name.to_owned(), started: Instant::now() });
        let place = match self.free.pop() {
            Some(place) => {
                self.slots[place] = timer;
                place
            }
            None => {
                self.slots.push(timer);
                self.slots.len() - 1
            }
        };
        Ok(place as u32 + 1)
    }

    fn end(&mut self, id: u32, budget: &mut Budget) -> Option<Timer> {
        let place = (id as usize).checked_sub(1)?;
        let timer = self.slots.get_mut(place)?.take()?;
        self.free.push(place);
        budget.release(timer.name.len() + size_of::<Timer>());
        Some(timer)
    }

    /// Forgets the timers the guest left running.
    pub(in crate::wasm) fn clear(&mut self) {
        if !self.slots.is_empty() {
            *self = Timers::default();
        }
    }
}
