//! Tests of the instruction table and of what the verifier refuses.

use super::encode::*;
use super::{Const, Fallback, Outer, Program, Proto, VerifyError, disassemble, verify};
use crate::syntax::Dialect;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

#[test]
fn words_come_apart_as_they_were_made() {
    let made = word(Op::Add, 0xAB, 0x1234, 0x5678, 0x9ABC);
    assert_eq!(op_of(made), Some(Op::Add));
    assert_eq!((x_of(made), a_of(made), b_of(made), c_of(made)), (0xAB, 0x1234, 0x5678, 0x9ABC));
    let made = word_bc(Op::Jump, 0, 0, -5);
    assert_eq!((bc_of(made), jump_of(word(Op::JLt, 0, 0, 0, 0xFFFE))), (-5, -2));
}

#[test]
fn numbers_of_operations_are_dense() {
    for number in 0..=u8::MAX {
        let expected = usize::from(number) < Op::COUNT;
        assert_eq!(Op::from_u8(number).is_some(), expected);
    }
    assert_eq!(Op::from_u8(0), Some(Op::Nop));
    assert_eq!((Op::CallGlobal.words(), Op::Add.words()), (3, 1));
}

/// A program of one function with these words.
fn program(code: Vec<u64>) -> Program {
    let main = Proto {
        name: "@main".to_string(),
        code,
        consts: vec![Const::Number(1.0), Const::Str("key".to_string())],
        map_keys: vec![vec![1]],
        register_count: 12,
        env_names: vec!["a".to_string(), "b".to_string()],
        lines: vec![(0, 1)],
        ..Proto::default()
    };
    Program { dialect: Dialect::V1, name: None, protos: vec![main], names: vec!["x".to_string()] }
}

fn end() -> u64 {
    word(Op::ReturnNull, 0, 0, 0, 0)
}

fn refusal(program: &Program) -> String {
    // What is refused can still be shown.
    disassemble(program);
    match verify(program) {
        Ok(()) => String::new(),
        Err(VerifyError { reason, .. }) => reason,
    }
}

/// Instructions followed by an end, and why they are refused; empty when they are not.
fn check(code: &[u64], expected: &str) {
    let mut code = code.to_vec();
    code.push(end());
    let program = program(code);
    assert_eq!(refusal(&program), expected, "{}", disassemble(&program));
}

#[test]
fn operands_are_checked() {
    const FRAME: &str = "registers outside the frame";
    check(&[word(Op::Move, 0, 11, 11, 0)], "");
    check(&[word(Op::Move, 0, 12, 0, 0)], "register outside the frame");
    check(&[word(Op::Move, 0, 0, 12, 0)], "register outside the frame");
    check(&[word(Op::Move, 0, 0, 0, 1)], "an unused operand is not zero");
    check(&[word(Op::Move, 1, 0, 0, 0)], "an unused operand is not zero");
    check(&[0xFF], "unknown operation");
    check(&[word(Op::Halt, 0, 0, 0, 0)], "an operation only the interpreter may write");
    check(&[word_bc(Op::LoadK, 0, 0, 2)], "");
    check(&[word_bc(Op::LoadK, 0, 0, 4)], "constant out of range");
    check(&[word_bc(Op::LoadK, 0, 0, 1)], "constant out of range");
    check(&[word(Op::AddK, 0, 0, 0, 2)], "");
    check(&[word(Op::AddK, 0, 0, 0, 3)], "the constant is no number");
    check(&[word(Op::KSub, 0, 0, 3, 0)], "the constant is no number");
    check(&[word(Op::JEqK, 0, 0, 3, 1)], "");
    check(&[word(Op::JLtK, 0, 0, 3, 1)], "the constant is no number");
    check(&[word_bc(Op::Fail, 0, 0, 2)], "the message is no string");
    check(&[word_bc(Op::GetGlobal, 0, 0, 0)], "");
    check(&[word_bc(Op::GetGlobal, 0, 0, 1)], "name out of range");
    check(&[word_bc(Op::GetGlobal, 2, 0, 0)], "unknown flags");
    check(&[word(Op::Closure, 1, 0, 0, 0)], "inner function out of range");
    check(&[word(Op::LoadUnassigned, 0, 10, 2, 0)], "");
    check(&[word(Op::LoadUnassigned, 0, 10, 3, 0)], FRAME);
    check(&[word(Op::Slice, 0, 0, 0, 11)], FRAME);
    check(&[word(Op::NewList, 0, 0, 10, 3)], FRAME);
    check(&[word(Op::NewEnv, 0, 0, 2, 0)], "");
    check(&[word(Op::NewEnv, 0, 0, 3, 0)], "wrong number of slots");
    check(&[word(Op::NewMap, 0, 0, 11, 0), 0], "");
    check(&[word(Op::NewMap, 0, 0, 11, 1), 0], "keys out of range");
    check(&[word(Op::GetEnv, 0, 0, 0, 0)], "a fallback is missing");
}

#[test]
fn calls_are_checked() {
    check(&[word(Op::CallGlobal, 8, 0, 4, 0), 0, 0], "");
    check(&[word(Op::CallGlobal, 9, 0, 4, 0), 0, 0], "registers outside the frame");
    check(&[word(Op::CallGlobal, 0, 0, 3, 0), 0, 0], "no room for a frame header");
    check(&[word(Op::CallGlobal, 0, 0, 4, 0), 1, 0], "name out of range");
    check(&[word(Op::CallGlobal, 0, 0, 4, 0), 0, 7], "a cache is not zero");
    check(&[word(Op::CallMethod, 0, 0, 4, 0), 1, 0, 0, 0], "no room for a frame header");
    check(&[word(Op::CallMethod, 0, 0, 5, 0), 2, 0, 0, 0], "key out of range");
    check(&[word(Op::CallSuper, 0, 0, 5, 0), 1, 0, 0, 0], "no register for self");
    check(&[word(Op::CallIndex, 0, 0, 5, 0), 12], "register outside the frame");
    check(&[word(Op::RangeInit, 0, 0, 4, 0), 0], "a range has one to three arguments");
    check(&[word(Op::RangeInit, 1, 9, 4, 0), 0], "registers outside the frame");
}

#[test]
fn jumps_are_checked() {
    let back = |op: Op| word_bc(op, 0, 0, -1);
    check(&[word_bc(Op::Jump, 0, 0, 1)], "");
    check(&[word_bc(Op::Jump, 0, 0, 2)], "jump to no instruction");
    check(
        &[word_bc(Op::Jump, 0, 0, 2), word(Op::CallGlobal, 0, 0, 4, 0), 0, 0],
        "jump to no instruction",
    );
    check(&[word(Op::Nop, 0, 0, 0, 0), back(Op::Loop)], "");
    check(&[word(Op::Nop, 0, 0, 0, 0), back(Op::Jump)], "a way back that pays no fuel");
    check(&[word_bc(Op::Jump, 0, 0, 0)], "a way back that pays no fuel");
    check(&[word(Op::LoopIf, 0, 0, 0, 0)], "");
    check(&[word(Op::JumpIf, 0, 0, 0, 0)], "a way back that pays no fuel");
    check(&[word(Op::IterGet, 0, 0, 0, 0), 1], "");
    check(&[word(Op::IterGet, 0, 0, 9, 0), 1], "registers outside the frame");
    check(&[word(Op::ForNext, 0, 9, 0, 0)], "registers outside the frame");
    assert_eq!(refusal(&program(vec![word(Op::Nop, 0, 0, 0, 0)])), "runs off the end");
    assert_eq!(
        refusal(&program(vec![word(Op::GetProp, 0, 0, 0, 0), 0])),
        "extra words are missing"
    );
    assert_eq!(refusal(&program(Vec::new())), "no code, or too much");
}

#[test]
fn tables_are_checked() {
    let with = |change: &dyn Fn(&mut Program), expected: &str| {
        let mut program = program(vec![
            word(Op::Add, 0, 0, 0, 1),
            end(),
            word(Op::Eval, 0, 2, 0, 0),
            word(Op::Add, 0, 0, 2, 1),
            word_bc(Op::Jump, 0, 0, -3),
        ]);
        program.protos[0].cold = vec![(0, 2)];
        let fallback = Fallback { name: 0, outer: Outer::None, warn: false, raw: false };
        program.protos[0].fallbacks = vec![(2, fallback)];
        change(&mut program);
        assert_eq!(refusal(&program), expected);
    };
    with(&|_| {}, "");
    with(&|p| p.protos[0].cold = vec![(1, 2), (0, 2)], "cold are not ascending");
    with(&|p| p.protos[0].cold[0].1 = 9, "cold copy outside the code");
    with(&|p| p.protos[0].cold[0].0 = 9, "cold do not point at an instruction");
    with(&|p| p.protos[0].cold.push((3, 2)), "a cold copy has no cold copy");
    with(&|p| p.protos[0].code[4] = word_bc(Op::Jump, 0, 0, -4), "a way back that pays no fuel");
    with(&|p| p.protos[0].code[1] = word_bc(Op::Jump, 0, 0, 1), "jump into a cold copy");
    with(&|p| p.protos[0].code[1] = word(Op::Nop, 0, 0, 0, 0), "runs into a cold copy");
    with(&|p| p.protos[0].fallbacks[0].1.name = 1, "fallback without a name");
    with(&|p| p.protos[0].lines.clear(), "");
    with(&|p| p.protos[0].lines[0].0 = 1, "lines do not begin at 0");
    with(&|p| p.protos[0].lines.push((0, 2)), "lines are not ascending");
    with(&|p| p.protos[0].lines[0].1 = 0, "lines count from 1");
    with(&|p| p.protos[0].children = vec![0], "inner function out of range");
    with(&|p| p.protos[0].register_count = 70_000, "too many registers");
    with(&|p| p.protos[0].flags.uses_self = true, "");
    with(&|p| p.protos[0].flags.scope_register = Some(12), "scope register outside the frame");
    with(&|p| p.protos[0].flags.self_param = true, "wrong self_param");
    with(&|p| p.protos[0].flags.module = true, "a module without a scope");
    with(&|p| p.protos[0].map_keys = vec![vec![0]], "a key of a map literal is no string");
    with(&|p| p.protos[0].map_keys = vec![vec![1, 1]], "a key of a map literal is not allowed");
    let twice = |p: &mut Program| {
        p.protos[0].consts.push(Const::Str("key".to_string()));
        p.protos[0].map_keys = vec![vec![1, 2]];
    };
    with(&twice, "a key of a map literal is there twice");
    let nan = f64::from_bits(0xFFFC_0000_0000_0001);
    with(&|p| p.protos[0].consts.push(Const::Number(nan)), "a NaN of another form");
    with(&|p| p.protos.clear(), "no main program");
}
