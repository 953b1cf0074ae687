//! Checks a graph: every operand is defined before it is used on every way, has the right
//! representation, and blocks fit together. Debug builds check each graph they make.

use crate::ir::{Graph, Val};
use crate::op::{Op, Rep};

/// What is wrong with a graph; `Ok` when nothing is.
///
/// # Errors
///
/// A sentence for whoever works on the compiler.
pub fn verify(graph: &Graph) -> Result<(), String> {
    let defined = available(graph);
    for (number, block) in graph.blocks.iter().enumerate() {
        let mut known = defined[number].clone();
        block.params.iter().for_each(|p| known[p.0 as usize] = true);
        let Some((last, body)) = block.insts.split_last() else {
            return Err(format!("block {number} is empty"));
        };
        if !last.op.is_terminator() || body.iter().any(|i| i.op.is_terminator()) {
            return Err(format!("block {number} does not end once"));
        }
        for inst in &block.insts {
            let at = || format!("{:?} in block {number}", inst.op);
            let saved = inst.exit.iter().flat_map(|e| e.saved.iter().map(|s| s.1));
            let saved: Vec<Val> = saved.filter(|&v| graph.constant(v).is_none()).collect();
            for val in inst.args.iter().chain(&saved) {
                if !known[val.0 as usize] {
                    return Err(format!("value {} is not defined at {}", val.0, at()));
                }
            }
            if inst.op != Op::Jump {
                let wanted = inst.op.operands();
                let given: Vec<Rep> = inst.args.iter().map(|&a| graph.rep(a)).collect();
                if wanted != given {
                    return Err(format!("operands {given:?} of {}", at()));
                }
            }
            if inst.op.exits() != inst.exit.is_some() {
                return Err(format!("exit of {}", at()));
            }
            if let Some(result) = inst.result {
                known[result.0 as usize] = true;
            }
        }
        succs(graph, number)?;
    }
    Ok(())
}

fn succs(graph: &Graph, number: usize) -> Result<(), String> {
    let block = &graph.blocks[number];
    let Some(last) = block.insts.last() else { return Ok(()) };
    let wanted = match last.op {
        Op::Jump => 1,
        Op::Branch(_) | Op::BranchBits(_) | Op::StepBranch { .. } => 2,
        _ => 0,
    };
    if block.succs.len() != wanted {
        return Err(format!("block {number} has {} successors", block.succs.len()));
    }
    for &succ in &block.succs {
        let to = &graph.blocks[succ as usize];
        let args = if last.op == Op::Jump { last.args.len() } else { 0 };
        if to.params.len() != args {
            return Err(format!("block {number} gives {args} values to block {succ}"));
        }
        for (&arg, &param) in last.args.iter().zip(&to.params) {
            if graph.rep(arg) != graph.rep(param) {
                return Err(format!("block {number} gives a wrong value to block {succ}"));
            }
        }
        if block.succs.len() > 1 && to.preds.len() > 1 {
            return Err(format!("the edge from block {number} to {succ} is critical"));
        }
    }
    Ok(())
}

/// The values defined on every way to each block.
fn available(graph: &Graph) -> Vec<Vec<bool>> {
    let count = graph.reps.len();
    let mut defined = vec![vec![true; count]; graph.blocks.len()];
    defined[0] = vec![false; count];
    let mut changed = true;
    while changed {
        changed = false;
        for number in 0..graph.blocks.len() {
            let block = &graph.blocks[number];
            let mut out = defined[number].clone();
            block.params.iter().for_each(|p| out[p.0 as usize] = true);
            for result in block.insts.iter().filter_map(|i| i.result) {
                out[result.0 as usize] = true;
            }
            for &succ in &block.succs {
                for (mine, theirs) in defined[succ as usize].iter_mut().zip(&out) {
                    changed |= *mine && !*theirs;
                    *mine &= theirs;
                }
            }
        }
    }
    defined
}
