//! Parts of paths. Only the text is looked at, as `basename` and `dirname` do.

use crate::shell::Shell;
use brisk_core::host::{Context, Data, NativeResult};
use std::sync::Arc;

/// The last component; 0 for null, as in the reference.
pub(super) fn name(context: &mut Context<'_>, _: &Arc<Shell>) -> NativeResult {
    match context.value(0)? {
        Data::Null => Ok(0.into()),
        _ => Ok(name_of(&context.text_arg(0)?).into()),
    }
}

/// What is before the last component; 0 for null, as in the reference.
pub(super) fn parent(context: &mut Context<'_>, _: &Arc<Shell>) -> NativeResult {
    match context.value(0)? {
        Data::Null => Ok(0.into()),
        _ => Ok(parent_of(&context.text_arg(0)?).into()),
    }
}

/// A path with another component.
pub(super) fn child(context: &mut Context<'_>, _: &Arc<Shell>) -> NativeResult {
    let (parent, child) = (context.text_arg(0)?, context.text_arg(1)?);
    let separator = if parent.ends_with(is_separator) { "" } else { "/" };
    Ok(format!("{parent}{separator}{child}").into())
}

fn is_separator(c: char) -> bool {
    c == '/' || (cfg!(windows) && c == '\\')
}

fn name_of(path: &str) -> &str {
    let trimmed = path.trim_end_matches(is_separator);
    match (trimmed, path) {
        ("", "") => ".",
        ("", path) => &path[..1],
        _ => trimmed.rsplit(is_separator).next().unwrap_or(trimmed),
    }
}

fn parent_of(path: &str) -> &str {
    let trimmed = path.trim_end_matches(is_separator);
    match (trimmed.rfind(is_separator), trimmed) {
        (None, _) => ".",
        (Some(at), _) => match trimmed[..at].trim_end_matches(is_separator) {
            "" => &path[..1],
            parent => parent,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_parents() {
        for (path, name, parent) in [
            ("/a/b/c.txt", "c.txt", "/a/b"),
            ("/a/b/", "b", "/a"),
            ("", ".", "."),
            ("/", "/", "."),
            ("//", "/", "."),
            ("c.txt", "c.txt", "."),
            ("/c", "c", "/"),
            ("a//b", "b", "a"),
        ] {
            assert_eq!((name_of(path), parent_of(path)), (name, parent), "{path}");
        }
    }
}
