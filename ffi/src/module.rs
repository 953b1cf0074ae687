//! `import`: modules come from the host.

use crate::native::User;
use crate::program::brisk_program;
use crate::status::{
    BRISK_COMPILE, BRISK_NOT_FOUND, BRISK_NULL, BRISK_OK, BRISK_PENDING, Check, brisk_status,
    guard, refer, text,
};
use crate::vm::{brisk_vm, enter};
use crate::world::brisk_destructor_fn;
use brisk_core::host::{Context, ParamDefault, Signature, raw};
use brisk_core::value::Value;
use brisk_core::vm::{Trap, Vm};
use brisk_core::{CompileOptions, Error, Program};
use core::ffi::{c_char, c_void};
use core::ptr::NonNull;

/// Finds a module. Gives its text or its program with `brisk_import_source` or
/// `brisk_import_program` and returns `BRISK_OK`; or returns `BRISK_NOT_FOUND`; or `BRISK_PENDING`, to be
/// asked again when the VM runs next. `name` lives until it returns.
pub type brisk_import_fn = Option<
    unsafe extern "C" fn(
        vm: *mut brisk_vm,
        import: *mut brisk_import,
        name: *const c_char,
        len: usize,
        user: *mut c_void,
    ) -> brisk_status,
>;

/// One search for a module; it lives until the function returns.
pub struct brisk_import {
    name: String,
    host: NonNull<brisk_vm>,
    found: Option<Result<Program, Error>>,
}

/// What finds modules.
pub(crate) struct Importer {
    vm: NonNull<brisk_vm>,
    function: unsafe extern "C" fn(
        *mut brisk_vm,
        *mut brisk_import,
        *const c_char,
        usize,
        *mut c_void,
    ) -> brisk_status,
    user: User,
}

/// The intrinsic that the core calls.
fn import(context: &mut Context<'_>) -> Result<Value, Trap> {
    let importer = core::ptr::with_exposed_provenance::<Importer>(context.data());
    // SAFETY: the data is the address of the importer, which lives as long as the VM.
    let importer = unsafe { &*importer };
    // SAFETY: a VM outlives its importer.
    let host = unsafe { importer.vm.as_ref() };
    let name = context.raw_arg(0).text().map(|text| text.as_str().to_string());
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        return Err(Error::runtime("import: the name of a module is needed").into());
    };
    let state = context.raw_machine();
    let height = state.scopes.height();
    let state: *mut Vm = state;
    let mut search = brisk_import { name: name.clone(), host: importer.vm, found: None };
    // SAFETY: a function of the host, called as it was promised.
    let status = host.lend(state, || unsafe {
        (importer.function)(
            importer.vm.as_ptr(),
            &raw mut search,
            name.as_ptr().cast(),
            name.len(),
            importer.user.data,
        )
    });
    let vm = context.raw_machine();
    vm.scopes.close(height);
    if host.doomed.get() {
        return Err(Trap::Exit(0));
    }
    match (status, search.found) {
        (BRISK_OK, Some(Ok(program))) => Err(raw::import(vm, &program, &name)?),
        (BRISK_OK | BRISK_COMPILE, Some(Err(error))) => Err(error.into()),
        (BRISK_PENDING, _) => Err(Trap::Pending { state: Value::NULL, wake: None }),
        (BRISK_NOT_FOUND | BRISK_OK, _) => {
            Err(Error::runtime(format!("import: no module named '{name}'")).into())
        }
        (status, _) => {
            Err(Error::runtime(format!("import of '{name}' failed with code {status}")).into())
        }
    }
}

/// Says where `import` finds modules: without this, scripts have no `import`. Once for each VM;
/// `BRISK_BUSY` the second time. `destructor` is called with `user` when the VM is freed, or when this
/// fails.
///
/// # Safety
///
/// NULL or a live VM; `importer` and `user` usable as long as it lives.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_vm_set_importer(
    vm: *mut brisk_vm,
    importer: brisk_import_fn,
    user: *mut c_void,
    destructor: brisk_destructor_fn,
) -> brisk_status {
    let user = User { data: user, destructor };
    // SAFETY: the caller's promise.
    unsafe {
        enter(vm, move |this| {
            let function = importer.ok_or(BRISK_NULL)?;
            if this.importer.borrow().is_some() {
                return Err(crate::status::BRISK_BUSY);
            }
            let host = NonNull::new(vm).ok_or(BRISK_NULL)?;
            let importer = Box::new(Importer { vm: host, function, user });
            let data = core::ptr::from_ref(&*importer).expose_provenance();
            *this.importer.borrow_mut() = Some(importer);
            let empty = ParamDefault::Text(String::new());
            let signature = Signature::new("import").param_or("libname", empty);
            this.with(|state| {
                raw::register(state, &signature, import, data).map_err(|error| this.fail(error))
            })?;
            Ok(())
        })
    }
}

/// Answers a search.
///
/// # Safety
///
/// NULL or the search of the running function.
unsafe fn answer(
    import: *mut brisk_import,
    found: impl FnOnce(&brisk_import) -> Check<Result<Program, Error>>,
) -> brisk_status {
    guard(|| {
        // SAFETY: the caller's promise.
        let import = unsafe { import.as_mut() }.ok_or(BRISK_NULL)?;
        let found = found(import)?;
        let failed = found.is_err();
        import.found = Some(found);
        if failed { Err(BRISK_COMPILE) } else { Ok(()) }
    })
}

/// Gives the text of the module. `BRISK_COMPILE` when it is no program: return that.
///
/// # Safety
///
/// NULL or the search of the running function, `source` of `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_import_source(
    import: *mut brisk_import,
    source: *const c_char,
    len: usize,
) -> brisk_status {
    // SAFETY: the caller's promise; a VM outlives its searches.
    unsafe {
        answer(import, |import| {
            let source = text(source, len)?;
            let dialect = import.host.as_ref().with(|state| Ok(state.dialect))?;
            let name = Some(format!("{}.ms", import.name));
            let options = CompileOptions { name, module: true, ..CompileOptions::default() };
            Ok(Program::compile_with(source, dialect, &options))
        })
    }
}

/// Gives the program of the module, made by `brisk_program_compile_module`; the caller may free it.
///
/// # Safety
///
/// NULL or the search of the running function; NULL or a live program.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn brisk_import_program(
    import: *mut brisk_import,
    program: *const brisk_program,
) -> brisk_status {
    // SAFETY: the caller's promise.
    unsafe { answer(import, |_| Ok(Ok(refer(program)?.0.clone()))) }
}
