//! What machine code calls.

use super::{Continuation, native_fn};
use crate::heap::Header;
use crate::value::{Value, math};
use crate::vm::Vm;
use core::ptr::NonNull;

/// Runs the instruction at `pc` of the frame at `base` completely and says where to go on; a null
/// `pc` stops. Fuel is in the machine.
#[cfg(target_arch = "x86_64")]
pub type StepFn = unsafe extern "sysv64" fn(*const u64, *mut Value, *mut Vm) -> Continuation;
/// Runs the instruction at `pc` of the frame at `base` completely and says where to go on; a null
/// `pc` stops. Fuel is in the machine.
#[cfg(not(target_arch = "x86_64"))]
pub type StepFn = unsafe extern "C" fn(*const u64, *mut Value, *mut Vm) -> Continuation;

native_fn! {
    /// Tells the collector that a value, given by its bits, was stored in a scanned object.
    pub fn barrier(vm: *mut Vm, object: *mut Header, value: u64) {
        // SAFETY: machine code passes its machine, and an object and a value of it.
        unsafe {
            let (object, value) = (NonNull::new_unchecked(object), Value::from_bits(value));
            (*vm).store.barrier(object, value);
        }
    }
}

/// A function of one or two doubles.
#[derive(Clone, Copy, Debug)]
pub enum Leaf {
    /// Of one.
    One(LeafFn1),
    /// Of two.
    Two(LeafFn2),
}

/// A function of one double.
#[cfg(target_arch = "x86_64")]
pub type LeafFn1 = unsafe extern "sysv64" fn(f64) -> f64;
/// A function of one double.
#[cfg(not(target_arch = "x86_64"))]
pub type LeafFn1 = unsafe extern "C" fn(f64) -> f64;
/// A function of two doubles.
#[cfg(target_arch = "x86_64")]
pub type LeafFn2 = unsafe extern "sysv64" fn(f64, f64) -> f64;
/// A function of two doubles.
#[cfg(not(target_arch = "x86_64"))]
pub type LeafFn2 = unsafe extern "C" fn(f64, f64) -> f64;

native_fn! {
    fn modulo(x: f64, y: f64) -> f64 { math::fmod(x, y) }
    fn power(x: f64, y: f64) -> f64 { math::pow(x, y) }
    fn sine(x: f64) -> f64 { math::sin(x) }
    fn cosine(x: f64) -> f64 { math::cos(x) }
    fn tangent(x: f64) -> f64 { math::tan(x) }
    fn round(x: f64) -> f64 { math::round_v1(x, 0) }
}

/// Functions that neither allocate nor fail, by number.
pub const LEAVES: &[Leaf] = &[
    Leaf::Two(modulo),
    Leaf::Two(power),
    Leaf::One(sine),
    Leaf::One(cosine),
    Leaf::One(tangent),
    Leaf::One(round),
];

/// `%` in [`LEAVES`].
pub const LEAF_MODULO: u8 = 0;
/// `^` in [`LEAVES`].
pub const LEAF_POWER: u8 = 1;
/// `sin` in [`LEAVES`].
pub const LEAF_SIN: u8 = 2;
/// `cos` in [`LEAVES`].
pub const LEAF_COS: u8 = 3;
/// `tan` in [`LEAVES`].
pub const LEAF_TAN: u8 = 4;
/// `round` to a whole number in [`LEAVES`].
pub const LEAF_ROUND: u8 = 5;
