//! The ring's bytes: records that may begin at its end and go on at its beginning. The lock is held.

use super::Locked;

/// What stands before each entry in the ring.
pub(super) const RECORD_LEN: u64 = 32;

/// What stands before each entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record {
    /// Of the whole record, this header included.
    pub(super) length: u32,
    pub(super) database: u32,
    pub(super) seq: u64,
    pub(super) lsn: u64,
    /// The entry is in a file; the record holds its name.
    pub(super) is_file: bool,
}

impl Locked<'_> {
    pub(super) fn write(&self, position: u64, bytes: &[u8]) {
        let until_end = (self.ring.bytes_count - position % self.ring.bytes_count) as usize;
        let (first, second) = bytes.split_at(bytes.len().min(until_end));
        // SAFETY: both parts lie within the ring, the second at its beginning; callers made room, and hold the lock.
        unsafe {
            std::ptr::copy_nonoverlapping(first.as_ptr(), self.ring.byte(position), first.len());
            std::ptr::copy_nonoverlapping(second.as_ptr(), self.ring.byte(0), second.len());
        }
    }

    pub(super) fn read(&self, position: u64, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.read_into(position, &mut bytes);
        bytes
    }

    fn read_into(&self, position: u64, bytes: &mut [u8]) {
        let until_end = (self.ring.bytes_count - position % self.ring.bytes_count) as usize;
        let at = bytes.len().min(until_end);
        let (first, second) = bytes.split_at_mut(at);
        // SAFETY: as `write`.
        unsafe {
            std::ptr::copy_nonoverlapping(self.ring.byte(position), first.as_mut_ptr(), first.len());
            std::ptr::copy_nonoverlapping(self.ring.byte(0), second.as_mut_ptr(), second.len());
        }
    }

    pub(super) fn write_record(&self, position: u64, record: Record) {
        let mut bytes = [0; RECORD_LEN as usize];
        bytes[..4].copy_from_slice(&record.length.to_ne_bytes());
        bytes[4..8].copy_from_slice(&record.database.to_ne_bytes());
        bytes[8..16].copy_from_slice(&record.seq.to_ne_bytes());
        bytes[16..24].copy_from_slice(&record.lsn.to_ne_bytes());
        bytes[24] = u8::from(record.is_file);
        self.write(position, &bytes);
    }

    pub(super) fn read_record(&self, position: u64) -> Record {
        let mut bytes = [0; RECORD_LEN as usize];
        self.read_into(position, &mut bytes);
        let half = |at: usize| u32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let whole = |at: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[at..at + 8]);
            u64::from_ne_bytes(word)
        };
        Record { length: half(0), database: half(4), seq: whole(8), lsn: whole(16), is_file: bytes[24] != 0 }
    }
}
