//! One function: its registers, its prologue and end, its cold copies, and the finished [`Proto`].
//!
//! Registers are given out like a stack. Locals have fixed ones at the bottom; above them lie
//! temporaries, and [`FnCompiler::top`] is the first free one. Every part of the compiler leaves
//! `top` as it found it, except those named `push…`, which leave one more register taken.

use super::CompileOptions;
use super::emit::{Arg, Code, ExtraArg, Label, Overflow, Reg, low_u16, low_u32};
use super::inst::{Check, Cold, Detour, In, Inst, Src, ZERO};
use super::names::Names;
use super::scope::{Analysis, FnScope, ScopeKind};
use crate::bytecode::{Const, Fallback, Op, Outer, ParamInfo, Proto, ProtoFlags};
use crate::limits::ARGS_MAX;
use crate::syntax::ast::{Expr, Param, Stmt};
use alloc::string::String;
use alloc::vec::Vec;

/// Most registers of a function: leaves room below 2^16 for the windows of calls.
const REGISTERS_MAX: u16 = 65_000;

/// Longest name of a function in a listing, in bytes.
const NAME_BYTES_MAX: usize = 60;

/// What all functions of a program share.
pub(super) struct Unit<'c, 'a> {
    pub(super) analysis: &'c Analysis<'a>,
    pub(super) names: &'c mut Names,
    pub(super) options: &'c CompileOptions,
    pub(super) source: &'a str,
    /// The statements of the main program and the line of its end.
    pub(super) body: &'a [Stmt],
    pub(super) last_line: u32,
}

/// Why a function was not compiled.
pub(super) enum Refusal {
    /// Compile it again as wide code.
    Narrow,
    /// It is beyond a limit, which the text names.
    TooLarge(&'static str),
}

/// The labels of an open loop.
pub(super) struct LoopLabels {
    pub(super) exit: Label,
    pub(super) next: Label,
    /// Going to `next` is going backwards.
    pub(super) next_is_back: bool,
}

/// A function being compiled.
pub(super) struct FnCompiler<'c, 'a> {
    pub(super) analysis: &'c Analysis<'a>,
    pub(super) names: &'c mut Names,
    pub(super) repl: bool,
    pub(super) number: usize,
    pub(super) scope: &'c FnScope<'a>,
    pub(super) code: Code,
    /// First free register.
    pub(super) top: Reg,
    /// One past the highest register used.
    high: u16,
    /// Writing a cold copy: no variable register is an operand without a check.
    pub(super) careful: bool,
    /// Words that lead to the cold copy of the expression being compiled, when it has one as a
    /// whole.
    pub(super) region: Option<Vec<u32>>,
    pub(super) colds: Vec<Cold<'a>>,
    cold: Vec<(u32, u32)>,
    fallbacks: Vec<(u32, Fallback)>,
    pub(super) children: Vec<u32>,
    pub(super) map_keys: Vec<Vec<u16>>,
    pub(super) loops: Vec<LoopLabels>,
    /// The variable whose assignment is being compiled (spec §12.6).
    pub(super) assigning: Option<&'a str>,
    registers: Vec<Reg>,
    /// Register of the environment or the scope map.
    pub(super) scope_register: Reg,
    too_large: Option<&'static str>,
}

/// How the code of a function is written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Style {
    /// Wide code.
    pub(super) wide: bool,
    /// Every operand is checked where it stands, as in a cold copy. Slow and simple: what tests
    /// compare with.
    pub(super) careful: bool,
}

/// Compiles function `number`.
pub(super) fn compile_function<'a>(
    unit: &mut Unit<'_, 'a>,
    number: usize,
    style: Style,
) -> Result<Proto, Refusal> {
    let scope = &unit.analysis.functions[number];
    let mut this = FnCompiler {
        analysis: unit.analysis,
        names: unit.names,
        repl: unit.options.repl,
        number,
        scope,
        code: Code::new(style.wide),
        top: Reg(0),
        high: 0,
        careful: style.careful,
        region: None,
        colds: Vec::new(),
        cold: Vec::new(),
        fallbacks: Vec::new(),
        children: Vec::new(),
        map_keys: Vec::new(),
        loops: Vec::new(),
        assigning: None,
        registers: Vec::new(),
        scope_register: Reg(0),
        too_large: None,
    };
    let (body, first_line, last_line) = match scope.literal {
        Some(literal) => (literal.body.body.as_slice(), literal.line, literal.end_line),
        None => (unit.body, 1, unit.last_line),
    };
    this.code.line = first_line.max(1);
    this.prologue();
    this.block(body);
    this.code.line = last_line.max(1);
    let end = if unit.options.module && scope.literal.is_none() {
        // The value of a module without `return` is its scope.
        Inst::new(Op::Return, Arg::Reg(this.scope_register), ZERO, ZERO)
    } else {
        Inst::new(Op::ReturnNull, ZERO, ZERO, ZERO)
    };
    this.put(end);
    this.write_colds();
    let name = function_name(scope, unit.source, unit.options.module);
    this.finish(name, unit.options.module)
}

impl<'a> FnCompiler<'_, 'a> {
    /// Gives every variable its register and writes what has to happen before the first statement.
    fn prologue(&mut self) {
        let params = self.scope.literal.map_or(0, |literal| literal.params.len());
        if params > ARGS_MAX {
            self.too_large = Some("a function has at most 255 parameters");
        }
        self.reserve(low_u16(low_u32(params.min(ARGS_MAX))));
        if self.scope.uses_self {
            self.reserve(2);
        }
        let marked = self.place_variables();
        match self.scope.kind {
            ScopeKind::Main => {}
            ScopeKind::Map => {
                self.scope_register = self.reserve(1);
                self.put(Inst::new(Op::NewScope, self.scope_register, ZERO, ZERO));
            }
            ScopeKind::Plain => {
                if let Some((first, count)) = marked {
                    let count = Arg::Count(count);
                    self.put(Inst::new(Op::LoadUnassigned, first, count, ZERO));
                }
                self.make_environment();
            }
        }
    }

    /// Gives the variables registers; those that must be marked as unassigned come first and are
    /// returned.
    fn place_variables(&mut self) -> Option<(Reg, u16)> {
        let scope = self.scope;
        self.registers = scope.vars.list.iter().map(|_| Reg(0)).collect();
        if scope.kind != ScopeKind::Plain {
            return None;
        }
        let given = scope.literal.map_or(0, |literal| literal.params.len());
        let first_self = Reg(low_u16(low_u32(given)));
        let mut first_marked = None;
        let mut count = 0;
        for unassigned in [true, false] {
            for (number, var) in scope.vars.list.iter().enumerate() {
                self.registers[number] = match var.param {
                    Some(place) => Reg(place),
                    None if var.bound => first_self.plus(u16::from(var.name == "super")),
                    None if !var.in_register() || var.unassigned != unassigned => continue,
                    None => self.reserve(1),
                };
                if unassigned && !var.is_given() {
                    first_marked = first_marked.or(Some(self.registers[number]));
                    count += 1;
                }
            }
        }
        first_marked.map(|first| (first, count))
    }

    fn make_environment(&mut self) {
        if self.scope.slots.is_empty() {
            return;
        }
        self.scope_register = self.reserve(1);
        let count = Arg::Count(low_u16(low_u32(self.scope.slots.len())));
        self.put(Inst::new(Op::NewEnv, self.scope_register, count, ZERO));
        for (slot, &number) in self.scope.slots.iter().enumerate() {
            if self.scope.vars.list[number].is_given() {
                let slot = Arg::Count(low_u16(low_u32(slot)));
                self.put(Inst::new(Op::SetEnv, self.registers[number], self.scope_register, slot));
            }
        }
    }

    /// The register of a variable that has one.
    pub(super) fn register_of(&self, variable: usize) -> Reg {
        self.registers[variable]
    }

    /// Takes the next `count` registers.
    pub(super) fn reserve(&mut self, count: u16) -> Reg {
        let first = self.top;
        match first.0.checked_add(count) {
            Some(top) if top <= REGISTERS_MAX => self.top = Reg(top),
            _ => self.too_large = Some("a function needs at most 65000 registers"),
        }
        self.high = self.high.max(self.top.0);
        first
    }

    /// The next register, not taken: for a result that nobody needs for long.
    pub(super) fn scratch(&mut self) -> Reg {
        let reg = self.reserve(1);
        self.top = reg;
        reg
    }

    /// Where to compute a result bound for `dst` when it is written before the end: `dst` when it
    /// is a temporary.
    pub(super) fn reserve_result(&mut self, dst: Reg) -> Reg {
        if dst >= self.top {
            self.top = dst;
        }
        self.reserve(1)
    }

    /// Remembers that a limit was exceeded.
    pub(super) fn refuse(&mut self, limit: &'static str) {
        self.too_large = Some(limit);
    }

    /// Writes an instruction. Where operands have to be checked, a cold copy will follow.
    #[inline(never)]
    pub(super) fn put(&mut self, inst: Inst) -> u32 {
        let word = self.write(&inst);
        let is_checked = |arg: &In| matches!(arg, In::Src(src) if src.check != Check::None);
        if inst.args.iter().any(is_checked) {
            self.note_check(word, Detour::Inst(inst));
        }
        word
    }

    /// Notes that a word leads to a cold copy: the one of the open region, or one of its own.
    pub(super) fn note_check(&mut self, word: u32, detour: Detour<'a>) {
        debug_assert!(!self.careful, "a cold copy has no unchecked operands");
        match &mut self.region {
            Some(words) => words.push(word),
            None => {
                let resume = self.code.bound_label();
                self.add_cold(Vec::from([word]), detour, resume);
            }
        }
    }

    pub(super) fn add_cold(&mut self, words: Vec<u32>, detour: Detour<'a>, resume: Label) {
        let (line, top, assigning) = (self.code.line, self.top, self.assigning);
        self.colds.push(Cold { words, detour, resume, line, top, assigning });
    }

    /// Writes an instruction as it is.
    pub(super) fn write(&mut self, inst: &Inst) -> u32 {
        let args = inst.args.map(|arg| match arg {
            In::Plain(arg) => arg,
            In::Src(src) => Arg::Reg(src.reg),
        });
        self.code.emit(inst.op, inst.x, args, &inst.extra)
    }

    /// `dst = ` the value of a register as an expression reads it.
    pub(super) fn eval(&mut self, dst: Reg, src: Src) {
        match src.check {
            Check::None if dst == src.reg => {}
            Check::None => {
                self.put(Inst::new(Op::Move, dst, src.reg, ZERO));
            }
            Check::Call | Check::Fallback(_) => {
                let word = self.put(Inst::new(Op::Eval, dst, src.reg, ZERO));
                if let Check::Fallback(fallback) = src.check {
                    self.fallbacks.push((word, fallback));
                }
                if let Some(words) = &mut self.region {
                    words.push(word);
                }
            }
        }
    }

    /// An operand that is checked by its instruction, or beforehand where there will be no cold
    /// copy.
    pub(super) fn ready(&mut self, src: Src) -> Src {
        if !self.careful || src.check == Check::None {
            return src;
        }
        let copy = self.reserve(1);
        self.eval(copy, src);
        Src::plain(copy)
    }

    /// Records where the variable read by `word` is looked up when it is unassigned.
    pub(super) fn add_fallback(&mut self, word: u32, fallback: Fallback) {
        self.fallbacks.push((word, fallback));
    }

    /// Compiles with `f`, and as a whole a second time for the cold copy, when a region is
    /// `needed`.
    pub(super) fn in_region(
        &mut self,
        needed: bool,
        detour: Detour<'a>,
        f: impl FnOnce(&mut Self),
    ) {
        if !needed || self.careful || self.region.is_some() {
            return f(self);
        }
        let top = self.top;
        self.region = Some(Vec::new());
        f(self);
        let words = self.region.take().unwrap_or_default();
        if !words.is_empty() {
            debug_assert_eq!(self.top, top);
            let resume = self.code.bound_label();
            self.add_cold(words, detour, resume);
        }
    }

    fn write_colds(&mut self) {
        self.careful = true;
        for cold in core::mem::take(&mut self.colds) {
            self.code.line = cold.line;
            self.top = cold.top;
            self.assigning = cold.assigning;
            let target = self.code.here();
            self.cold.extend(cold.words.iter().map(|&word| (word, target)));
            match cold.detour {
                Detour::Inst(inst) => self.checked_copy(inst),
                Detour::Super(inst, parent, this) => self.checked_super(inst, parent, this),
                Detour::Value(expr, dst) => self.expr_to(expr, dst),
                Detour::Call(callee, args, dst) => self.call(callee, args, dst),
                Detour::Condition(expr, when, target, back) => {
                    self.jump_when(expr, when, target, back);
                }
                Detour::Assign(target, value) => self.assign_element(target, value),
                Detour::Update(target, op, value) => self.update_part(target, op, value),
            }
            self.put(Inst::new(Op::Jump, ZERO, cold.resume, ZERO));
        }
        debug_assert!(self.colds.is_empty());
        self.careful = false;
    }

    /// The instruction on checked copies of its operands.
    fn checked_copy(&mut self, mut inst: Inst) {
        for place in inst.order() {
            if let In::Src(src) = inst.args[place]
                && src.check != Check::None
            {
                let copy = self.reserve(1);
                self.eval(copy, src);
                inst.args[place] = In::from(copy);
            }
        }
        self.write(&inst);
    }

    fn checked_super(&mut self, mut inst: Inst, parent: Src, this: Src) {
        let pair = self.reserve(2);
        self.eval(pair.plus(1), parent);
        self.eval(pair, this);
        inst.args[2] = In::from(pair.plus(1));
        self.write(&inst);
    }

    fn finish(mut self, name: String, module: bool) -> Result<Proto, Refusal> {
        if let Some(limit) = self.too_large {
            return Err(Refusal::TooLarge(limit));
        }
        let scope = self.scope;
        let params: &[Param] = scope.literal.map_or(&[], |literal| &literal.params);
        let finished = self.code.finish().map_err(|overflow| match overflow {
            Overflow::Narrow => Refusal::Narrow,
            Overflow::Code => Refusal::TooLarge("a function has at most 134217728 words"),
        })?;
        self.cold.sort_unstable();
        self.fallbacks.sort_unstable_by_key(|&(word, _)| word);
        let slot_name = |&number: &usize| scope.vars.list[number].name.clone();
        Ok(Proto {
            name,
            params: params.iter().map(param_info).collect(),
            code: finished.words,
            consts: finished.consts,
            map_keys: self.map_keys,
            register_count: u32::from(self.high),
            flags: ProtoFlags {
                uses_self: scope.uses_self,
                self_param: params.first().is_some_and(|param| param.name == "self"),
                scope_register: (scope.kind == ScopeKind::Map).then_some(self.scope_register.0),
                module: module && scope.literal.is_none(),
            },
            children: self.children,
            env_names: scope.slots.iter().map(slot_name).collect(),
            lines: finished.lines,
            cold: self.cold,
            fallbacks: self.fallbacks,
        })
    }

    /// How a variable of this function is looked up when it is unassigned.
    pub(super) fn fallback(&mut self, name: &str, warn: bool, raw: bool) -> Fallback {
        let outer = self.analysis.outer_of(self.number, name);
        Fallback { name: self.names.intern(name), outer, warn, raw }
    }

    /// The same for a slot of the captured environment: the globals come next.
    pub(super) fn fallback_of_slot(&mut self, name: &str, raw: bool) -> Fallback {
        Fallback { name: self.names.intern(name), outer: Outer::None, warn: false, raw }
    }

    /// Writes `Fail` with this text.
    pub(super) fn fail(&mut self, text: &str) {
        let text = self.code.text(text);
        self.put(Inst::new(Op::Fail, ZERO, Arg::Const(text), ZERO));
    }

    /// The name as a key in an extra word.
    pub(super) fn key(&mut self, name: &str) -> ExtraArg {
        ExtraArg::Key(self.code.text(name))
    }
}

fn param_info(param: &Param) -> ParamInfo {
    let default = param.default.as_ref().and_then(super::fold::constant_of);
    ParamInfo { name: param.name.clone(), default: default.unwrap_or(Const::Null) }
}

fn function_name(scope: &FnScope, source: &str, module: bool) -> String {
    let main = if module { "@module" } else { "@main" };
    if scope.literal.is_none() {
        return main.into();
    }
    let text = |target: &Expr| {
        let start = usize::try_from(target.span.start).ok()?;
        let end = usize::try_from(target.span.end).ok()?;
        source.get(start..end).filter(|text| text.len() <= NAME_BYTES_MAX)
    };
    scope.target.and_then(text).unwrap_or_default().into()
}
