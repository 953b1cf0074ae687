//! Any text runs the same with specialization off, in small slices, and with a collection at every safepoint.
//!
//! The two dispatch engines are two builds of this package (`BRISK_ENGINE=loop`): `cargo xtask engines` compares them.
#![no_main]

mod shared;

use brisk_core::{Dialect, Program};
use libfuzzer_sys::fuzz_target;
use shared::{Mode, PLAIN};

fuzz_target!(|data: &[u8]| {
    let Some((&choice, data)) = data.split_first() else { return };
    let source = String::from_utf8_lossy(data);
    let Ok(program) = Program::compile(&source, Dialect::V1) else { return };
    let (text, end) = shared::run(&program, PLAIN);
    // What time, chance or memory decide may differ; so may where a budget ends inside a library call.
    if end == "budget" || end.contains("out of memory") || end == "suspended too often" {
        return;
    }
    let other = match choice % 4 {
        0 => Mode { quicken: false, ..PLAIN },
        1 => Mode { slice: 1 + u64::from(choice), ..PLAIN },
        2 => Mode { stress: true, ..PLAIN },
        _ => Mode { quicken: false, slice: 37, stress: true },
    };
    let (other_text, other_end) = shared::run(&program, other);
    if other_end.contains("out of memory") || other_end == "suspended too often" {
        return;
    }
    assert_eq!((text, end), (other_text, other_end), "{other:?}");
});
