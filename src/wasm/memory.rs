//! Guest memory seen from host functions, and the byte sources and sinks guests read from and write to.
//!
//! Invariant: a guest pointer becomes a slice only here, bounds-checked against the memory as it is now; slices borrow the
//! memory, so none survives a return to the guest, which may grow it. The null pointer is refused even for no bytes at all
//! (module-abi.md §1.4). Hazard: lengths are the guest's; nothing may be allocated by them before they are checked.

use super::limits::{Budget, BudgetExceeded};
use super::trap::Fault;

/// Bytes a guest named by pointer and length.
#[inline]
pub(super) fn read(memory: &[u8], ptr: u32, len: u32) -> Result<&[u8], Fault> {
    if ptr == 0 {
        return Err(Fault::NullPointer);
    }
    let start = ptr as usize;
    memory.get(start..start + len as usize).ok_or(Fault::OutOfBounds)
}

/// Space a guest named by pointer and length.
#[inline]
pub(super) fn write(memory: &mut [u8], ptr: u32, len: u32) -> Result<&mut [u8], Fault> {
    if ptr == 0 {
        return Err(Fault::NullPointer);
    }
    let start = ptr as usize;
    memory.get_mut(start..start + len as usize).ok_or(Fault::OutOfBounds)
}

/// A fixed number of bytes at a guest pointer.
#[inline]
pub(super) fn read_array<const N: usize>(memory: &[u8], ptr: u32) -> Result<[u8; N], Fault> {
    let bytes = read(memory, ptr, N as u32)?;
    bytes.try_into().map_err(|_| Fault::OutOfBounds)
}

/// A `u32` of the guest, at any alignment.
#[inline]
pub(super) fn read_u32(memory: &[u8], ptr: u32) -> Result<u32, Fault> {
    read_array(memory, ptr).map(u32::from_le_bytes)
}

/// Stores a result where the guest wants it, at any alignment.
#[inline]
pub(super) fn store(memory: &mut [u8], ptr: u32, value: &[u8]) -> Result<(), Fault> {
    write(memory, ptr, value.len() as u32)?.copy_from_slice(value);
    Ok(())
}

/// A name: must be UTF-8.
#[inline]
pub(super) fn read_name(memory: &[u8], ptr: u32, len: u32) -> Result<&str, Fault> {
    std::str::from_utf8(read(memory, ptr, len)?).map_err(|_| Fault::NameNotUtf8)
}

/// Arguments longer than this (there may be megabytes) do not leave their buffer behind.
const KEPT_BYTES: usize = 64 * 1024;

/// Places kept for sources: more than that is not the rule.
const KEPT_SOURCES: usize = 16;

/// Bytes the host has ready for the guest.
#[derive(Debug, Default)]
struct Source {
    bytes: Vec<u8>,
    read: usize,
    /// Ended sources keep their id: ids are never used twice within one entry.
    open: bool,
}

/// The byte sources of one entry. Ids start at 1 in each; 0 stands for "nothing there" and is never registered.
#[derive(Debug, Default)]
pub(super) struct Sources {
    slots: Vec<Source>,
    open: usize,
}

impl Sources {
    /// Forgets all sources and registers the arguments of an entry. No bytes: no source, id 0.
    ///
    /// The first slot keeps its buffer over entries, so passing arguments allocates nothing.
    pub(super) fn begin(&mut self, args: &[u8]) -> u32 {
        self.slots.truncate(usize::from(!args.is_empty()));
        self.slots.shrink_to(KEPT_SOURCES);
        self.open = self.slots.len();
        if args.is_empty() {
            return 0;
        }
        if self.slots.is_empty() {
            self.slots.push(Source::default());
        }
        let slot = &mut self.slots[0];
        slot.bytes.clear();
        slot.bytes.shrink_to(KEPT_BYTES);
        slot.bytes.extend_from_slice(args);
        (slot.read, slot.open) = (0, true);
        self.open = 1;
        1
    }

    /// Registers bytes, which may be none: a source of length 0 is something else than no source.
    pub(super) fn add(&mut self, bytes: Vec<u8>, budget: &mut Budget) -> Result<u32, BudgetExceeded> {
        budget.charge(bytes.len() + size_of::<Source>())?;
        self.slots.push(Source { bytes, read: 0, open: true });
        self.open += 1;
        Ok(self.slots.len() as u32)
    }

    /// Sources not read to their end.
    pub(super) fn open(&self) -> usize {
        self.open
    }

    /// Bytes left, `None` for an unknown or ended source.
    pub(super) fn remaining(&self, id: u32) -> Option<usize> {
        let slot = self.slots.get((id as usize).checked_sub(1)?)?;
        slot.open.then(|| slot.bytes.len() - slot.read)
    }

    /// Copies as much as fits. Gives the number of bytes and whether that was the end, at which the source is gone.
    pub(super) fn read(&mut self, id: u32, buffer: &mut [u8]) -> Option<(usize, bool)> {
        let slot = self.slots.get_mut((id as usize).checked_sub(1)?).filter(|slot| slot.open)?;
        let rest = &slot.bytes[slot.read..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        slot.read += count;
        let ended = slot.read == slot.bytes.len();
        if ended {
            slot.open = false;
            self.open -= 1;
            // The arguments' buffer serves the next entry; others are not needed any more.
            if id != 1 {
                slot.bytes = Vec::new();
            }
        }
        Some((count, ended))
    }
}

/// Id of the one sink an entry has, if it has one.
pub(super) const SINK: u32 = 1;

/// The byte sink of one entry.
#[derive(Debug, Default)]
pub(super) struct Sink {
    bytes: Option<Vec<u8>>,
}

impl Sink {
    /// Between entries, and for entries without a sink.
    pub(super) fn close(&mut self) {
        self.bytes = None;
    }

    /// Opens the sink of an entry that has one.
    pub(super) fn open(&mut self) {
        self.bytes = Some(Vec::new());
    }

    /// Closes the sink and gives what the guest wrote.
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.bytes.take().unwrap_or_default()
    }

    /// The buffer behind a sink id.
    pub(super) fn get(&mut self, id: u32) -> Option<&mut Vec<u8>> {
        self.bytes.as_mut().filter(|_| id == SINK)
    }
}
