//! `RawData`: bytes that a script reads and writes as numbers and texts (INTRINSICS.md §9.6).
//!
//! `RawData` is the class; an instance is a map that hides a native object, made by the first
//! `resize`. The bytes are not on the machine's heap, so its limit does not see them: all of them
//! together have a limit of the same size.

use super::slab::Slab;
use super::table::{Param, Row, hidden, map_of, member, row, set};
use super::{Shell, lock};
use brisk_core::host::{Context, Data, NativeError, NativeResult, ObjectType, Values};
use brisk_core::{Error, ErrorKind, error};
use std::sync::{Arc, LazyLock, Mutex};

/// Tells the native objects of `RawData` from others: "raw ".
const RAW_TAG: u64 = 0x7261_7720;

static RAW_TYPE: LazyLock<Arc<ObjectType>> =
    LazyLock::new(|| Arc::new(ObjectType::new(RAW_TAG).with_finalizer(release)));

/// The bytes of each instance.
static BUFFERS: Slab<Vec<u8>> = Slab::new();

/// How many bytes there are in all instances.
static TOTAL_BYTES: Mutex<usize> = Mutex::new(0);

const SELF: Param = Param::Null("self");
const OFFSET: Param = Param::Number("offset", 0.0);
const VALUE: Param = Param::Number("value", 0.0);

const METHODS: &[Row] = &[
    row("len", &[SELF], len),
    row("resize", &[SELF, Param::Number("bytes", 32.0)], resize),
    row("byte", &[SELF, OFFSET], get::<u8>),
    row("setByte", &[SELF, OFFSET, VALUE], put::<u8>),
    row("sbyte", &[SELF, OFFSET], get::<i8>),
    row("setSbyte", &[SELF, OFFSET, VALUE], put::<i8>),
    row("ushort", &[SELF, OFFSET], get::<u16>),
    row("setUshort", &[SELF, OFFSET, VALUE], put::<u16>),
    row("short", &[SELF, OFFSET], get::<i16>),
    row("setShort", &[SELF, OFFSET, VALUE], put::<i16>),
    row("uint", &[SELF, OFFSET], get::<u32>),
    row("setUint", &[SELF, OFFSET, VALUE], put::<u32>),
    row("int", &[SELF, OFFSET], get::<i32>),
    row("setInt", &[SELF, OFFSET, VALUE], put::<i32>),
    row("float", &[SELF, OFFSET], get::<f32>),
    row("setFloat", &[SELF, OFFSET, VALUE], put::<f32>),
    row("double", &[SELF, OFFSET], get::<f64>),
    row("setDouble", &[SELF, OFFSET, VALUE], put::<f64>),
    row("utf8", &[SELF, OFFSET, Param::Number("bytes", -1.0)], utf8),
    row("setUtf8", &[SELF, OFFSET, Param::Text("value", "")], set_utf8),
];

/// The map `RawData`.
pub(super) fn class(context: &mut Context<'_>, shell: &Arc<Shell>) -> NativeResult {
    shell.raw_class.map(context, |context| {
        let class = map_of(context, shell, METHODS)?;
        set(context, &class, "littleEndian", true)?;
        Ok(class)
    })
}

/// A new instance with these bytes.
///
/// # Errors
///
/// When memory is refused.
pub(super) fn from_bytes(
    context: &mut Context<'_>,
    shell: &Arc<Shell>,
    bytes: Vec<u8>,
) -> NativeResult {
    account(shell, 0, bytes.len())?;
    let class = class(context, shell)?;
    let instance = context.new_map()?;
    set(context, &instance, "__isa", class)?;
    let object = context.new_object(&RAW_TYPE, BUFFERS.insert(bytes), None, 0)?;
    set(context, &instance, "_handle", Data::Object(object))?;
    Ok(Data::Map(instance))
}

/// The bytes of argument `index`; `None` when it is no `RawData`. An instance is known by what it
/// hides, or before its first `resize` by what it inherits.
///
/// # Errors
///
/// When memory is refused.
pub(super) fn bytes_of(
    context: &mut Context<'_>,
    _: &Arc<Shell>,
    index: usize,
) -> Result<Option<Vec<u8>>, NativeError> {
    if let Some(number) = hidden(context, index, RAW_TAG)? {
        return Ok(BUFFERS.with(number, |bytes| bytes.clone()));
    }
    match context.value(index)? {
        Data::Map(map) => Ok(member(context, &map, "littleEndian")?.map(|_| Vec::new())),
        _ => Ok(None),
    }
}

fn release(number: usize) {
    if let Some(bytes) = BUFFERS.remove(number) {
        *lock(&TOTAL_BYTES) -= bytes.len();
    }
}

/// Counts a change of size.
///
/// # Errors
///
/// When there would be more bytes than allowed.
fn account(shell: &Shell, old: usize, new: usize) -> Result<(), NativeError> {
    let mut total = lock(&TOTAL_BYTES);
    let after = (*total - old).saturating_add(new);
    if new > old && after > shell.raw_bytes_max {
        return Err(Error::new(ErrorKind::Limit, error::text::OUT_OF_MEMORY).into());
    }
    *total = after;
    Ok(())
}

fn len(context: &mut Context<'_>, _: &Arc<Shell>) -> NativeResult {
    let length =
        hidden(context, 0, RAW_TAG)?.and_then(|number| BUFFERS.with(number, |bytes| bytes.len()));
    // Lengths are below 2^53.
    #[allow(clippy::cast_precision_loss)]
    Ok(Data::Number(length.unwrap_or(0) as f64))
}

fn resize(context: &mut Context<'_>, shell: &Arc<Shell>) -> NativeResult {
    let Ok(size) = usize::try_from(context.int(1)) else {
        return Err(NativeError::message("bytes parameter must be >= 0"));
    };
    let Data::Map(instance) = context.value(0)? else {
        return Ok(Data::Null);
    };
    let number = hidden(context, 0, RAW_TAG)?;
    let old = number.and_then(|number| BUFFERS.with(number, |bytes| bytes.len())).unwrap_or(0);
    account(shell, old, size)?;
    context.charge_bytes(size.saturating_sub(old));
    match number {
        Some(number) => _ = BUFFERS.with(number, |bytes| bytes.resize(size, 0)),
        None => {
            let object = context.new_object(&RAW_TYPE, BUFFERS.insert(vec![0; size]), None, 0)?;
            set(context, &instance, "_handle", Data::Object(object))?;
        }
    }
    Ok(Data::Null)
}

/// A number as bytes.
trait Scalar: Sized {
    /// How many.
    const SIZE: usize;
    /// From bytes; as many as `SIZE`.
    fn read(bytes: &[u8], little_endian: bool) -> f64;
    /// To bytes; as many as `SIZE`.
    fn write(value: f64, little_endian: bool, bytes: &mut [u8]);
}

macro_rules! scalar {
    ($($type:ty: $from:expr;)*) => {$(
        impl Scalar for $type {
            const SIZE: usize = size_of::<$type>();

            fn read(bytes: &[u8], little_endian: bool) -> f64 {
                let Ok(bytes) = bytes.try_into() else { return 0.0 };
                f64::from(match little_endian {
                    true => <$type>::from_le_bytes(bytes),
                    false => <$type>::from_be_bytes(bytes),
                })
            }

            fn write(value: f64, little_endian: bool, bytes: &mut [u8]) {
                let convert: fn(f64) -> $type = $from;
                let value = convert(value);
                bytes.copy_from_slice(&match little_endian {
                    true => value.to_le_bytes(),
                    false => value.to_be_bytes(),
                });
            }
        }
    )*};
}

// Casting to a narrower type keeps the low bits, or gives the nearest float: that is what is
// wanted.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
mod scalars {
    use super::Scalar;

    scalar! {
        u8: |x| low_bits(x) as u8;
        i8: |x| low_bits(x) as i8;
        u16: |x| low_bits(x) as u16;
        i16: |x| low_bits(x) as i16;
        u32: |x| low_bits(x) as u32;
        i32: |x| low_bits(x) as i32;
        f32: |x| x as f32;
        f64: |x| x;
    }

    /// The low 64 bits of the integer part, in two's complement; 0 for what is no number.
    pub(super) fn low_bits(x: f64) -> u64 {
        const MODULUS: f64 = 18_446_744_073_709_551_616.0;
        let rest = x.trunc() % MODULUS;
        if rest < 0.0 { ((-rest) as u64).wrapping_neg() } else { rest as u64 }
    }
}

/// Where an access lies. Negative offsets count from the end.
fn place(bytes: &[u8], offset: i32, size: usize) -> Option<std::ops::Range<usize>> {
    let distance = usize::try_from(offset.unsigned_abs()).ok()?;
    let start = if offset < 0 { bytes.len().checked_sub(distance)? } else { distance };
    let end = start.checked_add(size)?;
    (end <= bytes.len()).then_some(start..end)
}

fn out_of_range() -> NativeError {
    NativeError::message("Index Error (index out of range)")
}

fn is_little_endian(context: &mut Context<'_>) -> Result<bool, NativeError> {
    let Data::Map(instance) = context.value(0)? else {
        return Ok(true);
    };
    match member(context, &instance, "littleEndian")? {
        Some(Data::Number(x)) => Ok(x != 0.0),
        Some(Data::Null) => Ok(false),
        _ => Ok(true),
    }
}

fn get<T: Scalar>(context: &mut Context<'_>, _: &Arc<Shell>) -> NativeResult {
    let little_endian = T::SIZE == 1 || is_little_endian(context)?;
    let offset = context.int(1);
    let number = hidden(context, 0, RAW_TAG)?.ok_or_else(out_of_range)?;
    let read =
        |bytes: &mut Vec<u8>| Some(T::read(&bytes[place(bytes, offset, T::SIZE)?], little_endian));
    match BUFFERS.with(number, read).flatten() {
        Some(x) => Ok(Data::Number(x)),
        None => Err(out_of_range()),
    }
}

fn put<T: Scalar>(context: &mut Context<'_>, _: &Arc<Shell>) -> NativeResult {
    let little_endian = T::SIZE == 1 || is_little_endian(context)?;
    let (offset, value) = (context.int(1), context.number(2));
    let number = hidden(context, 0, RAW_TAG)?.ok_or_else(out_of_range)?;
    let write = |bytes: &mut Vec<u8>| {
        let place = place(bytes, offset, T::SIZE)?;
        T::write(value, little_endian, &mut bytes[place]);
        Some(())
    };
    match BUFFERS.with(number, write).flatten() {
        Some(()) => Ok(Data::Null),
        None => Err(out_of_range()),
    }
}

/// A part as text, or the rest; null when it is out of range. What is not UTF-8 is replaced.
fn utf8(context: &mut Context<'_>, _: &Arc<Shell>) -> NativeResult {
    let (offset, count) = (context.int(1), context.int(2));
    let Some(number) = hidden(context, 0, RAW_TAG)? else {
        return Ok(Data::Null);
    };
    let text = BUFFERS.with(number, |bytes| {
        let start = place(bytes, offset, 0)?.start;
        let end = match usize::try_from(count) {
            Ok(count) => place(&bytes[start..], 0, count)?.end + start,
            Err(_) => bytes.len(),
        };
        Some(String::from_utf8_lossy(&bytes[start..end]).into_owned())
    });
    Ok(text.flatten().map_or(Data::Null, Data::Text))
}

/// Writes as much of a text as there is room for; returns the number of bytes.
fn set_utf8(context: &mut Context<'_>, _: &Arc<Shell>) -> NativeResult {
    let (offset, text) = (context.int(1), context.text_arg(2)?);
    let number = hidden(context, 0, RAW_TAG)?.ok_or_else(out_of_range)?;
    let write = |bytes: &mut Vec<u8>| {
        let start = place(bytes, offset, 0)?.start;
        let count = text.len().min(bytes.len() - start);
        bytes[start..start + count].copy_from_slice(&text.as_bytes()[..count]);
        Some(count)
    };
    match BUFFERS.with(number, write).flatten() {
        // Counts are below 2^53.
        #[allow(clippy::cast_precision_loss)]
        Some(count) => Ok(Data::Number(count as f64)),
        None => Err(out_of_range()),
    }
}

#[cfg(test)]
mod tests {
    use super::scalars::low_bits;
    use super::*;

    #[test]
    fn integers_keep_their_low_bits() {
        fn stored<T: Scalar>(x: f64) -> f64 {
            let mut bytes = [0; 8];
            T::write(x, true, &mut bytes[..T::SIZE]);
            T::read(&bytes[..T::SIZE], true)
        }
        assert_eq!(stored::<u8>(300.0), 44.0);
        assert_eq!(stored::<u8>(-1.0), 255.0);
        assert_eq!(stored::<i8>(200.0), -56.0);
        assert_eq!(stored::<u16>(70000.0), 4464.0);
        assert_eq!(stored::<i16>(40000.0), -25536.0);
        assert_eq!(stored::<u32>(-1.0), 4_294_967_295.0);
        assert_eq!(stored::<u32>(1e10), 1_410_065_408.0);
        assert_eq!(stored::<i32>(-2.7), -2.0);
        assert_eq!(stored::<i32>(1e10), 1_410_065_408.0);
        assert_eq!(stored::<f32>(1e300), f64::INFINITY);
        assert_eq!((low_bits(f64::NAN), low_bits(f64::INFINITY), low_bits(-0.5)), (0, 0, 0));
    }

    #[test]
    fn places() {
        let bytes = [0; 4];
        for (offset, size, expected) in [
            (0, 4, Some(0..4)),
            (0, 5, None),
            (-1, 1, Some(3..4)),
            (-4, 4, Some(0..4)),
            (-5, 1, None),
            (4, 0, Some(4..4)),
            (i32::MIN, 1, None),
        ] {
            assert_eq!(place(&bytes, offset, size), expected, "{offset} {size}");
        }
    }
}
