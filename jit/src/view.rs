//! Linked code as the compiler reads it: instructions with what they read and write.

use brisk_core::bytecode::{
    Class, Extra, Kind, Op, Proto, a_of, b_of, bc_of, c_of, jump_of, op_of, x_of,
};
use brisk_core::value::{Code, Value};

/// One instruction.
#[derive(Clone, Copy, Debug)]
pub struct Insn {
    /// Index of its first word.
    pub at: usize,
    /// Operation, perhaps a specialized one.
    pub op: Op,
    /// First word.
    pub word: u64,
    /// First extra word, or 0.
    pub extra: u64,
    /// Second and third extra word, or 0: caches.
    pub cache: [u64; 2],
}

impl Insn {
    /// Operand `a`.
    pub fn a(&self) -> u16 {
        a_of(self.word)
    }
    /// Operand `b`.
    pub fn b(&self) -> u16 {
        b_of(self.word)
    }
    /// Operand `c`.
    pub fn c(&self) -> u16 {
        c_of(self.word)
    }
    /// Operand `x`.
    pub fn x(&self) -> u8 {
        x_of(self.word)
    }
    /// The entries `shape << 6 | slot` of a cache of own members; `u32::MAX`: none.
    pub fn entries(&self) -> [u32; 4] {
        let [low, high] = self.cache;
        [low as u32, (low >> 32) as u32, high as u32, (high >> 32) as u32]
    }
    /// Index of the word behind it.
    pub fn next(&self) -> usize {
        self.at + self.op.words()
    }
}

/// A function's code, decoded.
pub struct View<'a> {
    /// The code.
    pub code: &'a Code,
    /// What it was linked from.
    pub proto: &'a Proto,
    /// Instructions in order.
    pub insns: Vec<Insn>,
    /// Index into `insns` of the instruction at each word; `u32::MAX` for extra words.
    pub index: Vec<u32>,
}

impl<'a> View<'a> {
    /// Decodes a script function; `None` for a native one.
    pub fn new(code: &'a Code) -> Option<View<'a>> {
        let (program, number) = code.program.as_ref()?;
        let proto = program.protos.get(*number as usize)?;
        let words = &code.words[..code.word_count as usize];
        let mut insns = Vec::new();
        let mut index = vec![u32::MAX; words.len()];
        let mut at = 0;
        while at < words.len() {
            let op = op_of(words[at])?;
            index[at] = insns.len() as u32;
            let word = |i: usize| if op.words() > i { words[at + i] } else { 0 };
            let cache = [word(2), word(3)];
            insns.push(Insn { at, op, word: words[at], extra: word(1), cache });
            at += op.words();
        }
        Some(View { code, proto, insns, index })
    }

    /// Address of a word.
    pub fn address(&self, at: usize) -> u64 {
        self.code.first_word() as u64 + 8 * at as u64
    }

    /// Word at an address, if it is one of this function's code.
    pub fn word_at(&self, address: *const u64) -> Option<usize> {
        let distance = (address as usize).checked_sub(self.code.first_word() as usize)?;
        let at = distance / 8;
        (distance % 8 == 0 && at < self.index.len() && self.index[at] != u32::MAX).then_some(at)
    }

    /// The constant an operand refers to.
    pub fn pool(&self, insn: &Insn, field: u16) -> Value {
        let at = insn.at as isize + isize::from(field.cast_signed());
        self.constant(at as usize)
    }

    /// The constant a 32-bit operand refers to.
    pub fn pool32(&self, insn: &Insn) -> Value {
        let at = insn.at as isize + bc_of(insn.word) as isize;
        self.constant(at as usize)
    }

    fn constant(&self, at: usize) -> Value {
        crate::function::constant(self.code, at)
    }

    /// Word a jump goes to, if the instruction is one.
    pub fn target(&self, insn: &Insn) -> Option<usize> {
        let [_, b, c, _] = insn.op.operands();
        if c == Kind::Jump {
            return Some((insn.at as isize + isize::from(jump_of(insn.word))) as usize);
        }
        if b == Kind::Jump32 {
            return Some((insn.at as isize + bc_of(insn.word) as isize) as usize);
        }
        if insn.op.extra().first() == Some(&Extra::Target) {
            return Some((insn.at as isize + 1 + insn.extra as i64 as isize) as usize);
        }
        None
    }

    /// Whether control can go elsewhere than behind it.
    pub fn ends_block(&self, insn: &Insn) -> bool {
        insn.op.class() == Class::End || self.target(insn).is_some()
    }

    /// Whether it is a jump back that pays fuel: the end of a loop.
    pub fn pays(&self, insn: &Insn) -> bool {
        let op = insn.op as u8;
        matches!(insn.op, Op::Loop | Op::LoopIf | Op::ForNext | Op::ForNextRange | Op::ForNextList)
            || op >= Op::LoopLt as u8 && op <= Op::LoopNeK as u8
    }

    /// Whether control can go on behind it.
    pub fn falls_through(&self, insn: &Insn) -> bool {
        insn.op.class() != Class::End && !matches!(insn.op, Op::Jump | Op::Loop)
    }

    /// Word of the cold copy for an instruction.
    pub fn cold(&self, at: usize) -> Option<usize> {
        let cold = &self.proto.cold;
        let found = cold.binary_search_by_key(&(at as u32), |entry| entry.0).ok()?;
        Some(cold[found].1 as usize)
    }

    /// Visits the registers it reads.
    pub fn reads(&self, insn: &Insn, mut visit: impl FnMut(u16)) {
        let [a, b, c, _] = insn.op.operands();
        if a == Kind::Src {
            visit(insn.a());
        }
        if b == Kind::Src {
            visit(insn.b());
        }
        if c == Kind::Src {
            visit(insn.c());
        }
        let mut range = |first: u16, count: u16| (first..first + count).for_each(&mut visit);
        match insn.op {
            Op::AndShort | Op::OrShort => range(insn.a(), 1),
            Op::RangeInit => range(insn.b(), u16::from(insn.x())),
            Op::ForPrep | Op::ForNext | Op::ForNextRange | Op::ForNextList => range(insn.a(), 4),
            Op::IterGet => range(insn.b(), 4),
            Op::Slice => range(insn.c(), 2),
            Op::NewList | Op::ListAppend => range(insn.b(), insn.c()),
            Op::NewMap | Op::NewMapShaped => {
                let keys = self.proto.map_keys.get(usize::from(insn.c()));
                range(insn.b(), keys.map_or(0, |k| k.len() as u16));
            }
            Op::CallSuper | Op::CallSuperCached => {
                range(insn.b(), u16::from(insn.x()));
                range(insn.c().saturating_sub(1), 2);
            }
            Op::CallIndex => {
                range(insn.b(), u16::from(insn.x()));
                range(insn.extra as u16, 1);
            }
            Op::Call
            | Op::CallGlobal
            | Op::CallGlobalScript
            | Op::CallGlobalNative
            | Op::CallMethod
            | Op::CallMethodCached
            | Op::CallMethodNative => range(insn.b(), u16::from(insn.x())),
            Op::NewScope => range(0, self.proto.params.len() as u16 + 2),
            _ => {}
        }
    }

    /// Visits the registers it may write.
    pub fn writes(&self, insn: &Insn, mut visit: impl FnMut(u16)) {
        let [a, b, ..] = insn.op.operands();
        if a == Kind::Dst {
            visit(insn.a());
        }
        if b == Kind::Dst {
            visit(insn.b());
        }
        let mut range = |first: u16, count: u16| (first..first + count).for_each(&mut visit);
        match insn.op {
            Op::LoadUnassigned => range(insn.a(), insn.b()),
            Op::AndShort | Op::OrShort => range(insn.a(), 1),
            Op::RangeInit | Op::ForPrep | Op::ForNext => range(insn.a(), 4),
            Op::ForNextRange | Op::ForNextList => range(insn.a() + 1, 1),
            Op::IterGet => range(insn.b(), 4),
            _ => {}
        }
    }

    /// First register of the part of the window that a call uses up, for calls.
    pub fn call_window(&self, insn: &Insn) -> Option<u16> {
        match insn.op {
            Op::Call | Op::CallGlobal | Op::CallGlobalScript | Op::CallGlobalNative => {
                Some(insn.b().saturating_sub(4))
            }
            Op::CallMethod
            | Op::CallMethodCached
            | Op::CallMethodNative
            | Op::CallSuper
            | Op::CallSuperCached
            | Op::CallIndex => Some(insn.b().saturating_sub(5)),
            Op::RangeInit => Some(insn.b().saturating_sub(4)),
            _ => None,
        }
    }
}
