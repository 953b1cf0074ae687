//! Damaged bytecode: the verifier refuses it, or it runs without harm.
#![no_main]

mod shared;

use arbitrary::Arbitrary;
use brisk_core::bytecode::Program as Bytecode;
use brisk_core::{Dialect, Program};
use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;

/// One change of a program.
#[derive(Arbitrary, Debug)]
enum Edit {
    /// A word of code gets this value in these bytes.
    Byte { proto: u8, word: u16, byte: u8, value: u8 },
    Word { proto: u8, word: u16, value: u64 },
    Field { proto: u8, word: u16, field: u8, value: u16 },
    Registers { proto: u8, count: u16 },
    Cold { proto: u8, index: u8, value: u16 },
    Fallback { proto: u8, index: u8, value: u16 },
    Line { proto: u8, index: u8, value: u16 },
    Child { proto: u8, index: u8, value: u8 },
    UsesSelf { proto: u8 },
    SelfParam { proto: u8 },
    Scope { proto: u8, register: u16 },
    DropConst { proto: u8 },
    DropName,
}

#[derive(Arbitrary, Debug)]
struct Input {
    program: u8,
    edits: Vec<Edit>,
}

const SEEDS: &[&str] = &[
    include_str!("../../examples/life.ms"),
    include_str!("../../examples/particles.ms"),
    include_str!("../../examples/json.ms"),
    include_str!("../../examples/calc.ms"),
    include_str!("../../examples/maze.ms"),
    include_str!("../seed.ms"),
];

fn seeds() -> &'static [Bytecode] {
    static COMPILED: OnceLock<Vec<Bytecode>> = OnceLock::new();
    COMPILED.get_or_init(|| {
        let compile = |s: &&str| Program::compile(s, Dialect::V1).unwrap().bytecode().clone();
        SEEDS.iter().map(compile).collect()
    })
}

fn apply(program: &mut Bytecode, edit: &Edit) {
    let protos = program.protos.len();
    let of = |i: u8| usize::from(i) % protos;
    match *edit {
        Edit::Byte { proto, word, byte, value } => {
            let code = &mut program.protos[of(proto)].code;
            let at = usize::from(word) % code.len();
            let shift = u32::from(byte % 8) * 8;
            code[at] = code[at] & !(0xFF << shift) | u64::from(value) << shift;
        }
        Edit::Word { proto, word, value } => {
            let code = &mut program.protos[of(proto)].code;
            let at = usize::from(word) % code.len();
            code[at] = value;
        }
        Edit::Field { proto, word, field, value } => {
            let code = &mut program.protos[of(proto)].code;
            let at = usize::from(word) % code.len();
            let shift = 16 * (1 + u32::from(field % 3));
            code[at] = code[at] & !(0xFFFF << shift) | u64::from(value) << shift;
        }
        Edit::Registers { proto, count } => program.protos[of(proto)].register_count = count.into(),
        Edit::Cold { proto, index, value } => {
            let table = &mut program.protos[of(proto)].cold;
            if !table.is_empty() {
                let at = usize::from(index) % table.len();
                table[at].1 = value.into();
            }
        }
        Edit::Fallback { proto, index, value } => {
            let table = &mut program.protos[of(proto)].fallbacks;
            if !table.is_empty() {
                let at = usize::from(index) % table.len();
                table[at].1.name = value.into();
            }
        }
        Edit::Line { proto, index, value } => {
            let table = &mut program.protos[of(proto)].lines;
            if !table.is_empty() {
                let at = usize::from(index) % table.len();
                table[at].0 = value.into();
            }
        }
        Edit::Child { proto, index, value } => {
            let children = &mut program.protos[of(proto)].children;
            if !children.is_empty() {
                let at = usize::from(index) % children.len();
                children[at] = value.into();
            }
        }
        Edit::UsesSelf { proto } => program.protos[of(proto)].flags.uses_self ^= true,
        Edit::SelfParam { proto } => program.protos[of(proto)].flags.self_param ^= true,
        Edit::Scope { proto, register } => {
            program.protos[of(proto)].flags.scope_register = Some(register);
        }
        Edit::DropConst { proto } => {
            program.protos[of(proto)].consts.pop();
        }
        Edit::DropName => {
            program.names.pop();
        }
    }
}

fuzz_target!(|input: Input| {
    let seeds = seeds();
    let mut bytecode = seeds[usize::from(input.program) % seeds.len()].clone();
    for edit in input.edits.iter().take(8) {
        apply(&mut bytecode, edit);
    }
    let _ = brisk_core::bytecode::disassemble(&bytecode);
    if let Ok(program) = Program::from_bytecode(bytecode) {
        shared::run(&program, shared::PLAIN);
    }
});
