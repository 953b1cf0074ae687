//! `brisk build`: from a source text to a bytecode file.
//!
//! Made from a bytecode file, it is the same program again; with `--strip`, without what errors and
//! listings need. Modules that the program imports are not in it: they are found when it runs.

use crate::options::Build;
use crate::report;
use crate::source::Source;
use std::path::Path;

/// Makes a bytecode file; returns the exit status.
pub(crate) fn run(build: &Build) -> i32 {
    let source = match Source::read_named(&build.file) {
        Ok(source) => source,
        Err(message) => {
            report::note(&message);
            return 1;
        }
    };
    if is_same(&build.file, &build.output) {
        report::note(&format!("Error: {} would be overwritten", build.file.display()));
        return 1;
    }
    let program = match source.program() {
        Ok(program) => program,
        Err(error) => {
            report::refusal(&error, &source);
            return 1;
        }
    };
    match std::fs::write(&build.output, program.to_bytes(build.debug)) {
        Ok(()) => 0,
        Err(error) => {
            report::note(&format!("Error writing {}: {error}", build.output.display()));
            1
        }
    }
}

/// Whether two paths lead to one file: after a slip such as `-o` before the source, or without `-o`
/// for a bytecode file.
fn is_same(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}
