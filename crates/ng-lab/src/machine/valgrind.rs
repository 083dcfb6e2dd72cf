//! What this process says to callgrind where it runs under it: when a phase begins and
//! ends. Elsewhere the same instructions do nothing, which is what they are made for.
//!
//! A request is a sequence of rotations that changes nothing, which valgrind recognises
//! when it translates the code; its number and arguments lie in memory that a register
//! points to. The sequences and numbers are a stable interface, of `valgrind.h` and
//! `callgrind.h`. A crate that takes them from there needs these headers to build.

use std::ffi::CStr;

/// Whether this program can be told from outside where its phases are.
pub(crate) const HAS_MARKS: bool = cfg!(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
));

/// `VG_USERREQ__RUNNING_ON_VALGRIND`.
const RUNNING_ON_VALGRIND: usize = 0x1001;
/// `VG_USERREQ_TOOL_BASE('C', 'T')`: callgrind's own requests are counted from here.
const CALLGRIND: usize = 0x4354_0000;
const ZERO_STATS: usize = CALLGRIND + 1;
const DUMP_STATS_AT: usize = CALLGRIND + 3;
const START_INSTRUMENTATION: usize = CALLGRIND + 4;
const STOP_INSTRUMENTATION: usize = CALLGRIND + 5;

/// Whether valgrind runs this process.
pub(crate) fn is_running() -> bool {
    request([RUNNING_ON_VALGRIND, 0, 0, 0, 0, 0]) != 0
}

/// Begins to count, from nothing.
pub(crate) fn begin() {
    request([START_INSTRUMENTATION, 0, 0, 0, 0, 0]);
    request([ZERO_STATS, 0, 0, 0, 0, 0]);
}

/// Ends counting, and has what was counted written to a file of its own, under `name`.
pub(crate) fn end(name: &CStr) {
    request([DUMP_STATS_AT, name.as_ptr().expose_provenance(), 0, 0, 0, 0]);
    request([STOP_INSTRUMENTATION, 0, 0, 0, 0, 0]);
}

/// Executes so many instructions, give or take three.
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
    // SAFETY: (1) Outside of valgrind the rotations sum up to 128 bits, so `rdi` is as
    // before, and the exchange is of a register with itself. (2) Within, valgrind reads
    // the six words, and what a request's arguments point to: a C string, which the
    // caller's borrow keeps. It writes `rdx`, which is an operand.
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
    // SAFETY: (1) Outside of valgrind the rotations sum up to 128 bits, so `x12` is as
    // before, and a register or itself is itself. (2) Within, valgrind reads the six
    // words, and what a request's arguments point to: a C string, which the caller's
    // borrow keeps. It writes `x3`, which is an operand.
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

/// Two instructions a turn, in every build.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn spend_pairs(turns: u64) {
    // SAFETY: (1) Registers alone are touched, and the one that changes is an operand.
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
    // SAFETY: (1) Registers alone are touched, and the one that changes is an operand.
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
    fn marks_do_nothing_outside_of_valgrind() {
        assert!(!is_running());
        begin();
        spend(0);
        spend(1001);
        end(c"phase");
    }
}
