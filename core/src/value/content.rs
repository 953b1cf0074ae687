//! Equality and hash by content, for lists and maps that may contain themselves (spec §8).
//!
//! Small comparisons recurse; after a bounded number of steps the comparison starts again with a
//! union-find over the containers met: two containers under comparison are put in one class, and a
//! pair already in one class is not looked at again (Hopcroft and Karp's test of equivalence). So
//! it ends on cycles, in nearly linear time. Keys that are containers are compared each on its own,
//! because a key that differs only leads on to the next one; no pair of them twice. Nor are two long
//! texts, however often both sides hold them.
//!
//! The time is noted as work (`Shapes::note_work`).

use super::object::{Gc, Map};
use super::shape::Shapes;
use super::store::Store;
use super::value::Value;
use super::{math, string};
use alloc::vec::Vec;
use hashbrown::{HashMap, HashSet};

/// Steps a plain recursive comparison may take.
const QUICK_STEPS: u32 = 500;
/// Depth a plain recursive comparison may reach.
const QUICK_DEPTH: u32 = 40;
/// Levels of containers as keys of containers as keys that are compared by content, below the first:
/// bounds the recursion. Deeper ones are the same key only if they are the same object.
const KEY_NESTING_MAX: u32 = 32;
/// Values that the hash of a key looks at on one level, and how many levels.
const KEY_HASH_WIDTH: usize = 4096;
const KEY_HASH_DEPTH: u32 = 8;
/// Steps of work that comparing or hashing an entry of a map is; an element of a list is one.
const STEPS_ENTRY: usize = 4;
/// Steps of work that remembering a container is.
const STEPS_REMEMBER: usize = 8;
/// Steps that comparing two texts takes, from which on it is remembered that they are equal.
const STEPS_LONG_TEXT: usize = 4 * STEPS_REMEMBER;
/// Bytes of text that are compared in a step of work.
const BYTES_PER_STEP: usize = 8;

/// A table by address.
pub(super) type Addresses<V> = HashMap<u64, V, BuildMix>;

/// Hashes addresses.
#[derive(Clone, Copy, Default)]
pub struct BuildMix;

/// See [`BuildMix`].
#[derive(Default)]
pub struct Mix(u64);

impl core::hash::BuildHasher for BuildMix {
    type Hasher = Mix;
    fn build_hasher(&self) -> Mix {
        Mix(0)
    }
}

impl core::hash::Hasher for Mix {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }
    fn write_u64(&mut self, x: u64) {
        let mixed = (self.0 ^ x).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 = mixed ^ (mixed >> 32);
    }
}

/// Whether two values are equal in the sense of `==` on values of any type.
#[inline]
pub fn equal(shapes: &Shapes, a: Value, b: Value) -> bool {
    plain(shapes, a, b).unwrap_or_else(|| containers_equal(shapes, a, b))
}

/// Whether two strings have the same text.
#[inline]
pub fn texts_equal(shapes: &Shapes, a: Value, b: Value) -> bool {
    note_comparison(shapes, a, b);
    Store::str_equal(a, b)
}

/// Notes the work of comparing the texts of two strings.
#[inline]
pub fn note_comparison(shapes: &Shapes, a: Value, b: Value) {
    shapes.note_work(text_steps(a, b));
}

/// Steps of work that comparing the texts of two strings is at most.
#[inline]
fn text_steps(a: Value, b: Value) -> usize {
    match (a.as_str(), b.as_str()) {
        (Some(x), Some(y)) => x.bytes().len().min(y.bytes().len()) / BYTES_PER_STEP,
        _ => 0,
    }
}

/// Whether two normalized keys are the same key.
#[inline]
pub fn keys_equal(shapes: &Shapes, a: Value, b: Value) -> bool {
    is_container(a) && equal(shapes, a, b)
}

fn is_container(v: Value) -> bool {
    v.as_list().is_some() || v.as_map().is_some()
}

/// Whether two values are equal; `None` when that depends on what two containers hold.
#[inline]
fn plain(shapes: &Shapes, a: Value, b: Value) -> Option<bool> {
    if let (Some(x), Some(y)) = (a.as_number(), b.as_number()) {
        return Some(x == y);
    }
    if a == b {
        return Some(true);
    }
    if a.as_str().is_some() {
        return Some(texts_equal(shapes, a, b));
    }
    if is_container(a) && is_container(b) { None } else { Some(false) }
}

fn containers_equal(shapes: &Shapes, a: Value, b: Value) -> bool {
    let mut quick = Quick { shapes, steps: QUICK_STEPS };
    let equal = quick.equal(a, b, QUICK_DEPTH);
    shapes.note_work((QUICK_STEPS - quick.steps) as usize);
    equal.unwrap_or_else(|| {
        let keys = HashMap::with_hasher(BuildMix);
        Thorough { shapes, keys, texts: HashMap::with_hasher(BuildMix) }.equal(a, b, 0)
    })
}

/// A plain recursive comparison. Its functions give `None` when it would take too long.
struct Quick<'a> {
    shapes: &'a Shapes,
    /// Steps it may still take.
    steps: u32,
}

impl Quick<'_> {
    fn equal(&mut self, a: Value, b: Value, depth: u32) -> Option<bool> {
        if a.as_str().is_some() && a != b {
            self.steps = self.steps.checked_sub(u32::try_from(text_steps(a, b)).ok()?)?;
            return Some(Store::str_equal(a, b));
        }
        if let Some(result) = plain(self.shapes, a, b) {
            return Some(result);
        }
        let depth = depth.checked_sub(1)?;
        if let (Some(x), Some(y)) = (a.as_list(), b.as_list()) {
            if x.len() != y.len() {
                return Some(false);
            }
            for i in 0..x.len() {
                self.steps = self.steps.checked_sub(1)?;
                if !self.equal(x.get(i)?, y.get(i)?, depth)? {
                    return Some(false);
                }
            }
            return Some(true);
        }
        let (Some(x), Some(y)) = (a.as_map(), b.as_map()) else { return Some(false) };
        if x.len_in(self.shapes) != y.len_in(self.shapes) {
            return Some(false);
        }
        let mut at = 0;
        while let Some((key, value, next)) = x.next_entry(self.shapes, at) {
            at = next;
            self.steps = self.steps.checked_sub(1)?;
            self.shapes.note_work(STEPS_ENTRY - 1);
            let Some(other) = self.entry(y, key, depth)? else { return Some(false) };
            if !self.equal(value, other, depth)? {
                return Some(false);
            }
        }
        Some(true)
    }

    /// The value under a key. Keys that are containers count as steps too: left to themselves, keys
    /// of keys would recurse without an end.
    fn entry(&mut self, map: Gc<Map>, key: Value, depth: u32) -> Option<Option<Value>> {
        let shapes = self.shapes;
        if !is_container(key) {
            return Some(map.get_own(shapes, key));
        }
        let mut gave_up = false;
        let found = map.get_same(shapes, key, &mut |other| {
            let same = self.steps.checked_sub(1).and_then(|steps| {
                self.steps = steps;
                self.equal(other, key, depth)
            });
            gave_up |= same.is_none();
            same.unwrap_or(true)
        });
        if gave_up { None } else { Some(found) }
    }
}

/// A comparison that ends on every graph.
struct Thorough<'a> {
    shapes: &'a Shapes,
    /// Pairs of containers that were compared as keys: keys of keys would otherwise be compared
    /// again and again. A pair that is being compared counts as equal.
    keys: HashMap<(u64, u64), bool, BuildMix>,
    /// Classes of long texts that are equal.
    texts: Addresses<u64>,
}

impl Thorough<'_> {
    /// `nesting` counts the keys around: keys of keys of keys.
    fn equal(&mut self, a: Value, b: Value, nesting: u32) -> bool {
        let mut classes: Addresses<u64> = HashMap::with_hasher(BuildMix);
        let mut pending = alloc::vec![(a, b)];
        while let Some((a, b)) = pending.pop() {
            let (x, y) = (class_of(&mut classes, address(a)), class_of(&mut classes, address(b)));
            if x == y {
                continue;
            }
            self.shapes.note_work(STEPS_REMEMBER);
            classes.insert(x, y);
            if !self.children(a, b, nesting, &mut pending) {
                return false;
            }
        }
        true
    }

    /// Compares what two containers hold; what are containers again, are left in `pending`.
    fn children(
        &mut self,
        a: Value,
        b: Value,
        nesting: u32,
        pending: &mut Vec<(Value, Value)>,
    ) -> bool {
        if let (Some(x), Some(y)) = (a.as_list(), b.as_list()) {
            let mut pairs = x.as_slice().iter().zip(y.as_slice());
            return x.len() == y.len() && pairs.all(|(&x, &y)| self.child(x, y, pending));
        }
        let (Some(x), Some(y)) = (a.as_map(), b.as_map()) else { return false };
        if x.len_in(self.shapes) != y.len_in(self.shapes) {
            return false;
        }
        let mut at = 0;
        while let Some((key, value, next)) = x.next_entry(self.shapes, at) {
            at = next;
            self.shapes.note_work(STEPS_ENTRY - 1);
            match self.entry(y, key, nesting) {
                Some(other) if self.child(value, other, pending) => {}
                _ => return false,
            }
        }
        true
    }

    fn child(&mut self, a: Value, b: Value, pending: &mut Vec<(Value, Value)>) -> bool {
        self.shapes.note_work(1);
        if text_steps(a, b) >= STEPS_LONG_TEXT {
            return self.long_texts_equal(a, b);
        }
        plain(self.shapes, a, b).unwrap_or_else(|| {
            pending.push((a, b));
            true
        })
    }

    fn long_texts_equal(&mut self, a: Value, b: Value) -> bool {
        self.shapes.note_work(STEPS_REMEMBER);
        let texts = &mut self.texts;
        let (x, y) = (class_of(texts, address(a)), class_of(texts, address(b)));
        if x == y {
            return true;
        }
        let equal = texts_equal(self.shapes, a, b);
        if equal {
            texts.insert(x, y);
        }
        equal
    }

    fn entry(&mut self, map: Gc<Map>, key: Value, nesting: u32) -> Option<Value> {
        let shapes = self.shapes;
        if !is_container(key) {
            return map.get_own(shapes, key);
        }
        map.get_same(shapes, key, &mut |other| self.same_key(other, key, nesting))
    }

    fn same_key(&mut self, a: Value, b: Value, nesting: u32) -> bool {
        if let Some(result) = plain(self.shapes, a, b) {
            return result;
        }
        if nesting == KEY_NESTING_MAX {
            return false;
        }
        let pair = (address(a), address(b));
        if let Some(&known) = self.keys.get(&pair) {
            return known;
        }
        self.shapes.note_work(STEPS_REMEMBER);
        self.keys.insert(pair, true);
        let result = self.equal(a, b, nesting + 1);
        self.keys.insert(pair, result);
        result
    }
}

fn class_of(classes: &mut Addresses<u64>, mut address: u64) -> u64 {
    while let Some(&parent) = classes.get(&address) {
        if parent == address {
            break;
        }
        let grandparent = classes.get(&parent).copied().unwrap_or(parent);
        classes.insert(address, grandparent);
        address = parent;
    }
    address
}

fn address(v: Value) -> u64 {
    v.bits() << 16 >> 16
}

/// Hash of a key that is neither number nor string: equal keys hash equally.
///
/// Not the [`hash`] that scripts see, for which `0.25` and `0.5`, or any two lists as values of a map,
/// are alike: maps with such keys would search all of them.
pub fn key_hash(shapes: &Shapes, key: Value) -> u32 {
    key_hash_at(shapes, key, KEY_HASH_WIDTH, KEY_HASH_DEPTH)
}

/// The `width` is shared among the elements of a container, by their number alone, because the
/// entries of equal maps may be in another order.
fn key_hash_at(shapes: &Shapes, v: Value, width: usize, depth: u32) -> u32 {
    const FACTOR: u32 = 0x9E37_79B1;
    shapes.note_work(1);
    if let Some(list) = v.as_list() {
        let count = list.len();
        let mut hash = math::hash_int(count as u32);
        if depth > 0 {
            for &element in list.as_slice().iter().take(width) {
                let part = key_hash_at(shapes, element, width / count, depth - 1);
                hash = (hash.rotate_left(5) ^ part).wrapping_mul(FACTOR);
            }
        }
        return hash;
    }
    let Some(map) = v.as_map() else { return hash_exact(shapes, v) };
    let count = map.len_in(shapes);
    let mut sum = math::hash_int(!count as u32);
    if depth > 0 && count <= width {
        let mut at = 0;
        while let Some((key, value, next)) = map.next_entry(shapes, at) {
            at = next;
            let [key, value] =
                [key, value].map(|part| key_hash_at(shapes, part, width / count, depth - 1));
            sum = sum.wrapping_add((key.rotate_left(16) ^ value).wrapping_mul(FACTOR));
        }
    }
    sum
}

/// Hash of what is no container. Numbers that differ hash differently, mostly; -0 hashes as 0.
fn hash_exact(shapes: &Shapes, v: Value) -> u32 {
    match v.as_number() {
        Some(x) => {
            let mixed = (x + 0.0).to_bits().wrapping_mul(0x9E37_79B9_7F4A_7C15);
            (mixed >> 32) as u32 ^ mixed as u32
        }
        None => hash_scalar(shapes, v).unwrap_or(0),
    }
}

/// Hash of a value by content: equal values hash equally (spec, Appendix B; functions by address).
pub fn hash(shapes: &Shapes, v: Value) -> u32 {
    if let Some(h) = hash_scalar(shapes, v) {
        return h;
    }
    let mut visited: HashSet<u64, BuildMix> = HashSet::with_hasher(BuildMix);
    let mut pending = alloc::vec![v];
    let mut result = 0_u32;
    while let Some(item) = pending.pop() {
        shapes.note_work(1);
        let part = match hash_scalar(shapes, item) {
            Some(h) => h,
            None => {
                // Every visit counts, but only the first one is followed; the order of a map's
                // entries must not matter, so only their number is hashed, with the keys' sum.
                let first = visited.insert(address(item));
                shapes.note_work(STEPS_REMEMBER);
                if let Some(list) = item.as_list() {
                    if first {
                        pending.extend(list.as_slice().iter().rev());
                    }
                    math::hash_int(list.len() as u32)
                } else {
                    item.as_map().map_or(0, |m| hash_map_keys(shapes, m))
                }
            }
        };
        result = result.rotate_right(1) ^ part;
    }
    result
}

fn hash_map_keys(shapes: &Shapes, map: Gc<Map>) -> u32 {
    let mut sum = math::hash_int(map.len_in(shapes) as u32);
    let mut at = 0;
    while let Some((key, value, next)) = map.next_entry(shapes, at) {
        at = next;
        shapes.note_work(STEPS_ENTRY);
        let key = hash_scalar(shapes, key).unwrap_or(7);
        let pair = key.rotate_left(5) ^ hash_scalar(shapes, value).unwrap_or(3);
        sum = sum.wrapping_add(pair);
    }
    sum
}

fn hash_scalar(shapes: &Shapes, v: Value) -> Option<u32> {
    if let Some(x) = v.as_number() {
        return Some(math::hash_number(x));
    }
    if let Some(text) = v.text() {
        return Some(match text {
            string::Text::Heap(s) => s.hash_in(shapes),
            short => math::hash_string(short.bytes()),
        });
    }
    if is_container(v) {
        return None;
    }
    if let Some(function) = v.as_func() {
        // Not the address: hashes are the same in every run.
        return Some(math::hash_int(function.serial.get() as u32 ^ 0x5CA1_AB1E));
    }
    if let Some(object) = v.as_native() {
        return Some(math::hash_int(object.serial() ^ 0x0B1E_C700));
    }
    Some(0)
}
