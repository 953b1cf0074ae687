//! Chooses the interpreter's engine: see `src/interp/dispatch/mod.rs`.

use std::env::var;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(brisk_tail_calls)");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=BRISK_ENGINE");
    let optimized = var("OPT_LEVEL").is_ok_and(|level| level != "0");
    let arch = var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    let known = matches!(arch.as_str(), "x86_64" | "aarch64" | "riscv64" | "arm");
    let forced_loop = var("BRISK_ENGINE").is_ok_and(|engine| engine == "loop");
    let miri = var("CARGO_CFG_MIRI").is_ok();
    if optimized && known && !forced_loop && !miri {
        println!("cargo::rustc-cfg=brisk_tail_calls");
    }
}
