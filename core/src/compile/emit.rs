//! Writing instruction words: labels, constants, lines, and the two sizes of code.
//!
//! Jumps and pool references are written as zeros and filled in at the end ([`Code::finish`]).
//! Narrow code has 16 bits for them; when one does not fit, the function is compiled again as wide
//! code. There, a conditional jump is its opposite over a 32-bit `Jump` or `Loop`, and constants
//! are loaded by `LoadK` only.
//!
//! Not here: what the words mean. Registers and constants come from `function.rs` and the files
//! beside it.

use crate::bytecode::{Const, Extra, Kind, Op, word};
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

/// Most words of one function: keeps every distance within 32 bits.
const CODE_WORDS_MAX: usize = 1 << 27;

/// A register of the function being compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reg(pub(super) u16);

impl Reg {
    /// The register `count` places above. Saturates; the register limit is checked where registers
    /// are reserved.
    pub(super) const fn plus(self, count: u16) -> Reg {
        Reg(self.0.saturating_add(count))
    }
}

/// A place in the code, perhaps not known yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Label(usize);

/// A constant of the function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ConstId(pub(super) u32);

/// An operand of an instruction as it is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Arg {
    /// Unused.
    Zero,
    /// A register.
    Reg(Reg),
    /// A plain number.
    Count(u16),
    /// A constant, over 16 or 32 bits as the operation says.
    Const(ConstId),
    /// A jump target, likewise.
    Label(Label),
    /// A 32-bit number over `b` and `c`.
    Wide(u32),
}

/// An extra word. Caches are added where the operation has them.
#[derive(Clone, Copy, Debug)]
pub(super) enum ExtraArg {
    /// A constant used as a key.
    Key(ConstId),
    /// An index into the program's names.
    Name(u32),
    /// A jump target.
    Target(Label),
    /// A register.
    Index(Reg),
}

/// Something that did not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overflow {
    /// A distance needs more than 16 bits: compile again as wide code.
    Narrow,
    /// More words than a function can have.
    Code,
}

/// The parts of a function that come out of here.
pub(super) struct Finished {
    pub(super) words: Vec<u64>,
    pub(super) consts: Vec<Const>,
    pub(super) lines: Vec<(u32, u32)>,
}

#[derive(Clone, Copy)]
enum Place {
    B,
    C,
    BC,
    WholeWord,
}

#[derive(Clone, Copy)]
enum Target {
    Label(Label),
    Const(ConstId),
}

struct Fixup {
    word: usize,
    place: Place,
    target: Target,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum ConstKey {
    Null,
    Number(u64),
    Str(String),
}

/// The code of one function while it grows.
pub(super) struct Code {
    words: Vec<u64>,
    consts: Vec<Const>,
    const_ids: BTreeMap<ConstKey, ConstId>,
    labels: Vec<usize>,
    fixups: Vec<Fixup>,
    lines: Vec<(u32, u32)>,
    overflow: bool,
    /// Line of the statement being compiled.
    pub(super) line: u32,
    /// Whether this is wide code.
    pub(super) wide: bool,
}

const UNBOUND: usize = usize::MAX;

impl Code {
    /// Empty code.
    pub(super) fn new(wide: bool) -> Code {
        Code {
            words: Vec::new(),
            consts: Vec::new(),
            const_ids: BTreeMap::new(),
            labels: Vec::new(),
            fixups: Vec::new(),
            lines: Vec::new(),
            overflow: false,
            line: 1,
            wide,
        }
    }

    /// Index of the next word.
    pub(super) fn here(&self) -> u32 {
        low_u32(self.words.len())
    }

    /// A label that is not bound yet.
    pub(super) fn label(&mut self) -> Label {
        self.labels.push(UNBOUND);
        Label(self.labels.len() - 1)
    }

    /// Places a label before the next word.
    pub(super) fn bind(&mut self, label: Label) {
        debug_assert_eq!(self.labels[label.0], UNBOUND, "a label is bound once");
        self.labels[label.0] = self.words.len();
    }

    /// A label at the next word.
    pub(super) fn bound_label(&mut self) -> Label {
        let label = self.label();
        self.bind(label);
        label
    }

    /// The constant, added when it is new.
    pub(super) fn constant(&mut self, value: Const) -> ConstId {
        let key = match &value {
            Const::Null => ConstKey::Null,
            Const::Number(number) => ConstKey::Number(number.to_bits()),
            Const::Str(text) => ConstKey::Str(text.clone()),
        };
        let next = ConstId(low_u32(self.consts.len()));
        let id = *self.const_ids.entry(key).or_insert(next);
        if id == next {
            self.consts.push(value);
        }
        id
    }

    /// The string as a constant.
    pub(super) fn text(&mut self, text: &str) -> ConstId {
        self.constant(Const::Str(text.into()))
    }

    /// Writes an instruction and returns the index of its first word.
    pub(super) fn emit(&mut self, op: Op, x: u8, args: [Arg; 3], extra: &[ExtraArg]) -> u32 {
        if let (true, Arg::Label(target), Kind::Jump) = (self.wide, args[2], op.operands()[2]) {
            return self.emit_wide_jump(op, x, args, target);
        }
        self.emit_as_is(op, x, args, extra)
    }

    fn emit_wide_jump(&mut self, op: Op, x: u8, args: [Arg; 3], target: Label) -> u32 {
        let (far, past) = (self.label(), self.label());
        let first;
        if let Some((opposite, jump)) = opposite(op) {
            first = self.emit_as_is(opposite, x, [args[0], args[1], Arg::Label(past)], &[]);
            self.emit_as_is(jump, 0, [Arg::Zero, Arg::Label(target), Arg::Zero], &[]);
            self.bind(far);
        } else {
            first = self.emit_as_is(op, x, [args[0], args[1], Arg::Label(far)], &[]);
            self.emit_as_is(Op::Jump, 0, [Arg::Zero, Arg::Label(past), Arg::Zero], &[]);
            self.bind(far);
            let jump = if op == Op::ForNext { Op::Loop } else { Op::Jump };
            self.emit_as_is(jump, 0, [Arg::Zero, Arg::Label(target), Arg::Zero], &[]);
        }
        self.bind(past);
        first
    }

    fn emit_as_is(&mut self, op: Op, x: u8, args: [Arg; 3], extra: &[ExtraArg]) -> u32 {
        let at = self.words.len();
        if at + op.words() > CODE_WORDS_MAX {
            self.overflow = true;
            return 0;
        }
        if self.lines.last().is_none_or(|&(_, line)| line != self.line) {
            self.lines.push((low_u32(at), self.line));
        }
        let kinds = op.operands();
        let mut fields = [0_u16; 3];
        for i in 0..3 {
            let wide = matches!(kinds[i], Kind::Pool32 | Kind::Jump32);
            let place = match (i, wide) {
                (_, true) => Place::BC,
                (1, _) => Place::B,
                _ => Place::C,
            };
            match args[i] {
                Arg::Zero => {}
                Arg::Reg(Reg(number)) | Arg::Count(number) => fields[i] = number,
                Arg::Const(id) => {
                    self.fixups.push(Fixup { word: at, place, target: Target::Const(id) })
                }
                Arg::Label(label) => {
                    self.fixups.push(Fixup { word: at, place, target: Target::Label(label) });
                }
                Arg::Wide(number) => {
                    fields[1] = low_u16(number);
                    fields[2] = low_u16(number >> 16);
                }
            }
        }
        self.words.push(word(op, x, fields[0], fields[1], fields[2]));
        let mut given = extra.iter();
        for kind in op.extra() {
            match kind {
                Extra::Cache => self.words.push(0),
                Extra::Key | Extra::Name | Extra::Target | Extra::Index => {
                    if let Some(&arg) = given.next() {
                        self.emit_extra(arg);
                    }
                }
            }
        }
        debug_assert_eq!(self.words.len(), at + op.words(), "{op:?}");
        low_u32(at)
    }

    fn emit_extra(&mut self, arg: ExtraArg) {
        let bits = match arg {
            ExtraArg::Key(ConstId(number)) | ExtraArg::Name(number) => u64::from(number),
            ExtraArg::Index(Reg(number)) => u64::from(number),
            ExtraArg::Target(label) => {
                self.fixups.push(Fixup {
                    word: self.words.len(),
                    place: Place::WholeWord,
                    target: Target::Label(label),
                });
                0
            }
        };
        self.words.push(bits);
    }

    /// Fills in every jump and pool reference.
    pub(super) fn finish(mut self) -> Result<Finished, Overflow> {
        if self.overflow || self.consts.len() > CODE_WORDS_MAX {
            return Err(Overflow::Code);
        }
        for fixup in &self.fixups {
            let target = match fixup.target {
                Target::Label(label) => self.labels[label.0],
                Target::Const(id) => self.words.len() + usize_of(id.0),
            };
            let distance = distance(fixup.word, target);
            let place = &mut self.words[fixup.word];
            match fixup.place {
                Place::BC => {
                    let narrow = i32::try_from(distance).map_err(|_| Overflow::Code)?;
                    *place |= u64::from(narrow.cast_unsigned()) << 32;
                }
                Place::B | Place::C => {
                    let narrow = i16::try_from(distance).map_err(|_| Overflow::Narrow)?;
                    let shift = if matches!(fixup.place, Place::B) { 32 } else { 48 };
                    *place |= u64::from(narrow.cast_unsigned()) << shift;
                }
                Place::WholeWord => *place = distance.cast_unsigned(),
            }
        }
        Ok(Finished { words: self.words, consts: self.consts, lines: self.lines })
    }
}

/// The jump that is taken exactly when `op` is not, and what then goes to the target of `op`.
fn opposite(op: Op) -> Option<(Op, Op)> {
    Some(match op {
        Op::JumpIf => (Op::JumpIfNot, Op::Jump),
        Op::JumpIfNot => (Op::JumpIf, Op::Jump),
        Op::JLt => (Op::JNotLt, Op::Jump),
        Op::JLe => (Op::JNotLe, Op::Jump),
        Op::JGt => (Op::JNotGt, Op::Jump),
        Op::JGe => (Op::JNotGe, Op::Jump),
        Op::JEq => (Op::JNotEq, Op::Jump),
        Op::JNe => (Op::JNotNe, Op::Jump),
        Op::JNotLt => (Op::JLt, Op::Jump),
        Op::JNotLe => (Op::JLe, Op::Jump),
        Op::JNotGt => (Op::JGt, Op::Jump),
        Op::JNotGe => (Op::JGe, Op::Jump),
        Op::JNotEq => (Op::JEq, Op::Jump),
        Op::JNotNe => (Op::JNe, Op::Jump),
        Op::LoopIf => (Op::JumpIfNot, Op::Loop),
        Op::LoopLt => (Op::JNotLt, Op::Loop),
        Op::LoopLe => (Op::JNotLe, Op::Loop),
        Op::LoopGt => (Op::JNotGt, Op::Loop),
        Op::LoopGe => (Op::JNotGe, Op::Loop),
        Op::LoopEq => (Op::JNotEq, Op::Loop),
        Op::LoopNe => (Op::JNotNe, Op::Loop),
        _ => return None,
    })
}

/// How far `to` lies behind `from`. Both are below `2 * CODE_WORDS_MAX`.
fn distance(from: usize, to: usize) -> i64 {
    i64::from(low_u32(to)) - i64::from(low_u32(from))
}

/// The lowest 16 bits.
pub(super) const fn low_u16(number: u32) -> u16 {
    (number & 0xFFFF) as u16
}

/// A count that is known to fit (everything counted here is bounded by `CODE_WORDS_MAX` or the
/// source's size).
pub(super) fn low_u32(number: usize) -> u32 {
    debug_assert!(u32::try_from(number).is_ok());
    number as u32
}

/// A 32-bit number as an index. Exact: no target has a smaller `usize`.
pub(super) const fn usize_of(number: u32) -> usize {
    number as usize
}
