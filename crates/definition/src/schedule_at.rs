//! When a row of a scheduled table is due (module-abi.md §4.8).

use crate::bsatn::Reader;
use crate::error::Error;

/// Delays from here on are refused: 2^36 − 1 ms, about 2.2 years.
const DELAY_LIMIT_US: u64 = ((1 << 36) - 1) * 1000;
/// Shorter intervals are run at this one: an interval of 0 must not keep a worker from everything else.
const INTERVAL_MIN_US: i64 = 1000;

/// The value of a ScheduleAt column. Microseconds; times since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScheduleAt {
    Interval(i64),
    Time(i64),
}

impl ScheduleAt {
    /// Reads one value.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] if the bytes are no ScheduleAt.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let tag = reader.tag(2)?;
        let micros = i64::from_le_bytes(reader.array()?);
        Ok(if tag == 0 { Self::Interval(micros) } else { Self::Time(micros) })
    }

    /// Time between two runs; `None` for rows that run once.
    pub fn interval(self) -> Option<i64> {
        match self {
            Self::Interval(micros) => Some(micros.saturating_abs().max(INTERVAL_MIN_US)),
            Self::Time(_) => None,
        }
    }

    /// When a row written at `now` is due for the first time.
    pub fn first_due(self, now: i64) -> i64 {
        match self {
            Self::Interval(_) => now.saturating_add(self.interval().unwrap_or(0)),
            Self::Time(at) => at.max(0),
        }
    }

    /// Whether the delay, seen from `now`, is longer than a schedule may be.
    pub fn is_too_far(self, now: i64) -> bool {
        match self {
            Self::Interval(micros) => micros.unsigned_abs() >= DELAY_LIMIT_US,
            Self::Time(at) => at > now && at.abs_diff(now) >= DELAY_LIMIT_US,
        }
    }
}

/// When an interval that was due at `previous` is due next: on the grid of the first run, so that it does not drift, and
/// after `now`, so that runs missed are not made up for.
pub fn next_due(previous: i64, interval: i64, now: i64) -> i64 {
    let next = previous.saturating_add(interval);
    if next > now {
        return next;
    }
    let missed = (now - next) / interval + 1;
    next.saturating_add(missed.saturating_mul(interval))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000;

    #[test]
    fn bytes() {
        let read = |hex: &str| ScheduleAt::read(&mut Reader::new(&hex::decode(hex).unwrap()));
        assert_eq!(read("0040420f0000000000").unwrap(), ScheduleAt::Interval(1_000_000));
        assert_eq!(read("0100401e18240a0600").unwrap(), ScheduleAt::Time(1_700_000_000_000_000));
        assert!(read("020000000000000000").is_err());
        assert!(read("0040420f").is_err());
    }

    #[test]
    fn first_runs() {
        assert_eq!(ScheduleAt::Time(5).first_due(100), 5);
        assert_eq!(ScheduleAt::Time(i64::MIN).first_due(100), 0);
        assert_eq!(ScheduleAt::Interval(HOUR).first_due(100), HOUR + 100);
        assert_eq!(ScheduleAt::Interval(-HOUR).first_due(100), HOUR + 100);
        assert_eq!(ScheduleAt::Interval(0).first_due(100), 1100);
        assert_eq!(ScheduleAt::Interval(i64::MIN).first_due(100), i64::MAX);
        assert_eq!(ScheduleAt::Time(5).interval(), None);
    }

    #[test]
    fn intervals_neither_drift_nor_burst() {
        assert_eq!(next_due(1000, 100, 1001), 1100);
        // A run that took until the next was due skips it: the grid stays.
        assert_eq!(next_due(1000, 100, 1099), 1100);
        assert_eq!(next_due(1000, 100, 1100), 1200);
        assert_eq!(next_due(1000, 100, 98_765), 98_800);
        assert_eq!(next_due(i64::MAX - 5, 100, i64::MAX - 1), i64::MAX);
    }

    #[test]
    fn far_delays() {
        let limit = i64::try_from(DELAY_LIMIT_US).unwrap();
        assert!(ScheduleAt::Interval(limit).is_too_far(0));
        assert!(ScheduleAt::Interval(-limit).is_too_far(0));
        assert!(!ScheduleAt::Interval(limit - 1).is_too_far(0));
        assert!(ScheduleAt::Time(limit + 7).is_too_far(7));
        assert!(!ScheduleAt::Time(limit + 6).is_too_far(7));
        assert!(!ScheduleAt::Time(i64::MIN).is_too_far(i64::MAX));
    }
}
