//! The smallest object file that names a piece of code: ELF64, little-endian.
//!
//! ```text
//! header              64 bytes
//! section headers     nothing, .text, .symtab, .strtab
//! symbols             nothing, the function
//! texts               names of sections and of the function
//! ```
//!
//! `.text` has an address and a size, but no bytes in the file: the code is where it is. Texts of
//! sections and of symbols share one section.
//!
//! Source: System V ABI, "Object Files".

/// Number of the processor in the header: `EM_X86_64`.
pub const MACHINE_X86_64: u16 = 62;
/// Number of the processor in the header: `EM_AARCH64`.
pub const MACHINE_AARCH64: u16 = 183;

const HEADER: usize = 64;
const SECTION: usize = 64;
const SYMBOL: usize = 24;

/// `.symtab` and `.strtab` as numbers of sections; `.text` is 1.
const SECTIONS: usize = 4;
const TEXT: u16 = 1;
const STRTAB: u16 = 3;

const SHT_SYMTAB: u32 = 2;
const SHT_STRTAB: u32 = 3;
const SHT_NOBITS: u32 = 8;
const SHF_ALLOC_EXEC: u64 = 2 | 4;
/// A global function: binding 1, type 2.
const GLOBAL_FUNC: u8 = 1 << 4 | 2;

/// An object file with the code from `address` on as its only function.
pub fn object(machine: u16, address: u64, bytes: usize, name: &str) -> Vec<u8> {
    let mut texts = Texts(vec![0]);
    let [text, symtab, strtab] = [".text", ".symtab", ".strtab"].map(|name| texts.add(name));
    let function = texts.add(name);
    let symbols_at = HEADER + SECTIONS * SECTION;
    let texts_at = symbols_at + 2 * SYMBOL;

    let mut file = Writer(Vec::new());
    file.header(machine);
    file.section(&Section::default());
    file.section(&Section {
        name: text,
        kind: SHT_NOBITS,
        flags: SHF_ALLOC_EXEC,
        address,
        offset: texts_at,
        size: bytes,
        align: 16,
        ..Section::default()
    });
    file.section(&Section {
        name: symtab,
        kind: SHT_SYMTAB,
        offset: symbols_at,
        size: 2 * SYMBOL,
        link: STRTAB.into(),
        // The first symbol that is not local.
        info: 1,
        align: 8,
        entry: SYMBOL,
        ..Section::default()
    });
    file.section(&Section {
        name: strtab,
        kind: SHT_STRTAB,
        offset: texts_at,
        size: texts.0.len(),
        align: 1,
        ..Section::default()
    });
    file.0.resize(symbols_at + SYMBOL, 0);
    file.symbol(function, bytes);
    debug_assert_eq!(file.0.len(), texts_at);
    file.0.extend(texts.0);
    file.0
}

/// Texts, each with a zero behind it.
struct Texts(Vec<u8>);

impl Texts {
    /// Adds a text, and says where it lies.
    fn add(&mut self, text: &str) -> u32 {
        let at = self.0.len() as u32;
        self.0.extend(text.bytes().filter(|&byte| byte != 0));
        self.0.push(0);
        at
    }
}

/// A section header.
#[derive(Default)]
struct Section {
    name: u32,
    kind: u32,
    flags: u64,
    address: u64,
    offset: usize,
    size: usize,
    link: u32,
    info: u32,
    align: u64,
    entry: usize,
}

/// A file being written.
struct Writer(Vec<u8>);

impl Writer {
    fn u16(&mut self, x: u16) {
        self.0.extend(x.to_le_bytes());
    }

    fn u32(&mut self, x: u32) {
        self.0.extend(x.to_le_bytes());
    }

    fn u64(&mut self, x: u64) {
        self.0.extend(x.to_le_bytes());
    }

    fn header(&mut self, machine: u16) {
        // 64 bits, little-endian, version 1, System V.
        self.0.extend(b"\x7FELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
        // Relocatable: symbols count from their section, whose address is right already.
        self.u16(1);
        self.u16(machine);
        self.u32(1);
        // No entry point, no program headers; section headers are next.
        self.u64(0);
        self.u64(0);
        self.u64(HEADER as u64);
        self.u32(0);
        self.u16(HEADER as u16);
        self.u16(0);
        self.u16(0);
        self.u16(SECTION as u16);
        self.u16(SECTIONS as u16);
        self.u16(STRTAB);
    }

    fn section(&mut self, section: &Section) {
        self.u32(section.name);
        self.u32(section.kind);
        self.u64(section.flags);
        self.u64(section.address);
        self.u64(section.offset as u64);
        self.u64(section.size as u64);
        self.u32(section.link);
        self.u32(section.info);
        self.u64(section.align);
        self.u64(section.entry as u64);
    }

    /// The function, which is all of `.text`.
    fn symbol(&mut self, name: u32, bytes: usize) {
        self.u32(name);
        self.0.extend([GLOBAL_FUNC, 0]);
        self.u16(TEXT);
        self.u64(0);
        self.u64(bytes as u64);
    }
}
