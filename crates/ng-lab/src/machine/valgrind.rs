//! Marks the beginning and end of a phase by requests to callgrind. Outside valgrind the
//! requests do nothing.
//!
//! A request is a sequence of rotations that changes nothing, which valgrind recognises
//! when it translates the code; a register points to its number and arguments in memory.
//! The sequences and numbers are a stable interface, from `valgrind.h` and `callgrind.h`.
//! They are written out here because a crate that includes those headers needs them to
//! build.

use std::ffi::CStr;

/// Whether phases can be marked on this target.
pub(crate) const HAS_MARKS: bool = cfg!(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
));

/// `VG_USERREQ__RUNNING_ON_VALGRIND`.
const RUNNING_ON_VALGRIND: usize = 0x1001;
/// `VG_USERREQ_TOOL_BASE('C', 'T')`: callgrind's requests are numbered from here.
const CALLGRIND: usize = 0x4354_0000;
const ZERO_STATS: usize = CALLGRIND + 1;
const DUMP_STATS_AT: usize = CALLGRIND + 3;
const START_INSTRUMENTATION: usize = CALLGRIND + 4;
const STOP_INSTRUMENTATION: usize = CALLGRIND + 5;

/// Whether this process runs under valgrind.
pub(crate) fn is_running() -> bool {
    request([RUNNING_ON_VALGRIND, 0, 0, 0, 0, 0]) != 0
}

/// Starts counting, from zero.
pub(crate) fn begin() {
    request([START_INSTRUMENTATION, 0, 0, 0, 0, 0]);
    request([ZERO_STATS, 0, 0, 0, 0, 0]);
}

/// Stops counting, and dumps the count under `name` to a file of its own.
pub(crate) fn end(name: &CStr) {
    request([DUMP_STATS_AT, name.as_ptr().expose_provenance(), 0, 0, 0, 0]);
    request([STOP_INSTRUMENTATION, 0, 0, 0, 0, 0]);
}

/// Executes `instructions`, give or take three.
pub(crate) fn spend(instructions: u64) {
    let turns = instructions / 2;
    if turns > 0 {
        spend_pairs(turns);
    }
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[inline(never)]
fn request(mut words: [usize; 6]) -> usize {
    let mut answer = 0;
    // SAFETY: (1) Outside valgrind, the rotations sum to 128 bits, which leaves `rdi`
    // unchanged, and the exchange is of a register with itself. (2) Under it, valgrind
    // reads the six words and what the arguments point to: a C string, which the caller
    // borrows. It writes `rdx`, which is an operand.
    unsafe {
        std::arch::asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            in("rax") words.as_mut_ptr(),
            inout("rdx") answer,
            options(nostack),
        );
    }
    answer
}

#[cfg(all(target_os = "linux", target_arch = "aarch64"))]
#[inline(never)]
fn request(mut words: [usize; 6]) -> usize {
    let mut answer = 0;
    // SAFETY: (1) Outside valgrind, the rotations sum to 128 bits, which leaves `x12`
    // unchanged, and a register OR itself is itself. (2) Under it, valgrind reads the six
    // words and what the arguments point to: a C string, which the caller borrows. It
    // writes `x3`, which is an operand.
    unsafe {
        std::arch::asm!(
            "ror x12, x12, #3",
            "ror x12, x12, #13",
            "ror x12, x12, #51",
            "ror x12, x12, #61",
            "orr x10, x10, x10",
            in("x4") words.as_mut_ptr(),
            inout("x3") answer,
            options(nostack),
        );
    }
    answer
}

#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
fn request(_words: [usize; 6]) -> usize {
    0
}

/// Executes two instructions a turn, in every build.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn spend_pairs(turns: u64) {
    // SAFETY: (1) Only registers are touched, and the one that changes is an operand.
    unsafe {
        std::arch::asm!(
            "2:",
            "dec {turns}",
            "jnz 2b",
            turns = inout(reg) turns => _,
            options(nomem, nostack),
        );
    }
}

#[cfg(all(target_os = "linux", target_arch = "aarch64"))]
fn spend_pairs(turns: u64) {
    // SAFETY: (1) Only registers are touched, and the one that changes is an operand.
    unsafe {
        std::arch::asm!(
            "2:",
            "subs {turns}, {turns}, #1",
            "b.ne 2b",
            turns = inout(reg) turns => _,
            options(nomem, nostack),
        );
    }
}

#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
fn spend_pairs(_turns: u64) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_do_nothing_outside_valgrind() {
        assert!(!is_running());
        begin();
        spend(0);
        spend(1001);
        end(c"phase");
    }
}
