//! Dates from text: parts between spaces, each known by its punctuation.

use super::calendar::{Moment, to_seconds};

/// Largest number that counts: arithmetic on it cannot overflow.
const NUMBER_MAX: i64 = 1_000_000;

/// Seconds on the local clock. `today` is now on that clock: its day is taken when the text has
/// none. A text with neither date nor time is the beginning of today.
pub(super) fn parse(text: &str, today: i64) -> i64 {
    let today = Moment::from_seconds(today);
    let mut date = [today.year, today.month, today.day];
    let mut time = [0; 3];
    let mut is_afternoon = false;
    for part in text.split(' ') {
        if part.contains('-') {
            date = [0, 0, 0];
            fill(&mut date, part.split('-'));
        } else if part.contains(':') {
            fill(&mut time, part.split(':'));
        } else if matches!(part, "P" | "PM" | "p" | "pm") {
            is_afternoon = true;
        }
    }
    if is_afternoon && time[0] < 12 {
        time[0] += 12;
    }
    to_seconds(date[0], date[1], date[2], time[0] * 3600 + time[1] * 60 + time[2])
}

fn fill<'a>(numbers: &mut [i64; 3], parts: impl Iterator<Item = &'a str>) {
    for (number, part) in numbers.iter_mut().zip(parts) {
        *number = integer(part);
    }
}

/// The digits a part begins with; 0 when there are none.
fn integer(part: &str) -> i64 {
    let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
    part[..end].parse().map_or(if end > 0 { NUMBER_MAX } else { 0 }, |n: i64| n.min(NUMBER_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        let today = to_seconds(2024, 5, 6, 7 * 3600);
        let at = |year, month, day, hour: i64, minute: i64, second: i64| {
            to_seconds(year, month, day, hour * 3600 + minute * 60 + second)
        };
        for (text, expected) in [
            ("2000-01-02 03:04:05", at(2000, 1, 2, 3, 4, 5)),
            ("2020-03", at(2020, 2, 29, 0, 0, 0)),
            ("2020-02-30", at(2020, 3, 1, 0, 0, 0)),
            ("2020-13-01", at(2021, 1, 1, 0, 0, 0)),
            ("10:30", at(2024, 5, 6, 10, 30, 0)),
            ("1:30 PM 2020-01-01", at(2020, 1, 1, 13, 30, 0)),
            ("12:00 AM", at(2024, 5, 6, 12, 0, 0)),
            ("abc", at(2024, 5, 6, 0, 0, 0)),
            ("", at(2024, 5, 6, 0, 0, 0)),
        ] {
            assert_eq!(parse(text, today), expected, "{text}");
        }
    }
}
