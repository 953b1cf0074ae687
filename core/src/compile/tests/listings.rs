//! Listings of small programs: what the code looks like. Each is a promise about speed as much as
//! about meaning.
//!
//! When a listing changes on purpose, the failing test prints the new one.

use super::compiled;
use crate::bytecode::disassemble;
use std::string::String;
use std::vec::Vec;

/// Compares the listing of the functions inside a program, or of the main program when there are
/// none.
fn check(source: &str, expected: &str) {
    let listing = disassemble(&compiled(source));
    let inner = listing.find("\nfunction 1 ").map_or(0, |start| start + 1);
    let lines: Vec<&str> = listing[inner..].lines().map(str::trim_end).collect();
    let found = lines.join("\n");
    let expected: String = expected.trim().into();
    assert!(found == expected, "{source}\nfound:\n{found}\nexpected:\n{expected}");
}

/// Arguments are computed in place, and the window of the second call lies above the result of the
/// first.
#[test]
fn recursion() {
    check(
        r#"fib = function(n)
	if n < 2 then return n
	return fib(n-1) + fib(n-2)
end function"#,
        r#"
function 1 fib(n) registers 7
    0 L2    j_not_lt_k      r0 k0=2 → 3  ; cold 14
    1       eval            r1 r0
    2       return          r1
    3 L3    sub_k           r5 r0 k1=1  ; cold 17
    4       call_global     r1 r5 x=1 @fib
    7       sub_k           r6 r0 k0=2  ; cold 20
    8       call_global     r2 r6 x=1 @fib
   11       add             r1 r1 r2
   12       return          r1
   13 L4    return_null
   14 L2    eval            r1 r0
   15       j_not_lt_k      r1 k0=2 → 3
   16       jump            → 1
   17 L3    eval            r5 r0
   18       sub_k           r5 r5 k1=1
   19       jump            → 4
   20       eval            r6 r0
   21       sub_k           r6 r6 k0=2
   22       jump            → 8
"#,
    );
}

#[test]
fn a_loop_over_locals_has_no_moves() {
    check(
        r#"f = function
	s = 0
	i = 0
	while i < 10
		s = s + i * 2
		i = i + 1
	end while
	return s
end function"#,
        r#"
function 1 f() registers 3
    0 L2    load_k          r0 k0=0
    1 L3    load_k          r1 k0=0
    2 L4    j_not_lt_k      r1 k1=10 → 7
    3 L5    mul_k           r2 r1 k2=2
    4       add             r0 r0 r2
    5 L6    add_k           r1 r1 k3=1
    6 L4    loop_lt_k       r1 k1=10 → 3
    7 L8    return          r0
    8 L9    return_null
"#,
    );
}

#[test]
fn a_for_loop_counts_without_a_list() {
    check(
        r#"f = function(n)
	for i in range(1, n)
		if i == 3 then continue
		print i
	end for
end function"#,
        r#"
function 1 f(n) registers 11
    0 L2    load_k          r6 k0=1
    1       eval            r7 r0
    2       range_init      r2 r6 x=2 @range
    4       for_prep        r2 r1 → 11
    5 L3    j_eq_k          r1 k1=3 → 10  ; cold 12
    6 L4    eval            r10 r1
    7       call_global     r6 r10 x=1 @print
   10 L2    for_next        r2 r1 → 5
   11 L6    return_null
   12 L3    eval            r6 r1
   13       j_eq_k          r6 k1=3 → 10
   14       jump            → 6
"#,
    );
}

#[test]
fn a_visible_index() {
    check(
        r#"f = function(l)
	for x in l
		__x_idx += 1
	end for
end function"#,
        r#"
function 1 f(l) registers 7
    0 L2    eval            r3 r0
    1       load_k          r2 k0=-1
    2       add_k           r2 r2 k1=1
    3       iter_get        r1 r3 r2 → 7
    5 L3    add_k           r2 r2 k1=1
    6 L2    loop            → 2
    7 L5    return_null
"#,
    );
}

/// Nothing happens before the store, so the cold copy begins with the statement.
#[test]
fn elements_need_one_cold_copy() {
    check(
        r#"f = function(a, j)
	a[j] = a[j+1]
	a[j] += 1
end function"#,
        r#"
function 1 f(a, j) registers 6
    0 L2    add_k           r2 r1 k0=1  ; cold 7
    1       get_index       r2 r0 r2  ; cold 7
    2       set_index       r0 r1 r2  ; cold 7
    3 L3    get_index       r2 r0 r1  ; cold 15
    4       add_k           r2 r2 k0=1  ; cold 15
    5       set_index       r0 r1 r2
    6 L4    return_null
    7 L2    eval            r2 r0
    8       eval            r3 r1
    9       eval            r4 r0
   10       eval            r5 r1
   11       add_k           r5 r5 k0=1
   12       get_index       r4 r4 r5
   13       set_index       r2 r3 r4
   14       jump            → 3
   15 L3    eval            r2 r0
   16       eval            r3 r1
   17       get_index       r4 r2 r3
   18       eval            r5 r4
   19       add_k           r4 r5 k0=1
   20       set_index       r2 r3 r4
   21       jump            → 6
"#,
    );
}

/// `self` and `super` are where the call put them; only when they are missing is there more to do.
#[test]
fn methods() {
    check(
        r#"f = function(o)
	o.push 1, o.x
	self.y = self.x + 1
	super.f 2
	o.g
end function"#,
        r#"
function 1 f(o) registers 11 self
    0 L2    eval            r3 r0
    1       load_k          r9 k0=1
    2       get_prop        r10 r0 k1="x"  ; cold 32
    6       call_method     r3 r9 r3 x=2 k2="push"
   11 L3    get_prop        r3 r1 k1="x"  ; cold 38
   15       add_k           r3 r3 k0=1
   16       set_prop        r1 r3 k3="y"  ; cold 44
   20 L4    load_k          r8 k5=2
   21       call_super      r3 r8 r2 x=1 k4="f"  ; cold 50
   26 L5    call_method     r3 r8 r0 k6="g"  ; cold 58
   31 L6    return_null
   32 L2    eval            r10 r0
   33       get_prop        r10 r10 k1="x"
   37       jump            → 6
   38 L3    eval            r3 r1  ; else @self raw
   39       get_prop        r3 r3 k1="x"
   43       jump            → 15
   44       eval            r4 r1  ; else @self raw
   45       set_prop        r4 r3 k3="y"
   49       jump            → 20
   50 L4    eval            r10 r2  ; else @super raw
   51       eval            r9 r1  ; else @self raw
   52       call_super      r3 r8 r10 x=1 k4="f"
   57       jump            → 26
   58 L5    eval            r8 r0
   59       call_method     r3 r8 r8 k6="g"
   64       jump            → 31
"#,
    );
}

/// `n` is assigned, so it lives in the environment only; `k` is not captured.
#[test]
fn closures_share_an_environment() {
    check(
        r#"f = function(n, k)
	c = 0
	inc = function
		outer.c += n
		return c
	end function
	n = k
	return @inc
end function"#,
        r#"
function 1 f(n, k) registers 5 env=c,n
    0 L1    new_env         r3 #2
    1       set_env         r0 r3 #1
    2 L2    load_k          r4 k0=0
    3       set_env         r4 r3 #0
    4 L3    closure         r2 function 2 r3
    5 L7    eval            r4 r1
    6       set_env         r4 r3 #1
    7 L8    return          r2
    8 L9    return_null
function 2 inc() registers 2
    0 L4    get_up          r0 #1  ; else @n
    1       up_member       r1 #0 k0="c"
    3       add             r1 r1 r0
    4       set_up          r1 #0
    5 L5    get_up          r0 #0  ; else @c
    6       return          r0
    7 L6    return_null
"#,
    );
}

#[test]
fn locals_as_a_map() {
    check(
        r#"f = function(a)
	a = a + b
	a += 1
	return locals
end function"#,
        r#"
function 1 f(a) registers 6 self scope=r3
    0 L1    new_scope       r3
    1 L2    get_scope       r4 r3 x=2 k0="a" @a
    4       get_scope       r5 r3 k1="b" @b
    7       add             r4 r4 r5
    8       set_scope       r4 r3 k0="a"
   10 L3    check_scope     r3 k0="a"
   12       get_scope       r4 r3 k0="a" @a
   15       add_k           r4 r4 k2=1
   16       set_scope       r4 r3 k0="a"
   18 L4    move            r4 r3
   19       return          r4
   20 L5    return_null
"#,
    );
}

/// `b == "x" or a` is no boolean, since `a` may be 0.5; so `not` has to compute.
#[test]
fn conditions() {
    check(
        r#"f = function(a, b)
	if a < 1 and not (b == "x" or a) then print 1
	x = a and b
	y = 1 < a < b
end function"#,
        r#"
function 1 f(a, b) registers 9
    0 L2    j_not_lt_k      r0 k0=1 → 11  ; cold 21
    1       load_k          r4 k1="x"
    2       eq              r4 r1 r4  ; cold 24
    3       or_short        r4 → 5
    4       or              r4 r4 r0  ; cold 27
    5       not             r4 r4
    6       jump_if_not     r4 → 11
    7       load_k          r8 k0=1
    8       call_global     r4 r8 x=1 @print
   11 L3    eval            r2 r0
   12       and_short       r2 → 14
   13       and             r2 r2 r1  ; cold 30
   14 L4    load_k          r4 k0=1
   15       eval            r6 r0
   16       lt              r5 r4 r6
   17       eval            r7 r1
   18       lt              r8 r6 r7
   19       mul             r3 r5 r8
   20 L5    return_null
   21 L2    eval            r4 r0
   22       j_not_lt_k      r4 k0=1 → 11
   23       jump            → 1
   24       eval            r5 r1
   25       eq              r4 r5 r4
   26       jump            → 3
   27       eval            r5 r0
   28       or              r4 r4 r5
   29       jump            → 5
   30 L3    eval            r4 r1
   31       and             r2 r2 r4
   32       jump            → 14
"#,
    );
}

#[test]
fn a_variable_may_be_unassigned() {
    check(
        r#"f = function(c)
	if c then x = 1
	x = x + 1
	y += 1
	return x
end function"#,
        r#"
function 1 f(c) registers 4
    0 L1    load_unassigned r1 2
    1 L2    jump_if_not     r0 → 3  ; cold 8
    2       load_k          r1 k0=1
    3 L3    add_k           r1 r1 k0=1  ; cold 11
    4 L4    check_local     r2  ; else @y raw
    5       add_k           r2 r2 k0=1
    6 L5    return          r1
    7 L6    return_null
    8 L2    eval            r3 r0
    9       jump_if_not     r3 → 3
   10       jump            → 2
   11 L3    eval            r3 r1  ; else @x warn
   12       add_k           r1 r3 k0=1
   13       jump            → 4
"#,
    );
}

#[test]
fn main_program() {
    check(
        r#"x = 1
x += 2
x = x + y
for i in [1, x]
	print i
end for
m["f"]
return m.x
globals.z = -2 * 3"#,
        r#"
function 0 @main() registers 11
    0 L1    load_k          r0 k0=1
    1       set_global      r0 @x
    2 L2    check_global    @x
    3       get_global      r0 @x
    4       add_k           r0 r0 k1=2
    5       set_global      r0 @x
    6 L3    get_global      r0 @x x=1
    7       get_global      r1 @y
    8       add             r0 r0 r1
    9       set_global      r0 @x
   10 L4    load_k          r0 k0=1
   11       get_global      r1 @x
   12       new_list        r0 r0 2
   13       load_k          r4 k2=-1
   14       set_global      r4 @__i_idx
   15       get_global      r4 @__i_idx
   16       add_k           r4 r4 k0=1
   17       set_global      r4 @__i_idx
   18       iter_get        r5 r0 r4 → 26
   20       set_global      r5 @i
   21 L5    get_global      r10 @i
   22       call_global     r6 r10 x=1 @print
   25 L4    loop            → 15
   26 L7    get_global      r0 @m
   27       load_k          r1 k3="f"
   28       call_index      r0 r7 r0 [r1]
   30 L8    get_global      r0 @m
   31       get_prop        r0 r0 k4="x"
   35 L9    load_k          r0 k5=-6
   36       set_global      r0 @z
   37       return_null
"#,
    );
}

#[test]
fn literals() {
    check(
        r#"f = function(k)
	m = {"a": 1, "b": k}
	n = {"__isa": m, k: [1, k]}
	return {}
end function"#,
        r#"
function 1 f(k) registers 7
    0 L2    load_k          r3 k2=1
    1       eval            r4 r0
    2       new_map         r1 r3 #0 { k0="a" k1="b" }
    4 L3    new_map_empty   r3
    5       set_prop        r3 r1 k3="__isa"
    9       eval            r4 r0
   10       load_k          r5 k2=1
   11       eval            r6 r0
   12       new_list        r5 r5 2
   13       set_index       r3 r4 r5
   14       move            r2 r3
   15 L4    new_map_empty   r3
   16       return          r3
   17 L5    return_null
"#,
    );
}

#[test]
fn v1_run_time_errors() {
    check(
        r#"locals = 1
5 = x"#,
        r#"
function 0 @main() registers 1
    0 L1    load_k          r0 k0=1
    1       fail            k1="can't assign to locals"
    2 L2    get_global      r0 @x
    3       fail            k2="not an lvalue"
    4       return_null
"#,
    );
}
