//! Identities, connection ids and UUIDs as plain text.

use super::integer::from_hex;

/// The little-endian bytes of a hexadecimal id of `N` bytes: all its digits, or `0x` and at most that many.
pub(super) fn from_hex_text<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = match text.strip_prefix("0x") {
        Some(digits) if !digits.is_empty() && digits.len() <= 2 * N => digits,
        None if text.len() == 2 * N => text,
        _ => return None,
    };
    let wide = from_hex(digits)?;
    let mut id = [0; N];
    id.copy_from_slice(wide.get(..N)?);
    Some(id)
}

/// The little-endian bytes of a UUID in its canonical text, 8-4-4-4-12 hex digits.
pub(super) fn from_uuid_text(text: &str) -> Option<[u8; 16]> {
    let groups: Vec<&str> = text.split('-').collect();
    if !groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]) {
        return None;
    }
    from_hex_text(&groups.concat())
}
