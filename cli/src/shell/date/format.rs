//! Dates to text, by patterns like those of .NET. What .NET takes from the language of the system
//! is that of the C locale here.

use super::calendar::Moment;
use std::fmt::Write;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// A moment in a pattern, which may be one letter that stands for a standard pattern.
pub(super) fn format(moment: &Moment, pattern: &str) -> String {
    let mut chars = pattern.chars();
    match (chars.next(), chars.next()) {
        (None, _) => custom(moment, "ddd MMM d HH:mm:ss yyyy"),
        (Some('%'), _) => custom(moment, &pattern[1..]),
        (Some(letter), None) => {
            standard(letter).map_or_else(String::new, |pattern| custom(moment, pattern))
        }
        _ => custom(moment, pattern),
    }
}

/// The pattern a letter stands for.
fn standard(letter: char) -> Option<&'static str> {
    Some(match letter {
        'd' => "MM/dd/yy",
        'g' => "MM/dd/yy HH:mm",
        'G' => "MM/dd/yy HH:mm:ss",
        'D' => "dddd, dd MMMM yyyy",
        'f' => "dddd, dd MMMM yyyy HH:mm",
        'F' | 'U' => "dddd, dd MMMM yyyy HH:mm:ss",
        'M' | 'm' => "d MMMM",
        'O' | 'o' => "yyyy-MM-dd'T'HH:mm:ss.ffffff",
        'R' | 'r' => "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
        's' => "yyyy-MM-dd'T'HH:mm:ss",
        't' => "HH:mm",
        'T' => "HH:mm:ss",
        'u' => "yyyy-MM-dd HH:mm:ss'Z'",
        'Y' | 'y' => "yyyy MMMM",
        _ => return None,
    })
}

fn custom(moment: &Moment, pattern: &str) -> String {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        let run = rest.chars().take_while(|&other| other == c).count();
        // Letters of patterns are ASCII, so a run is as many bytes.
        match c {
            '\'' | '"' => {
                let body = &rest[1..];
                let end = body.find(c).unwrap_or(body.len());
                out.push_str(&body[..end]);
                rest = body.get(end + 1..).unwrap_or("");
            }
            '\\' => {
                let mut chars = rest[1..].chars();
                out.extend(chars.next());
                rest = chars.as_str();
            }
            _ => {
                let taken = token(moment, c, run, &mut out);
                if taken == 0 {
                    out.push(c);
                }
                rest = &rest[taken.max(c.len_utf8())..];
            }
        }
    }
    out
}

/// Writes what `run` letters `c` stand for; returns how many of them were taken, 0 when they stand
/// for nothing.
fn token(moment: &Moment, c: char, run: usize, out: &mut String) -> usize {
    let longest = match c {
        'y' | 'M' | 'd' => 4,
        'H' | 'h' | 'm' | 's' | 't' => 2,
        'f' | 'F' => 6,
        'g' => run,
        _ => return 0,
    };
    let run = run.min(longest);
    let hour12 = (moment.hour + 11) % 12 + 1;
    match (c, run) {
        ('y', 1 | 2) => number(out, moment.year.rem_euclid(100), run),
        ('y', _) => number(out, moment.year, run),
        ('M', 1 | 2) => number(out, moment.month, run),
        ('M', 3) => out.push_str(&name(&MONTHS, moment.month - 1)[..3]),
        ('M', _) => out.push_str(name(&MONTHS, moment.month - 1)),
        ('d', 1 | 2) => number(out, moment.day, run),
        ('d', 3) => out.push_str(&name(&DAYS, moment.weekday)[..3]),
        ('d', _) => out.push_str(name(&DAYS, moment.weekday)),
        ('H', _) => number(out, moment.hour, run),
        ('h', _) => number(out, hour12, run),
        ('m', _) => number(out, moment.minute, run),
        ('s', _) => number(out, moment.second, run),
        ('t', 1) => out.push(if moment.hour < 12 { 'A' } else { 'P' }),
        ('t', _) => out.push_str(if moment.hour < 12 { "AM" } else { "PM" }),
        // Dates are whole seconds; `F` leaves out zeros at the end, which are all.
        ('f', _) => out.push_str(&"000000"[..run]),
        ('g', _) => out.push_str("A.D."),
        _ => {}
    }
    run
}

fn number(out: &mut String, x: i64, width: usize) {
    // Writing to a string cannot fail.
    let _ = write!(out, "{x:0width$}");
}

fn name(names: &'static [&'static str], index: i64) -> &'static str {
    usize::try_from(index).ok().and_then(|index| names.get(index)).unwrap_or(&"???")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let moment = Moment::from_seconds(super::super::calendar::to_seconds(2000, 1, 1, 50_000));
        for (pattern, expected) in [
            ("hh:mm t", "01:53 P"),
            ("dddd, MMMM d yy", "Saturday, January 1 00"),
            ("yyyy-MM-dd HH:mm:ss", "2000-01-01 13:53:20"),
            ("h tt", "1 PM"),
            ("'at' H\\h", "at 13h"),
            ("s", "2000-01-01T13:53:20"),
            ("R", "Sat, 01 Jan 2000 13:53:20 GMT"),
            ("%s", "20"),
            ("x", ""),
            ("ss.fff é", "20.000 é"),
            ("", "Sat Jan 1 13:53:20 2000"),
            ("'open", "open"),
        ] {
            assert_eq!(format(&moment, pattern), expected, "{pattern}");
        }
    }
}
