//! Reading source texts.

use std::io::Read;
use std::path::{Path, PathBuf};

/// A source text and where it is from.
pub(crate) struct Source {
    /// What people call it: a path, or a word in angle brackets.
    pub(crate) name: String,
    /// The text.
    pub(crate) text: String,
    /// Its file, if it has one.
    pub(crate) path: Option<PathBuf>,
}

impl Source {
    /// A text that is in no file.
    pub(crate) fn inline(name: &str, text: &str) -> Self {
        Source { name: name.into(), text: text.into(), path: None }
    }

    /// The text of a file.
    ///
    /// # Errors
    ///
    /// A message for people.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let name = path.display().to_string();
        match std::fs::read(path) {
            Ok(bytes) => {
                decode(&name, bytes).map(|text| Source { name, text, path: Some(path.into()) })
            }
            Err(_) => Err(format!("Error opening file: {name}")),
        }
    }

    /// The text that the standard input holds.
    ///
    /// # Errors
    ///
    /// A message for people.
    pub(crate) fn read_stdin() -> Result<Self, String> {
        let mut bytes = Vec::new();
        match std::io::stdin().lock().read_to_end(&mut bytes) {
            Ok(_) => decode("<stdin>", bytes).map(|text| Source::inline("<stdin>", &text)),
            Err(error) => Err(format!("Error reading the standard input: {error}")),
        }
    }
}

/// Source texts are UTF-8. Replacing what is not would change what string literals mean, so it is
/// refused.
///
/// # Errors
///
/// A message that says where the first bad byte is.
pub(crate) fn decode(name: &str, bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        format!("Error: {name} is not UTF-8: bad byte at offset {offset}")
    })
}
