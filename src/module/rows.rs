//! Rows of a module's table as clients get them.

use super::ReadyModule;
use crate::error::Result;
use crate::pg::scan::{Scan, Visit};
use crate::pg::{interrupt, snapshot};

/// Bytes at which a piece of the answer ends.
const PIECE_BYTES: usize = 1 << 20;

/// The rows of a table by the active snapshot: each in BSATN after its length as u32, in pieces.
pub(crate) fn read_rows(module: &ReadyModule, table: usize) -> Result<Vec<Vec<u8>>> {
    let (opened, codec) = module.open_table(table)?;
    let mut pieces = Vec::new();
    let mut piece = Vec::new();
    let mut failed = None;
    snapshot::push();
    let mut scan = Scan::of_table();
    scan.run(&opened, &mut |opened| {
        interrupt::process();
        let start = piece.len();
        piece.extend_from_slice(&[0; 4]);
        // SAFETY: the codec is current: the table was opened with it, and the row is of that table.
        if let Err(error) = unsafe { codec.encode_row(opened.row(), &mut piece) } {
            failed = Some(error);
            return Visit::Pause;
        }
        let length = (piece.len() - start - 4) as u32;
        piece[start..start + 4].copy_from_slice(&length.to_le_bytes());
        if piece.len() >= PIECE_BYTES {
            pieces.push(std::mem::take(&mut piece));
        }
        Visit::More
    });
    scan.close();
    snapshot::pop();
    opened.close();
    if let Some(error) = failed {
        return Err(error);
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    Ok(pieces)
}
