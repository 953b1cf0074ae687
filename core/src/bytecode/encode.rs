//! Instruction words: the operations of the table as a type, and how words are made and taken
//! apart.
//!
//! ```text
//!  63      48 47      32 31      16 15    8 7     0
//! +----------+----------+----------+-------+-------+
//! |    c     |    b     |    a     |   x   |  op   |
//! +----------+----------+----------+-------+-------+
//! |   32-bit operand    |
//! +---------------------+
//! ```
//!
//! Extra words follow the first one: `Key` holds an index into the function's constants, `Name` one
//! into the program's names, `Index` a register, `Target` a jump relative to that very word (a
//! sign-extended number), `Cache` zero.

use crate::for_each_op;

/// What an operand of an instruction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Unused: zero.
    None,
    /// A register that is written, after every read.
    Dst,
    /// A register that is read (or, for stores, the register of the stored value or the container).
    Src,
    /// A constant, by a signed 16-bit distance from the word.
    Pool,
    /// A constant, by a signed 32-bit distance over `b` and `c`.
    Pool32,
    /// A jump target, by a signed 16-bit distance from the word.
    Jump,
    /// A jump target, by a signed 32-bit distance over `b` and `c`.
    Jump32,
    /// An index into the program's names over `b` and `c`.
    Name32,
    /// A plain number: how many, or flags.
    Count,
    /// A slot of an environment, or an index into `map_keys`.
    Slot,
    /// An inner function, by its place in `children`.
    Proto,
    /// The upper half of a 32-bit operand in `b`.
    Hi,
}

/// What an extra word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extra {
    /// An index into the constants of the function.
    Key,
    /// An index into the names of the program.
    Name,
    /// Owned by the interpreter; zero in a compiled program.
    Cache,
    /// A jump target, relative to this word.
    Target,
    /// A register.
    Index,
}

/// How control leaves an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Goes on with the next instruction.
    Plain,
    /// May go to its target.
    Jump,
    /// Never goes on with the next instruction.
    End,
    /// Written by the interpreter only.
    Quick,
}

macro_rules! class {
    (plain) => {
        Class::Plain
    };
    (jump) => {
        Class::Jump
    };
    (end) => {
        Class::End
    };
    (quick) => {
        Class::Quick
    };
}

macro_rules! define_op {
    ($(
        $(#[$doc:meta])*
        $name:ident $handler:ident $text:literal
            [$a:ident $b:ident $c:ident $x:ident] [$($extra:ident)*] $class:ident;
    )*) => {
        /// An operation, numbered in the order of the table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Op {
            $(
                #[doc = concat!("`", $text, "`:")]
                $(#[$doc])*
                $name,
            )*
        }

        const ALL: &[Op] = &[$(Op::$name),*];

        impl Op {
            /// What listings call it.
            pub const fn text(self) -> &'static str {
                match self { $(Op::$name => $text,)* }
            }

            /// Kinds of the operands `a`, `b`, `c` and `x`.
            pub const fn operands(self) -> [Kind; 4] {
                match self { $(Op::$name => [Kind::$a, Kind::$b, Kind::$c, Kind::$x],)* }
            }

            /// The extra words, in order.
            pub const fn extra(self) -> &'static [Extra] {
                match self { $(Op::$name => &[$(Extra::$extra),*],)* }
            }

            /// How control leaves it.
            pub const fn class(self) -> Class {
                match self { $(Op::$name => class!($class),)* }
            }
        }
    };
}

for_each_op!(define_op);

impl Op {
    /// Number of operations.
    pub const COUNT: usize = ALL.len();

    /// Words of the longest instruction.
    pub const WORDS_MAX: usize = {
        let (mut most, mut index) = (0, 0);
        while index < ALL.len() {
            let words = ALL[index].words();
            most = if words > most { words } else { most };
            index += 1;
        }
        most
    };

    /// The operation with this number.
    pub const fn from_u8(number: u8) -> Option<Op> {
        let index = number as usize;
        if index < ALL.len() { Some(ALL[index]) } else { None }
    }

    /// Words it takes, extra words included.
    pub const fn words(self) -> usize {
        1 + self.extra().len()
    }
}

const _: () = assert!(Op::COUNT <= 256, "an operation is one byte");

/// Makes the first word of an instruction.
pub const fn word(op: Op, x: u8, a: u16, b: u16, c: u16) -> u64 {
    op as u64 | (x as u64) << 8 | (a as u64) << 16 | (b as u64) << 32 | (c as u64) << 48
}

/// Makes the first word of an instruction with a 32-bit operand over `b` and `c`.
pub const fn word_bc(op: Op, x: u8, a: u16, bc: i32) -> u64 {
    op as u64 | (x as u64) << 8 | (a as u64) << 16 | (bc.cast_unsigned() as u64) << 32
}

/// The operation's number, whether it exists or not.
pub const fn op_byte(word: u64) -> u8 {
    word as u8
}

/// The operation of a first word; `None` when there is none with that number.
pub const fn op_of(word: u64) -> Option<Op> {
    Op::from_u8(op_byte(word))
}

/// Operand `x`.
pub const fn x_of(word: u64) -> u8 {
    (word >> 8) as u8
}

/// Operand `a`.
pub const fn a_of(word: u64) -> u16 {
    (word >> 16) as u16
}

/// Operand `b`.
pub const fn b_of(word: u64) -> u16 {
    (word >> 32) as u16
}

/// Operand `c`.
pub const fn c_of(word: u64) -> u16 {
    (word >> 48) as u16
}

/// The 32-bit operand over `b` and `c`.
pub const fn bc_of(word: u64) -> i32 {
    ((word >> 32) as u32).cast_signed()
}

/// Operand `c` as a distance: a 16-bit jump.
pub const fn jump_of(word: u64) -> i16 {
    c_of(word).cast_signed()
}
