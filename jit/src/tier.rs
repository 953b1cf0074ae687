//! When something is compiled, and what becomes of it: the compiler as the machine sees it.
//!
//! A slice of fuel that ends in a function is a sample of the time spent there. When enough fuel was
//! seen in one, it is compiled for the place where it stands: its start, or the header of the
//! running loop. An exit taken often makes the next compilation more careful at that instruction
//! (`plan.rs`), so that code settles after a few rounds; a function that does not is left to the
//! interpreter.

use crate::build::{Request, build};
use crate::function::{FunctionRef, forget_returns};
use crate::lower::lower;
use crate::op::Op;
use crate::plan::Failures;
use crate::policy::{Budget, Policy};
use crate::regalloc::Allocator;
use crate::target::{Installed, Target};
use crate::view::View;
use brisk_core::interp;
use brisk_core::native::{self, NativeCompiler, NativeStats, NativeStatus};
use brisk_core::value::Value;
use brisk_core::value::globals::WATCHED;
use brisk_core::vm::Vm;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::VecDeque;
use std::time::Instant;

/// Times a function is compiled before it is left to the interpreter.
const COMPILATIONS_MAX: u32 = 60;
/// Times a loop's unit is entered before the function gets one.
const ENTRIES_MAX: u32 = 20;
/// Functions called by a new unit that are compiled with it.
const CALLEES_MAX: usize = 16;

/// Made code.
struct Unit {
    code: FunctionRef,
    /// Word where it is entered.
    at: usize,
    installed: Installed,
    roots: Vec<Value>,
    /// Times it was entered between slices.
    entered: u32,
    alive: bool,
    /// Its memory was given back.
    freed: bool,
}

/// An exit of a unit.
struct ExitSite {
    unit: u32,
    /// Word of the instruction that was to blame; none when leaving there is no failure.
    word: Option<usize>,
    op: Op,
    taken: u32,
    total: u64,
}

/// A global that is watched.
#[derive(Default)]
struct Watch {
    units: Vec<u32>,
    changes: u32,
}

/// Heat of a function each time that machine code leaves because it calls it.
const LEFT_HEAT: i64 = 1_000;

/// Changes of a watched global after which it is checked instead.
const CHANGES_MAX: u32 = 4;

/// What is known of one function.
#[derive(Default)]
struct Function {
    heat: i64,
    compilations: u32,
    failures: Failures,
    given_up: FxHashSet<usize>,
}

/// Makes what code runs on, given [`Policy::code_bytes_max`].
pub type MakeTarget = Box<dyn FnMut(usize) -> Box<dyn Target> + Send>;

/// The compiler of one machine.
pub struct Jit {
    make_target: MakeTarget,
    /// Made when the first function is hot: most scripts never need it.
    target: Option<Box<dyn Target>>,
    allocator: Box<dyn Allocator>,
    policy: Policy,
    units: Vec<Unit>,
    exits: Vec<ExitSite>,
    functions: FxHashMap<FunctionRef, Function>,
    /// Units that take the value of a global for constant, by its cell.
    watches: FxHashMap<u32, Watch>,
    /// Cells that changed too often to be watched.
    restless: FxHashSet<u32>,
    /// Unit entered at an instruction.
    entries: FxHashMap<usize, u32>,
    budget: Budget,
    /// Functions that were to be compiled when the budget was spent.
    waiting: VecDeque<FunctionRef>,
    /// Called with each unit that was made.
    observer: Option<Observer>,
    looked: u32,
    stats: NativeStats,
}

/// Sees the IR and the LIR of each unit: for dumps.
pub type Observer = Box<dyn FnMut(&Report<'_>) + Send>;

/// A unit as an observer sees it.
pub struct Report<'a> {
    /// Name of the function.
    pub name: &'a str,
    /// Word where the unit is entered.
    pub at: usize,
    /// Its LIR.
    pub lir: &'a crate::lir::Function,
    /// Where its operands are.
    pub places: &'a crate::lir::Allocated,
    /// Where its code lies.
    pub installed: Installed,
}

impl Jit {
    /// A compiler for one machine.
    pub fn new(make_target: MakeTarget, allocator: Box<dyn Allocator>, policy: Policy) -> Jit {
        Jit {
            make_target,
            target: None,
            allocator,
            policy,
            units: Vec::new(),
            // Number 0 says that no exit was taken.
            exits: vec![ExitSite { unit: 0, word: None, op: Op::Leave, taken: 0, total: 0 }],
            functions: FxHashMap::default(),
            watches: FxHashMap::default(),
            restless: FxHashSet::default(),
            entries: FxHashMap::default(),
            budget: Budget::new(policy.burst),
            waiting: VecDeque::new(),
            observer: None,
            looked: 0,
            stats: NativeStats::default(),
        }
    }

    fn start(&mut self) -> &mut dyn Target {
        let bytes_max = self.policy.code_bytes_max;
        &mut **self.target.get_or_insert_with(|| (self.make_target)(bytes_max))
    }

    /// Shows each unit that is made to `observer`.
    pub fn observe(&mut self, observer: Observer) {
        self.observer = Some(observer);
    }

    /// Compiles a function for being entered at a word; its entry, or none when that was given up.
    fn compile(&mut self, vm: &mut Vm, code: FunctionRef, at: usize) -> Option<*const u8> {
        let function = code.code();
        let state = self.functions.entry(code).or_default();
        if state.given_up.contains(&at) || state.compilations >= COMPILATIONS_MAX {
            return None;
        }
        state.compilations += 1;
        let started = Instant::now();
        let made = self.make(vm, code, at);
        let seconds = started.elapsed().as_secs_f64();
        self.stats.seconds += seconds;
        self.stats.longest = self.stats.longest.max(seconds);
        let Some(unit) = made else {
            self.stats.given_up += 1;
            self.functions.entry(code).or_default().given_up.insert(at);
            return None;
        };
        let entry = unit.installed.entry;
        self.stats.compilations += 1;
        self.stats.bytes += unit.installed.bytes as u64;
        self.entries.insert(function.first_word() as usize + 8 * at, self.units.len() as u32);
        if at == 0 {
            function.native_entry.set(entry);
            function.entry.set(interp::native_stub());
        }
        self.units.push(unit);
        if self.policy.hot > 0 {
            self.add_callees(self.units.len() - 1);
        }
        Some(entry)
    }

    fn make(&mut self, vm: &mut Vm, code: FunctionRef, at: usize) -> Option<Unit> {
        let function = code.code();
        let view = View::new(function)?;
        let request = Request {
            at,
            failures: &self.functions.get(&code)?.failures,
            restless: &self.restless,
            peeling: self.policy.peeling,
            inlining: self.policy.inlining,
            false_alarms: self.policy.false_alarms,
        };
        let built = build(vm, &view, &request)?;
        self.budget.pay(built.words);
        debug_assert_eq!(crate::verify::verify(&built.graph), Ok(()));
        let first = self.exits.len() as u32;
        let lir = lower(built.graph, first);
        let target = self.target.as_mut()?;
        let places =
            self.allocator.allocate(&lir, &target.registers(), &|op| target.clobbers(op)).ok()?;
        if places.spills > SPILLS_MAX {
            return None;
        }
        let Ok(installed) = target.install(&lir, &places) else {
            self.stats.refusals += 1;
            return None;
        };
        let number = self.units.len() as u32;
        for inst in &lir.insts {
            let Some(exit) = inst.exit else { continue };
            debug_assert_eq!(exit as usize + first as usize, self.exits.len());
            let blamed = !matches!(inst.op, Op::Leave | Op::Call(_) | Op::Fuel(_));
            let pc = match inst.op {
                // The instruction behind it did not get its number.
                Op::CallNumber(call) => call.ret as *const u64,
                _ => lir.exits[exit as usize].pc as *const u64,
            };
            self.exits.push(ExitSite {
                unit: number,
                word: blamed.then(|| view.word_at(pc)).flatten(),
                op: inst.op,
                taken: 0,
                total: 0,
            });
        }
        self.stats.words += built.words as u64;
        if let Some(observer) = &mut self.observer {
            observer(&Report { name: &function.name, at, lir: &lir, places: &places, installed });
        }
        for &cell in &built.watched {
            vm.globals.watch(cell as usize);
            let watch = self.watches.entry(cell).or_default();
            watch.units.push(number);
        }
        Some(Unit {
            code,
            at,
            installed,
            roots: built.roots,
            entered: 0,
            alive: true,
            freed: false,
        })
    }

    /// Takes a unit out of use. Frames that wait for calls it made still return into it.
    fn retire(&mut self, number: u32) {
        let unit = &mut self.units[number as usize];
        if !core::mem::replace(&mut unit.alive, false) {
            return;
        }
        let function = unit.code.code();
        self.entries.remove(&(function.first_word() as usize + 8 * unit.at));
        if unit.at == 0 {
            if let Some(target) = &self.target {
                function.native_entry.set(target.no_code());
            }
            function.entry.set(function.first_word());
        }
        self.stats.invalidated += 1;
    }

    /// Frees units out of use: no frame returns into them any more, each goes on in the interpreter.
    fn reclaim(&mut self, vm: &mut Vm) {
        let dead: Vec<u32> = (0..self.units.len() as u32)
            .filter(|&n| !self.units[n as usize].alive && !self.units[n as usize].freed)
            .collect();
        if dead.is_empty() {
            return;
        }
        let ranges: Vec<(u32, u32)> =
            dead.iter().map(|&n| self.units[n as usize].installed.returns).collect();
        forget_returns(vm, &ranges);
        // Code that called a native function which runs scripts still runs.
        if vm.nested_runs > 0 {
            return;
        }
        for number in dead {
            let unit = &mut self.units[number as usize];
            unit.freed = true;
            unit.roots = Vec::new();
            self.stats.bytes -= unit.installed.bytes as u64;
            if let Some(target) = &mut self.target {
                target.free(&unit.installed);
            }
        }
    }

    /// Tests: throws code away from time to time.
    fn retire_sometimes(&mut self, vm: &Vm) {
        self.looked += 1;
        if !self.looked.is_multiple_of(self.policy.retirements) {
            return;
        }
        if let Some(&unit) = self.entries.get(&(vm.pc as usize)) {
            self.retire_all(self.units[unit as usize].code);
        }
    }

    fn retire_all(&mut self, code: FunctionRef) {
        for number in 0..self.units.len() as u32 {
            if self.units[number as usize].code == code {
                self.retire(number);
            }
        }
    }

    /// Has the functions that a new unit calls compiled next.
    fn add_callees(&mut self, unit: usize) {
        let roots = self.units[unit].roots.iter();
        let callees: Vec<FunctionRef> =
            roots.filter_map(|&v| FunctionRef::of_value(v)).take(CALLEES_MAX).collect();
        for code in callees {
            let function = code.code();
            if !function.is_native() {
                self.waiting.push_back(code);
            }
        }
    }

    /// Compiles functions that wait for it, as far as the budget goes.
    fn compile_waiting(&mut self, vm: &mut Vm) {
        while self.budget.allows()
            && let Some(code) = self.waiting.pop_front()
        {
            if !self.entries.contains_key(&(code.code().first_word() as usize)) {
                self.compile(vm, code, 0);
            }
        }
    }
}

/// Spill slots there is room for.
const SPILLS_MAX: u32 = 500;

impl NativeCompiler for Jit {
    fn status(&mut self) -> NativeStatus {
        self.start().status()
    }

    fn code_at(&mut self, vm: &mut Vm) -> Option<*const u8> {
        let used = vm.fuel_unseen.max(1);
        self.budget.earn(used);
        self.compile_waiting(vm);
        if self.policy.retirements > 0 {
            self.retire_sometimes(vm);
        }
        if let Some(&unit) = self.entries.get(&(vm.pc as usize)) {
            let unit = &mut self.units[unit as usize];
            unit.entered += 1;
            let (entry, code) = (unit.installed.entry, unit.code);
            // A loop entered again and again: its function is called again and again.
            if unit.at != 0 && unit.entered == ENTRIES_MAX {
                self.waiting.push_back(code);
            }
            return Some(entry);
        }
        // The machine code of the function is entered next.
        if vm.pc == interp::native_stub() {
            return None;
        }
        let code = FunctionRef::of_frame(vm)?;
        let state = self.functions.entry(code).or_default();
        state.heat = state.heat.saturating_add(used);
        if state.heat < self.policy.hot || !self.budget.allows() {
            return None;
        }
        if self.start().status() != NativeStatus::Available {
            return None;
        }
        if let Some(target) = &self.target
            && vm.native_enter.is_none()
        {
            native::attach(vm, target.enter(), target.stub(), target.no_code());
        }
        let view = View::new(code.code())?;
        let at = view.word_at(vm.pc)?;
        if at != 0 && !is_loop_header(&view, at) {
            return None;
        }
        let entry = self.compile(vm, code, at);
        self.compile_waiting(vm);
        entry
    }

    fn note_exit(&mut self, vm: &mut Vm, exit: u32) -> bool {
        let Some(site) = self.exits.get_mut(exit as usize) else { return false };
        site.taken += 1;
        site.total += 1;
        // The end of a loop's unit: the loop around it comes round next.
        let left = site.op == Op::Leave;
        let Some(word) = site.word else { return left };
        if site.taken < self.policy.exits_max {
            return false;
        }
        site.taken = 0;
        let unit = site.unit;
        let code = self.units[unit as usize].code;
        if !self.units[unit as usize].alive {
            return false;
        }
        let failures = &mut self.functions.entry(code).or_default().failures;
        let level = failures.entry(word).or_default();
        *level = level.saturating_add(1);
        // Other units of the function would fail there as well.
        self.retire_all(code);
        self.reclaim(vm);
        false
    }

    fn note_left(&mut self, vm: &Vm, pc: *const u64) {
        let Some(code) = FunctionRef::of_frame(vm) else { return };
        if code.code().first_word() != pc {
            return;
        }
        // Small functions are hardly ever seen at the end of a slice.
        let state = self.functions.entry(code).or_default();
        let cold = state.heat < self.policy.hot;
        state.heat = state.heat.saturating_add(LEFT_HEAT);
        if cold && state.heat >= self.policy.hot {
            self.waiting.push_back(code);
        }
    }

    fn globals_changed(&mut self, vm: &mut Vm) {
        let cells = vm.globals.cells();
        let mut dead = Vec::new();
        for (&cell, watch) in &mut self.watches {
            if !watch.units.is_empty() && cells[cell as usize].state & WATCHED == 0 {
                dead.append(&mut watch.units);
                watch.changes += 1;
                if watch.changes >= CHANGES_MAX {
                    self.restless.insert(cell);
                }
            }
        }
        dead.into_iter().for_each(|unit| self.retire(unit));
        self.reclaim(vm);
    }

    fn for_each_root(&self, visit: &mut dyn FnMut(Value)) {
        for root in self.units.iter().flat_map(|unit| &unit.roots) {
            visit(*root);
        }
    }

    fn slice(&self) -> i64 {
        self.policy.slice
    }

    fn stats(&self) -> NativeStats {
        let mut stats = self.stats.clone();
        let mut reasons: Vec<(String, u64)> = Vec::new();
        for site in self.exits.iter().filter(|site| site.total > 0) {
            let reason = reason(site.op);
            match reasons.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, count)) => *count += site.total,
                None => reasons.push((reason, site.total)),
            }
        }
        stats.exits = reasons;
        stats
    }
}

/// What an exit is called in figures.
fn reason(op: Op) -> String {
    let text = format!("{op:?}");
    text.split(['(', ' ']).next().unwrap_or_default().to_string()
}

fn is_loop_header(view: &View<'_>, at: usize) -> bool {
    view.insns.iter().any(|insn| view.target(insn) == Some(at) && insn.at >= at && view.pays(insn))
}
