//! An installed tree for C and C++ hosts: `cargo xtask dist [--prefix DIR]`.
//!
//!     include/           brisk.h, brisk.hpp
//!     lib/               libbrisk.a, libbrisk.so.VERSION and its links
//!     lib/pkgconfig/     brisk.pc (shared), brisk-static.pc
//!     lib/cmake/brisk/   find_package(brisk): brisk::static, brisk::shared
//!     share/brisk/       licences
//!
//! The tree may be moved: every file finds its neighbours by its own place. The name inside the
//! shared library has the major version only, since within one the ABI only grows.

use crate::{check, option, root, target_folder};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a program needs besides `libbrisk.a`; [`natives_are_true`] compares it with the compiler's
/// own list.
pub(crate) const NATIVE_LIBS: &str = if cfg!(target_os = "macos") {
    "-lSystem -lc -lm"
} else {
    "-lgcc_s -lutil -lrt -lpthread -lm -ldl -lc"
};

/// Builds and installs.
pub(crate) fn run(options: &[&str]) -> Result<(), String> {
    let default = target_folder("dist");
    let prefix = PathBuf::from(option(options, "--prefix", &default.to_string_lossy()));
    install(&prefix)?;
    println!("installed in {}", prefix.display());
    Ok(())
}

/// Makes the tree.
pub(crate) fn install(prefix: &Path) -> Result<(), String> {
    let mut build = Command::new("cargo");
    build.args(["build", "--quiet", "--release", "-p", "brisk-ffi"]).current_dir(root());
    check(&mut build)?;
    let built = target_folder("release");
    let version = version()?;
    let major = version.split('.').next().unwrap_or("0").to_string();
    for folder in ["include", "lib/pkgconfig", "lib/cmake/brisk", "share/brisk"] {
        make(&prefix.join(folder))?;
    }
    for header in ["brisk.h", "brisk.hpp"] {
        copy(&root().join("include").join(header), &prefix.join("include").join(header))?;
    }
    for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
        copy(&root().join(licence), &prefix.join("share/brisk").join(licence))?;
    }
    let lib = prefix.join("lib");
    copy(&built.join("libbrisk.a"), &lib.join("libbrisk.a"))?;
    let shared = if cfg!(target_os = "macos") {
        let file = format!("libbrisk.{major}.dylib");
        copy(&built.join("libbrisk.dylib"), &lib.join(&file))?;
        link(&file, &lib.join("libbrisk.dylib"))?;
        file
    } else {
        let (file, soname) = (format!("libbrisk.so.{version}"), format!("libbrisk.so.{major}"));
        copy(&built.join("libbrisk.so"), &lib.join(&file))?;
        link(&file, &lib.join(&soname))?;
        link(&soname, &lib.join("libbrisk.so"))?;
        soname
    };
    let pc = |name: &str, libs: &str| {
        write(
            &lib.join("pkgconfig").join(name),
            &format!(
                "prefix=${{pcfiledir}}/../..\nincludedir=${{prefix}}/include\nlibdir=${{prefix}}/lib\n\n\
                 Name: brisk\nDescription: An embeddable engine for MiniScript\nVersion: {version}\n\
                 Cflags: -I${{includedir}}\nLibs: {libs}\n"
            ),
        )
    };
    pc("brisk.pc", "-L${libdir} -lbrisk")?;
    pc("brisk-static.pc", &format!("${{libdir}}/libbrisk.a {NATIVE_LIBS}"))?;
    let cmake = lib.join("cmake/brisk");
    write(&cmake.join("brisk-config.cmake"), &cmake_config(&shared))?;
    write(&cmake.join("brisk-config-version.cmake"), &cmake_version(&version, &major))
}

/// The version of the workspace.
pub(crate) fn version() -> Result<String, String> {
    let text = fs::read_to_string(root().join("Cargo.toml")).map_err(|error| error.to_string())?;
    let line = text.lines().find_map(|line| line.strip_prefix("version = \""));
    line.and_then(|rest| rest.split('"').next())
        .map(str::to_string)
        .ok_or_else(|| "Cargo.toml has no version".to_string())
}

fn cmake_config(shared: &str) -> String {
    let libs: Vec<&str> = NATIVE_LIBS.split(' ').map(|lib| lib.trim_start_matches("-l")).collect();
    format!(
        r#"# brisk::static and brisk::shared, found from the place of this file.
get_filename_component(_brisk_prefix "${{CMAKE_CURRENT_LIST_DIR}}/../../.." ABSOLUTE)
if(NOT TARGET brisk::static)
  add_library(brisk::static STATIC IMPORTED)
  set_target_properties(brisk::static PROPERTIES
    IMPORTED_LOCATION "${{_brisk_prefix}}/lib/libbrisk.a"
    INTERFACE_INCLUDE_DIRECTORIES "${{_brisk_prefix}}/include"
    INTERFACE_LINK_LIBRARIES "{}")
  add_library(brisk::shared SHARED IMPORTED)
  set_target_properties(brisk::shared PROPERTIES
    IMPORTED_LOCATION "${{_brisk_prefix}}/lib/{shared}"
    INTERFACE_INCLUDE_DIRECTORIES "${{_brisk_prefix}}/include")
endif()
set(brisk_FOUND TRUE)
unset(_brisk_prefix)
"#,
        libs.join(";")
    )
}

/// Within a major version newer ones serve older programs; before 1.0, within a minor one.
fn cmake_version(version: &str, major: &str) -> String {
    let minor = version.split('.').nth(1).unwrap_or("0");
    let same = if major == "0" { format!("0.{minor}") } else { major.to_string() };
    format!(
        r#"set(PACKAGE_VERSION "{version}")
set(PACKAGE_VERSION_COMPATIBLE FALSE)
if(PACKAGE_FIND_VERSION VERSION_EQUAL PACKAGE_VERSION)
  set(PACKAGE_VERSION_EXACT TRUE)
endif()
string(REGEX MATCH "^{}" _brisk_same "${{PACKAGE_FIND_VERSION}}")
if(_brisk_same AND NOT PACKAGE_FIND_VERSION VERSION_GREATER PACKAGE_VERSION)
  set(PACKAGE_VERSION_COMPATIBLE TRUE)
endif()
unset(_brisk_same)
"#,
        same.replace('.', "[.]")
    )
}

/// The list above is what the compiler says.
pub(crate) fn natives_are_true() -> Result<(), String> {
    let out = Command::new("cargo")
        .args(["rustc", "-p", "brisk-ffi", "--crate-type", "staticlib"])
        .args(["--", "--print", "native-static-libs"])
        .current_dir(root())
        .output()
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&out.stderr).into_owned();
    if !out.status.success() {
        return Err(text);
    }
    let said = text.lines().find_map(|line| line.split("native-static-libs: ").nth(1));
    let Some(said) = said else {
        return Err(format!("the compiler lists no native libraries:\n{text}"));
    };
    if said.trim() != NATIVE_LIBS {
        return Err(format!(
            "native libraries: the compiler says `{said}`, dist.rs `{NATIVE_LIBS}`"
        ));
    }
    println!("native libraries of the static one: {NATIVE_LIBS}");
    Ok(())
}

pub(crate) fn make(folder: &Path) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))
}

pub(crate) fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    // A running program may have the old file open: replace it, do not write into it.
    let _ = fs::remove_file(to);
    fs::copy(from, to).map(|_| ()).map_err(|error| format!("{}: {error}", from.display()))
}

#[cfg(unix)]
fn link(to: &str, at: &Path) -> Result<(), String> {
    let _ = fs::remove_file(at);
    std::os::unix::fs::symlink(to, at).map_err(|error| format!("{}: {error}", at.display()))
}

#[cfg(not(unix))]
fn link(to: &str, at: &Path) -> Result<(), String> {
    copy(&at.with_file_name(to), at)
}
