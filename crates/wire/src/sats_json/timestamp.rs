//! RFC 3339 timestamps to microseconds since the Unix epoch. Digits past microseconds are cut off; an offset of
//! whole hours (`+00`) and a space instead of `T` are accepted because that is how Postgres prints timestamps.

const MICROSECONDS: i64 = 1_000_000;

/// None if the text is no RFC 3339 timestamp.
pub(super) fn parse(text: &str) -> Option<i64> {
    let mut cursor = Cursor(text);
    let year = cursor.number(4)?;
    cursor.expect(&['-'])?;
    let month = cursor.number(2)?;
    cursor.expect(&['-'])?;
    let day = cursor.number(2)?;
    cursor.expect(&['T', 't', ' '])?;
    let hour = cursor.number(2)?;
    cursor.expect(&[':'])?;
    let minute = cursor.number(2)?;
    cursor.expect(&[':'])?;
    let second = cursor.number(2)?;
    let microsecond = cursor.fraction()?;
    let offset = cursor.offset()?;
    let valid = (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        // 60 is a leap second, which Unix time counts as the next one.
        && second <= 60;
    if !valid || !cursor.0.is_empty() {
        return None;
    }
    let seconds = days_since_epoch(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset;
    Some(seconds * MICROSECONDS + microsecond)
}

struct Cursor<'a>(&'a str);

impl Cursor<'_> {
    fn number(&mut self, digits: usize) -> Option<i64> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        number.parse().ok()
    }

    fn expect(&mut self, choices: &[char]) -> Option<char> {
        let found = self.0.chars().next().filter(|character| choices.contains(character))?;
        self.0 = self.0.strip_prefix(found)?;
        Some(found)
    }

    /// Microseconds; 0 without a fraction.
    fn fraction(&mut self) -> Option<i64> {
        let Some(rest) = self.0.strip_prefix('.') else { return Some(0) };
        let length = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        if digits.is_empty() {
            return None;
        }
        let cut: String = digits.chars().chain("000000".chars()).take(6).collect();
        cut.parse().ok()
    }

    /// Seconds east of UTC.
    fn offset(&mut self) -> Option<i64> {
        let sign = match self.expect(&['Z', 'z', '+', '-'])? {
            '+' => 1,
            '-' => -1,
            _ => return Some(0),
        };
        let hours = self.number(2)?;
        let minutes = if self.0.is_empty() {
            0
        } else {
            self.expect(&[':'])?;
            self.number(2)?
        };
        (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
    }
}

fn is_leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    // Years that begin in March put the leap day at the end.
    let shifted = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let leap_days = shifted.div_euclid(4) - shifted.div_euclid(100) + shifted.div_euclid(400);
    shifted * 365 + leap_days + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn known_instants() {
        for (text, micros) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2023-11-14T22:13:20Z", 1_700_000_000_000_000),
            ("2023-11-14T23:13:20.5+01:00", 1_700_000_000_500_000),
            ("2023-11-14 22:13:20.123456+00", 1_700_000_000_123_456),
            ("2023-11-14t17:13:20.1234567890-05:00", 1_700_000_000_123_456),
            ("1969-12-31T23:59:59.999999z", -1),
            ("2000-02-29T00:00:00Z", 951_782_400_000_000),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000_000),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000_000),
            ("9999-12-31T23:59:59Z", 253_402_300_799_000_000),
        ] {
            assert_eq!(parse(text), Some(micros), "{text}");
        }
    }

    #[test]
    fn refused() {
        for text in [
            "",
            "2023-11-14",
            "2023-11-14T22:13:20",
            "2023-11-14T22:13:20.Z",
            "2023-13-01T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2023-11-14T24:00:00Z",
            "2023-11-14T22:13:20Z ",
            "+023-11-14T22:13:20Z",
            "2023-11-14T22:13:20+1",
            "2023-11-14T22:13:20é",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
