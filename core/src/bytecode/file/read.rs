//! From the bytes behind the header to a program.
//!
//! Any bytes will do: what makes no sense is an error. A length is believed only as far as there
//! are bytes for it, before anything is reserved. What the program means is not looked at here.

use super::{
    HAS_SCOPE, MODULE, NULL, NUMBER, OUTER_MAP, OUTER_NONE, OUTER_SLOT, RAW, SELF_PARAM, STRIPPED,
    TEXT, USES_SELF, WARN,
};
use crate::bytecode::proto::{Const, Fallback, Outer, ParamInfo, Program, Proto, ProtoFlags};
use crate::syntax::Dialect;
use alloc::string::String;
use alloc::vec::Vec;

/// What was read, or what is wrong.
type Read<T> = Result<T, &'static str>;

/// Fewest bytes of a function: a number or count for each of its parts.
const FUNCTION_SIZE_MIN: usize = 10;

/// Reads a program.
///
/// # Errors
///
/// What is wrong.
pub(super) fn program(bytes: &[u8], dialect: u8, flags: u8) -> Read<Program> {
    let dialect = match dialect {
        1 => Dialect::V1,
        2 => Dialect::V2,
        _ => return Err("unknown dialect"),
    };
    if flags & !STRIPPED != 0 {
        return Err("unknown flags");
    }
    let is_stripped = flags & STRIPPED != 0;
    let mut reader = Reader { rest: bytes };
    let name = match reader.byte()? {
        0 => None,
        1 => Some(reader.text()?),
        _ => return Err("unknown flags"),
    };
    let names = reader.list(1, Reader::text)?;
    let protos = reader.list(FUNCTION_SIZE_MIN, |reader| function(reader, is_stripped))?;
    if !reader.rest.is_empty() {
        return Err("there is something behind the end");
    }
    Ok(Program { dialect, name, protos, names })
}

fn function(reader: &mut Reader<'_>, is_stripped: bool) -> Read<Proto> {
    let bits = reader.byte()?;
    if bits & !(USES_SELF | SELF_PARAM | MODULE | HAS_SCOPE) != 0 {
        return Err("unknown flags");
    }
    let has_scope = bits & HAS_SCOPE != 0;
    let flags = ProtoFlags {
        uses_self: bits & USES_SELF != 0,
        self_param: bits & SELF_PARAM != 0,
        scope_register: if has_scope { Some(reader.short()?) } else { None },
        module: bits & MODULE != 0,
    };
    let mut proto = Proto {
        flags,
        register_count: reader.number()?,
        params: reader.list(2, |reader| {
            Ok(ParamInfo { name: reader.text()?, default: reader.constant()? })
        })?,
        consts: reader.list(1, Reader::constant)?,
        map_keys: reader.list(1, |reader| reader.list(1, Reader::short))?,
        children: reader.list(1, Reader::number)?,
        code: reader.words()?,
        cold: reader.pairs()?,
        fallbacks: reader.fallbacks()?,
        ..Proto::default()
    };
    if !is_stripped {
        proto.name = reader.text()?;
    }
    proto.env_names = reader.list(1, Reader::text)?;
    if !is_stripped {
        proto.lines = reader.pairs()?;
    }
    Ok(proto)
}

/// The bytes that were not read yet.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, size: usize) -> Read<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(size).ok_or("it ends too early")?;
        self.rest = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Read<u8> {
        let (&byte, rest) = self.rest.split_first().ok_or("it ends too early")?;
        self.rest = rest;
        Ok(byte)
    }

    #[inline]
    fn number(&mut self) -> Read<u32> {
        let byte = self.byte()?;
        if byte < 0x80 { Ok(byte.into()) } else { self.long_number(byte) }
    }

    fn long_number(&mut self, first: u8) -> Read<u32> {
        let mut value = u32::from(first & 0x7F);
        for shift in [7, 14, 21, 28] {
            let byte = self.byte()?;
            let bits = u32::from(byte & 0x7F);
            if shift == 28 && byte > 0x0F {
                break;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err("a number is too large")
    }

    fn short(&mut self) -> Read<u16> {
        u16::try_from(self.number()?).map_err(|_| "a number is too large")
    }

    /// How many things follow, each of at least `size_min` bytes.
    fn count(&mut self, size_min: usize) -> Read<usize> {
        let count = usize::try_from(self.number()?).map_err(|_| "a number is too large")?;
        if count <= self.rest.len() / size_min { Ok(count) } else { Err("it ends too early") }
    }

    fn list<T>(
        &mut self,
        size_min: usize,
        mut item: impl FnMut(&mut Self) -> Read<T>,
    ) -> Read<Vec<T>> {
        let count = self.count(size_min)?;
        let mut items = Vec::with_capacity(count);
        for _ in 0..count {
            items.push(item(self)?);
        }
        Ok(items)
    }

    fn text(&mut self) -> Read<String> {
        let size = self.count(1)?;
        let bytes = self.take(size)?;
        core::str::from_utf8(bytes).map(String::from).map_err(|_| "a text is not UTF-8")
    }

    fn constant(&mut self) -> Read<Const> {
        match self.byte()? {
            NULL => Ok(Const::Null),
            NUMBER => Ok(Const::Number(f64::from_bits(self.word()?))),
            TEXT => Ok(Const::Str(self.text()?)),
            _ => Err("a constant of unknown kind"),
        }
    }

    fn word(&mut self) -> Read<u64> {
        let (&bytes, rest) = self.rest.split_first_chunk().ok_or("it ends too early")?;
        self.rest = rest;
        Ok(u64::from_le_bytes(bytes))
    }

    fn words(&mut self) -> Read<Vec<u64>> {
        let count = self.count(size_of::<u64>())?;
        let (words, _) = self.take(count * size_of::<u64>())?.as_chunks();
        Ok(words.iter().map(|&bytes| u64::from_le_bytes(bytes)).collect())
    }

    fn pairs(&mut self) -> Read<Vec<(u32, u32)>> {
        let (mut word, mut value) = (0_u32, 0_u32);
        self.list(2, |reader| {
            word = word.wrapping_add(reader.number()?);
            value = value.wrapping_add(unzigzag(reader.number()?).cast_unsigned());
            Ok((word, value))
        })
    }

    fn fallbacks(&mut self) -> Read<Vec<(u32, Fallback)>> {
        let mut word = 0_u32;
        self.list(3, |reader| {
            word = word.wrapping_add(reader.number()?);
            let bits = reader.byte()?;
            let name = reader.number()?;
            let outer = match bits & !(WARN | RAW) {
                OUTER_NONE => Outer::None,
                OUTER_SLOT => Outer::Slot(reader.short()?),
                OUTER_MAP => Outer::Map,
                _ => return Err("unknown flags"),
            };
            let (warn, raw) = (bits & WARN != 0, bits & RAW != 0);
            Ok((word, Fallback { name, outer, warn, raw }))
        })
    }
}

/// Undoes `zigzag` of `write.rs`.
fn unzigzag(value: u32) -> i32 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}
