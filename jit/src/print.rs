//! Compiled units as text.

use crate::lir::{Exit, Function, Inst, Place, Source};
use crate::tier::Report;
use std::fmt::Write;

/// A unit: its LIR with the places of operands, and the bytes of its machine code.
pub fn unit(report: &Report<'_>, ir: bool, bytes: bool) -> String {
    let mut out = String::new();
    let Report { name, at, installed, .. } = report;
    let _ = writeln!(out, "unit {name} at word {at}: {} bytes", installed.bytes);
    if ir {
        out.push_str(&function(report.lir));
    }
    if bytes {
        for (row, line) in crate::function::machine_code(installed).chunks(16).enumerate() {
            let _ = write!(out, "{:016x} ", installed.entry as usize + 16 * row);
            line.iter().for_each(|byte| {
                let _ = write!(out, " {byte:02x}");
            });
            out.push('\n');
        }
    }
    out
}

/// A function in LIR.
pub fn function(f: &Function) -> String {
    let mut out = String::new();
    for (number, block) in f.blocks.iter().enumerate() {
        let params: Vec<String> = block.params.iter().map(|p| format!("v{}", p.0)).collect();
        let _ = writeln!(out, "b{number}({}):", params.join(", "));
        for inst in &f.insts[block.first as usize..block.end as usize] {
            let _ = writeln!(out, "    {}{}", instruction(inst, f), succs(inst, block));
        }
    }
    out
}

fn succs(inst: &Inst, block: &crate::lir::Block) -> String {
    if !inst.op.is_terminator() || block.succs.is_empty() {
        return String::new();
    }
    let succs: Vec<String> = block.succs.iter().map(|s| format!("b{s}")).collect();
    format!(" → {}", succs.join(", "))
}

fn instruction(inst: &Inst, f: &Function) -> String {
    let mut text = String::new();
    if let Some(def) = inst.def {
        let _ = write!(text, "v{} = ", def.0);
    }
    let _ = write!(text, "{:?}", inst.op);
    for operand in &inst.uses[..inst.fixed] {
        let _ = write!(text, " v{}", operand.0);
    }
    if let Some(exit) = inst.exit {
        text.push_str(&self::exit(&f.exits[exit as usize], inst));
    }
    text
}

fn exit(exit: &Exit, inst: &Inst) -> String {
    let saved: Vec<String> = exit
        .saved
        .iter()
        .map(|saved| match saved.source {
            Source::Operand(at, _) => format!("r{}=v{}", saved.slot, inst.uses[at as usize].0),
            Source::Bits(bits) => format!("r{}={bits:#x}", saved.slot),
        })
        .collect();
    format!("  [{:?} {:#x} {}]", exit.kind, exit.pc, saved.join(" "))
}

/// A place.
pub fn place(place: Place) -> String {
    match place {
        Place::Word(n) => format!("w{n}"),
        Place::F64(n) => format!("f{n}"),
        Place::Spill(n) => format!("s{n}"),
    }
}
