//! The bytes of every operation, on any host: `goldens.txt`, with their meaning beside them.
//!
//! `BLESS=1` writes the file anew; look at what changed.

mod support;

use brisk_jit::backend::{Backend, Stubs};
use brisk_jit::lir::{Place, Source};
use brisk_jit::op::{Address, Base, Binary, Compare, Op, ScriptCall, Unary, Width};
use brisk_jit_x64::{Linkage, X64};
use iced_x86::{Decoder, DecoderOptions, Formatter, Instruction, NasmFormatter};
use std::fmt::Write;
use std::path::Path;
use support::build::{Build, copy, double, s, value, w, x};

const REGION: u64 = 0x10_0000;
const AT: u64 = 0x10_4000;

/// Offsets and addresses that do not depend on the core.
fn backend() -> X64 {
    X64::with_linkage(Linkage {
        steps: 0x5555_0000_1000,
        leaves: vec![0x5555_0000_2000, 0x5555_0000_3000],
        barrier: 0x5555_0000_4000,
        vm_fuel: 0,
        vm_stack_limit: 8,
        vm_call_depth_max: 0x150,
        vm_native_exit: 0x154,
        vm_pc: 0x158,
        vm_base: 0x160,
        vm_barrier_color: 0x20,
        object_color: 1,
        func_code: 8,
        code_entry: 0,
        code_native: 0x18,
    })
}

#[test]
fn bytes_are_as_they_were() {
    let x64 = backend();
    let (bytes, stubs) = x64.emit_stubs(REGION, REGION);
    let mut text = String::from(
        "Bytes of stubs and operations, and what they mean. Written by `BLESS=1 cargo test`.\n",
    );
    write_stubs(&mut text, &bytes, &stubs);
    for (name, build) in cases() {
        let code = x64.emit(&build.f, &build.places, &stubs, AT, REGION);
        assert_eq!(code.entry, 0);
        let _ = writeln!(text, "\n{name}: {} bytes", code.bytes.len());
        write_code(&mut text, &code.bytes, AT);
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens.txt");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &text).expect("the file can be written");
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    for (number, (is, was)) in text.lines().zip(golden.lines()).enumerate() {
        assert_eq!(is, was, "line {}", number + 1);
    }
    assert_eq!(text.lines().count(), golden.lines().count());
}

fn write_stubs(text: &mut String, bytes: &[u8], stubs: &Stubs) {
    let mut places = [
        (stubs.return_to_interpreter, "return_to_interpreter"),
        (stubs.interpret, "interpret"),
        (stubs.step_call, "step_call"),
        (stubs.suspend, "suspend"),
        (stubs.resume, "resume"),
        (stubs.leave, "leave"),
        (stubs.enter, "enter"),
        (stubs.barrier, "barrier"),
    ];
    places.sort_unstable();
    for (number, &(start, name)) in places.iter().enumerate() {
        let end = places.get(number + 1).map_or(REGION + bytes.len() as u64, |next| next.0);
        let _ = writeln!(text, "\n{name}:");
        let code = &bytes[(start - REGION) as usize..(end - REGION) as usize];
        let length = code.len() - code.iter().rev().take_while(|&&b| b == 0xCC).count();
        write_code(text, &code[..length], start);
    }
}

/// Instructions up to the first constant that one of them reads, then words.
fn write_code(text: &mut String, bytes: &[u8], at: u64) {
    let mut code_end = at + bytes.len() as u64;
    let mut decoder = Decoder::with_ip(64, bytes, at, DecoderOptions::NONE);
    let mut formatter = NasmFormatter::new();
    formatter.options_mut().set_branch_leading_zeros(false);
    let mut instruction = Instruction::default();
    while decoder.can_decode() && decoder.ip() < code_end {
        decoder.decode_out(&mut instruction);
        if instruction.is_ip_rel_memory_operand() && instruction.ip_rel_memory_address() > at {
            code_end = code_end.min(instruction.ip_rel_memory_address());
        }
        let start = (instruction.ip() - at) as usize;
        let hex: String =
            bytes[start..start + instruction.len()].iter().map(|b| format!("{b:02x}")).collect();
        let mut meaning = String::new();
        formatter.format(&instruction, &mut meaning);
        let _ = writeln!(text, "    {:5x}  {hex:24} {meaning}", instruction.ip() & 0xF_FFFF);
    }
    let constants = &bytes[(code_end - at) as usize..];
    for (number, word) in constants.chunks(8).enumerate() {
        let hex: String = word.iter().map(|b| format!("{b:02x}")).collect();
        let at = (code_end + number as u64 * 8) & 0xF_FFFF;
        let _ = writeln!(text, "    {at:5x}  {hex}");
    }
}

/// One operation that does not end a block. What follows it is nothing.
fn one(op: Op, uses: &[Place], def: Option<Place>) -> Build {
    let mut build = Build::new();
    build.op(op, uses, def);
    build.end(&[]);
    build
}

fn cases() -> Vec<(String, Build)> {
    let mut cases = Vec::new();
    let mut add = |name: String, build: Build| cases.push((name, build));
    constants(&mut add);
    arithmetic(&mut add);
    memory(&mut add);
    checks(&mut add);
    control(&mut add);
    calls(&mut add);
    copies(&mut add);
    cases
}

fn constants(add: &mut impl FnMut(String, Build)) {
    for bits in [0, 1, 0xFFFF_FFFF, 0xFFFF_FFFF_FFFF_FFF0, 0xFFF9 << 48, 0xFFFF_1234_5678_9AB0] {
        add(format!("word {bits:x}"), one(Op::Word(bits), &[], Some(w(9))));
    }
    for number in [0.0f64, -0.0, 2.5] {
        add(format!("double {number:?}"), one(Op::F64(number.to_bits()), &[], Some(x(9))));
    }
    let mut twice = Build::new();
    for (register, number) in [(0, 2.5f64), (1, 1.5), (2, 2.5)] {
        twice.op(Op::F64(number.to_bits()), &[], Some(x(register)));
    }
    twice.end(&[]);
    add(String::from("double, twice the same"), twice);
}

fn arithmetic(add: &mut impl FnMut(String, Build)) {
    add(String::from("to_f64"), one(Op::ToF64, &[w(8)], Some(x(12))));
    add(String::from("to_value"), one(Op::ToValue, &[x(3)], Some(w(6))));
    for function in [Binary::Add, Binary::Sub, Binary::Mul, Binary::Div, Binary::Min] {
        let build = one(Op::Binary(function), &[x(1), x(10)], Some(x(2)));
        add(format!("binary {function:?}"), build);
    }
    for function in [Unary::Sqrt, Unary::Abs, Unary::Floor, Unary::Ceil, Unary::Trunc] {
        add(format!("unary {function:?}"), one(Op::Unary(function), &[x(1)], Some(x(2))));
    }
    for compare in COMPARES {
        add(format!("test {compare:?}"), one(Op::Test(compare), &[x(1), x(2)], Some(x(3))));
    }
    add(String::from("truncate"), one(Op::Truncate, &[x(1)], Some(w(10))));
    add(String::from("int_to_f64"), one(Op::IntToF64, &[w(5)], Some(x(1))));
    add(String::from("modulo"), one(Op::Modulo, &[x(1), x(2)], Some(x(3))));
}

const COMPARES: [Compare; 10] = [
    Compare::Lt,
    Compare::Le,
    Compare::Gt,
    Compare::Ge,
    Compare::Eq,
    Compare::Ne,
    Compare::NotLt,
    Compare::NotLe,
    Compare::NotGt,
    Compare::NotGe,
];

fn memory(add: &mut impl FnMut(String, Build)) {
    let far = Address { base: Base::Window, indexed: false, offset: 0x12345 };
    let array = Address { base: Base::Word, indexed: true, offset: 8 };
    let places: [(&str, Address, &[Place]); 6] = [
        ("slot", Address::slot(3), &[]),
        ("far", far, &[]),
        ("machine", Address::vm(0x150), &[]),
        ("field", Address::field(24), &[w(5)]),
        ("element", Address::element(), &[w(8), w(10)]),
        ("array", array, &[w(0), w(1)]),
    ];
    for (name, address, operands) in places {
        let with = |last| [operands, &[last]].concat();
        let bits = 0xFFFF_1234_5678_9AB0;
        add(format!("load w64 {name}"), one(Op::Load(address, Width::W64), operands, Some(w(2))));
        add(format!("load f64 {name}"), one(Op::LoadF64(address), operands, Some(x(2))));
        add(format!("load number {name}"), one(Op::LoadNumber(address), operands, Some(x(2))));
        add(format!("store {name}"), one(Op::Store(address), &with(w(6)), None));
        add(format!("store f64 {name}"), one(Op::StoreF64(address), &with(x(6)), None));
        add(format!("store bits {name}"), one(Op::StoreBits(address, bits), operands, None));
    }
    for width in [Width::W8, Width::W32] {
        let op = Op::Load(Address::field(9), width);
        add(format!("load {width:?}"), one(op, &[w(9)], Some(w(10))));
    }
    let small = Op::StoreBits(Address::slot(1), 0xFFFF_FFFF_8000_0000);
    add(String::from("store bits, small"), one(small, &[], None));
    add(String::from("barrier"), one(Op::Barrier, &[w(1), w(2)], None));
}

fn checks(add: &mut impl FnMut(String, Build)) {
    add(String::from("number"), one(Op::Number, &[w(1)], Some(x(1))));
    for tag in [0xFFF9, 0xFFFC] {
        add(format!("untag {tag:x}"), one(Op::Untag(tag), &[w(1)], Some(w(2))));
    }
    for bits in [0xFFF9 << 48, 0xFFFF << 48, 1000] {
        add(format!("check_below {bits:x}"), one(Op::CheckBelow(bits), &[w(1)], None));
    }
    for bits in [0, 5, 0xFFFF_1234_5678_9AB0] {
        add(format!("check_bits {bits:x}"), one(Op::CheckBits(bits), &[w(1)], None));
    }
    add(String::from("check_index"), one(Op::CheckIndex, &[w(1), w(2)], None));
    for compare in COMPARES {
        let build = one(Op::CheckCompare(compare), &[x(1), x(2)], None);
        add(format!("check_compare {compare:?}"), build);
    }
    let mut saving = Build::new();
    saving.op(Op::Number, &[w(1), w(1), s(4), x(2), s(5)], Some(x(1)));
    saving.saving(&[
        (0, value(1)),
        (1, value(2)),
        (2, double(3)),
        (300, double(4)),
        (4, Source::Bits(0)),
        (5, Source::Bits(0xFFFF_1234_5678_9AB0)),
    ]);
    saving.end(&[]);
    add(String::from("exit that saves"), saving);
}

/// A block that ends with `op`, and two others.
fn ending(op: Op, uses: &[Place], succs: &[u32]) -> Build {
    let mut build = Build::new();
    build.op(op, uses, None);
    build.end(succs);
    build.op(Op::Word(1), &[], Some(w(0)));
    build.end(&[]);
    build.op(Op::Word(2), &[], Some(w(0)));
    build.end(&[]);
    build
}

fn control(add: &mut impl FnMut(String, Build)) {
    for fuel in [1, 1000] {
        add(format!("fuel {fuel}"), one(Op::Fuel(fuel), &[], None));
    }
    add(String::from("jump, next"), ending(Op::Jump, &[], &[1]));
    add(String::from("jump, far"), ending(Op::Jump, &[], &[2]));
    for compare in COMPARES {
        let op = Op::Branch(compare);
        add(format!("branch {compare:?}, next"), ending(op, &[x(1), x(2)], &[1, 2]));
        add(format!("branch {compare:?}, other"), ending(op, &[x(1), x(2)], &[2, 1]));
    }
    add(String::from("branch Lt, far"), ending(Op::Branch(Compare::Lt), &[x(1), x(2)], &[2, 0]));
    let null = 0xFFF9 << 48;
    add(String::from("branch_bits, next"), ending(Op::BranchBits(null), &[w(1)], &[1, 2]));
    add(String::from("branch_bits, other"), ending(Op::BranchBits(7), &[w(1)], &[2, 1]));
    add(String::from("leave"), one(Op::Leave, &[], None));
}

fn calls(add: &mut impl FnMut(String, Build)) {
    let (pc, next) = (0x7777_0000_1000, 0x7777_0000_1010);
    add(String::from("leaf"), one(Op::Leaf(1, 2), &[x(0), x(1)], Some(x(0))));
    add(String::from("step"), one(Op::Step { pc, next }, &[], None));
    let op = Op::StepBranch { pc, target: pc + 0x100, next };
    add(String::from("step_branch, next"), ending(op, &[], &[1, 2]));
    add(String::from("step_branch, other"), ending(op, &[], &[2, 1]));
    let call = ScriptCall {
        pc,
        ret: next,
        callee: 0xFFFF_1234_5678_9AB0,
        code: 0x7777_0000_2000,
        window: 8,
        dst: 2,
        register_count: 5,
        cost: 12,
    };
    add(String::from("call"), one(Op::Call(call), &[], Some(w(0))));
    let far = ScriptCall { window: 100, dst: 0, register_count: 1000, cost: 1000, ..call };
    add(String::from("call, far"), one(Op::Call(far), &[], Some(w(0))));
    add(String::from("return"), one(Op::Return, &[w(0)], None));
}

fn copies(add: &mut impl FnMut(String, Build)) {
    let mut build = Build::new();
    build.op(Op::Truncate, &[x(1)], Some(w(2)));
    build.before(&[
        copy(w(1), w(10)),
        copy(x(1), x(10)),
        copy(w(1), s(0)),
        copy(s(20), w(1)),
        copy(x(1), s(1)),
        copy(s(1), x(1)),
        copy(s(2), s(30)),
        copy(w(1), w(1)),
    ]);
    build.after(&[copy(w(2), s(499))]);
    build.end(&[]);
    add(String::from("copies"), build);
}
