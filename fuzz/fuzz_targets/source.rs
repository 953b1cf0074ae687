//! Any text: compiles or is refused, runs within its limits, never crashes.
#![no_main]

mod shared;

use brisk_core::{Dialect, Program};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let source = String::from_utf8_lossy(data);
    if let Ok(program) = Program::compile(&source, Dialect::V1) {
        brisk_core::bytecode::verify(program.bytecode()).expect("the compiler makes good bytecode");
        shared::run(&program, shared::PLAIN);
    }
});
