//! A sequence of operations and faults: four bytes each, what and how much.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ng_fuzz::model::Model;
use ng_store::disk::sim::{Failure, Fault, When};

fuzz_target!(|input: &[u8]| {
    let mut model = Model::new();
    for step in input.chunks_exact(4).take(64) {
        run(
            &mut model,
            step[0],
            step[1],
            u16::from_le_bytes([step[2], step[3]]),
        );
    }
    // Whatever is pending strikes, then a sound disk tells.
    while model.fs().pending_faults() > 0 {
        let pending = model.fs().pending_faults();
        model.reopen();
        if model.fs().pending_faults() == pending {
            break;
        }
    }
    model.check_content();
});

fn run(model: &mut Model, what: u8, detail: u8, amount: u16) {
    let count = usize::from(amount) % 9_000;
    match what % 8 {
        0 => model.append(count, false),
        1 => model.append(count, true),
        2 => model.commit(u64::from(detail)),
        3 => model.reopen(),
        4 => model.reserve(u64::from(amount), detail % 2 == 0),
        5 => inject(model, detail, amount),
        6 => model.cut_power(u64::from(amount)),
        _ => model.check_content(),
    }
}

fn inject(model: &Model, detail: u8, amount: u16) {
    let fault = match detail % 7 {
        0 => Fault::Fail(Failure::Interrupted),
        1 => Fault::Fail(Failure::Io),
        2 => Fault::Fail(Failure::NoSpace),
        3 => Fault::FailForgetting(Failure::Io),
        4 => Fault::Short(u64::from(amount >> 4)),
        _ => Fault::PowerCut,
    };
    let in_operations = u64::from(amount % 16);
    let at = model.fs().operations() + in_operations;
    model.fs().inject(When::Operation(at), fault);
}
