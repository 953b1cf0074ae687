//! `import`: where modules are found (LANGUAGE.md §20.2, INTRINSICS.md §9.4). Running them is the
//! engine's.

use super::environment::env_map;
use super::{Shell, lock};
use crate::source;
use brisk_core::host::{Context, NativeError, NativeResult, Values};
use std::path::Path;
use std::sync::Arc;

/// Between the directories of a search path. Windows has colons within paths.
const SEPARATOR: char = if cfg!(windows) { ';' } else { ':' };

/// Compiles and runs a module each time it is called; the module is then a variable of the caller.
pub(super) fn import(context: &mut Context<'_>, shell: &Arc<Shell>) -> NativeResult {
    let library = context.text_arg(0)?;
    if library.is_empty() {
        return Err(NativeError::message("import: libname required"));
    }
    let env = env_map(context, shell)?;
    let mut variable = |name: &str| -> Result<String, NativeError> {
        match context.map_get(&env, &name.into())? {
            Some(value) => Ok(context.text_of(&value)?),
            None => Ok(String::new()),
        }
    };
    let search_path = variable("MS_IMPORT_PATH")?;
    let name = format!("{library}.ms");
    for entry in search_path.split(SEPARATOR) {
        let directory = expand(entry, &mut variable)?;
        let directory = if directory.is_empty() { "." } else { &directory };
        let path = Path::new(directory).join(&name);
        let Ok(bytes) = std::fs::read(&path) else {
            continue;
        };
        let source = source::decode(&name, bytes).map_err(NativeError::message)?;
        let mut modules = lock(&shell.modules);
        if !modules.iter().any(|(known, at)| *known == name && *at == path) {
            modules.push((name.clone(), path));
        }
        return Err(NativeError::Import { source, name, variable: library });
    }
    Err(NativeError::message(format!("import: library not found: {library}")))
}

/// Replaces `$NAME`, `${NAME}` and `$(NAME)` by the values of variables. A `$` before anything else
/// stays.
fn expand<E>(text: &str, mut variable: impl FnMut(&str) -> Result<String, E>) -> Result<String, E> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let closed = |open: char, close: char| {
            let inner = after.strip_prefix(open)?;
            inner.find(close).map(|end| (&inner[..end], &inner[end + 1..]))
        };
        let plain = || {
            let end =
                after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
            (end > 0).then(|| after.split_at(end))
        };
        match closed('{', '}').or_else(|| closed('(', ')')).or_else(plain) {
            Some((name, tail)) => {
                out.push_str(&variable(name)?);
                rest = tail;
            }
            None => {
                out.push('$');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expansion() {
        let variable =
            |name: &str| Ok::<_, ()>(if name == "A_1" { "x".into() } else { String::new() });
        for (text, expected) in [
            ("", ""),
            ("a/b", "a/b"),
            ("$A_1/lib", "x/lib"),
            ("${A_1}b$(A_1)", "xbx"),
            ("$NONE/lib", "/lib"),
            ("a$/b$", "a$/b$"),
            ("${A_1", "${A_1"),
        ] {
            assert_eq!(expand(text, variable), Ok(expected.into()), "{text}");
        }
    }
}
