//! Versions.

use core::ffi::c_char;

/// Major version of the library this header belongs to.
pub const BRISK_VERSION_MAJOR: u32 = 0;
/// Minor version.
pub const BRISK_VERSION_MINOR: u32 = 1;
/// Patch version.
pub const BRISK_VERSION_PATCH: u32 = 0;
/// The three in one number that can be compared: `major * 10000 + minor * 100 + patch`.
pub const BRISK_VERSION_NUMBER: u32 = 100;
/// Version of the binary interface: functions and structures are only added while it stays the same.
pub const BRISK_ABI: u32 = 1;

const _: () = assert!(
    BRISK_VERSION_NUMBER
        == BRISK_VERSION_MAJOR * 10_000 + BRISK_VERSION_MINOR * 100 + BRISK_VERSION_PATCH
);

/// Version of the library that is running, as `BRISK_VERSION_NUMBER`.
#[unsafe(no_mangle)]
pub extern "C" fn brisk_version_number() -> u32 {
    BRISK_VERSION_NUMBER
}

/// Version of the library that is running, as text that is zero-terminated and lives for ever.
#[unsafe(no_mangle)]
pub extern "C" fn brisk_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// Version of the binary interface of the library that is running. A host that loads it at run time
/// compares it with its `BRISK_ABI`.
#[unsafe(no_mangle)]
pub extern "C" fn brisk_abi() -> u32 {
    BRISK_ABI
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_package() {
        let numbers = [BRISK_VERSION_MAJOR, BRISK_VERSION_MINOR, BRISK_VERSION_PATCH];
        let text = numbers.map(|number| number.to_string()).join(".");
        assert_eq!(text, env!("CARGO_PKG_VERSION"));
    }
}
