//! Chooses the interpreter's engine: see `src/interp/dispatch/mod.rs`.

use std::env::var;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(brisk_tail_calls)");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=BRISK_ENGINE");
    let optimized = var("OPT_LEVEL").is_ok_and(|level| level != "0");
    let arch = var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    // Handlers take a double, which must travel in a register: not so on 32-bit ARM without one.
    let abi = var("CARGO_CFG_TARGET_ABI").unwrap_or_default();
    let known = match arch.as_str() {
        "x86_64" | "aarch64" | "riscv64" => true,
        "arm" => abi.ends_with("hf"),
        _ => false,
    };
    let forced_loop = var("BRISK_ENGINE").is_ok_and(|engine| engine == "loop");
    let miri = var("CARGO_CFG_MIRI").is_ok();
    if optimized && known && !forced_loop && !miri {
        println!("cargo::rustc-cfg=brisk_tail_calls");
    }
}
