//! The instruction set, stated once.
//!
//! Everything else is derived from this table: the [`Op`] numbers, operand kinds, sizes, printing,
//! verification, linking and both dispatch tables. A row that some consumer does not handle fails
//! to compile there.
//!
//! An instruction is one 64-bit word `op:8 x:8 a:16 b:16 c:16` (lowest bits first) and, for some,
//! extra words behind it. Registers are read before `a` is written. Jumps and pool references count
//! words from the word that holds them. Rows marked `quick` are specialized variants: the
//! interpreter writes them over hot sites; the compiler never emits them and the verifier refuses
//! them. `docs/BYTECODE.md` says how the pieces fit together.

/// Calls `$mac!` with every row: `Name handler text [a b c x] [extra words] class;`
///
/// Operand kinds: `Dst` and `Src` registers, `Pool` a pc-relative constant, `Jump` a pc-relative
/// target, `Name32` a global's index over `b` and `c`, `Jump32` and `Pool32` likewise, `Count`,
/// `Slot` and `Proto` plain numbers, `None` unused. `c` is `Hi` where `b` takes 32 bits. Extra
/// words: `Key` a constant used as a map key, `Name` the index of a global, `Cache` owned by the
/// interpreter (zero in a compiled program).
#[macro_export]
macro_rules! for_each_op {
    ($mac:ident) => { $mac! {
        /// Does nothing.
        Nop nop "nop" [None None None None] [] plain;
        /// `a = b`, as it is.
        Move mov "move" [Dst Src None None] [] plain;
        /// `a = ` the value of variable register `b` as an expression reads it: a function is
        /// called, an unassigned variable is looked up further out (side table `fallbacks`).
        Eval eval "eval" [Dst Src None None] [] plain;
        /// `a = constant`.
        LoadK load_k "load_k" [Dst Pool32 Hi None] [] plain;
        /// `a = null`.
        LoadNull load_null "load_null" [Dst None None None] [] plain;
        /// Marks registers `a .. a + b` as unassigned.
        LoadUnassigned load_unassigned "load_unassigned" [Dst Count None None] [] plain;

        /// `a = global`; a function is called. `x = 1`: warn when it is not a variable of the
        /// script (spec §12.6).
        GetGlobal get_global "get_global" [Dst Name32 Hi Count] [] plain;
        /// `a = global`, not called (`@name`).
        GetGlobalRaw get_global_raw "get_global_raw" [Dst Name32 Hi None] [] plain;
        /// `global = a`.
        SetGlobal set_global "set_global" [Src Name32 Hi None] [] plain;
        /// Fails with `Undefined Local Identifier` unless the global is assigned (top-level `x op=
        /// …`).
        CheckGlobal check_global "check_global" [None Name32 Hi None] [] plain;
        /// The same for the variable in register `a`; the name comes from `fallbacks`.
        CheckLocal check_local "check_local" [Src None None None] [] plain;
        /// `a = globals`, the map.
        LoadGlobals load_globals "load_globals" [Dst None None None] [] plain;

        /// `a = ` slot `b` of the environment this function captured; called when a function; when
        /// unassigned, looked up further out (`fallbacks`).
        GetUp get_up "get_up" [Dst Slot None None] [] plain;
        /// The same, not called.
        GetUpRaw get_up_raw "get_up_raw" [Dst Slot None None] [] plain;
        /// Slot `b` of the captured environment `= a` (`outer.name = …`).
        SetUp set_up "set_up" [Src Slot None None] [] plain;
        /// `a = outer.name` for slot `b`: called when a function; unassigned is a missing key. `x =
        /// 1`: not called.
        UpMember up_member "up_member" [Dst Slot None Count] [Key] plain;
        /// `a = ` a fresh environment of `b` unassigned slots.
        NewEnv new_env "new_env" [Dst Slot None None] [] plain;
        /// `a = ` slot `c` of the environment in register `b`, read as a variable (see `eval`).
        GetEnv get_env "get_env" [Dst Src Slot None] [] plain;
        /// The same, not called.
        GetEnvRaw get_env_raw "get_env_raw" [Dst Src Slot None] [] plain;
        /// Slot `c` of the environment in register `b` `= a`.
        SetEnv set_env "set_env" [Src Src Slot None] [] plain;

        /// `a = ` a map holding the parameters (and bound `self`, `super`): the scope of a function
        /// whose variables can be reached as a map (`locals`, `import`, `outer` as a value in an
        /// inner function).
        NewScope new_scope "new_scope" [Dst None None None] [] plain;
        /// `a = ` the variable `Key` seen from the scope map in register `b`: scope, captured
        /// environment or map, globals, intrinsics; called when a function. `x`: bit 0 not called,
        /// bit 1 warn when not in the scope.
        GetScope get_scope "get_scope" [Dst Src None Count] [Key Name] plain;
        /// The variable `Key` of the scope map in register `b` `= a`.
        SetScope set_scope "set_scope" [Src Src None None] [Key] plain;
        /// Fails with `Undefined Local Identifier` unless the scope map in register `a` has `Key`.
        CheckScope check_scope "check_scope" [Src None None None] [Key] plain;
        /// `a = ` the variable `Key` seen from a function that captured a scope map: that map,
        /// globals, intrinsics; called when a function. `x = 1`: not called.
        GetOuter get_outer "get_outer" [Dst None None Count] [Key Name] plain;
        /// `a = outer` as a map: the captured scope map, or the globals.
        LoadOuter load_outer "load_outer" [Dst None None None] [] plain;

        /// `a = b + c` (spec §7.1). `x` collects the operand types seen.
        Add add "add" [Dst Src Src None] [] plain;
        /// `a = b - c` (spec §7.2).
        Sub sub "sub" [Dst Src Src None] [] plain;
        /// `a = b * c` (spec §7.3).
        Mul mul "mul" [Dst Src Src None] [] plain;
        /// `a = b / c` (spec §7.4).
        Div div "div" [Dst Src Src None] [] plain;
        /// `a = b % c` (spec §7.5).
        Mod modulo "mod" [Dst Src Src None] [] plain;
        /// `a = b ^ c` (spec §7.6).
        Pow pow "pow" [Dst Src Src None] [] plain;
        /// `a = b + constant`; the constant is a number here and in the rows below.
        AddK add_k "add_k" [Dst Src Pool None] [] plain;
        /// `a = b - constant`.
        SubK sub_k "sub_k" [Dst Src Pool None] [] plain;
        /// `a = b * constant`.
        MulK mul_k "mul_k" [Dst Src Pool None] [] plain;
        /// `a = b / constant`.
        DivK div_k "div_k" [Dst Src Pool None] [] plain;
        /// `a = b % constant`.
        ModK mod_k "mod_k" [Dst Src Pool None] [] plain;
        /// `a = b ^ constant`.
        PowK pow_k "pow_k" [Dst Src Pool None] [] plain;
        /// `a = constant + c`.
        KAdd k_add "k_add" [Dst Pool Src None] [] plain;
        /// `a = constant - c`.
        KSub k_sub "k_sub" [Dst Pool Src None] [] plain;
        /// `a = constant * c`.
        KMul k_mul "k_mul" [Dst Pool Src None] [] plain;
        /// `a = constant / c`.
        KDiv k_div "k_div" [Dst Pool Src None] [] plain;
        /// `a = 0 - b`.
        Neg neg "neg" [Dst Src None None] [] plain;
        /// `a = not b` (spec §5.9).
        Not not "not" [Dst Src None None] [] plain;
        /// `a = b and c`, both evaluated.
        And and "and" [Dst Src Src None] [] plain;
        /// `a = b or c`, both evaluated.
        Or or "or" [Dst Src Src None] [] plain;
        /// `a = b < c` (spec §7.7).
        Lt lt "lt" [Dst Src Src None] [] plain;
        /// `a = b <= c`.
        Le le "le" [Dst Src Src None] [] plain;
        /// `a = b > c`.
        Gt gt "gt" [Dst Src Src None] [] plain;
        /// `a = b >= c`.
        Ge ge "ge" [Dst Src Src None] [] plain;
        /// `a = b == c` (spec §7.8, §8.1).
        Eq eq "eq" [Dst Src Src None] [] plain;
        /// `a = b != c`.
        Ne ne "ne" [Dst Src Src None] [] plain;
        /// `a = b isa c` (spec §14.6).
        Isa isa "isa" [Dst Src Src None] [] plain;
        /// `a = new b` (spec §14.5).
        New new "new" [Dst Src None None] [] plain;

        /// Goes to the target.
        Jump jump "jump" [None Jump32 Hi None] [] jump;
        /// Goes back to the target, paying fuel.
        Loop loop_back "loop" [None Jump32 Hi None] [] jump;
        /// Goes to `c` when `a` is true (spec §6).
        JumpIf jump_if "jump_if" [Src None Jump None] [] jump;
        /// Goes to `c` when `a` is false.
        JumpIfNot jump_if_not "jump_if_not" [Src None Jump None] [] jump;
        /// Short circuit of `and`: when `a` is false, `a = 0` and goes to `c`.
        AndShort and_short "and_short" [Src None Jump None] [] jump;
        /// Short circuit of `or`: when `a` is a number that truncates to non-zero, `a = 1` and goes
        /// to `c`.
        OrShort or_short "or_short" [Src None Jump None] [] jump;
        /// Goes to `c` when `a < b`; the rows below likewise.
        JLt j_lt "j_lt" [Src Src Jump None] [] jump;
        JLe j_le "j_le" [Src Src Jump None] [] jump;
        JGt j_gt "j_gt" [Src Src Jump None] [] jump;
        JGe j_ge "j_ge" [Src Src Jump None] [] jump;
        JEq j_eq "j_eq" [Src Src Jump None] [] jump;
        JNe j_ne "j_ne" [Src Src Jump None] [] jump;
        /// Goes to `c` unless `a < b` (a comparison that is null counts as false); the rows below
        /// likewise.
        JNotLt j_not_lt "j_not_lt" [Src Src Jump None] [] jump;
        JNotLe j_not_le "j_not_le" [Src Src Jump None] [] jump;
        JNotGt j_not_gt "j_not_gt" [Src Src Jump None] [] jump;
        JNotGe j_not_ge "j_not_ge" [Src Src Jump None] [] jump;
        JNotEq j_not_eq "j_not_eq" [Src Src Jump None] [] jump;
        JNotNe j_not_ne "j_not_ne" [Src Src Jump None] [] jump;
        /// The same with a constant on the right. Any constant for `==` and `!=`, a number for the
        /// rest.
        JLtK j_lt_k "j_lt_k" [Src Pool Jump None] [] jump;
        JLeK j_le_k "j_le_k" [Src Pool Jump None] [] jump;
        JGtK j_gt_k "j_gt_k" [Src Pool Jump None] [] jump;
        JGeK j_ge_k "j_ge_k" [Src Pool Jump None] [] jump;
        JEqK j_eq_k "j_eq_k" [Src Pool Jump None] [] jump;
        JNeK j_ne_k "j_ne_k" [Src Pool Jump None] [] jump;
        JNotLtK j_not_lt_k "j_not_lt_k" [Src Pool Jump None] [] jump;
        JNotLeK j_not_le_k "j_not_le_k" [Src Pool Jump None] [] jump;
        JNotGtK j_not_gt_k "j_not_gt_k" [Src Pool Jump None] [] jump;
        JNotGeK j_not_ge_k "j_not_ge_k" [Src Pool Jump None] [] jump;
        JNotEqK j_not_eq_k "j_not_eq_k" [Src Pool Jump None] [] jump;
        JNotNeK j_not_ne_k "j_not_ne_k" [Src Pool Jump None] [] jump;
        /// Bottom of a loop: pays fuel and goes back to `c` when `a < b`; the rows below likewise.
        LoopLt loop_lt "loop_lt" [Src Src Jump None] [] jump;
        LoopLe loop_le "loop_le" [Src Src Jump None] [] jump;
        LoopGt loop_gt "loop_gt" [Src Src Jump None] [] jump;
        LoopGe loop_ge "loop_ge" [Src Src Jump None] [] jump;
        LoopEq loop_eq "loop_eq" [Src Src Jump None] [] jump;
        LoopNe loop_ne "loop_ne" [Src Src Jump None] [] jump;
        LoopLtK loop_lt_k "loop_lt_k" [Src Pool Jump None] [] jump;
        LoopLeK loop_le_k "loop_le_k" [Src Pool Jump None] [] jump;
        LoopGtK loop_gt_k "loop_gt_k" [Src Pool Jump None] [] jump;
        LoopGeK loop_ge_k "loop_ge_k" [Src Pool Jump None] [] jump;
        LoopEqK loop_eq_k "loop_eq_k" [Src Pool Jump None] [] jump;
        LoopNeK loop_ne_k "loop_ne_k" [Src Pool Jump None] [] jump;
        /// Bottom of a loop: pays fuel and goes back to `c` when `a` is true.
        LoopIf loop_if "loop_if" [Src None Jump None] [] jump;

        /// When the global `Name` is the intrinsic `range` and the `x` arguments from register `b`
        /// make a counting range, `a .. a + 4` become its loop state; otherwise `a` becomes what
        /// the call returns.
        RangeInit range_init "range_init" [Dst Src None Count] [Name] plain;
        /// Starts a loop over the sequence in `a` (loop state `a .. a + 4`): `b = ` first element,
        /// or goes to `c`.
        ForPrep for_prep "for_prep" [Src Dst Jump None] [] jump;
        /// Next iteration: pays fuel, `b = ` next element and back to `c`, or goes on.
        ForNext for_next "for_next" [Src Dst Jump None] [] jump;
        /// `a = ` element `c` (a number) of the sequence in `b` (loop state `b .. b + 4`), or goes
        /// to `Target` when `c` is not below its length. For loops whose index is a variable the
        /// script can see (spec §15.3).
        IterGet iter_get "iter_get" [Dst Src Src None] [Target] jump;

        /// `a = c(…)` with `x` arguments from register `b`; the four registers below `b` are the
        /// frame header. A callee that is no function: its value when `x = 0`, else an error.
        Call call "call" [Dst Src Src Count] [] plain;
        /// The same with the callee in the global `Name`.
        CallGlobal call_global "call_global" [Dst Src None Count] [Name Cache] plain;
        /// `a = c.Key(…)`: five registers below `b` are reserved; `self` is bound (spec §14.4).
        CallMethod call_method "call_method" [Dst Src Src Count] [Key Cache Cache Cache] plain;
        /// `a = super.Key(…)`: looked up from register `c`, called with the `self` of register `c -
        /// 1`.
        CallSuper call_super "call_super" [Dst Src Src Count] [Key Cache Cache Cache] plain;
        /// `a = c[i](…)` at the start of a statement; `i` is the register in `Index`. Five
        /// registers below `b` reserved.
        CallIndex call_index "call_index" [Dst Src Src Count] [Index] plain;
        /// Ends the function with the value of `a`.
        Return ret "return" [Src None None None] [] end;
        /// Ends the function with null.
        ReturnNull ret_null "return_null" [None None None None] [] end;

        /// `a = b.Key`; a function is called with `self` bound to `b`.
        GetProp get_prop "get_prop" [Dst Src None None] [Key Cache Cache] plain;
        /// `a = @b.Key`, not called.
        GetPropRaw get_prop_raw "get_prop_raw" [Dst Src None None] [Key Cache Cache] plain;
        /// `a.Key = b`.
        SetProp set_prop "set_prop" [Src Src None None] [Key Cache Cache] plain;
        /// `a = b[c]` (spec §11.1), not called.
        GetIndex get_index "get_index" [Dst Src Src None] [] plain;
        /// `a[b] = c` (spec §11.3).
        SetIndex set_index "set_index" [Src Src Src None] [] plain;
        /// `a = b[c : c + 1]`: bounds in registers `c` and `c + 1`, null when missing (spec §11.2).
        Slice slice "slice" [Dst Src Src None] [] plain;
        /// `a = [b, … ]`: a list of the `c` values from register `b`.
        NewList new_list "new_list" [Dst Src Count None] [] plain;
        /// Appends the `c` values from register `b` to the list in `a`.
        ListAppend list_append "list_append" [Src Src Count None] [] plain;
        /// `a = {…}`: values from register `b`, keys from `map_keys[c]` of the function.
        NewMap new_map "new_map" [Dst Src Slot None] [Cache] plain;
        /// `a = {}`.
        NewMapEmpty new_map_empty "new_map_empty" [Dst None None None] [] plain;
        /// `a = ` a function made of the inner function `b`, capturing the environment or scope map
        /// in register `c`; nothing when `x = 1`.
        Closure closure "closure" [Dst Proto Src Count] [] plain;
        /// Raises the run-time error whose text is the constant.
        Fail fail "fail" [None Pool32 Hi None] [] end;
        /// REPL: stores `a` as the implicit result and in the global `_`.
        StoreResult store_result "store_result" [Src None None None] [] plain;
        /// Ends a run of the interpreter: the bottom frame has returned. Only in stubs of the
        /// machine.
        Halt halt "halt" [None None None None] [] quick;
        /// Ends an `import`: stores the module's value for the importer. Only in stubs of the
        /// machine.
        ImportDone import_done "import_done" [None None None None] [] quick;
        /// Goes on in the function's machine code. Only in stubs of the machine: calls lead there
        /// instead of to the first word.
        EnterNative enter_native "enter_native" [None None None None] [] quick;

        /// `add` whose left operand is what the instruction before computed; the rows below likewise.
        AccAdd acc_add "acc_add" [Dst Src Src None] [] quick;
        AccSub acc_sub "acc_sub" [Dst Src Src None] [] quick;
        AccMul acc_mul "acc_mul" [Dst Src Src None] [] quick;
        AccDiv acc_div "acc_div" [Dst Src Src None] [] quick;
        /// The same for the right operand.
        AddAcc add_acc "add_acc" [Dst Src Src None] [] quick;
        SubAcc sub_acc "sub_acc" [Dst Src Src None] [] quick;
        MulAcc mul_acc "mul_acc" [Dst Src Src None] [] quick;
        DivAcc div_acc "div_acc" [Dst Src Src None] [] quick;
        /// The same with a constant on the right.
        AccAddK acc_add_k "acc_add_k" [Dst Src Pool None] [] quick;
        AccSubK acc_sub_k "acc_sub_k" [Dst Src Pool None] [] quick;
        AccMulK acc_mul_k "acc_mul_k" [Dst Src Pool None] [] quick;
        AccDivK acc_div_k "acc_div_k" [Dst Src Pool None] [] quick;

        /// `get_prop` of an own property of a map with one of four cached shapes.
        GetPropOwn get_prop_own "get_prop_own" [Dst Src None None] [Key Cache Cache] quick;
        /// `get_prop` found in a parent of a map with the cached shape.
        GetPropParent get_prop_parent "get_prop_parent" [Dst Src None None] [Key Cache Cache] quick;
        /// `get_prop` of a list, string or number: a native function of its type map.
        GetPropNative get_prop_native "get_prop_native" [Dst Src None None] [Key Cache Cache] quick;
        /// `set_prop` of an existing own property of a map with one of four cached shapes.
        SetPropOwn set_prop_own "set_prop_own" [Src Src None None] [Key Cache Cache] quick;
        /// `set_prop` that adds the next property of a known shape.
        SetPropAdd set_prop_add "set_prop_add" [Src Src Slot None] [Key Cache Cache] quick;
        /// `call_method` of a function found in a parent of the cached shape.
        CallMethodCached call_method_cached "call_method_cached" [Dst Src Src Count] [Key Cache Cache Cache] quick;
        /// `call_method` on a list or string: a type map's native function.
        CallMethodNative call_method_native "call_method_native" [Dst Src Src Count] [Key Cache Cache Cache] quick;
        /// `call_super` with the cached shape.
        CallSuperCached call_super_cached "call_super_cached" [Dst Src Src Count] [Key Cache Cache Cache] quick;
        /// `call_global` of a script function.
        CallGlobalScript call_global_script "call_global_script" [Dst Src None Count] [Name Cache] quick;
        /// `call_global` of a native function.
        CallGlobalNative call_global_native "call_global_native" [Dst Src None Count] [Name Cache] quick;
        /// `get_index` of a list by a number.
        GetIndexList get_index_list "get_index_list" [Dst Src Src None] [] quick;
        /// `get_index` of a string by a number.
        GetIndexStr get_index_str "get_index_str" [Dst Src Src None] [] quick;
        /// `get_index` of a map by a key.
        GetIndexMap get_index_map "get_index_map" [Dst Src Src None] [] quick;
        /// `set_index` of a list by a number.
        SetIndexList set_index_list "set_index_list" [Src Src Src None] [] quick;
        /// `set_index` of a map by a key it has.
        SetIndexMap set_index_map "set_index_map" [Src Src Src None] [] quick;
        /// `for_next` over a range.
        ForNextRange for_next_range "for_next_range" [Src Dst Jump None] [] quick;
        /// `for_next` over a list.
        ForNextList for_next_list "for_next_list" [Src Dst Jump None] [] quick;
        /// `new_map` with the cached shape.
        NewMapShaped new_map_shaped "new_map_shaped" [Dst Src Slot None] [Cache] quick;
    } };
}
