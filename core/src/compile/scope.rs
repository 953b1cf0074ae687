//! What every name means: the scopes of a program (docs/BYTECODE.md, "Variables").
//!
//! [`analyze`] walks the tree once, inner functions first. An inner function says what it needs of
//! the function around it ([`Needs`]); the outer one then knows which of its variables must live in
//! an environment or a map, and the rest are registers. `collect.rs` finds variables and mentions,
//! `flow.rs` which reads may come before the assignment.
//!
//! Functions are numbered in the order of their literals in the text, the main program first; the
//! numbers are the compiled program's indices too.

use super::collect::{Collected, collect};
use super::emit::{low_u16, low_u32};
use super::flow::flow;
use crate::bytecode::Outer;
use crate::syntax::Dialect;
use crate::syntax::ast::{Ast, Expr, Function, Stmt};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// Most slots of an environment (an operand of 16 bits); a function with more has a scope map.
const SLOTS_MAX: usize = 65_000;

/// Where the variables of a function live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScopeKind {
    /// The main program: globals.
    Main,
    /// All in a map (`locals`).
    Map,
    /// In registers, and in an environment where inner functions need them.
    Plain,
}

/// What a function captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Captured {
    Nothing,
    /// The environment of the function with this number.
    Env(usize),
    Map,
}

/// A variable of a function.
#[derive(Clone, Debug, Default)]
pub(super) struct Var {
    pub(super) name: String,
    /// Its place among the parameters.
    pub(super) param: Option<u16>,
    /// `self` or `super` as a call through a dot binds them.
    pub(super) bound: bool,
    /// Assigned in the function.
    pub(super) assigned: bool,
    /// Assigned by an inner function, as a member of `outer`.
    pub(super) outer_assigned: bool,
    /// May hold a function.
    pub(super) may_call: bool,
    /// Some read may find it unassigned.
    pub(super) unassigned: bool,
    /// Some `x op= …` may find it unassigned.
    pub(super) unassigned_update: bool,
    /// Its slot in the environment.
    pub(super) slot: Option<u16>,
}

impl Var {
    /// Whether the function itself finds the value in a register. A parameter that nobody assigns
    /// stays there, though inner functions see its copy in the environment.
    pub(super) fn in_register(&self) -> bool {
        let constant = !self.assigned && !self.outer_assigned;
        self.slot.is_none() || (constant && (self.param.is_some() || self.bound))
    }

    /// Whether the call stores the value: parameters, `self` and `super`.
    pub(super) fn is_given(&self) -> bool {
        self.param.is_some() || self.bound
    }
}

/// The variables of a function by number and name.
#[derive(Clone, Debug, Default)]
pub(super) struct VarTable {
    pub(super) list: Vec<Var>,
    pub(super) by_name: BTreeMap<String, usize>,
}

impl VarTable {
    /// The variable, added when there is none of that name.
    pub(super) fn declare(&mut self, name: &str) -> &mut Var {
        let number = match self.by_name.get(name) {
            Some(&number) => number,
            None => {
                let number = self.list.len();
                self.by_name.insert(name.into(), number);
                self.list.push(Var { name: name.into(), ..Var::default() });
                number
            }
        };
        &mut self.list[number]
    }

    /// The variable of that name.
    pub(super) fn get(&self, name: &str) -> Option<&Var> {
        self.by_name.get(name).map(|&number| &self.list[number])
    }
}

/// What is known of a function before it is compiled.
#[derive(Clone, Debug)]
pub(super) struct FnScope<'a> {
    /// The literal; `None` for the main program or module.
    pub(super) literal: Option<&'a Function>,
    /// What the literal is assigned to.
    pub(super) target: Option<&'a Expr>,
    pub(super) kind: ScopeKind,
    pub(super) captured: Captured,
    pub(super) vars: VarTable,
    /// The variables in the environment, by slot.
    pub(super) slots: Vec<usize>,
    pub(super) uses_self: bool,
}

/// What a name means in a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A variable in a register.
    Local(usize),
    /// A variable in a slot of the function's own environment.
    Env(u16),
    /// A variable of the function's scope map.
    Scope,
    /// A slot of the captured environment.
    Up(u16),
    /// Somewhere in the captured scope map, or further out.
    OuterMap,
    /// A global or an intrinsic.
    Global,
}

/// What a function needs of the one around it.
#[derive(Clone, Debug, Default)]
pub(super) struct Needs<'a> {
    /// Names it may look up there.
    pub(super) names: BTreeSet<&'a str>,
    /// Members of `outer` it reads or calls.
    pub(super) members: BTreeSet<&'a str>,
    /// Members of `outer` it assigns.
    pub(super) assigned: BTreeSet<&'a str>,
    /// It uses `outer` as a value.
    pub(super) value: bool,
}

/// The scopes of a whole program.
pub(super) struct Analysis<'a> {
    /// The functions, by number.
    pub(super) functions: Vec<FnScope<'a>>,
    literals: BTreeMap<usize, usize>,
    unassigned_reads: BTreeSet<usize>,
    /// The dialect of the program.
    pub(super) dialect: Dialect,
}

impl Analysis<'_> {
    /// The number of a function literal.
    pub(super) fn number_of(&self, literal: &Function) -> usize {
        self.literals[&address(literal)]
    }

    /// Whether the variable this name expression reads may be unassigned by then.
    pub(super) fn may_be_unassigned(&self, name: &Expr) -> bool {
        self.unassigned_reads.contains(&address(name))
    }

    /// What a name means in a function. `locals`, `globals` and `outer` are not asked for.
    pub(super) fn resolve(&self, function: usize, name: &str) -> Place {
        let scope = &self.functions[function];
        match scope.kind {
            ScopeKind::Main => return Place::Global,
            ScopeKind::Map => return Place::Scope,
            ScopeKind::Plain => {}
        }
        if let Some(&number) = scope.vars.by_name.get(name) {
            let var = &scope.vars.list[number];
            return match var.slot {
                Some(slot) if !var.in_register() => Place::Env(slot),
                _ => Place::Local(number),
            };
        }
        match self.outer_of(function, name) {
            Outer::Slot(slot) => Place::Up(slot),
            Outer::Map => Place::OuterMap,
            Outer::None => Place::Global,
        }
    }

    /// Where a name is looked up that the function does not hold itself.
    pub(super) fn outer_of(&self, function: usize, name: &str) -> Outer {
        match self.functions[function].captured {
            Captured::Nothing => Outer::None,
            Captured::Map => Outer::Map,
            Captured::Env(parent) => {
                let slot = self.functions[parent].vars.get(name).and_then(|var| var.slot);
                slot.map_or(Outer::None, Outer::Slot)
            }
        }
    }
}

/// Finds out what every name of the program means.
pub(super) fn analyze(ast: &Ast, dialect: Dialect, module: bool) -> Analysis<'_> {
    let mut analyzer = Analyzer {
        out: Analysis {
            functions: Vec::new(),
            literals: BTreeMap::new(),
            unassigned_reads: BTreeSet::new(),
            dialect,
        },
    };
    let kind = if module { ScopeKind::Map } else { ScopeKind::Main };
    analyzer.function(None, None, kind, &ast.body);
    analyzer.out
}

/// The variable that holds the index of a `for` loop over `name` (spec §15.3).
pub(super) fn index_name(name: &str) -> String {
    let mut text = String::from("__");
    text.push_str(name);
    text.push_str("_idx");
    text
}

/// Whether a name is one of the scopes: never a variable.
pub(super) fn is_scope_name(name: &str) -> bool {
    matches!(name, "locals" | "globals" | "outer")
}

/// Identity of a part of the tree.
pub(super) fn address<T>(part: &T) -> usize {
    core::ptr::from_ref(part).addr()
}

/// The walk over the functions of a program; `collect.rs` calls back for each literal.
pub(super) struct Analyzer<'a> {
    out: Analysis<'a>,
}

impl<'a> Analyzer<'a> {
    /// The dialect of the program.
    pub(super) fn dialect(&self) -> Dialect {
        self.out.dialect
    }

    /// Analyzes a function literal and everything inside it.
    pub(super) fn literal(
        &mut self,
        function: &'a Function,
        target: Option<&'a Expr>,
    ) -> (usize, Needs<'a>) {
        let number = self.out.functions.len();
        self.out.literals.insert(address(function), number);
        let needs = self.function(Some(function), target, ScopeKind::Plain, &function.body.body);
        (number, needs)
    }

    fn function(
        &mut self,
        literal: Option<&'a Function>,
        target: Option<&'a Expr>,
        mut kind: ScopeKind,
        body: &'a [Stmt],
    ) -> Needs<'a> {
        let number = self.out.functions.len();
        self.out.functions.push(FnScope {
            literal,
            target,
            kind,
            captured: Captured::Nothing,
            vars: VarTable::default(),
            slots: Vec::new(),
            uses_self: false,
        });
        let mut found = collect(self, literal, body);
        if kind == ScopeKind::Plain && (found.uses_scope || forces_map(&found)) {
            kind = ScopeKind::Map;
        }
        let mut needs = Needs::default();
        let mut slots = Vec::new();
        if kind == ScopeKind::Plain {
            needs.names = flow(&mut found.vars, body, &mut self.out.unassigned_reads);
            propagate_functions(&mut found, &self.out.unassigned_reads);
            slots = assign_slots(&mut found);
            // `x op= …` must not look further out, and there is no operation for that on a slot.
            let needs_check = slots.iter().any(|&var| found.vars.list[var].unassigned_update);
            if needs_check || slots.len() > SLOTS_MAX {
                kind = ScopeKind::Map;
            }
        }
        if kind == ScopeKind::Map {
            needs.names = core::mem::take(&mut found.mentions);
            slots = Vec::new();
            found.vars.list.iter_mut().for_each(|var| var.slot = None);
        }
        self.give_captures(number, kind, &found);
        needs.members = found.outer_members;
        needs.assigned = found.outer_assigned;
        needs.value = found.outer_value;
        let scope = &mut self.out.functions[number];
        scope.kind = kind;
        scope.uses_self = literal.is_some()
            && (kind == ScopeKind::Map || found.vars.list.iter().any(|var| var.bound));
        scope.vars = found.vars;
        scope.slots = slots;
        needs
    }

    /// Tells the inner functions what they capture of function `number`.
    fn give_captures(&mut self, number: usize, kind: ScopeKind, found: &Collected<'a>) {
        for (inner, needs) in &found.capturing {
            let in_slot = |name: &&str| found.vars.get(name).is_some_and(|var| var.slot.is_some());
            let captured = match kind {
                ScopeKind::Main => Captured::Nothing,
                ScopeKind::Map => Captured::Map,
                ScopeKind::Plain if needs.names.iter().chain(&needs.members).any(in_slot) => {
                    Captured::Env(number)
                }
                ScopeKind::Plain => Captured::Nothing,
            };
            self.out.functions[*inner].captured = captured;
        }
    }
}

/// Whether an inner function uses `outer` in a way only a map can serve.
fn forces_map(found: &Collected) -> bool {
    found.capturing.iter().any(|(_, needs)| {
        needs.value || needs.members.iter().any(|name| !found.vars.by_name.contains_key(*name))
    })
}

/// Gives every variable an inner function needs a slot in the environment.
fn assign_slots(found: &mut Collected) -> Vec<usize> {
    let mut slots = Vec::new();
    for (_, needs) in &found.capturing {
        for name in needs.names.iter().chain(&needs.members) {
            let Some(&number) = found.vars.by_name.get(*name) else { continue };
            let var = &mut found.vars.list[number];
            if var.slot.is_none() {
                var.slot = Some(low_u16(low_u32(slots.len())));
                slots.push(number);
            }
        }
    }
    slots
}

/// A variable assigned from another one (`x = y`) may hold a function when that one may, or when it
/// may be unassigned.
fn propagate_functions(found: &mut Collected, unassigned_reads: &BTreeSet<usize>) {
    let vars = &mut found.vars;
    let mut readers: Vec<Vec<usize>> = vec![Vec::new(); vars.list.len()];
    let mut work = Vec::new();
    for (target, read, name) in &found.aliases {
        let Some(&target) = vars.by_name.get(*target) else { continue };
        match vars.by_name.get(*name) {
            Some(&source) if !unassigned_reads.contains(&address(*read)) => {
                readers[source].push(target);
            }
            _ => vars.list[target].may_call = true,
        }
    }
    work.extend((0..vars.list.len()).filter(|&number| vars.list[number].may_call));
    while let Some(source) = work.pop() {
        for &target in &readers[source] {
            if !vars.list[target].may_call {
                vars.list[target].may_call = true;
                work.push(target);
            }
        }
    }
}
