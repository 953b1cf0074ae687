//! Names of units as tools see them: lines for `perf`, object files and the list of them for GDB.

use brisk_jit::symbols::{elf, perf_map_line};

#[test]
fn lines_for_perf() {
    let cases: [(u64, usize, &str, &str); 4] = [
        (0x7F12_3456_7000, 0x1A0, "fib", "7f1234567000 1a0 fib\n"),
        (0x1000, 1, "a name, with spaces", "1000 1 a name, with spaces\n"),
        (0xABCDEF, 16, "two\nlines\0", "abcdef 10 two?lines?\n"),
        (0, 0, "größe", "0 0 größe\n"),
    ];
    for (address, bytes, name, line) in cases {
        assert_eq!(perf_map_line(address, bytes, name), line);
    }
}

#[test]
#[cfg(all(unix, not(miri)))]
fn the_file_for_perf_grows() {
    use brisk_jit::symbols::{perf_map_add, perf_map_path};

    std::fs::write(perf_map_path(), "left by another process\n").expect("a place for files");
    perf_map_add(0x1000, 16, "first").expect("a place for files");
    perf_map_add(0x2000, 32, "second").expect("a place for files");
    let text = std::fs::read_to_string(perf_map_path()).expect("the file is there");
    std::fs::remove_file(perf_map_path()).expect("the file is there");
    assert_eq!(text, "1000 10 first\n2000 20 second\n");
}

#[test]
fn an_object_file_names_the_code() {
    let file = elf::object(elf::MACHINE_X86_64, 0x7000_1000, 0x123, "update");
    let word = |at: usize, size: usize| {
        let bytes = &file[at..at + size];
        bytes.iter().rev().fold(0u64, |word, &byte| word << 8 | u64::from(byte))
    };
    let text = |at: u64| {
        let rest = &file[at as usize..];
        let end = rest.iter().position(|&b| b == 0).expect("texts end");
        std::str::from_utf8(&rest[..end]).expect("names are UTF-8")
    };
    assert_eq!(&file[..7], b"\x7FELF\x02\x01\x01");
    assert_eq!((word(16, 2), word(18, 2)), (1, 62), "relocatable, for x86-64");
    // Sections: name, type, flags, address, offset, size, link.
    let (first, size, count) = (word(40, 8), word(58, 2), word(60, 2));
    let texts = word((first + word(62, 2) * size + 24) as usize, 8);
    let section = |i: u64| {
        let at = (first + i * size) as usize;
        let name = text(texts + word(at, 4));
        (name, word(at + 4, 4), word(at + 16, 8), word(at + 24, 8), word(at + 32, 8))
    };
    let names: Vec<&str> = (0..count).map(|i| section(i).0).collect();
    assert_eq!(names, ["", ".text", ".symtab", ".strtab"]);
    let (_, kind, address, _, bytes) = section(1);
    assert_eq!((kind, address, bytes), (8, 0x7000_1000, 0x123), "no bytes in the file");
    // Symbols: name, info, other, section, value, size. The second one is the function.
    let (.., symbols, bytes) = section(2);
    assert_eq!(bytes, 48);
    let symbol = symbols as usize + 24;
    assert_eq!(text(texts + word(symbol, 4)), "update");
    assert_eq!((word(symbol + 4, 1), word(symbol + 6, 2)), (0x12, 1), "a function of .text");
    assert_eq!((word(symbol + 8, 8), word(symbol + 16, 8)), (0, 0x123));
    assert_eq!(section(3).3 + section(3).4, file.len() as u64);
}

#[cfg(all(
    unix,
    not(target_vendor = "apple"),
    not(miri),
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
mod gdb {
    #![allow(unsafe_code)] // Reads the list as a debugger does.

    use brisk_jit::symbols::GdbRegistration;

    /// `struct jit_code_entry`.
    #[repr(C)]
    struct Entry {
        next: *const Entry,
        prev: *const Entry,
        object: *const u8,
        bytes: u64,
    }

    /// `struct jit_descriptor`.
    #[repr(C)]
    struct Descriptor {
        version: u32,
        action: u32,
        relevant: *const Entry,
        first: *const Entry,
    }

    unsafe extern "C" {
        static mut __jit_debug_descriptor: Descriptor;
    }

    /// The last bytes of the object files in the list: those of the functions' names.
    fn names() -> Vec<String> {
        let mut names = Vec::new();
        // SAFETY: this test is the only one that registers anything, and it does so on one thread.
        unsafe {
            let list = &raw const __jit_debug_descriptor;
            assert_eq!(((*list).version, (*list).action, (*list).relevant.is_null()), (1, 0, true));
            let mut entry = (*list).first;
            let mut prev = std::ptr::null();
            while let Some(found) = entry.as_ref() {
                assert_eq!(found.prev, prev);
                let object = std::slice::from_raw_parts(found.object, found.bytes as usize);
                let name = object.split(|&byte| byte == 0).rev().nth(1).expect("a name");
                names.push(String::from_utf8_lossy(name).into_owned());
                (prev, entry) = (entry, found.next);
            }
        }
        names
    }

    #[test]
    fn a_debugger_finds_what_is_registered() {
        assert!(names().is_empty());
        let a = GdbRegistration::new(0x1000, 16, "a");
        let b = GdbRegistration::new(0x2000, 16, "b");
        let c = GdbRegistration::new(0x3000, 16, "c\n");
        assert_eq!(names(), ["c?", "b", "a"]);
        drop(b);
        assert_eq!(names(), ["c?", "a"]);
        drop(c);
        assert_eq!(names(), ["a"]);
        drop(a);
        assert!(names().is_empty());
    }
}
