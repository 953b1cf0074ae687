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
//!
//! A file is verified each time it is loaded, so this is made to be fast: two passes over the words
//! (where instructions begin; whether each is in order), and tables with a row for each operation.
//! Loading took four times as long when every operand was looked at by its kind, jumps were
//! collected to be judged later, and each entry of a table made a text that only an error needs.

use super::encode::{
    Class, Extra, Kind, Op, a_of, b_of, bc_of, c_of, jump_of, op_byte, op_of, x_of,
};
use super::proto::{Const, Program, Proto};
use crate::limits::ARGS_MAX;
use alloc::string::{String, ToString};
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
    let mut scratch = Scratch::default();
    for (number, proto) in program.protos.iter().enumerate() {
        check_proto(program, number, proto, &mut scratch).map_err(|Fault { word, reason }| {
            VerifyError { proto: number, word, reason: reason.to_string() }
        })?;
    }
    Ok(())
}

/// A [`VerifyError`] inside one function.
struct Fault {
    word: usize,
    reason: &'static str,
}

type Check<T = ()> = Result<T, Fault>;

#[cold]
fn fault<T>(word: usize, reason: &'static str) -> Check<T> {
    Err(Fault { word, reason })
}

#[inline]
fn require(condition: bool, word: usize, reason: &'static str) -> Check {
    if condition { Ok(()) } else { fault(word, reason) }
}

/// What is known of the words of a function, kept from one to the next for its memory.
#[derive(Default)]
struct Scratch {
    /// For each word: [`START`] and [`COPY`].
    marks: Vec<u8>,
    /// The cold copies in order, each with the last word that leads to it.
    copies: Vec<(usize, usize)>,
    /// Keys of map literals.
    keys: Vec<u16>,
}

/// An instruction begins at this word.
const START: u8 = 1;
/// A cold copy begins at this word.
const COPY: u8 = 2;

/// One function with what is known of its code.
struct Function<'p> {
    program: &'p Program,
    proto: &'p Proto,
    marks: &'p [u8],
    copies: &'p [(usize, usize)],
    /// First word of the cold copies, or the end of the code.
    cold_start: usize,
}

fn check_proto(program: &Program, number: usize, proto: &Proto, scratch: &mut Scratch) -> Check {
    check_header(program, number, proto)?;
    check_constants(proto, &mut scratch.keys)?;
    find_starts(proto, &mut scratch.marks)?;
    find_copies(proto, scratch)?;
    let Scratch { marks, copies, .. } = scratch;
    let cold_start = copies.first().map_or(proto.code.len(), |&(start, _)| start);
    let function = Function { program, proto, marks, copies, cold_start };
    function.check_tables()?;
    function.check_code()
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

fn check_constants(proto: &Proto, all: &mut Vec<u16>) -> Check {
    let defaults = proto.params.iter().map(|param| &param.default);
    for constant in proto.consts.iter().chain(defaults) {
        if let Const::Number(number) = constant {
            // Other NaNs stand for other things in the machine.
            let is_plain = !number.is_nan() || number.to_bits() == f64::NAN.to_bits();
            require(is_plain, 0, "a NaN of another form")?;
        }
    }
    if proto.map_keys.is_empty() {
        return Ok(());
    }
    let text_of = |key: u16| match proto.consts.get(usize::from(key)) {
        Some(Const::Str(text)) => Some(text.as_str()),
        _ => None,
    };
    all.clear();
    for keys in &proto.map_keys {
        require(keys.len() <= MAP_KEYS_MAX, 0, "too many keys")?;
        for (place, &key) in keys.iter().enumerate() {
            let is_new = !keys[..place].contains(&key);
            require(is_new, 0, "a key of a map literal is not allowed")?;
        }
        all.extend_from_slice(keys);
    }
    // Constants of equal text would be equal keys. The texts are compared once, not for every
    // literal that uses them: they may be long, and the literals many.
    all.sort_unstable();
    all.dedup();
    for &key in &*all {
        match text_of(key) {
            None => return fault(0, "a key of a map literal is no string"),
            Some("__isa") => return fault(0, "a key of a map literal is not allowed"),
            Some(_) => {}
        }
    }
    all.sort_unstable_by_key(|&key| text_of(key));
    let is_twice = all.windows(2).any(|pair| text_of(pair[0]) == text_of(pair[1]));
    require(!is_twice, 0, "a key of a map literal is there twice")
}

/// Finds the instructions, and checks that they are complete and that the last one does not go on.
fn find_starts(proto: &Proto, marks: &mut Vec<u8>) -> Check {
    let code = &proto.code;
    marks.clear();
    marks.resize(code.len(), 0);
    let (mut at, mut last) = (0, 0);
    while let Some(&word) = code.get(at) {
        let words = usize::from(ROWS[usize::from(op_byte(word))].words);
        if words == 0 {
            return match op_of(word) {
                Some(_) => fault(at, "an operation only the interpreter may write"),
                None => fault(at, "unknown operation"),
            };
        }
        marks[at] = START;
        last = at;
        at += words;
    }
    require(at == code.len(), last, "extra words are missing")?;
    require(row_of(code[last]).stops, code.len() - 1, "runs off the end")
}

/// Finds the cold copies.
fn find_copies(proto: &Proto, scratch: &mut Scratch) -> Check {
    let Scratch { marks, copies, .. } = scratch;
    copies.clear();
    for &(word, target) in &proto.cold {
        match marks.get_mut(index(target)) {
            Some(mark) if *mark & START != 0 => *mark |= COPY,
            _ => return fault(index(word), "cold copy outside the code"),
        }
        copies.push((index(target), index(word)));
    }
    // Nearly in order as the compiler makes them.
    copies.sort_unstable();
    Ok(())
}

impl Function<'_> {
    fn check_tables(&self) -> Check {
        let Proto { lines, cold, fallbacks, .. } = self.proto;
        // A stripped program has none.
        require(lines.first().is_none_or(|&(word, _)| word == 0), 0, "lines do not begin at 0")?;
        require(lines.iter().all(|&(_, line)| line > 0), 0, "lines count from 1")?;
        self.check_words(lines, "lines are not ascending", "lines do not point at an instruction")?;
        self.check_words(cold, "cold are not ascending", "cold do not point at an instruction")?;
        self.check_words(
            fallbacks,
            "fallbacks are not ascending",
            "fallbacks do not point at an instruction",
        )?;
        for &(word, _) in cold {
            let word = index(word);
            require(word < self.cold_start, word, "a cold copy has no cold copy")?;
        }
        for (word, fallback) in fallbacks {
            let is_named = index(fallback.name) < self.program.names.len();
            require(is_named, index(*word), "fallback without a name")?;
        }
        Ok(())
    }

    /// Whether a side table is sorted, without doubles, and about instructions.
    fn check_words<T>(
        &self,
        table: &[(u32, T)],
        not_ascending: &'static str,
        not_at_start: &'static str,
    ) -> Check {
        let mut least = 0;
        for (word, _) in table {
            let at = index(*word);
            require(at >= least, at, not_ascending)?;
            require(self.is_start(at), at, not_at_start)?;
            least = at + 1;
        }
        Ok(())
    }

    #[inline]
    fn is_start(&self, at: usize) -> bool {
        self.marks.get(at).is_some_and(|mark| mark & START != 0)
    }

    fn check_code(&self) -> Check {
        let code = &self.proto.code;
        // Copies that begin at or before this word.
        let mut begun = 0;
        let mut at = 0;
        while let Some(&word) = code.get(at) {
            let row = row_of(word);
            while self.copies.get(begun).is_some_and(|&(start, _)| start <= at) {
                begun += 1;
            }
            self.check_operands(at, word, row, begun)?;
            self.check_extra(at, row, begun)?;
            self.check_own_rules(at, row.op, word)?;
            at += usize::from(row.words);
            // The hot code and each cold copy must not run on into the next copy.
            let is_copy = self.marks.get(at).is_some_and(|mark| mark & COPY != 0);
            require(row.stops || !is_copy, at, "runs into a cold copy")?;
        }
        Ok(())
    }

    #[inline]
    fn check_operands(&self, at: usize, word: u64, row: &Row, begun: usize) -> Check {
        require(word & row.unused == 0, at, "an unused operand is not zero")?;
        let registers = word & row.registers;
        let highest = a_of(registers).max(b_of(registers)).max(c_of(registers));
        let is_inside = u32::from(highest) < self.proto.register_count || row.registers == 0;
        require(is_inside, at, "register outside the frame")?;
        match row.b {
            Kind::Pool => self.check_pool(at, row.op, i64::from(b_of(word).cast_signed()))?,
            Kind::Pool32 => self.check_pool(at, row.op, i64::from(bc_of(word)))?,
            Kind::Jump32 => self.check_jump(at, row, i64::from(bc_of(word)), begun)?,
            Kind::Name32 => {
                let name = bc_of(word).cast_unsigned();
                require(index(name) < self.program.names.len(), at, "name out of range")?;
            }
            Kind::Proto => {
                let is_there = usize::from(b_of(word)) < self.proto.children.len();
                require(is_there, at, "inner function out of range")?;
            }
            // Zero, a register, or a number: `check_own_rules` knows what it counts.
            Kind::None | Kind::Dst | Kind::Src | Kind::Count | Kind::Slot => {}
            Kind::Jump | Kind::Hi => unreachable!("`row` allows none here"),
        }
        match row.c {
            Kind::Pool => self.check_pool(at, row.op, i64::from(c_of(word).cast_signed())),
            Kind::Jump => self.check_jump(at, row, i64::from(jump_of(word)), begun),
            // The other half of 32 bits was looked at with the first.
            Kind::None | Kind::Dst | Kind::Src | Kind::Count | Kind::Slot | Kind::Hi => Ok(()),
            Kind::Pool32 | Kind::Jump32 | Kind::Name32 | Kind::Proto => {
                unreachable!("`row` allows none here")
            }
        }
    }

    #[inline]
    fn check_extra(&self, at: usize, row: &Row, begun: usize) -> Check {
        for (place, extra) in row.extra.iter().enumerate() {
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
                Extra::Target => self.check_jump(here, row, bits.cast_signed(), begun)?,
                Extra::Index => {
                    let is_inside = bits < u64::from(self.proto.register_count);
                    require(is_inside, here, "register outside the frame")?;
                }
            }
        }
        Ok(())
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

    /// A jump from `from`, in or behind the copy before number `begun`: to an instruction, and
    /// every way back pays fuel, or leads from a cold copy to a place behind every word that leads
    /// there.
    fn check_jump(&self, from: usize, row: &Row, distance: i64, begun: usize) -> Check {
        let start = i64::try_from(from).unwrap_or(i64::MAX);
        let target = start.checked_add(distance).and_then(|target| usize::try_from(target).ok());
        let Some(to) = target.filter(|&to| self.is_start(to)) else {
            return fault(from, "jump to no instruction");
        };
        let is_back = to <= from;
        if from < self.cold_start {
            require(to < self.cold_start, from, "jump into a cold copy")?;
            require(!is_back || row.pays, from, "a way back that pays no fuel")
        } else if !is_back {
            let next = self.copies.get(begun).map_or(self.proto.code.len(), |&(start, _)| start);
            require(to < next, from, "jump into another cold copy")
        } else if row.pays {
            Ok(())
        } else {
            // Sorted by copy, then by word: the last one that has begun has the last word of its
            // copy.
            let entry = begun.checked_sub(1).map(|last| self.copies[last].1);
            let is_behind = entry.is_some_and(|entry| entry < to);
            let leaves = to < self.cold_start;
            require(is_behind && leaves, from, "a way back that pays no fuel")
        }
    }

    /// Operands that stand for more than one register, other numbers, flags in `x`, and the side
    /// tables an operation cannot do without.
    fn check_own_rules(&self, at: usize, op: Op, word: u64) -> Check {
        let (a, b) = (usize::from(a_of(word)), usize::from(b_of(word)));
        let (c, x) = (usize::from(c_of(word)), usize::from(x_of(word)));
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
}

/// What the table of operations says of one, made ready.
struct Row {
    op: Op,
    /// Words it takes; 0 when a program must not have it.
    words: u8,
    /// Never goes on with the next instruction.
    stops: bool,
    /// Pays fuel when it jumps back.
    pays: bool,
    /// Kind of operand `b`.
    b: Kind,
    /// Kind of operand `c`.
    c: Kind,
    /// Bits of the word that must be zero.
    unused: u64,
    /// Bits of the word that name registers.
    registers: u64,
    extra: &'static [Extra],
}

/// A row for each value of an operation's byte.
static ROWS: [Row; 256] = {
    let mut rows = [const { row(Op::Nop, false) }; 256];
    let mut number = 0;
    while number < Op::COUNT {
        if let Some(op) = Op::from_u8(number as u8) {
            rows[number] = row(op, !matches!(op.class(), Class::Quick));
        }
        number += 1;
    }
    rows
};

fn row_of(word: u64) -> &'static Row {
    &ROWS[usize::from(op_byte(word))]
}

/// The row of an operation; one that is not allowed has no words.
const fn row(op: Op, is_allowed: bool) -> Row {
    let kinds = op.operands();
    // From the table's order to the shifts of the fields.
    let masks = [0xFFFF_u64 << 16, 0xFFFF << 32, 0xFFFF << 48, 0xFF << 8];
    let (mut unused, mut registers, mut place) = (0, 0, 0);
    while place < kinds.len() {
        match kinds[place] {
            Kind::None => unused |= masks[place],
            Kind::Dst | Kind::Src => registers |= masks[place],
            _ => {}
        }
        place += 1;
    }
    let stops = matches!(op.class(), Class::End) || matches!(op, Op::Jump | Op::Loop);
    let words = if is_allowed { op.words() as u8 } else { 0 };
    let [a, b, c, x] = kinds;
    // What `check_operands` does not look for elsewhere.
    assert!(matches!(a, Kind::None | Kind::Dst | Kind::Src), "an operand `a` of another kind");
    assert!(!matches!(b, Kind::Jump | Kind::Hi), "an operand `b` of another kind");
    let is_wide = matches!(c, Kind::Pool32 | Kind::Jump32 | Kind::Name32);
    assert!(!is_wide && !matches!(c, Kind::Proto), "an operand `c` of another kind");
    assert!(matches!(x, Kind::None | Kind::Count), "an operand `x` of another kind");
    Row { op, words, stops, pays: pays(op), b, c, unused, registers, extra: op.extra() }
}

/// Whether a jump pays fuel when it goes back.
const fn pays(op: Op) -> bool {
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
