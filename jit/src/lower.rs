//! From IR to LIR: what nothing needs is dropped, parameters that always get the same value are
//! replaced by it, and blocks are put into their final order.

use crate::ir::{Graph, Val};
use crate::lir::{Block, Exit, Function, Inst, Saved, Source, VReg};
use crate::op::{Binary, Op};

/// Lowers a graph. Its exits are numbered from `first_exit`.
pub fn lower(mut graph: Graph, first_exit: u32) -> Function {
    forward_params(&mut graph);
    fuse_constants(&mut graph);
    let needed = needed(&graph);
    let order = order(&graph);
    let mut place = vec![0u32; graph.blocks.len()];
    for (i, &block) in order.iter().enumerate() {
        place[block] = i as u32;
    }
    let mut f = Function { reps: graph.reps.clone(), first_exit, ..Function::default() };
    for &number in &order {
        let block = &graph.blocks[number];
        let first = f.insts.len() as u32;
        for inst in &block.insts {
            let pure = inst.op.is_pure();
            if pure && !inst.result.is_some_and(|r| needed[r.0 as usize]) {
                continue;
            }
            let inst = lower_inst(&graph, &needed, &mut f.exits, inst, block.succs.first());
            f.insts.push(inst);
        }
        let params = block.params.iter().filter(|p| needed[p.0 as usize]).map(|p| VReg(p.0));
        f.blocks.push(Block {
            first,
            end: f.insts.len() as u32,
            params: params.collect(),
            succs: block.succs.iter().map(|&s| place[s as usize]).collect(),
            preds: block.preds.iter().map(|&p| place[p as usize]).collect(),
        });
    }
    f
}

fn lower_inst(
    graph: &Graph,
    needed: &[bool],
    exits: &mut Vec<Exit>,
    inst: &crate::ir::Inst,
    succ: Option<&u32>,
) -> Inst {
    let mut uses: Vec<VReg> = match (inst.op, succ) {
        (Op::Jump, Some(&succ)) => {
            let params = &graph.blocks[succ as usize].params;
            let kept = inst.args.iter().zip(params).filter(|(_, p)| needed[p.0 as usize]);
            kept.map(|(arg, _)| VReg(arg.0)).collect()
        }
        _ => inst.args.iter().map(|arg| VReg(arg.0)).collect(),
    };
    let fixed = uses.len();
    let exit = inst.exit.as_ref().map(|exit| {
        let mut saved = Vec::new();
        for &(slot, val) in &exit.saved {
            let source = match graph.constant(val) {
                Some(bits) => Source::Bits(bits),
                None => {
                    let known = uses[fixed..].iter().position(|&v| v == VReg(val.0));
                    let at = known.map_or(uses.len(), |at| fixed + at);
                    if known.is_none() {
                        uses.push(VReg(val.0));
                    }
                    Source::Operand(at as u32, graph.rep(val))
                }
            };
            saved.push(Saved { slot, source });
        }
        exits.push(Exit { kind: exit.kind, pc: exit.pc, saved });
        exits.len() as u32 - 1
    });
    Inst { op: inst.op, uses, fixed, def: inst.result.map(|r| VReg(r.0)), exit }
}

/// Makes constant right operands part of arithmetic: a load less, and no register.
fn fuse_constants(graph: &mut Graph) {
    let Graph { blocks, constants, .. } = graph;
    for inst in blocks.iter_mut().flat_map(|block| &mut block.insts) {
        let Op::Binary(function) = inst.op else { continue };
        let known = |arg: usize| constants[inst.args[arg].0 as usize];
        let (keep, bits) = match (function, known(0), known(1)) {
            (_, _, Some(bits)) => (0, bits),
            (Binary::Add | Binary::Mul, Some(bits), None) => (1, bits),
            _ => continue,
        };
        inst.op = Op::BinaryConst(function, bits);
        inst.args = vec![inst.args[keep]];
    }
}

/// Replaces parameters that get one value from everywhere (or themselves) by that value.
fn forward_params(graph: &mut Graph) {
    let mut forward: Vec<Val> = (0..graph.reps.len() as u32).map(Val).collect();
    fn find(forward: &mut [Val], mut val: Val) -> Val {
        while forward[val.0 as usize] != val {
            let next = forward[val.0 as usize];
            forward[val.0 as usize] = forward[next.0 as usize];
            val = next;
        }
        val
    }
    let mut changed = true;
    while changed {
        changed = false;
        for number in 0..graph.blocks.len() {
            for i in 0..graph.blocks[number].params.len() {
                let param = graph.blocks[number].params[i];
                if find(&mut forward, param) != param {
                    continue;
                }
                let mut only = None;
                let mut single = true;
                for &pred in &graph.blocks[number].preds {
                    let Some(jump) = graph.blocks[pred as usize].insts.last() else { continue };
                    let arg = find(&mut forward, jump.args[i]);
                    if arg == param || only == Some(arg) {
                        continue;
                    }
                    single &= only.is_none();
                    only = Some(arg);
                }
                if let (true, Some(val)) = (single, only) {
                    forward[param.0 as usize] = val;
                    changed = true;
                }
            }
        }
    }
    for number in 0..graph.blocks.len() {
        let mut block = core::mem::take(&mut graph.blocks[number]);
        for inst in &mut block.insts {
            for arg in &mut inst.args {
                *arg = find(&mut forward, *arg);
            }
            if let Some(exit) = &mut inst.exit {
                for (_, val) in &mut exit.saved {
                    *val = find(&mut forward, *val);
                }
            }
        }
        graph.blocks[number] = block;
    }
}

/// The values that something with an effect needs. (Forwarded parameters are needed by nothing.)
fn needed(graph: &Graph) -> Vec<bool> {
    #[derive(Clone, Copy)]
    enum Def {
        None,
        Inst(u32, u32),
        Param(u32, u32),
    }
    let mut defs = vec![Def::None; graph.reps.len()];
    for (b, block) in graph.blocks.iter().enumerate() {
        for (i, param) in block.params.iter().enumerate() {
            defs[param.0 as usize] = Def::Param(b as u32, i as u32);
        }
        for (i, inst) in block.insts.iter().enumerate() {
            if let Some(result) = inst.result {
                defs[result.0 as usize] = Def::Inst(b as u32, i as u32);
            }
        }
    }
    let mut needed = vec![false; graph.reps.len()];
    let mut work: Vec<Val> = Vec::new();
    let saved = |inst: &crate::ir::Inst| -> Vec<Val> {
        let exit = inst.exit.as_ref();
        exit.map_or_else(Vec::new, |e| {
            let vals = e.saved.iter().map(|s| s.1);
            vals.filter(|&v| graph.constant(v).is_none()).collect()
        })
    };
    for block in &graph.blocks {
        for inst in &block.insts {
            if inst.op.is_pure() {
                continue;
            }
            if inst.op != Op::Jump {
                work.extend(&inst.args);
            }
            work.extend(saved(inst));
        }
    }
    while let Some(val) = work.pop() {
        if core::mem::replace(&mut needed[val.0 as usize], true) {
            continue;
        }
        match defs[val.0 as usize] {
            Def::None => {}
            Def::Inst(b, i) => {
                let inst = &graph.blocks[b as usize].insts[i as usize];
                work.extend(&inst.args);
            }
            Def::Param(b, i) => {
                for &pred in &graph.blocks[b as usize].preds {
                    if let Some(jump) = graph.blocks[pred as usize].insts.last() {
                        work.push(jump.args[i as usize]);
                    }
                }
            }
        }
    }
    needed
}

/// Blocks in their order, those that only leave at the end.
fn order(graph: &Graph) -> Vec<usize> {
    let leaves = |&b: &usize| {
        let insts = &graph.blocks[b].insts;
        b != 0 && insts.len() == 1 && insts[0].op == Op::Leave
    };
    let hot = graph.order.iter().copied().filter(|b| !leaves(b));
    hot.chain(graph.order.iter().copied().filter(leaves)).collect()
}
