//! Tells the name of the host, which the fuzzer is built for.

fn main() {
    println!("cargo::rustc-env=HOST={}", std::env::var("HOST").unwrap_or_default());
    println!("cargo::rerun-if-changed=build.rs");
}
