//! Verification: what makes a program safe to run, whoever made it.
//!
//! The interpreter trusts a verified program: registers lie inside the frame, jumps land on
//! instructions of the same function, indices of constants, names, keys and inner functions are in
//! range, execution never runs off the end, and every cycle pays fuel. It still checks values: what
//! a register holds (a number, an environment, a loop's state), slots of environments and lengths.
//!
//! Cycles: only `Loop…`, `ForNext` and calls go back for a fee. Other jumps go forward, except that
//! a cold copy (code behind the function that the table `cold` leads to) returns behind the words
//! that led to it.

use super::encode::{Class, Extra, Kind, Op, a_of, b_of, bc_of, c_of, jump_of, op_of, x_of};
use super::proto::{Const, Program, Proto};
use crate::limits::ARGS_MAX;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

/// Most registers of a function.
const REGISTERS_MAX: u32 = 65_000;

/// Most words of a function, and most constants: keeps distances within 32 bits.
const WORDS_MAX: usize = 1 << 27;

/// Most keys of a map literal with a known shape.
const MAP_KEYS_MAX: usize = 32;

/// Why a program was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyError {
    /// The function, an index into `Program::protos`.
    pub proto: usize,
    /// The word to blame, an index into its code; 0 when it is the function as a whole.
    pub word: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "function {}, word {}: {}", self.proto, self.word, self.reason)
    }
}

impl core::error::Error for VerifyError {}

/// Checks that a program is safe to run.
///
/// Takes time and memory proportional to the program, never panics, and accepts everything the
/// compiler makes.
///
/// # Errors
///
/// The first thing that is wrong.
pub fn verify(program: &Program) -> Result<(), VerifyError> {
    if program.protos.is_empty() {
        return Err(VerifyError { proto: 0, word: 0, reason: "no main program".into() });
    }
    for (number, proto) in program.protos.iter().enumerate() {
        check_proto(program, number, proto).map_err(|Fault { word, reason }| VerifyError {
            proto: number,
            word,
            reason,
        })?;
    }
    Ok(())
}

/// A [`VerifyError`] inside one function.
struct Fault {
    word: usize,
    reason: String,
}

type Check<T = ()> = Result<T, Fault>;

fn fault<T>(word: usize, reason: impl Into<String>) -> Check<T> {
    Err(Fault { word, reason: reason.into() })
}

fn require(condition: bool, word: usize, reason: &str) -> Check {
    if condition { Ok(()) } else { fault(word, reason) }
}

/// One function with what is known of its code.
struct Function<'p> {
    program: &'p Program,
    proto: &'p Proto,
    /// For each word: whether an instruction begins there.
    starts: Vec<bool>,
    /// First word of the cold copies, or the end of the code.
    cold_start: usize,
}

fn check_proto(program: &Program, number: usize, proto: &Proto) -> Check {
    check_header(program, number, proto)?;
    check_constants(proto)?;
    let starts = find_starts(proto)?;
    let first_cold = proto.cold.iter().map(|&(_, target)| index(target)).min();
    let cold_start = first_cold.unwrap_or(proto.code.len()).min(proto.code.len());
    let function = Function { program, proto, starts, cold_start };
    function.check_tables()?;
    let targets = function.check_code()?;
    function.check_cycles(&targets)
}

fn check_header(program: &Program, number: usize, proto: &Proto) -> Check {
    let flags = proto.flags;
    let registers = proto.register_count;
    require(registers <= REGISTERS_MAX, 0, "too many registers")?;
    require(proto.params.len() <= ARGS_MAX, 0, "too many parameters")?;
    let given = proto.params.len() + if flags.uses_self { 2 } else { 0 };
    require(given <= index(registers), 0, "parameters outside the frame")?;
    let self_first = proto.params.first().is_some_and(|param| param.name == "self");
    require(flags.self_param == self_first, 0, "wrong self_param")?;
    require(!flags.module || number == 0, 0, "an inner function is no module")?;
    require(!flags.module || flags.scope_register.is_some(), 0, "a module without a scope")?;
    if let Some(register) = flags.scope_register {
        require(u32::from(register) < registers, 0, "scope register outside the frame")?;
    }
    require((1..=WORDS_MAX).contains(&proto.code.len()), 0, "no code, or too much")?;
    require(proto.consts.len() <= WORDS_MAX, 0, "too many constants")?;
    require(proto.env_names.len() <= usize::from(u16::MAX), 0, "too many slots")?;
    // Functions are numbered in the order of their literals, so nothing contains itself.
    let is_inside = |&child: &u32| index(child) > number && index(child) < program.protos.len();
    require(proto.children.iter().all(is_inside), 0, "inner function out of range")
}

fn check_constants(proto: &Proto) -> Check {
    let defaults = proto.params.iter().map(|param| &param.default);
    for constant in proto.consts.iter().chain(defaults) {
        if let Const::Number(number) = constant {
            // Other NaNs stand for other things in the machine.
            let is_plain = !number.is_nan() || number.to_bits() == f64::NAN.to_bits();
            require(is_plain, 0, "a NaN of another form")?;
        }
    }
    for keys in &proto.map_keys {
        require(keys.len() <= MAP_KEYS_MAX, 0, "too many keys")?;
        let mut seen = BTreeSet::new();
        for &key in keys {
            let Some(Const::Str(text)) = proto.consts.get(usize::from(key)) else {
                return fault(0, "a key of a map literal is no string");
            };
            require(
                text != "__isa" && seen.insert(text),
                0,
                "a key of a map literal is not allowed",
            )?;
        }
    }
    Ok(())
}

/// Finds the instructions, and checks that they are complete and that the last one does not go on.
fn find_starts(proto: &Proto) -> Check<Vec<bool>> {
    let mut starts = vec![false; proto.code.len()];
    let mut at = 0;
    let mut last = Op::Nop;
    while let Some(&word) = proto.code.get(at) {
        let Some(op) = op_of(word) else { return fault(at, "unknown operation") };
        require(op.class() != Class::Quick, at, "an operation only the interpreter may write")?;
        require(at + op.words() <= proto.code.len(), at, "extra words are missing")?;
        starts[at] = true;
        last = op;
        at += op.words();
    }
    let stops = last.class() == Class::End || matches!(last, Op::Jump | Op::Loop);
    require(stops, proto.code.len() - 1, "runs off the end")?;
    Ok(starts)
}

/// A jump: from, to, and whether it pays.
struct Edge {
    from: usize,
    to: usize,
    pays: bool,
}

impl Function<'_> {
    fn check_tables(&self) -> Check {
        let Proto { lines, cold, fallbacks, .. } = self.proto;
        require(lines.first().is_some_and(|&(word, _)| word == 0), 0, "lines do not begin at 0")?;
        require(lines.iter().all(|&(_, line)| line > 0), 0, "lines count from 1")?;
        self.check_words(lines, "lines")?;
        self.check_words(cold, "cold")?;
        self.check_words(fallbacks, "fallbacks")?;
        for &(word, target) in cold {
            let word = index(word);
            require(self.is_start(index(target)), word, "cold copy outside the code")?;
            require(word < self.cold_start, word, "a cold copy has no cold copy")?;
        }
        for (word, fallback) in fallbacks {
            let is_named = index(fallback.name) < self.program.names.len();
            require(is_named, index(*word), "fallback without a name")?;
        }
        Ok(())
    }

    /// Whether a side table is sorted, without doubles, and about instructions.
    fn check_words<T>(&self, table: &[(u32, T)], name: &str) -> Check {
        for pair in table.windows(2) {
            let at = index(pair[1].0);
            require(pair[0].0 < pair[1].0, at, &format!("{name} are not ascending"))?;
        }
        for (word, _) in table {
            let at = index(*word);
            require(self.is_start(at), at, &format!("{name} do not point at an instruction"))?;
        }
        Ok(())
    }

    fn is_start(&self, at: usize) -> bool {
        self.starts.get(at) == Some(&true)
    }

    fn check_code(&self) -> Check<Vec<Edge>> {
        let mut edges = Vec::new();
        let mut at = 0;
        while let Some(op) = self.proto.code.get(at).and_then(|&word| op_of(word)) {
            self.check_operands(at, op, &mut edges)?;
            self.check_extra(at, op, &mut edges)?;
            self.check_spans(at, op)?;
            self.check_flags(at, op)?;
            at += op.words();
        }
        Ok(edges)
    }

    fn check_operands(&self, at: usize, op: Op, edges: &mut Vec<Edge>) -> Check {
        let word = self.proto.code[at];
        let [kind_a, kind_b, kind_c, kind_x] = op.operands();
        let fields = [(kind_a, a_of(word)), (kind_b, b_of(word)), (kind_c, c_of(word))];
        for (kind, field) in fields {
            match kind {
                Kind::None => require(field == 0, at, "an unused operand is not zero")?,
                Kind::Dst | Kind::Src => self.check_register(at, u64::from(field))?,
                Kind::Pool => self.check_pool(at, op, i64::from(field.cast_signed()))?,
                Kind::Pool32 => self.check_pool(at, op, i64::from(bc_of(word)))?,
                Kind::Jump => self.check_jump(at, op, i64::from(jump_of(word)), edges)?,
                Kind::Jump32 => self.check_jump(at, op, i64::from(bc_of(word)), edges)?,
                Kind::Name32 => {
                    let name = bc_of(word).cast_unsigned();
                    let is_named = index(name) < self.program.names.len();
                    require(is_named, at, "name out of range")?;
                }
                Kind::Proto => {
                    let is_there = usize::from(field) < self.proto.children.len();
                    require(is_there, at, "inner function out of range")?;
                }
                // `check_spans` knows what they count; the other half of 32 bits was checked with
                // the first.
                Kind::Count | Kind::Slot | Kind::Hi => {}
            }
        }
        require(kind_x == Kind::Count || x_of(word) == 0, at, "an unused operand is not zero")
    }

    fn check_extra(&self, at: usize, op: Op, edges: &mut Vec<Edge>) -> Check {
        for (place, extra) in op.extra().iter().enumerate() {
            let here = at + 1 + place;
            let bits = self.proto.code[here];
            let position = usize::try_from(bits).unwrap_or(usize::MAX);
            match extra {
                Extra::Key => {
                    require(position < self.proto.consts.len(), here, "key out of range")?;
                }
                Extra::Name => {
                    require(position < self.program.names.len(), here, "name out of range")?;
                }
                Extra::Cache => require(bits == 0, here, "a cache is not zero")?,
                Extra::Target => self.check_jump(here, op, bits.cast_signed(), edges)?,
                Extra::Index => self.check_register(here, bits)?,
            }
        }
        Ok(())
    }

    fn check_register(&self, at: usize, register: u64) -> Check {
        let is_inside = register < u64::from(self.proto.register_count);
        require(is_inside, at, "register outside the frame")
    }

    fn check_pool(&self, at: usize, op: Op, distance: i64) -> Check {
        let past_code = i64::try_from(self.proto.code.len()).unwrap_or(i64::MAX);
        let from = i64::try_from(at).unwrap_or(i64::MAX);
        let place = from.checked_add(distance).and_then(|place| place.checked_sub(past_code));
        let place = place.and_then(|place| usize::try_from(place).ok());
        let Some(constant) = place.and_then(|place| self.proto.consts.get(place)) else {
            return fault(at, "constant out of range");
        };
        match op {
            Op::LoadK
            | Op::JEqK
            | Op::JNeK
            | Op::JNotEqK
            | Op::JNotNeK
            | Op::LoopEqK
            | Op::LoopNeK => Ok(()),
            Op::Fail => require(matches!(constant, Const::Str(_)), at, "the message is no string"),
            _ => require(matches!(constant, Const::Number(_)), at, "the constant is no number"),
        }
    }

    fn check_jump(&self, at: usize, op: Op, distance: i64, edges: &mut Vec<Edge>) -> Check {
        let from = i64::try_from(at).unwrap_or(i64::MAX);
        let target = from.checked_add(distance).and_then(|target| usize::try_from(target).ok());
        match target {
            Some(to) if self.is_start(to) => {
                edges.push(Edge { from: at, to, pays: pays(op) });
                Ok(())
            }
            _ => fault(at, "jump to no instruction"),
        }
    }

    /// Operands that stand for more than one register, and other numbers.
    fn check_spans(&self, at: usize, op: Op) -> Check {
        let word = self.proto.code[at];
        let [a, b, c] = [a_of(word), b_of(word), c_of(word)].map(usize::from);
        let x = usize::from(x_of(word));
        let span = |first: usize, count: usize| {
            let is_inside = first + count <= index(self.proto.register_count);
            require(is_inside, at, "registers outside the frame")
        };
        let window = |below: usize| {
            require(b >= below, at, "no room for a frame header")?;
            span(b, x)
        };
        match op {
            Op::LoadUnassigned => span(a, b),
            Op::NewEnv => require(b == self.proto.env_names.len(), at, "wrong number of slots"),
            Op::ForPrep | Op::ForNext => span(a, 4),
            Op::IterGet => span(b, 4),
            Op::RangeInit => {
                require((1..=3).contains(&x), at, "a range has one to three arguments")?;
                span(a, 4)?;
                window(4)
            }
            Op::Call | Op::CallGlobal => window(4),
            Op::CallMethod | Op::CallIndex => window(5),
            Op::CallSuper => {
                require(c >= 1, at, "no register for self")?;
                window(5)
            }
            Op::Slice => span(c, 2),
            Op::NewList | Op::ListAppend => span(b, c),
            Op::NewMap => match self.proto.map_keys.get(c) {
                Some(keys) => span(b, keys.len()),
                None => fault(at, "keys out of range"),
            },
            _ => Ok(()),
        }
    }

    /// Flags in `x`, and the side tables an operation cannot do without.
    fn check_flags(&self, at: usize, op: Op) -> Check {
        let x = x_of(self.proto.code[at]);
        match op {
            Op::GetScope => require(x <= 3, at, "unknown flags"),
            Op::GetGlobal | Op::UpMember | Op::GetOuter | Op::Closure => {
                require(x <= 1, at, "unknown flags")
            }
            Op::GetUp | Op::GetUpRaw | Op::GetEnv | Op::GetEnvRaw | Op::CheckLocal => {
                let fallbacks = &self.proto.fallbacks;
                let found = fallbacks.binary_search_by_key(&at, |&(word, _)| index(word));
                require(found.is_ok(), at, "a fallback is missing")
            }
            _ => Ok(()),
        }
    }

    /// Every way back pays fuel, or leads from a cold copy to a place behind every word that leads
    /// there.
    fn check_cycles(&self, edges: &[Edge]) -> Check {
        // The copies in order, each with the last word that leads to it.
        let mut copies: Vec<(usize, usize)> = Vec::new();
        for &(word, target) in &self.proto.cold {
            copies.push((index(target), index(word)));
        }
        copies.sort_unstable();
        for edge in edges {
            let is_back = edge.to <= edge.from;
            let is_cold = edge.from >= self.cold_start;
            if !is_cold {
                require(edge.to < self.cold_start, edge.from, "jump into a cold copy")?;
                require(!is_back || edge.pays, edge.from, "a way back that pays no fuel")?;
            } else if is_back && !edge.pays {
                // Sorted by copy, then by word: the last one not behind the jump is the last word
                // of its copy.
                let end = copies.partition_point(|&(start, _)| start <= edge.from);
                let entry = end.checked_sub(1).map(|last| copies[last].1);
                let is_behind = entry.is_some_and(|entry| entry < edge.to);
                let leaves = edge.to < self.cold_start;
                require(is_behind && leaves, edge.from, "a way back that pays no fuel")?;
            } else if !is_back {
                let end = copies.partition_point(|&(start, _)| start <= edge.from);
                let next = copies.get(end).map_or(self.proto.code.len(), |&(start, _)| start);
                require(edge.to < next, edge.from, "jump into another cold copy")?;
            }
        }
        self.check_cold_ends(&copies)
    }

    /// The hot code and each cold copy must not run on into the next copy.
    fn check_cold_ends(&self, copies: &[(usize, usize)]) -> Check {
        let mut borders: BTreeSet<usize> = copies.iter().map(|&(start, _)| start).collect();
        borders.remove(&0);
        let mut at = 0;
        while let Some(op) = self.proto.code.get(at).and_then(|&word| op_of(word)) {
            let next = at + op.words();
            let stops = op.class() == Class::End || matches!(op, Op::Jump | Op::Loop);
            require(stops || !borders.contains(&next), at, "runs into a cold copy")?;
            at = next;
        }
        Ok(())
    }
}

/// Whether a jump pays fuel when it goes back.
fn pays(op: Op) -> bool {
    matches!(
        op,
        Op::Loop
            | Op::LoopLt
            | Op::LoopLe
            | Op::LoopGt
            | Op::LoopGe
            | Op::LoopEq
            | Op::LoopNe
            | Op::LoopLtK
            | Op::LoopLeK
            | Op::LoopGtK
            | Op::LoopGeK
            | Op::LoopEqK
            | Op::LoopNeK
            | Op::LoopIf
            | Op::ForNext
    )
}

/// A 32-bit number as an index. Exact: no target has a smaller `usize`.
const fn index(number: u32) -> usize {
    number as usize
}
