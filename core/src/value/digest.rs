//! One number for the state of a machine: equal for equal states, on every platform, in every build.
//!
//! For hosts that run the same program in several places and must notice when the places part. What
//! is hashed, in this order, each part behind a byte that says what it is:
//!
//! 1. the state of the random numbers;
//! 2. the variables: how many, and in their order key and value of each;
//! 3. the maps of the types, as far as scripts changed them: number, string, list, map, function;
//! 4. every object that one of these led to, in the order in which it was first met, with what it
//!    holds, in order. That may lead to more objects, which come behind the others.
//!
//! A number counts by its bits, a string by its bytes, a list, map, function, environment or native
//! object by the number of objects that were met before it: so it matters whether two places hold the
//! same object or two equal ones, and cycles end. A function counts by its program (name and code),
//! its place in it, and the scope it captured; a native one by its name and parameters; a native object
//! by the tag of its type. Addresses, the form in which a map is kept, caches and machine code do not
//! count, nor does what a suspended program has in its registers.
//!
//! It takes about 20 bytes for each object and long string, and time in proportion to the values and
//! the bytes of all strings.

use super::code::Code;
use super::content::Addresses;
use super::globals::Globals;
use super::math::Rng;
use super::object::{Env, Func, Gc, List, Map};
use super::store::Store;
use super::value::{Type, Value};
use crate::bytecode::{Const, Program};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::hash::Hasher;
use hashbrown::hash_map::Entry;
use siphasher::sip::SipHasher13;

/// Changes when the same state gets another number.
const VERSION: u64 = 1;
/// Longer strings are hashed once, however many places hold them.
const REPEATED_BYTES_MAX: usize = 32;

/// What comes next. The numbers are part of the format.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Tag {
    Version = 1,
    Random = 2,
    Count = 3,
    Null = 4,
    Unassigned = 5,
    Number = 6,
    ShortText = 7,
    LongText = 8,
    Object = 9,
    List = 10,
    Map = 11,
    Globals = 12,
    Env = 13,
    Func = 14,
    NativeFunc = 15,
    Native = 16,
    Program = 17,
}

/// The number of a machine's state. `more` are the roots besides the variables.
pub fn digest(store: &Store, globals: &Globals, more: &[Value], rng: &Rng) -> u64 {
    let mut digest = Digest {
        store,
        hasher: SipHasher13::new(),
        objects: Vec::new(),
        numbers: Addresses::default(),
        texts: Addresses::default(),
        programs: Addresses::default(),
    };
    digest.put(Tag::Version, VERSION);
    for word in rng.state() {
        digest.put(Tag::Random, word);
    }
    digest.put(Tag::Count, globals.assigned() as u64);
    for cell in globals.cells().iter().filter(|cell| cell.is_assigned()) {
        digest.value(cell.key);
        digest.value(cell.value);
    }
    for &value in more {
        digest.value(value);
    }
    let mut at = 0;
    while let Some(&object) = digest.objects.get(at) {
        digest.object(object);
        at += 1;
    }
    digest.hasher.finish()
}

struct Digest<'a> {
    store: &'a Store,
    hasher: SipHasher13,
    /// Objects in the order in which they were met.
    objects: Vec<Value>,
    /// Their places in `objects`, by address.
    numbers: Addresses<usize>,
    /// Hashes of long strings, by address.
    texts: Addresses<u64>,
    /// Hashes of programs, by address.
    programs: Addresses<u64>,
}

impl Digest<'_> {
    fn put(&mut self, tag: Tag, payload: u64) {
        let mut bytes = [0; 9];
        bytes[0] = tag as u8;
        bytes[1..].copy_from_slice(&payload.to_le_bytes());
        self.hasher.write(&bytes);
    }

    fn text(&mut self, bytes: &[u8]) {
        self.put(Tag::ShortText, bytes.len() as u64);
        self.hasher.write(bytes);
    }

    fn value(&mut self, value: Value) {
        if value.is_number() {
            return self.put(Tag::Number, value.bits());
        }
        if value.is_unassigned() {
            return self.put(Tag::Unassigned, 0);
        }
        match value.type_of() {
            Type::Str => self.string(value),
            Type::Null | Type::Number => self.put(Tag::Null, 0),
            Type::List | Type::Map | Type::Func | Type::Object => self.reference(value),
        }
    }

    fn string(&mut self, value: Value) {
        let Some(text) = value.text() else { return };
        let bytes = text.bytes();
        if bytes.len() <= REPEATED_BYTES_MAX {
            return self.text(bytes);
        }
        let hash = *self.texts.entry(value.bits()).or_insert_with(|| {
            let mut hasher = SipHasher13::new();
            hasher.write(bytes);
            hasher.finish()
        });
        self.put(Tag::LongText, bytes.len() as u64);
        self.put(Tag::LongText, hash);
    }

    /// An object counts by its number; what it holds comes later.
    fn reference(&mut self, value: Value) {
        let next = self.objects.len();
        let number = match self.numbers.entry(value.bits()) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                self.objects.push(value);
                *new.insert(next)
            }
        };
        self.put(Tag::Object, number as u64);
    }

    fn object(&mut self, value: Value) {
        if let Some(list) = value.as_list() {
            self.list(list);
        } else if let Some(map) = value.as_map() {
            self.map(map);
        } else if let Some(func) = value.as_func() {
            self.func(func);
        } else if let Some(env) = value.as_env() {
            self.env(env);
        } else if let Some(object) = value.as_native() {
            self.put(Tag::Native, object.native_type().tag());
        }
    }

    fn list(&mut self, list: Gc<List>) {
        self.put(Tag::List, list.len() as u64);
        for &element in list.as_slice() {
            self.value(element);
        }
    }

    fn map(&mut self, map: Gc<Map>) {
        if map.is_globals() {
            // The variables came first.
            return self.put(Tag::Globals, 0);
        }
        let store = self.store;
        self.put(Tag::Map, store.map_len(map) as u64);
        let mut at = 0;
        while let Some((key, value, next)) = map.next_entry(&store.shapes, at) {
            at = next;
            self.value(key);
            self.value(value);
        }
    }

    fn env(&mut self, env: Gc<Env>) {
        self.put(Tag::Env, env.len() as u64);
        for &slot in env.as_slice() {
            self.value(slot);
        }
    }

    fn func(&mut self, func: Gc<Func>) {
        let code: &Code = func.code();
        match &code.program {
            Some((program, index)) => {
                let hash = self.program(program);
                self.put(Tag::Func, u64::from(*index));
                self.put(Tag::Program, hash);
            }
            None => {
                self.put(Tag::NativeFunc, code.params.len() as u64);
                self.text(code.name.as_bytes());
                for param in &code.params {
                    self.text(param.name.as_bytes());
                    self.value(param.default);
                }
            }
        }
        self.value(func.scope.get());
    }

    fn program(&mut self, program: &Arc<Program>) -> u64 {
        let address = Arc::as_ptr(program) as usize as u64;
        *self.programs.entry(address).or_insert_with(|| program_hash(program))
    }
}

/// A hash of what a program does; where its functions stand in the text does not count.
fn program_hash(program: &Program) -> u64 {
    let mut out = SipHasher13::new();
    feed(&mut out, program.name.as_deref().unwrap_or_default().as_bytes());
    feed_all(&mut out, program.names.iter().map(|name| name.as_bytes()));
    count(&mut out, program.protos.len());
    for proto in &program.protos {
        feed(&mut out, proto.name.as_bytes());
        count(&mut out, proto.params.len());
        for param in &proto.params {
            feed(&mut out, param.name.as_bytes());
            constant(&mut out, &param.default);
        }
        count(&mut out, proto.code.len());
        proto.code.iter().for_each(|word| out.write(&word.to_le_bytes()));
        count(&mut out, proto.consts.len());
        proto.consts.iter().for_each(|value| constant(&mut out, value));
        for keys in &proto.map_keys {
            count(&mut out, keys.len());
            keys.iter().for_each(|key| out.write(&key.to_le_bytes()));
        }
        count(&mut out, proto.children.len());
        proto.children.iter().for_each(|child| out.write(&child.to_le_bytes()));
        feed_all(&mut out, proto.env_names.iter().map(|name| name.as_bytes()));
    }
    out.finish()
}

fn count(out: &mut SipHasher13, count: usize) {
    out.write(&(count as u64).to_le_bytes());
}

fn feed(out: &mut SipHasher13, bytes: &[u8]) {
    count(out, bytes.len());
    out.write(bytes);
}

fn feed_all<'a>(out: &mut SipHasher13, all: impl ExactSizeIterator<Item = &'a [u8]>) {
    count(out, all.len());
    all.for_each(|bytes| feed(out, bytes));
}

fn constant(out: &mut SipHasher13, constant: &Const) {
    match constant {
        Const::Null => out.write(&[0]),
        Const::Number(x) => {
            out.write(&[1]);
            out.write(&x.to_bits().to_le_bytes());
        }
        Const::Str(text) => {
            out.write(&[2]);
            feed(out, text.as_bytes());
        }
    }
}
