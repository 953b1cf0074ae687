//! What code takes from the core: addresses of functions, and offsets of fields of types that may
//! change with each version of it.
//!
//! One value instead of constants, so that tests can run code with a machine and functions of their
//! own, and compare bytes that do not depend on the core's build. Frame headers are not here: their
//! form is part of the contract.

use brisk_core::native::helpers::{self, Leaf};
use brisk_core::native::layout;

/// Addresses and offsets that end up in code.
#[derive(Clone, Debug)]
pub struct Linkage {
    /// Table of 256 functions that run an instruction, by the number of its operation.
    pub steps: u64,
    /// Functions of doubles, by the number in `Op::Leaf`.
    pub leaves: Vec<u64>,
    /// The barrier, a function of the machine, the object and the value.
    pub barrier: u64,
    /// See `layout::VM_FUEL`.
    pub vm_fuel: i32,
    /// See `layout::VM_STACK_LIMIT`.
    pub vm_stack_limit: i32,
    /// See `layout::VM_CALL_DEPTH_MAX`.
    pub vm_call_depth_max: i32,
    /// See `layout::VM_NATIVE_EXIT`.
    pub vm_native_exit: i32,
    /// See `layout::VM_PC`.
    pub vm_pc: i32,
    /// See `layout::VM_BASE`.
    pub vm_base: i32,
    /// See `layout::VM_BARRIER_COLOR`.
    pub vm_barrier_color: i32,
    /// See `layout::OBJECT_COLOR`.
    pub object_color: i32,
    /// See `layout::FUNC_CODE`.
    pub func_code: i32,
    /// See `layout::CODE_ENTRY`.
    pub code_entry: i32,
    /// See `layout::CODE_NATIVE`.
    pub code_native: i32,
}

impl Linkage {
    /// Those of the core that this crate is built with.
    pub fn of_core() -> Linkage {
        Linkage {
            steps: brisk_core::interp::steps().as_ptr() as u64,
            leaves: helpers::LEAVES.iter().map(|&leaf| address(leaf)).collect(),
            barrier: helpers::barrier as *const () as u64,
            vm_fuel: layout::VM_FUEL as i32,
            vm_stack_limit: layout::VM_STACK_LIMIT as i32,
            vm_call_depth_max: layout::VM_CALL_DEPTH_MAX as i32,
            vm_native_exit: layout::VM_NATIVE_EXIT as i32,
            vm_pc: layout::VM_PC as i32,
            vm_base: layout::VM_BASE as i32,
            vm_barrier_color: layout::VM_BARRIER_COLOR as i32,
            object_color: layout::OBJECT_COLOR as i32,
            func_code: layout::FUNC_CODE as i32,
            code_entry: layout::CODE_ENTRY as i32,
            code_native: layout::CODE_NATIVE as i32,
        }
    }
}

fn address(leaf: Leaf) -> u64 {
    match leaf {
        Leaf::One(function) => function as *const () as u64,
        Leaf::Two(function) => function as *const () as u64,
    }
}
