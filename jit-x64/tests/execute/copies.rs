//! Copies between registers and spill slots.

use crate::support::build::{Build, copy, s, w, x};
use crate::support::machine::Machine;
use brisk_jit::lir::Place;
use brisk_jit::op::{Address, Op};

/// A value travels along a list of places.
fn travels(places: &[Place]) {
    let mut build = Build::new();
    build.op(Op::Word(0x1234_5678_9ABC_DEF0), &[], Some(w(0)));
    let moves: Vec<_> = places.windows(2).map(|pair| copy(pair[0], pair[1])).collect();
    build.after(&moves);
    build.op(Op::Return, &[w(0)], None);
    build.before(&[copy(*places.last().expect("a journey has an end"), w(0))]);
    build.end(&[]);
    assert_eq!(Machine::new().result(&build), 0x1234_5678_9ABC_DEF0, "{places:?}");
}

#[test]
fn copies_go_everywhere() {
    travels(&[w(0), w(10), w(5), w(11), w(8)]);
    travels(&[w(0), x(0), x(14), x(15), x(3)]);
    travels(&[w(0), s(0), w(9), s(1), x(2), s(499), x(9)]);
    travels(&[w(0), s(0), s(1), s(300), s(2)]);
    travels(&[w(0), s(3), s(3), w(4 + 4)]);
}

/// A copy between spill slots touches no register, not even the scratch ones.
#[test]
fn spills_are_copied_beside_a_cycle() {
    let mut build = Build::new();
    build.op(Op::Word(1), &[], Some(w(1)));
    build.op(Op::Word(2), &[], Some(w(2)));
    build.op(Op::Word(3), &[], Some(w(8)));
    build.after(&[
        copy(w(8), s(0)),
        copy(w(1), w(11)),
        copy(s(0), s(1)),
        copy(w(2), w(1)),
        copy(w(11), w(2)),
    ]);
    build.op(Op::Store(Address::slot(0)), &[w(1)], None);
    build.op(Op::Store(Address::slot(1)), &[w(2)], None);
    build.op(Op::Return, &[w(0)], None).before(&[copy(s(1), w(0))]);
    build.end(&[]);
    let mut machine = Machine::new();
    assert_eq!(machine.result(&build), 3);
    assert_eq!((machine.get(0), machine.get(1)), (2, 1));
}
