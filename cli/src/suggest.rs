//! "Did you mean …?" for names that nobody defined.

use brisk_core::host::{Data, Values};
use brisk_core::{Error, Machine, intrinsics};

/// What the message of such an error begins with.
const UNDEFINED: &str = "Undefined Identifier: '";

/// Longest name that is compared: the work is quadratic, and nobody mistypes more.
const NAME_CHARS_MAX: usize = 64;

/// The name that such an error is about.
pub(crate) fn undefined_name(error: &Error) -> Option<&str> {
    error.message().strip_prefix(UNDEFINED)?.split('\'').next()
}

/// Advice about an error, if there is any.
pub(crate) fn for_error(error: &Error, machine: &mut Machine) -> Option<String> {
    let name = undefined_name(error)?;
    let mut known: Vec<String> = intrinsics::TABLE.iter().map(|row| row.name.to_string()).collect();
    known.extend(crate::shell::names().map(str::to_string));
    let globals = machine.globals().ok()?;
    for (key, _) in machine.map_entries(&globals).ok()? {
        if let Data::Text(key) = key {
            known.push(key);
        }
    }
    let best = nearest(name, known.iter().map(String::as_str))?;
    Some(format!("did you mean `{best}`?"))
}

/// The candidate that takes the fewest edits, if it takes few enough to be a slip.
fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let most = match name.chars().count() {
        0..=2 => 1,
        3..=5 => 2,
        _ => 3,
    };
    let near = candidates.filter(|candidate| *candidate != name);
    near.map(|candidate| (distance(name, candidate), candidate))
        .filter(|&(edits, candidate)| edits <= most && edits < candidate.chars().count())
        .min_by_key(|&(edits, _)| edits)
        .map(|(_, candidate)| candidate)
}

/// Edits that turn one word into the other: insertions, deletions, replacements, swaps of
/// neighbours. A letter of the other case is as good as right. (Optimal string alignment distance.)
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().take(NAME_CHARS_MAX).flat_map(char::to_lowercase).collect();
    let b: Vec<char> = b.chars().take(NAME_CHARS_MAX).flat_map(char::to_lowercase).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 0..a.len() {
        let mut row = vec![i + 1];
        for j in 0..b.len() {
            let mut edits =
                (above[j] + usize::from(a[i] != b[j])).min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                edits = edits.min(before[j - 1] + 1);
            }
            row.push(edits);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (a, b, edits) in [
            ("", "abc", 3),
            ("pritn", "print", 1),
            ("Print", "print", 0),
            ("kitten", "sitting", 3),
            ("ä", "a", 1),
        ] {
            assert_eq!(distance(a, b), edits, "{a} {b}");
        }
    }

    #[test]
    fn suggestions() {
        let names = ["print", "count", "x", "ceil"];
        for (typed, meant) in
            [("pritn", Some("print")), ("cuont", Some("count")), ("y", None), ("zzzzzz", None)]
        {
            assert_eq!(nearest(typed, names.into_iter()), meant, "{typed}");
        }
    }
}
