//! The operations of compiled code, one vocabulary for IR and LIR.
//!
//! They are low: numbers are doubles in float registers, values are 64-bit words in general ones,
//! and a check is an operation of its own that leaves through an *exit* when it fails. An operation
//! states its operands in order; where it has an [`Address`], the registers of the address come
//! first (base, then index), then the rest. An operation with a result defines it last.

/// What a register holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rep {
    /// A double. Any NaN is possible; it gets its one form when it becomes a value.
    F64,
    /// A 64-bit word: a value, an address, or an integer.
    Word,
}

/// Comparison of two doubles. All are false for NaN except `Ne` and those named `Not…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compare {
    /// `a < b`
    Lt,
    /// `a <= b`
    Le,
    /// `a > b`
    Gt,
    /// `a >= b`
    Ge,
    /// `a == b`
    Eq,
    /// `a != b`, true for NaN.
    Ne,
    /// Not `a < b`, true for NaN.
    NotLt,
    /// Not `a <= b`, true for NaN.
    NotLe,
    /// Not `a > b`, true for NaN.
    NotGt,
    /// Not `a >= b`, true for NaN.
    NotGe,
}

impl Compare {
    /// The opposite.
    pub const fn not(self) -> Compare {
        match self {
            Compare::Lt => Compare::NotLt,
            Compare::Le => Compare::NotLe,
            Compare::Gt => Compare::NotGt,
            Compare::Ge => Compare::NotGe,
            Compare::Eq => Compare::Ne,
            Compare::Ne => Compare::Eq,
            Compare::NotLt => Compare::Lt,
            Compare::NotLe => Compare::Le,
            Compare::NotGt => Compare::Gt,
            Compare::NotGe => Compare::Ge,
        }
    }

    /// What it says of two numbers.
    #[allow(clippy::neg_cmp_op_on_partial_ord)] // Not less, for NaN too.
    pub fn holds(self, a: f64, b: f64) -> bool {
        match self {
            Compare::Lt => a < b,
            Compare::Le => a <= b,
            Compare::Gt => a > b,
            Compare::Ge => a >= b,
            Compare::Eq => a == b,
            Compare::Ne => a != b,
            Compare::NotLt => !(a < b),
            Compare::NotLe => !(a <= b),
            Compare::NotGt => !(a > b),
            Compare::NotGe => !(a >= b),
        }
    }
}

/// Arithmetic of two doubles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Binary {
    /// `a + b`
    Add,
    /// `a - b`
    Sub,
    /// `a * b`
    Mul,
    /// `a / b`
    Div,
    /// The smaller one; `b` when either is NaN.
    Min,
}

/// Functions of one double.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unary {
    /// Square root.
    Sqrt,
    /// Absolute value.
    Abs,
    /// Largest whole number not above.
    Floor,
    /// Smallest whole number not below.
    Ceil,
    /// Whole part.
    Trunc,
}

/// Where an address starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Base {
    /// The window of the running frame (pinned).
    Window,
    /// The machine (pinned).
    Vm,
    /// The word in the next operand.
    Word,
}

/// A place in memory: `base + 8 * index + offset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// Where it starts.
    pub base: Base,
    /// Whether the next operand (after the base, if that is one) is an index of 8-byte elements.
    pub indexed: bool,
    /// Bytes to add.
    pub offset: i32,
}

impl Address {
    /// Slot `index` of the window.
    pub fn slot(index: u16) -> Address {
        Address { base: Base::Window, indexed: false, offset: i32::from(index) * 8 }
    }

    /// A field of the machine.
    pub fn vm(offset: usize) -> Address {
        Address { base: Base::Vm, indexed: false, offset: offset as i32 }
    }

    /// A field of the object whose address is an operand.
    pub fn field(offset: usize) -> Address {
        Address { base: Base::Word, indexed: false, offset: offset as i32 }
    }

    /// Element of an array: two operands, the array's address and the index.
    pub fn element() -> Address {
        Address { base: Base::Word, indexed: true, offset: 0 }
    }

    /// How many operands it has.
    pub fn operands(self) -> usize {
        usize::from(self.base == Base::Word) + usize::from(self.indexed)
    }
}

/// Bits a load reads; what is above them becomes zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Width {
    /// 8 bits.
    W8,
    /// 32 bits.
    W32,
    /// 64 bits.
    W64,
}

/// A call of a script function that is known when code is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ScriptCall {
    /// Address of the calling instruction.
    pub pc: u64,
    /// Address of the instruction behind it.
    pub ret: u64,
    /// The function value, as bits.
    pub callee: u64,
    /// Address of its `Code`.
    pub code: u64,
    /// Register of the caller where the callee's window begins.
    pub window: u16,
    /// Register of the caller that receives the result, for whoever returns without machine code.
    pub dst: u16,
    /// Registers of the callee.
    pub register_count: u32,
    /// Fuel the call costs.
    pub cost: u32,
}

/// An operation. Operands in order, after `:`; the result behind `→`. *Exit* marks those that leave
/// when they fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// `→ Word`: these bits.
    Word(u64),
    /// `→ F64`: the double with these bits.
    F64(u64),
    /// `Word → F64`: the same bits.
    ToF64,
    /// `F64 → Word`: the same bits, any NaN as `Value::NAN`.
    ToValue,
    /// `F64 → Word`: the same bits, of a double that is no NaN but `Value::NAN`.
    ToBits,
    /// `F64, F64 → F64`.
    Binary(Binary),
    /// `F64 → F64`: the same with a constant on the right.
    BinaryConst(Binary, u64),
    /// `F64 → F64`.
    Unary(Unary),
    /// `F64, F64 → F64`: 1 or 0.
    Test(Compare),
    /// `F64 → Word`: truncated to a 64-bit integer; `i64::MIN` for NaN and what does not fit.
    Truncate,
    /// `Word → F64`: the signed integer as a double.
    IntToF64,
    /// `F64, F64 → F64`: the remainder of two whole numbers `0 <= a < 2^32`, `1 <= b < 2^31`, `a`
    /// not negative zero. *Exit* for others.
    Modulo,
    /// `address… → Word`.
    Load(Address, Width),
    /// `address… → F64`: the word there is known to be a number.
    LoadF64(Address),
    /// `address… → F64`: the number there. *Exit* when it is no number.
    LoadNumber(Address),
    /// `address…, Word`: stores 64 bits.
    Store(Address),
    /// `address…, F64`: stores a number, any NaN as `Value::NAN`.
    StoreF64(Address),
    /// `address…, F64`: stores a number that is no NaN but `Value::NAN`.
    StoreNumber(Address),
    /// `address…`: stores these bits.
    StoreBits(Address, u64),
    /// `Word → F64`: the number that a value is. *Exit* when it is none.
    Number,
    /// `Word → Word`: the address in a value with this tag (its high 16 bits). *Exit* for others.
    Untag(u16),
    /// `Word`: *exit* unless below these bits, unsigned.
    CheckBelow(u64),
    /// `Word`: *exit* unless it is these bits.
    CheckBits(u64),
    /// `Word → Word`: the slot of a member in maps of this shape, from up to four entries `shape << 6
    /// | slot` (`u32::MAX`: none). *Exit* when the shape is in none.
    Slot([u32; 4]),
    /// `Word, Word`: *exit* unless the first is below the second, unsigned.
    CheckIndex,
    /// `F64, F64`: *exit* unless it holds.
    CheckCompare(Compare),
    /// Pays fuel for a jump back. *Exit* (suspends) when none is left.
    Fuel(u32),
    /// Pays fuel for a call that was inlined. *Exit*, with nothing paid, when there is not enough.
    Pay(u32),
    /// *Exit* unless a window with so many registers fits on the stack.
    CheckWindow(u32),
    /// `Word, Word`: tells the collector that in the object at this address a value was stored.
    Barrier,
    /// `F64… → F64`: a function that neither allocates nor fails (`native::LEAVES`).
    Leaf(u8, u8),
    /// Runs the instruction at this address as the interpreter does; all live values are in the
    /// window. `next` is the address of the one behind it. Goes on when that is where it leads, or
    /// when a function it called returns there; otherwise leaves.
    Step {
        /// Address of the instruction.
        pc: u64,
        /// Address of the one behind it.
        next: u64,
    },
    /// `→ F64`: as `Call`, of a function that is expected to return a number. Leaves behind the call
    /// when it returned none, through the same exit's number.
    CallNumber(ScriptCall),
    /// `→ Word`: calls a script function; arguments and live values are in the window. *Exit* when
    /// depth, stack or fuel need a look.
    Call(ScriptCall),

    /// Ends a block: goes to its one successor; the operands are the successor's parameters.
    Jump,
    /// Ends a block. `F64, F64`: to the first successor when it holds, else to the second.
    Branch(Compare),
    /// Ends a block. `Word`: to the first successor when it is these bits, else to the second.
    BranchBits(u64),
    /// Ends a block: as `Step`, for a jump. To the first successor when it leads to `target`, to the
    /// second when it leads to `next`; otherwise leaves.
    StepBranch {
        /// Address of the instruction.
        pc: u64,
        /// Address of the jump's target.
        target: u64,
        /// Address of the instruction behind it.
        next: u64,
    },
    /// Ends a block. `Word`: the function returns this value.
    Return,
    /// Ends a block. `F64`: the function returns this number.
    ReturnNumber,
    /// Ends a block: leaves. *Exit*.
    Leave,
}

impl Op {
    /// What it defines.
    pub fn result(self) -> Option<Rep> {
        match self {
            Op::F64(_)
            | Op::ToF64
            | Op::Binary(_)
            | Op::BinaryConst(..)
            | Op::Unary(_)
            | Op::Test(_)
            | Op::IntToF64
            | Op::Modulo
            | Op::LoadF64(_)
            | Op::LoadNumber(_)
            | Op::Number
            | Op::CallNumber(_)
            | Op::Leaf(..) => Some(Rep::F64),
            Op::Word(_)
            | Op::ToValue
            | Op::ToBits
            | Op::Truncate
            | Op::Load(..)
            | Op::Untag(_)
            | Op::Slot(_)
            | Op::Call(_) => Some(Rep::Word),
            _ => None,
        }
    }

    /// Whether it can leave through an exit of its own.
    pub fn exits(self) -> bool {
        matches!(
            self,
            Op::Modulo
                | Op::LoadNumber(_)
                | Op::Number
                | Op::Untag(_)
                | Op::CheckBelow(_)
                | Op::CheckBits(_)
                | Op::Slot(_)
                | Op::CheckIndex
                | Op::CheckCompare(_)
                | Op::Fuel(_)
                | Op::Pay(_)
                | Op::CheckWindow(_)
                | Op::Call(_)
                | Op::CallNumber(_)
                | Op::Leave
        )
    }

    /// Whether it ends a block.
    pub fn is_terminator(self) -> bool {
        matches!(
            self,
            Op::Jump
                | Op::Branch(_)
                | Op::BranchBits(_)
                | Op::StepBranch { .. }
                | Op::Return
                | Op::ReturnNumber
                | Op::Leave
        )
    }

    /// Whether it runs other code, which uses every register and may change all memory.
    pub fn is_call(self) -> bool {
        matches!(self, Op::Step { .. } | Op::StepBranch { .. } | Op::Call(_) | Op::CallNumber(_))
    }

    /// Whether nothing notices when its result is not used.
    pub fn is_pure(self) -> bool {
        match self {
            Op::Load(..) | Op::LoadF64(_) | Op::Leaf(..) => true,
            _ => self.result().is_some() && !self.exits() && !self.is_call(),
        }
    }

    /// Whether it stores.
    pub fn is_store(self) -> bool {
        matches!(self, Op::Store(_) | Op::StoreF64(_) | Op::StoreNumber(_) | Op::StoreBits(..))
    }

    /// The representations of its fixed operands, in order; `Jump` and `Leaf` take what they are
    /// given.
    pub fn operands(self) -> Vec<Rep> {
        use Rep::{F64, Word};
        let addressed = |address: Address, more: &[Rep]| {
            let mut all = vec![Word; address.operands()];
            all.extend_from_slice(more);
            all
        };
        match self {
            Op::ToF64
            | Op::IntToF64
            | Op::Number
            | Op::Untag(_)
            | Op::CheckBelow(_)
            | Op::CheckBits(_)
            | Op::Slot(_)
            | Op::BranchBits(_)
            | Op::Return => vec![Word],
            Op::ReturnNumber
            | Op::ToValue
            | Op::ToBits
            | Op::BinaryConst(..)
            | Op::Unary(_)
            | Op::Truncate => vec![F64],
            Op::Binary(_) | Op::Test(_) | Op::Modulo | Op::CheckCompare(_) | Op::Branch(_) => {
                vec![F64, F64]
            }
            Op::Leaf(_, count) => vec![F64; count as usize],
            Op::CheckIndex | Op::Barrier => vec![Word, Word],
            Op::Load(address, _) | Op::LoadF64(address) | Op::LoadNumber(address) => {
                addressed(address, &[])
            }
            Op::StoreBits(address, _) => addressed(address, &[]),
            Op::Store(address) => addressed(address, &[Word]),
            Op::StoreF64(address) | Op::StoreNumber(address) => addressed(address, &[F64]),
            _ => Vec::new(),
        }
    }
}
