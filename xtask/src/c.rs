//! The C and C++ side, as a host sees it: `cargo xtask c [--only NAME] [--quick]`.
//!
//! Everything is compiled against an installed tree (see [`crate::dist`]), never against the source
//! tree, so the installation is tested too. Examples and tests are built as C99 and as C++17, with each
//! compiler that is there, statically and shared, with all warnings as errors; then they run: once with
//! full counts, otherwise with small ones (BRISK_QUICK), under valgrind and with the address sanitizer
//! too. The complete blocks of docs/embedding.md are programs like the others.
//!
//! What is not there is said in one line and left out.

use crate::dist::{self, make, write};
use crate::{abi, option, root, target_folder};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

const WARNINGS: &[&str] = &["-Wall", "-Wextra", "-Werror", "-pedantic", "-O1", "-g"];

/// How a program gets the library.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Link {
    Static,
    Shared,
}

/// A compiler that is there, and the language it is asked for.
#[derive(Clone)]
pub(crate) struct Compiler {
    name: &'static str,
    is_cpp: bool,
}

impl Compiler {
    /// Those for C99.
    pub(crate) fn c() -> Vec<Compiler> {
        Self::all(&["gcc", "clang"], false)
    }

    /// Those for C++17.
    fn cpp() -> Vec<Compiler> {
        Self::all(&["g++", "clang++"], true)
    }

    fn all(names: &[&'static str], is_cpp: bool) -> Vec<Compiler> {
        names.iter().filter(|name| have(name)).map(|name| Compiler { name, is_cpp }).collect()
    }

    /// Compiles and links one file.
    pub(crate) fn build(
        &self,
        source: &Path,
        program: &Path,
        prefix: &Path,
        link: Link,
        more: &[&str],
    ) -> Result<(), String> {
        make(program.parent().unwrap_or(Path::new(".")))?;
        let mut command = Command::new(self.name);
        command.args(if self.is_cpp {
            ["-x", "c++", "-std=c++17"]
        } else {
            ["-x", "c", "-std=c99"]
        });
        command.args(WARNINGS).args(more);
        command.arg("-I").arg(prefix.join("include"));
        command.arg(source).args(["-x", "none", "-o"]).arg(program);
        let lib = prefix.join("lib");
        match link {
            Link::Static => {
                command.arg(lib.join("libbrisk.a")).args(dist::NATIVE_LIBS.split(' '));
            }
            Link::Shared => {
                command.arg("-L").arg(&lib).arg("-lbrisk");
                command.arg(format!("-Wl,-rpath,{}", lib.display()));
            }
        }
        command.args(["-lm", "-lpthread"]);
        output_of(&mut command).map(|_| ())
    }
}

/// Builds and runs everything.
pub(crate) fn run(options: &[&str]) -> Result<(), String> {
    let only = option(options, "--only", "");
    let quick = options.contains(&"--quick");
    let prefix = target_folder("dist");
    dist::install(&prefix)?;
    let (c, cpp) = (Compiler::c(), Compiler::cpp());
    if c.is_empty() {
        println!("skipped: C and C++; no compiler is there");
        return Ok(());
    }
    let work = target_folder("c");
    make(&work)?;
    let mut programs = sources()?;
    programs.extend(blocks(&work)?);
    programs.retain(|path| path.to_string_lossy().contains(only));

    let mut results = Results { wrong: Vec::new(), ran: 0 };
    for source in &programs {
        let is_cpp = source.extension().is_some_and(|end| end == "cpp");
        let compilers = if is_cpp { cpp.clone() } else { [c.clone(), cpp.clone()].concat() };
        for (at, compiler) in compilers.iter().enumerate() {
            for link in [Link::Static, Link::Shared] {
                // The first build runs in full.
                let full = at == 0 && link == Link::Static && !quick;
                results.one(source, compiler, &prefix, &work, link, full);
            }
        }
    }
    under_valgrind(&programs, &work, &mut results);
    with_sanitizer(&programs, &c, &cpp, &prefix, &work, &mut results);
    if only.is_empty() {
        results.note("headers", headers(&c, &cpp, &prefix, &work));
        results.note("installed tree", installed(&prefix, &work));
        results.note("abi", abi::compare(&prefix, false));
        results.note("native libraries", dist::natives_are_true());
    }
    println!("c: {} programs ran, {} things are wrong", results.ran, results.wrong.len());
    if results.wrong.is_empty() { Ok(()) } else { Err(results.wrong.join("\n")) }
}

struct Results {
    wrong: Vec<String>,
    ran: usize,
}

impl Results {
    /// Builds one program in one way, and runs it.
    fn one(
        &mut self,
        source: &Path,
        compiler: &Compiler,
        prefix: &Path,
        work: &Path,
        link: Link,
        full: bool,
    ) {
        let kind = if link == Link::Static { "static" } else { "shared" };
        let program = work.join(format!("{}-{}-{kind}", name_of(source), compiler.name));
        let start = Instant::now();
        let result = compiler
            .build(source, &program, prefix, link, &[])
            .and_then(|()| execute(&mut Command::new(&program), source, full));
        match result {
            Ok(text) => {
                self.ran += 1;
                let last = if full { text.lines().last().unwrap_or("") } else { "" };
                println!(
                    "{} {} {kind}: {:.1} s {last}",
                    name_of(source),
                    compiler.name,
                    start.elapsed().as_secs_f64()
                );
            }
            Err(text) => self.fail(&format!("{} {} {kind}", name_of(source), compiler.name), &text),
        }
    }

    fn note(&mut self, what: &str, result: Result<(), String>) {
        if let Err(text) = result {
            self.fail(what, &text);
        }
    }

    fn fail(&mut self, what: &str, text: &str) {
        println!("{what}: FAILED");
        self.wrong.push(format!("-- {what}\n{}", text.trim_end()));
    }
}

/// Runs a program as its kind needs it; gives what it printed.
fn execute(command: &mut Command, source: &Path, full: bool) -> Result<String, String> {
    if !full {
        command.env("BRISK_QUICK", "1");
    }
    let name = name_of(source);
    if name == "examples-game_loop" {
        command.arg(if full { "300" } else { "60" });
    }
    if name != "examples-repl" {
        return output_of(command.stdin(Stdio::null()));
    }
    let session =
        "x = 6\nx * 7\nfor i in [1, 2]\nprint i\nend for\nx = = 1\nprint nonesuch\n\"last\"\n";
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(session.as_bytes()).map_err(|error| error.to_string())?;
    }
    let out = child.wait_with_output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    if out.status.success() && text == "42\n1\n2\nlast\n" {
        return Ok("as typed".to_string());
    }
    Err(format!("{}: {text:?}\n{}", out.status, String::from_utf8_lossy(&out.stderr)))
}

/// Every program of ours.
fn sources() -> Result<Vec<PathBuf>, String> {
    let mut all = Vec::new();
    for folder in ["ffi/examples", "tests/c"] {
        let entries = fs::read_dir(root().join(folder)).map_err(|error| error.to_string())?;
        all.extend(
            entries
                .flatten()
                .map(|entry| entry.path())
                .filter(|path| path.extension().is_some_and(|end| end == "c" || end == "cpp")),
        );
    }
    all.sort();
    Ok(all)
}

/// `examples-minimal`, `c-api`.
fn name_of(source: &Path) -> String {
    let part =
        |path: Option<&std::ffi::OsStr>| path.unwrap_or_default().to_string_lossy().into_owned();
    format!("{}-{}", part(source.parent().and_then(Path::file_name)), part(source.file_stem()))
}

/// The blocks of the guide that are marked `complete`, each a file of its own with lines as there.
fn blocks(work: &Path) -> Result<Vec<PathBuf>, String> {
    let guide = root().join("docs/embedding.md");
    let text =
        fs::read_to_string(&guide).map_err(|error| format!("{}: {error}", guide.display()))?;
    let folder = work.join("guide");
    let _ = fs::remove_dir_all(&folder);
    make(&folder)?;
    let mut found = Vec::new();
    let mut open: Option<(usize, &str, String)> = None;
    for (at, line) in text.lines().enumerate() {
        match (&mut open, line) {
            (Some((first, end, block)), "```") => {
                let path = folder.join(format!("line{first}.{end}"));
                write(&path, block)?;
                found.push(path);
                open = None;
            }
            (Some((_, _, block)), _) => {
                *block += line;
                block.push('\n');
            }
            (None, "```c complete") => open = Some((at + 1, "c", numbered(at))),
            (None, "```cpp complete") => open = Some((at + 1, "cpp", numbered(at))),
            (None, _) => {}
        }
    }
    if found.is_empty() {
        return Err("docs/embedding.md has no complete blocks".to_string());
    }
    Ok(found)
}

/// So that the compiler names the line of the document.
fn numbered(at: usize) -> String {
    format!("#line {} \"embedding.md\"\n", at + 2)
}

fn under_valgrind(programs: &[PathBuf], work: &Path, results: &mut Results) {
    if !have("valgrind") {
        println!("skipped: valgrind is not there");
        return;
    }
    for source in programs {
        let name = name_of(source);
        let program = ["gcc", "clang", "g++", "clang++"]
            .iter()
            .map(|compiler| work.join(format!("{name}-{compiler}-static")))
            .find(|path| path.exists());
        let Some(program) = program else { continue };
        let start = Instant::now();
        let mut command = Command::new("valgrind");
        command.args(["--quiet", "--error-exitcode=9", "--leak-check=full", "--fair-sched=yes"]);
        command.arg(program);
        match execute(&mut command, source, false) {
            Ok(_) => {
                results.ran += 1;
                println!("{name} under valgrind: {:.1} s", start.elapsed().as_secs_f64());
            }
            Err(text) => results.fail(&format!("{name} under valgrind"), &text),
        }
    }
}

/// The host's code with the address and undefined-behaviour sanitizers: it reads and writes what the
/// library hands out.
fn with_sanitizer(
    programs: &[PathBuf],
    c: &[Compiler],
    cpp: &[Compiler],
    prefix: &Path,
    work: &Path,
    results: &mut Results,
) {
    const FLAGS: &[&str] = &["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    let probe = work.join("probe.c");
    let usable = write(&probe, "int main(void) { return 0; }\n")
        .and_then(|()| c[0].build(&probe, &work.join("probe"), prefix, Link::Static, FLAGS));
    if usable.is_err() {
        println!("skipped: {} has no address sanitizer", c[0].name);
        return;
    }
    for source in programs {
        let is_cpp = source.extension().is_some_and(|end| end == "cpp");
        let Some(compiler) = (if is_cpp { cpp.first() } else { c.first() }) else { continue };
        let program = work.join(format!("{}-asan", name_of(source)));
        let result = compiler.build(source, &program, prefix, Link::Static, FLAGS).and_then(|()| {
            // It is really in there.
            let symbols = output_of(Command::new("nm").arg(&program))?;
            if !symbols.contains("__asan_init") {
                return Err("the program has no __asan_init".to_string());
            }
            execute(&mut Command::new(&program), source, false)
        });
        match result {
            Ok(_) => {
                results.ran += 1;
                println!("{} with the address sanitizer", name_of(source));
            }
            Err(text) => {
                results.fail(&format!("{} with the address sanitizer", name_of(source)), &text)
            }
        }
    }
}

/// Each header alone, twice, and in two files of one program.
fn headers(c: &[Compiler], cpp: &[Compiler], prefix: &Path, work: &Path) -> Result<(), String> {
    let plain = work.join("header.c");
    write(
        &plain,
        "#include \"brisk.h\"\n#include \"brisk.h\"\nint main(void) { return (int)(brisk_abi() - BRISK_ABI); }\n",
    )?;
    for compiler in c.iter().chain(cpp) {
        let program = work.join("header");
        let more = ["-Wshadow", "-Wconversion", "-Wundef"];
        compiler.build(&plain, &program, prefix, Link::Shared, &more)?;
        output_of(&mut Command::new(&program))?;
    }
    let (one, two) = (work.join("one.cpp"), work.join("two.cpp"));
    write(
        &one,
        "#include \"brisk.hpp\"\n#include \"brisk.hpp\"\nint two();\nint main() { return two(); }\n",
    )?;
    write(
        &two,
        "#include \"brisk.hpp\"\nint two() { return brisk::Vm::create().ok() ? 0 : 1; }\n",
    )?;
    for compiler in cpp {
        let program = work.join("two");
        let two = two.to_string_lossy();
        compiler.build(
            &one,
            &program,
            prefix,
            Link::Static,
            &[&two, "-Wshadow", "-fno-exceptions", "-fno-rtti"],
        )?;
        output_of(&mut Command::new(&program))?;
    }
    println!("headers: alone, twice, in two files, without exceptions");
    Ok(())
}

/// A project that finds the installed tree by CMake, and a compile line by pkg-config.
fn installed(prefix: &Path, work: &Path) -> Result<(), String> {
    let source = root().join("ffi/examples/minimal.c");
    let pkg_config = prefix.join("lib/pkgconfig");
    if have("pkg-config") {
        for (name, more) in [("brisk", "--cflags"), ("brisk-static", "--cflags")] {
            let mut query = Command::new("pkg-config");
            query.env("PKG_CONFIG_PATH", &pkg_config).args([more, "--libs", name]);
            let flags = output_of(&mut query)?;
            let program = work.join(format!("pkg-config-{name}"));
            let mut compile = Command::new("cc");
            compile.arg(&source).arg("-o").arg(&program).args(flags.split_whitespace());
            output_of(&mut compile)?;
            let mut run = Command::new(&program);
            output_of(run.env("LD_LIBRARY_PATH", prefix.join("lib")))?;
        }
        println!("installed tree: pkg-config works, shared and static");
    } else {
        println!("skipped: pkg-config is not there");
    }
    if !have("cmake") {
        println!("skipped: cmake is not there");
        return Ok(());
    }
    let folder = work.join("cmake");
    let _ = fs::remove_dir_all(&folder);
    make(&folder)?;
    let version = dist::version()?;
    write(
        &folder.join("CMakeLists.txt"),
        &format!(
            "cmake_minimum_required(VERSION 3.16)\nproject(host C CXX)\n\
             find_package(brisk {version} REQUIRED)\n\
             foreach(kind static shared)\n\
             \x20 add_executable(host-${{kind}} \"{}\")\n\
             \x20 target_link_libraries(host-${{kind}} PRIVATE brisk::${{kind}})\n\
             \x20 add_executable(modern-${{kind}} \"{}\")\n\
             \x20 target_compile_features(modern-${{kind}} PRIVATE cxx_std_17)\n\
             \x20 target_link_libraries(modern-${{kind}} PRIVATE brisk::${{kind}})\n\
             endforeach()\n",
            source.display(),
            root().join("ffi/examples/modern.cpp").display()
        ),
    )?;
    let build = folder.join("build");
    let prefix_path = format!("-DCMAKE_PREFIX_PATH={}", prefix.display());
    let mut configure = Command::new("cmake");
    output_of(configure.arg("-S").arg(&folder).arg("-B").arg(&build).arg(prefix_path))?;
    output_of(Command::new("cmake").arg("--build").arg(&build))?;
    for program in ["host-static", "host-shared", "modern-static", "modern-shared"] {
        output_of(&mut Command::new(build.join(program)))?;
    }
    println!("installed tree: find_package(brisk {version}) works, static and shared");
    Ok(())
}

fn have(program: &str) -> bool {
    let probe =
        Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    probe.is_ok_and(|status| status.success())
}

/// What a command prints; an error with everything it said when it fails.
pub(crate) fn output_of(command: &mut Command) -> Result<String, String> {
    let out = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    if out.status.success() {
        return Ok(text);
    }
    let errors = String::from_utf8_lossy(&out.stderr);
    Err(format!("{command:?}: {}\n{text}{errors}", out.status))
}
