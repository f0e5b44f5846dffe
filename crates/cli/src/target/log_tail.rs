//! Following a log that can only be read from its end: new is what comes behind everything that was shown before.

use serde_json::Value;

/// Where in `now` begins what comes behind all of `before`. Both end with the newest record; the log may have been cut.
pub(super) fn unseen(before: &[Value], now: &[Value]) -> usize {
    if before.is_empty() {
        return 0;
    }
    (0..=now.len())
        .rev()
        .find(|end| before.ends_with(&now[..*end]) || now[..*end].ends_with(before))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    #[test]
    fn only_new_records_are_shown() {
        let records = |numbers: &[i32]| numbers.iter().map(|number| json!(number)).collect::<Vec<Value>>();
        let unseen = |before: &[i32], now: &[i32]| super::unseen(&records(before), &records(now));
        assert_eq!(unseen(&[], &[]), 0);
        assert_eq!(unseen(&[], &[1]), 0);
        assert_eq!(unseen(&[1, 2], &[1, 2]), 2);
        assert_eq!(unseen(&[1, 2], &[1, 2, 3]), 2);
        assert_eq!(unseen(&[2], &[1, 2, 3]), 2, "the first look showed fewer");
        assert_eq!(unseen(&[1, 2, 3], &[3, 4]), 1, "the first look showed more");
        assert_eq!(unseen(&[1, 2], &[2, 3]), 1, "the log was cut at its beginning");
        assert_eq!(unseen(&[1, 2], &[7, 8]), 0, "the log began anew");
    }
}
