//! Gives the shared library the name that programs will look for: with the major version only, within
//! which the interface only grows.

fn main() {
    let major = std::env::var("CARGO_PKG_VERSION_MAJOR").unwrap_or_default();
    match std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default().as_str() {
        "linux" | "android" | "freebsd" => {
            println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libbrisk.so.{major}");
        }
        "macos" | "ios" => {
            println!(
                "cargo::rustc-cdylib-link-arg=-Wl,-install_name,@rpath/libbrisk.{major}.dylib"
            );
        }
        _ => {}
    }
    println!("cargo::rerun-if-changed=build.rs");
}
