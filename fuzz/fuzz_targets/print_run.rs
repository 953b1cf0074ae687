//! Prints what programs do, one file after the other: two builds of it compare the two dispatch engines.

mod shared;

use brisk_core::{Dialect, Program};

fn main() {
    for path in std::env::args().skip(1) {
        let Ok(bytes) = std::fs::read(&path) else { continue };
        let source = String::from_utf8_lossy(&bytes);
        println!("== {path}");
        match Program::compile(&source, Dialect::V1) {
            Err(error) => println!("{error}"),
            Ok(program) => {
                let (text, end) = shared::run(&program, shared::PLAIN);
                println!("{text}-- {end}");
            }
        }
    }
}
