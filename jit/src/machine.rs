//! The target that is the processor: code from a back end in executable memory.
#![allow(unsafe_code)] // Enters machine code.

use crate::backend::{Backend, Clobbers, Registers, Stubs};
use crate::lir::{Allocated, Function};
use crate::memory::{CodeMemory, PageSource};
use crate::op::Op;
use crate::target::{Installed, Refused, Target};
use brisk_core::native::{Continuation, Enter, NativeStatus};
use brisk_core::value::Value;
use brisk_core::vm::Vm;

/// Machine code of one machine.
pub struct MachineTarget {
    backend: Box<dyn Backend>,
    /// Memory and the common code in it, when there is any.
    code: Option<(CodeMemory, Stubs)>,
    status: NativeStatus,
}

impl MachineTarget {
    /// With pages from a source, of which at most `bytes_max` are in use at a time. When they are
    /// refused, [`Target::status`] says so.
    pub fn new(
        backend: Box<dyn Backend>,
        pages: Box<dyn PageSource>,
        bytes_max: usize,
    ) -> MachineTarget {
        let (code, status) = match prepare(&*backend, pages, bytes_max) {
            Ok(code) => (Some(code), NativeStatus::Available),
            Err(status) => (None, status),
        };
        MachineTarget { backend, code, status }
    }

    /// For a processor that lacks something.
    pub fn unsupported(backend: Box<dyn Backend>) -> MachineTarget {
        MachineTarget { backend, code: None, status: NativeStatus::CpuUnsupported }
    }

    /// Bytes of pages in use, those of the common code included.
    pub fn bytes_in_use(&self) -> usize {
        self.code.as_ref().map_or(0, |(memory, _)| memory.bytes_in_use())
    }
}

/// Reserves memory and puts the common code at its start: no function lies there, so 0 is the
/// distance of no native return address.
fn prepare(
    backend: &dyn Backend,
    pages: Box<dyn PageSource>,
    bytes_max: usize,
) -> Result<(CodeMemory, Stubs), NativeStatus> {
    let denied = |Refused| NativeStatus::Denied;
    let mut memory = CodeMemory::new(pages, bytes_max).map_err(denied)?;
    match memory.probe() {
        NativeStatus::Available => {}
        status => return Err(status),
    }
    let start = memory.start();
    let (bytes, stubs) = backend.emit_stubs(start, start);
    let at = memory.allocate(bytes.len()).map_err(denied)?;
    assert_eq!(at, start, "the first chunk lies at the start");
    memory.publish(at, &bytes).map_err(denied)?;
    Ok((memory, stubs))
}

/// Bytes that an instruction takes at most, as a rule, with its exit; a guess that costs nothing when
/// it is too large, and another try when it is too small.
const BYTES_PER_INST: usize = 96;
/// Bytes for each operand, most of which exits save; a guess as well.
const BYTES_PER_USE: usize = 32;

impl Target for MachineTarget {
    fn status(&self) -> NativeStatus {
        self.status
    }

    fn registers(&self) -> Registers {
        self.backend.registers()
    }

    fn clobbers(&self, op: Op) -> Clobbers {
        self.backend.clobbers(op)
    }

    fn install(&mut self, f: &Function, places: &Allocated) -> Result<Installed, Refused> {
        let (memory, stubs) = self.code.as_mut().ok_or(Refused)?;
        let start = memory.start();
        let uses: usize = f.insts.iter().map(|i| i.uses.len()).sum();
        let mut room = 256 + f.insts.len() * BYTES_PER_INST + uses * BYTES_PER_USE;
        let (at, code) = loop {
            let at = memory.allocate(room)?;
            let code = self.backend.emit(f, places, stubs, at, start);
            if code.bytes.len() <= room {
                break (at, code);
            }
            memory.free(at);
            // Elsewhere some forms of instructions may be longer.
            room = code.bytes.len() + code.bytes.len() / 4;
        };
        let bytes = code.bytes.len();
        memory.trim(at, bytes);
        if let Err(refused) = memory.publish(at, &code.bytes) {
            memory.free(at);
            return Err(refused);
        }
        let first = (at - start) as u32;
        Ok(Installed {
            entry: core::ptr::with_exposed_provenance((at + u64::from(code.entry)) as usize),
            bytes,
            // Behind a call at the very end lies its return address.
            returns: (first, first + bytes as u32 + 1),
        })
    }

    fn free(&mut self, installed: &Installed) {
        if let Some((memory, _)) = &mut self.code {
            memory.free(memory.start() + u64::from(installed.returns.0));
        }
    }

    fn enter(&self) -> Enter {
        enter
    }

    fn stub(&self) -> *const u8 {
        self.stub_at(|stubs| stubs.enter)
    }

    fn no_code(&self) -> *const u8 {
        self.stub_at(|stubs| stubs.interpret)
    }
}

impl MachineTarget {
    fn stub_at(&self, which: fn(&Stubs) -> u64) -> *const u8 {
        let address = self.code.as_ref().map_or(0, |(_, stubs)| which(stubs));
        core::ptr::with_exposed_provenance(address as usize)
    }
}

/// The way in: a stub, whose address the machine keeps.
#[cfg(target_arch = "x86_64")]
type Stub = unsafe extern "sysv64" fn(*mut Vm, *mut Value, *const u8) -> Continuation;
/// The way in: a stub, whose address the machine keeps.
#[cfg(not(target_arch = "x86_64"))]
type Stub = unsafe extern "C" fn(*mut Vm, *mut Value, *const u8) -> Continuation;

unsafe fn enter(vm: *mut Vm, base: *mut Value, code: *const u8) -> Continuation {
    // The code may be new, and have been made by another thread. Nothing to do on x86-64.
    dynasmrt::cache_control::prepare_for_execution(&[]);
    // SAFETY: a machine with this target keeps the address of the stub, which is a function of this
    // type; the caller promises the rest.
    unsafe {
        let stub = core::mem::transmute::<*const u8, Stub>((*vm).native_stub);
        stub(vm, base, code)
    }
}
