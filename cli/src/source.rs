//! Reading source texts, and bytecode files that stand in for them.
//!
//! What a file holds is told from its first bytes, not from its name.

use brisk_core::{Dialect, Error, Program};
use std::io::Read;
use std::path::{Path, PathBuf};

/// A source text, or what was made of one, and where it is from.
pub(crate) struct Source {
    /// What people call it: a path, or a word in angle brackets.
    pub(crate) name: String,
    /// The text; empty when there is only bytecode.
    pub(crate) text: String,
    /// A bytecode file, instead of the text.
    pub(crate) bytecode: Option<Vec<u8>>,
    /// Its file, if it has one.
    pub(crate) path: Option<PathBuf>,
}

impl Source {
    /// A text that is in no file.
    pub(crate) fn inline(name: &str, text: &str) -> Self {
        Source { name: name.into(), text: text.into(), bytecode: None, path: None }
    }

    fn new(name: String, bytes: Vec<u8>, path: Option<PathBuf>) -> Result<Self, String> {
        if Program::is_bytecode(&bytes) {
            return Ok(Source { name, text: String::new(), bytecode: Some(bytes), path });
        }
        decode(&name, bytes).map(|text| Source { name, text, bytecode: None, path })
    }

    /// What a file that is run, checked, listed or built holds; `-` is the standard input.
    ///
    /// # Errors
    ///
    /// A message for people.
    pub(crate) fn read_named(path: &Path) -> Result<Self, String> {
        if path.as_os_str() == "-" { Source::read_stdin() } else { Source::read(path) }
    }

    /// The program: compiled from the text, or loaded.
    ///
    /// # Errors
    ///
    /// For [`report::refusal`](crate::report::refusal).
    pub(crate) fn program(&self) -> Result<Program, Error> {
        match &self.bytecode {
            Some(bytes) => Program::from_bytes(bytes),
            None => Program::compile(&self.text, Dialect::V1),
        }
    }

    /// What a file holds.
    ///
    /// # Errors
    ///
    /// A message for people.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let name = path.display().to_string();
        match std::fs::read(path) {
            Ok(bytes) => Source::new(name, bytes, Some(path.into())),
            Err(_) => Err(format!("Error opening file: {name}")),
        }
    }

    /// What the standard input holds.
    ///
    /// # Errors
    ///
    /// A message for people.
    pub(crate) fn read_stdin() -> Result<Self, String> {
        let mut bytes = Vec::new();
        match std::io::stdin().lock().read_to_end(&mut bytes) {
            Ok(_) => Source::new("<stdin>".into(), bytes, None),
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
