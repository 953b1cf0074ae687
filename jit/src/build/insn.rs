//! What each instruction becomes.

use super::Builder;
use super::emit::{self, Memory};
use crate::ir::Val;
use crate::lir::ExitKind;
use crate::op::{Address, Binary, Compare, Op, Rep, ScriptCall, Unary, Width};
use crate::plan::{Numeric, Plan, compare_jump};
use crate::view::Insn;
use brisk_core::bytecode::{Class, Kind, Op as Code, bc_of};
use brisk_core::native::{helpers, layout};
use brisk_core::value::Value;
use brisk_core::value::value::{TAG_FUNC, TAG_LIST, TAG_MAP};

const LIST: u16 = (TAG_LIST >> 48) as u16;
const MAP: u16 = (TAG_MAP >> 48) as u16;
/// How far ahead it is looked whether a value is used as a number.
const AHEAD: usize = 12;

impl Builder<'_> {
    /// Builds an instruction; true when it ended the block.
    pub(super) fn insn(&mut self, index: usize, last: bool) -> bool {
        let insn = self.view.insns[index];
        match self.plans[index] {
            Plan::Step => self.step(index, &insn),
            Plan::Call(callee) => {
                self.call(index, &insn, callee);
                false
            }
            Plan::Inlined(callee) => {
                self.inline_call(index, &insn, callee);
                false
            }
            Plan::Numeric(what, callee) => {
                self.numeric(&insn, what, callee);
                false
            }
            Plan::Inline if !self.view.ends_block(&insn) => {
                self.plain(index, &insn);
                false
            }
            Plan::Inline => {
                debug_assert!(last);
                self.control(&insn);
                true
            }
        }
    }

    fn level(&self, insn: &Insn) -> u8 {
        self.failures.get(&insn.at).copied().unwrap_or(0)
    }

    fn step(&mut self, index: usize, insn: &Insn) -> bool {
        self.write_back();
        let pc = self.point.pc;
        let next = self.view.address(insn.next());
        let target = self.view.target(insn);
        let op = match target {
            Some(target) => Op::StepBranch { pc, target: self.view.address(target), next },
            None => Op::Step { pc, next },
        };
        self.append(op, Vec::new(), None);
        self.forget(index);
        if target.is_some() {
            return true;
        }
        if insn.op.class() == Class::End {
            let exit = self.exit_here();
            self.append(Op::Leave, Vec::new(), Some(exit));
            return true;
        }
        false
    }

    fn call(&mut self, index: usize, insn: &Insn, callee: Value) {
        let cell = (insn.extra & 0xFFFF_FFFF) as u32;
        self.check_callee(cell, callee);
        let Some(f) = callee.as_func() else { return };
        let code = f.code();
        let call = ScriptCall {
            pc: self.point.pc,
            ret: self.view.address(insn.next()),
            callee: callee.bits(),
            code: core::ptr::from_ref(code) as u64,
            window: insn.b(),
            dst: insn.a(),
            register_count: code.register_count,
            cost: code.cost,
        };
        self.write_back();
        let exit = self.exit_here();
        let number = self.expects_number(insn.a(), index + 1);
        let op = if number { Op::CallNumber(call) } else { Op::Call(call) };
        let result = self.append(op, Vec::new(), Some(exit)).unwrap_or(Val(0));
        self.forget(index);
        self.write(insn.a(), result);
    }

    /// Makes sure that a global still holds a function: by a watch, or by a check when it changed
    /// often.
    pub(super) fn check_callee(&mut self, cell: u32, callee: Value) {
        self.roots.push(callee);
        if self.restless.is_some_and(|cells| cells.contains(&cell)) {
            let value = self.cell(cell);
            self.check(Op::CheckBits(callee.bits()), &[value]);
        } else {
            self.watched.push(cell);
        }
    }

    fn numeric(&mut self, insn: &Insn, what: Numeric, callee: Value) {
        let cell = (insn.extra & 0xFFFF_FFFF) as u32;
        self.check_callee(cell, callee);
        let x = self.read_number(insn.b());
        let result = match what {
            Numeric::Sqrt => self.emit(Op::Unary(Unary::Sqrt), &[x]),
            Numeric::Abs => self.emit(Op::Unary(Unary::Abs), &[x]),
            Numeric::Floor => self.emit(Op::Unary(Unary::Floor), &[x]),
            Numeric::Ceil => self.emit(Op::Unary(Unary::Ceil), &[x]),
            Numeric::Leaf(leaf) => self.emit(Op::Leaf(leaf, 1), &[x]),
        };
        self.write(insn.a(), result);
    }

    fn cells(&mut self) -> Val {
        self.load(Op::Load(Address::vm(layout::VM_CELLS), Width::W64), &[], Memory::Heads)
    }

    fn cell_address(cell: u32) -> Address {
        Address::field(cell as usize * layout::CELL_SIZE + layout::CELL_VALUE)
    }

    /// What a global's cell holds.
    fn cell(&mut self, cell: u32) -> Val {
        if let Some(&val) = self.vars.cells.get(&cell) {
            return self.as_word(val);
        }
        let cells = self.cells();
        let op = Op::Load(Self::cell_address(cell), Width::W64);
        let val = self.load(op, &[cells], Memory::Cells);
        self.vars.cells.insert(cell, val);
        val
    }

    fn get_global(&mut self, index: usize, insn: &Insn) {
        let cell = bc_of(insn.word) as u32;
        let known = self.vars.cells.get(&cell).copied();
        let wanted = self.level(insn) == 0 && self.expects_number(insn.a(), index + 1);
        let val = match known {
            Some(val) if wanted => self.as_number(val),
            Some(val) => self.data(val),
            None if wanted => {
                let cells = self.cells();
                self.load_number(Self::cell_address(cell), &[cells], Memory::Cells)
            }
            None => {
                let val = self.cell(cell);
                self.data(val)
            }
        };
        self.vars.cells.insert(cell, val);
        self.write(insn.a(), val);
    }

    /// A value that is no function and not unassigned.
    fn data(&mut self, val: Val) -> Val {
        if self.graph.rep(val) == Rep::Word {
            self.check(Op::CheckBelow(TAG_FUNC), &[val]);
        }
        val
    }

    fn set_global(&mut self, insn: &Insn) {
        let cell = bc_of(insn.word) as u32;
        let cells = self.cells();
        let state = Address::field(cell as usize * layout::CELL_SIZE + layout::CELL_STATE);
        let state = self.load(Op::Load(state, Width::W32), &[cells], Memory::Heads);
        self.check(Op::CheckBits(1), &[state]);
        let val = self.read(insn.a());
        self.store(Self::cell_address(cell), &[cells], val);
        self.versions.memory[Memory::Cells as usize] = self.fresh();
        self.vars.cells.insert(cell, val);
    }

    /// Stores a value of either representation.
    fn store(&mut self, address: Address, base: &[Val], val: Val) {
        let mut args = base.to_vec();
        let op = match (self.graph.constant(val), self.graph.rep(val)) {
            (Some(bits), _) => {
                self.append(Op::StoreBits(address, bits), args, None);
                return;
            }
            (None, Rep::F64) => self.number_store(address, val),
            (None, Rep::Word) => Op::Store(address),
        };
        args.push(val);
        self.append(op, args, None);
    }

    fn plain(&mut self, index: usize, insn: &Insn) {
        let (a, b, c) = (insn.a(), insn.b(), insn.c());
        match insn.op {
            Code::Nop => {}
            Code::Move => {
                let val = self.read(b);
                self.write(a, val);
            }
            Code::Eval => {
                let val = if self.level(insn) == 0 && self.expects_number(a, index + 1) {
                    self.read_number(b)
                } else {
                    let val = self.read(b);
                    self.data(val)
                };
                self.write(a, val);
            }
            Code::LoadK => {
                let val = self.value_constant(self.view.pool32(insn));
                self.write(a, val);
            }
            Code::LoadNull => {
                let val = self.word(Value::NULL.bits());
                self.write(a, val);
            }
            Code::LoadUnassigned => {
                let val = self.word(Value::UNASSIGNED.bits());
                (a..a + b).for_each(|r| self.write(r, val));
            }
            Code::GetGlobal => self.get_global(index, insn),
            Code::SetGlobal => self.set_global(insn),
            Code::GetIndexList => {
                let val = self.get_index(index, insn);
                self.write(a, val);
            }
            Code::SetIndexList => self.set_index(insn),
            Code::GetPropOwn => {
                let val = self.get_member(index, insn);
                self.write(a, val);
            }
            Code::SetPropOwn => self.set_member(insn),
            Code::GetPropParent => {
                let val = self.get_inherited(index, insn);
                self.write(a, val);
            }
            Code::Neg => {
                let (zero, x) = (self.number(0.0), self.read_number(b));
                let val = self.emit(Op::Binary(Binary::Sub), &[zero, x]);
                self.write(a, val);
            }
            Code::Not => {
                let x = self.read_number(b);
                let one = self.number(1.0);
                let abs = self.emit(Op::Unary(Unary::Abs), &[x]);
                let truth = self.emit(Op::Binary(Binary::Min), &[abs, one]);
                let val = self.emit(Op::Binary(Binary::Sub), &[one, truth]);
                self.write(a, val);
            }
            Code::Lt => self.test(a, b, c, Compare::Lt),
            Code::Le => self.test(a, b, c, Compare::Le),
            Code::Gt => self.test(a, b, c, Compare::Gt),
            Code::Ge => self.test(a, b, c, Compare::Ge),
            Code::Eq => self.test(a, b, c, Compare::Eq),
            Code::Ne => self.test(a, b, c, Compare::Ne),
            _ => self.arithmetic(insn),
        }
    }

    fn test(&mut self, a: u16, b: u16, c: u16, compare: Compare) {
        let (x, y) = (self.read_number(b), self.read_number(c));
        let val = self.emit(Op::Test(compare), &[x, y]);
        self.write(a, val);
    }

    fn operand(&mut self, insn: &Insn, kind: Kind, field: u16) -> Val {
        if kind == Kind::Pool {
            let constant = self.view.pool(insn, field);
            return self.number(constant.as_number().unwrap_or(0.0));
        }
        self.read_number(field)
    }

    fn arithmetic(&mut self, insn: &Insn) {
        let kinds = insn.op.operands();
        let x = self.operand(insn, kinds[1], insn.b());
        let y = self.operand(insn, kinds[2], insn.c());
        // Reading the right operand may have found the left one out.
        let op = match insn.op {
            Code::Add | Code::AddK | Code::KAdd | Code::AccAdd | Code::AddAcc | Code::AccAddK => {
                Op::Binary(Binary::Add)
            }
            Code::Sub | Code::SubK | Code::KSub | Code::AccSub | Code::SubAcc | Code::AccSubK => {
                Op::Binary(Binary::Sub)
            }
            Code::Mul | Code::MulK | Code::KMul | Code::AccMul | Code::MulAcc | Code::AccMulK => {
                Op::Binary(Binary::Mul)
            }
            Code::Div | Code::DivK | Code::KDiv | Code::AccDiv | Code::DivAcc | Code::AccDivK => {
                Op::Binary(Binary::Div)
            }
            Code::Mod | Code::ModK if self.level(insn) == 0 => {
                let val = self.check(Op::Modulo, &[x, y]);
                self.write(insn.a(), val);
                return;
            }
            Code::Mod | Code::ModK => Op::Leaf(helpers::LEAF_MODULO, 2),
            // Pow and PowK.
            _ if self.graph.constant(y) == Some(2f64.to_bits()) => {
                let val = self.emit(Op::Binary(Binary::Mul), &[x, x]);
                self.write(insn.a(), val);
                return;
            }
            _ => Op::Leaf(helpers::LEAF_POWER, 2),
        };
        let val = self.emit(op, &[x, y]);
        self.write(insn.a(), val);
    }

    /// Address and length of the list in a register, and an index checked to lie in it.
    fn element(&mut self, list: u16, index: u16) -> (Val, Val) {
        let value = self.read(list);
        let value = self.as_word(value);
        let object = self.check(Op::Untag(LIST), &[value]);
        let number = self.read_number(index);
        let at = self.emit(Op::Truncate, &[number]);
        let length = Op::Load(Address::field(layout::LIST_LEN), Width::W32);
        let length = self.load(length, &[object], Memory::Heads);
        self.check(Op::CheckIndex, &[at, length]);
        (object, at)
    }

    fn elements(&mut self, object: Val) -> Val {
        let op = Op::Load(Address::field(layout::LIST_ELEMS), Width::W64);
        self.load(op, &[object], Memory::Heads)
    }

    fn get_index(&mut self, index: usize, insn: &Insn) -> Val {
        let (object, at) = self.element(insn.b(), insn.c());
        let elements = self.elements(object);
        if self.level(insn) == 0 && self.expects_number(insn.a(), index + 1) {
            return self.load_number(Address::element(), &[elements, at], Memory::Elements);
        }
        let op = Op::Load(Address::element(), Width::W64);
        self.load(op, &[elements, at], Memory::Elements)
    }

    fn set_index(&mut self, insn: &Insn) {
        let (object, at) = self.element(insn.a(), insn.b());
        let elements = self.elements(object);
        let val = self.read(insn.c());
        self.store(Address::element(), &[elements, at], val);
        if self.graph.rep(val) == Rep::Word && self.graph.constant(val).is_none() {
            self.append(Op::Barrier, vec![object, val], None);
        }
        self.versions.memory[Memory::Elements as usize] = self.fresh();
    }

    /// The address of a member of the map in a register: a constant slot when the site saw one
    /// shape. With the number of its kind of memory.
    fn member(&mut self, map: u16, insn: &Insn) -> (Address, Vec<Val>, usize) {
        let object = self.object(map);
        let shape = Op::Load(Address::field(layout::MAP_SHAPE), Width::W32);
        let shape = self.load(shape, &[object], Memory::Heads);
        let slots = Op::Load(Address::field(layout::MAP_SLOTS), Width::W64);
        match only_entry(insn) {
            Some((wanted, slot)) => {
                self.check(Op::CheckBits(u64::from(wanted)), &[shape]);
                let slots = self.load(slots, &[object], Memory::Heads);
                (Address::field(slot * 8), vec![slots], emit::member(Some(slot)))
            }
            None => {
                let slot = self.check(Op::Slot(insn.entries()), &[shape]);
                let slots = self.load(slots, &[object], Memory::Heads);
                (Address::element(), vec![slots, slot], emit::member(None))
            }
        }
    }

    fn object(&mut self, map: u16) -> Val {
        let value = self.read(map);
        let value = self.as_word(value);
        self.check(Op::Untag(MAP), &[value])
    }

    fn get_member(&mut self, index: usize, insn: &Insn) -> Val {
        let (address, args, memory) = self.member(insn.b(), insn);
        self.member_value(index, insn, address, &args, memory)
    }

    fn member_value(
        &mut self,
        index: usize,
        insn: &Insn,
        address: Address,
        args: &[Val],
        memory: usize,
    ) -> Val {
        if self.level(insn) == 0 && self.expects_number(insn.a(), index + 1) {
            return self.load_number(address, args, memory);
        }
        let val = self.load(Op::Load(address, Width::W64), args, memory);
        self.data(val)
    }

    /// A member found in a parent, whose place is known while no parent changes its keys.
    fn get_inherited(&mut self, index: usize, insn: &Insn) -> Val {
        let object = self.object(insn.b());
        let shape = Op::Load(Address::field(layout::MAP_SHAPE), Width::W32);
        let shape = self.load(shape, &[object], Memory::Heads);
        self.check(Op::CheckBits(insn.cache[0] & 0xFFFF_FFFF), &[shape]);
        let epoch = Op::Load(Address::vm(layout::VM_EPOCH), Width::W32);
        let epoch = self.load(epoch, &[], Memory::Heads);
        self.check(Op::CheckBits(insn.cache[0] >> 32), &[epoch]);
        let place = self.word(insn.cache[1]);
        self.member_value(index, insn, Address::field(0), &[place], emit::member(None))
    }

    fn set_member(&mut self, insn: &Insn) {
        let (address, args, _) = self.member(insn.a(), insn);
        let object = self.object(insn.a());
        let val = self.read(insn.b());
        self.store(address, &args, val);
        if self.graph.rep(val) == Rep::Word && self.graph.constant(val).is_none() {
            self.append(Op::Barrier, vec![object, val], None);
        }
        for kind in self.stored_members(insn) {
            self.versions.memory[kind] = self.fresh();
        }
    }

    /// The kinds of memory that a store of a member changes.
    pub(super) fn stored_members(&self, insn: &Insn) -> Vec<usize> {
        match only_entry(insn) {
            Some((_, slot)) => vec![emit::member(Some(slot)), emit::member(None)],
            None => (0..=emit::SLOT_KINDS).map(|k| Memory::Slots as usize + k).collect(),
        }
    }

    pub(super) fn control(&mut self, insn: &Insn) {
        let (a, b) = (insn.a(), insn.b());
        match insn.op {
            Code::Return => {
                let val = self.read(a);
                let op = match self.graph.rep(val) {
                    Rep::F64 => Op::ReturnNumber,
                    Rep::Word => Op::Return,
                };
                self.append(op, vec![val], None);
            }
            Code::ReturnNull => {
                let word = self.word(Value::NULL.bits());
                self.append(Op::Return, vec![word], None);
            }
            Code::JumpIf | Code::LoopIf => self.branch_on(a, Compare::Ne),
            Code::JumpIfNot => self.branch_on(a, Compare::Eq),
            Code::ForPrep => {
                let (at, _, _) = self.range(a);
                self.write(b, at);
                self.append(Op::Jump, Vec::new(), None);
            }
            Code::ForNextRange => {
                let at = self.range_next(insn);
                let to = self.range(a).1;
                let forward = self.level(insn) == 0;
                let more = if forward { Compare::Le } else { Compare::Ge };
                self.append(Op::Branch(more), vec![at, to], None);
            }
            Code::ForNextList => {
                let (_, at, length) = self.list_next(insn);
                self.append(Op::Branch(Compare::Lt), vec![at, length], None);
            }
            Code::IterGet => self.iter_get(insn),
            _ => match compare_jump(insn.op) {
                Some(jump) => self.compare_jump(insn, jump.compare, jump.constant),
                // Jump and Loop.
                None => {
                    self.append(Op::Jump, Vec::new(), None);
                }
            },
        }
    }

    fn branch_on(&mut self, register: u16, compare: Compare) {
        let (x, zero) = (self.read_number(register), self.number(0.0));
        self.append(Op::Branch(compare), vec![x, zero], None);
    }

    fn compare_jump(&mut self, insn: &Insn, compare: Compare, constant: bool) {
        if constant {
            let wanted = self.view.pool(insn, insn.b());
            if !wanted.is_number() {
                self.compare_bits(insn, compare, wanted);
                return;
            }
        }
        let x = self.read_number(insn.a());
        let y = self.operand(insn, insn.op.operands()[1], insn.b());
        self.append(Op::Branch(compare), vec![x, y], None);
    }

    /// `==` or `!=` with null or a short string: equal bits.
    fn compare_bits(&mut self, insn: &Insn, compare: Compare, wanted: Value) {
        let val = self.read(insn.a());
        let word = self.as_word(val);
        self.check(Op::CheckBelow(TAG_FUNC), &[word]);
        self.append(Op::BranchBits(wanted.bits()), vec![word], None);
        if compare == Compare::Ne {
            self.graph.blocks[self.node].succs.swap(0, 1);
        }
    }

    /// Position, end and step of a counting loop, whose state begins at this register.
    fn range(&mut self, state: u16) -> (Val, Val, Val) {
        let mark = self.read(state);
        let mark = self.as_word(mark);
        self.check(Op::CheckBits(Value::RANGE_MARK.bits()), &[mark]);
        // With the mark, the other three are numbers.
        for register in state + 1..state + 4 {
            let slot = &mut self.vars.slots[usize::from(register)];
            slot.number |= slot.val.is_none();
        }
        let at = self.read_number(state + 1);
        let to = self.read_number(state + 2);
        let step = self.read_number(state + 3);
        (at, to, step)
    }

    /// An element of a counting range by an index that the script can see.
    fn iter_get(&mut self, insn: &Insn) {
        let (from, to, step) = self.range(insn.b());
        let (index, zero) = (self.read_number(insn.c()), self.number(0.0));
        self.check(Op::CheckCompare(Compare::Ge), &[index, zero]);
        let index = self.emit(Op::Unary(Unary::Trunc), &[index]);
        let length = self.emit(Op::Binary(Binary::Sub), &[to, from]);
        let steps = self.emit(Op::Binary(Binary::Div), &[length, step]);
        let steps = self.emit(Op::Unary(Unary::Floor), &[steps]);
        let one = self.number(1.0);
        let count = self.emit(Op::Binary(Binary::Add), &[steps, one]);
        let offset = self.emit(Op::Binary(Binary::Mul), &[step, index]);
        let val = self.emit(Op::Binary(Binary::Add), &[from, offset]);
        self.late.insert(self.region_node, (insn.a(), val));
        self.append(Op::Branch(Compare::Ge), vec![index, count], None);
    }

    fn range_next(&mut self, insn: &Insn) -> Val {
        let (at, _, step) = self.range(insn.a());
        let zero = self.number(0.0);
        let forward = self.level(insn) == 0;
        let sign = if forward { Compare::Gt } else { Compare::NotGt };
        self.check(Op::CheckCompare(sign), &[step, zero]);
        self.emit(Op::Binary(Binary::Add), &[at, step])
    }

    /// The list of a loop, the next index, and the length.
    fn list_next(&mut self, insn: &Insn) -> (Val, Val, Val) {
        let state = insn.a();
        let value = self.read(state);
        let value = self.as_word(value);
        let object = self.check(Op::Untag(LIST), &[value]);
        let (at, one) = (self.read_number(state + 1), self.number(1.0));
        let at = self.emit(Op::Binary(Binary::Add), &[at, one]);
        let length = Op::Load(Address::field(layout::LIST_LEN), Width::W32);
        let length = self.load(length, &[object], Memory::Heads);
        let length = self.emit(Op::IntToF64, &[length]);
        (object, at, length)
    }

    /// The jump back at the end of a block, when it is taken.
    pub(super) fn jump_back(&mut self, block: usize) {
        let index = self.flow.blocks[block].end - 1;
        let insn = self.view.insns[index];
        let target = self.view.target(&insn).unwrap_or(insn.at);
        self.stand_at(index);
        if self.plans[index] == Plan::Inline {
            match insn.op {
                Code::ForNextRange => {
                    let at = self.range_next(&insn);
                    self.write(insn.a() + 1, at);
                    self.write(insn.b(), at);
                }
                Code::ForNextList => {
                    let (object, at, _) = self.list_next(&insn);
                    let elements = self.elements(object);
                    let place = self.emit(Op::Truncate, &[at]);
                    let op = Op::Load(Address::element(), Width::W64);
                    let val = self.load(op, &[elements, place], Memory::Elements);
                    self.write(insn.a() + 1, at);
                    self.write(insn.b(), val);
                }
                _ => {}
            }
            self.stand_at(self.view.index[target] as usize);
            let exit = self.exit(ExitKind::Suspend);
            let words = (insn.at - target) as u32 + 1;
            self.append(Op::Fuel(words), Vec::new(), Some(exit));
        }
        self.append(Op::Jump, Vec::new(), None);
    }

    /// Whether the value a register gets now is next used as a number.
    pub(super) fn expects_number(&self, register: u16, from: usize) -> bool {
        let block = self.flow.block_of[from.saturating_sub(1)];
        for index in from..(from + AHEAD).min(self.view.insns.len()) {
            if self.flow.block_of[index] != block {
                return false;
            }
            let insn = &self.view.insns[index];
            let mut read = false;
            self.view.reads(insn, |r| read |= r == register);
            if read {
                return self.plans[index] == Plan::Inline && is_numeric(insn, register, self.view)
                    || matches!(self.plans[index], Plan::Numeric(..));
            }
            let mut written = false;
            self.view.writes(insn, |r| written |= r == register);
            if written || self.view.ends_block(insn) {
                return false;
            }
        }
        false
    }
}

/// Shape and slot of a site that saw one shape.
fn only_entry(insn: &Insn) -> Option<(u32, usize)> {
    let [first, second, ..] = insn.entries();
    (second == u32::MAX).then_some((first >> 6, (first & 63) as usize))
}

/// Whether an instruction compiled inline takes the number in a register.
fn is_numeric(insn: &Insn, register: u16, view: &crate::view::View<'_>) -> bool {
    match insn.op {
        Code::Move | Code::Eval | Code::SetGlobal | Code::Return => false,
        Code::GetIndexList => insn.c() == register && insn.b() != register,
        Code::SetIndexList => insn.b() == register && insn.a() != register,
        Code::GetPropOwn | Code::SetPropOwn | Code::GetPropParent => false,
        Code::ForPrep | Code::ForNextRange | Code::ForNextList => false,
        op => match compare_jump(op) {
            Some(jump) if jump.constant => view.pool(insn, insn.b()).is_number(),
            _ => true,
        },
    }
}
