use std::panic;
use std::process::Command;
use std::sync::Once;

use ng_arrow::{Column, Form, Format, Layout, ReadError, is_decoding};
use ng_token::Token;

use crate::harness::{any_bytes, read_file, written};

/// Reading with one byte changed ends with tokens or with an error.
///
/// A flipped bit in a value is undetectable; this shows that no panic reaches the caller,
/// and no allocation is unbounded.
fn check(format: Format, bytes: &[u8], places: impl Iterator<Item = usize>) -> (usize, usize) {
    let (mut refused, mut gave_up) = (0, 0);
    for place in places {
        for change in [0x01, 0x80, 0xFF] {
            let mut bytes = bytes.to_vec();
            bytes[place] ^= change;
            match read_file(&bytes, format, Some(Form::Raw)) {
                Ok(_) => {}
                Err(ReadError::Undecodable { .. }) => gave_up += 1,
                Err(_) => refused += 1,
            }
        }
    }
    (refused, gave_up)
}

fn tokens() -> Vec<Token> {
    any_bytes(20, 5)
}

fn layout() -> Layout {
    Layout::new(
        Column::list("id,weight,entity_type,timestamp,motor_x").unwrap(),
        Form::Units,
    )
}

/// Without the message of a caught panic.
fn quietly<T>(run: impl FnOnce() -> T) -> T {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |told| {
            if !is_decoding() {
                hook(told);
            }
        }));
    });
    run()
}

#[test]
fn every_byte_changed_ends_with_tokens_or_an_error() {
    quietly(|| {
        for format in Format::ALL {
            let bytes = written(&tokens(), format, &layout());
            let (refused, gave_up) = check(format, &bytes, 0..bytes.len());
            println!(
                "{format}: {} bytes, {refused} refused, {gave_up} gave up",
                bytes.len()
            );
            assert!(refused > 0, "{format}");
        }
    });
}

#[test]
fn every_length_ends_with_tokens_or_an_error() {
    quietly(|| {
        for format in Format::ALL {
            let bytes = written(&tokens(), format, &layout());
            for end in 0..bytes.len() {
                let read = read_file(&bytes[..end], format, None);
                assert!(
                    format.is_text() || read.is_err(),
                    "{format}: {end} of {}",
                    bytes.len()
                );
            }
        }
    });
}

/// Great lengths: of 4 and 8 bytes in Arrow's way, and of any number in Thrift's, which
/// Parquet has.
const FORGED: [&[u8]; 6] = [
    &[0xFF, 0xFF, 0xFF, 0x7F],
    &[0, 0, 0, 0, 0, 0, 0, 0x10],
    &[0xFF; 7],
    &[0xFE, 0xFF, 0xFF, 0xFF, 0x0F],
    &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20],
    &[0x80, 0x80, 0x80, 0x40],
];

/// A maximal forged length allocates nothing.
#[test]
#[ignore = "the test below runs it, within a small address space"]
fn forged_lengths_end_with_tokens_or_an_error() {
    quietly(|| {
        for format in [Format::Parquet, Format::Arrow, Format::ArrowStream] {
            let bytes = written(&tokens(), format, &layout());
            let step = if format == Format::Parquet { 1 } else { 4 };
            for place in (0..bytes.len() - 9).step_by(step) {
                for forged in FORGED {
                    let mut over = bytes.clone();
                    over[place..place + forged.len()].copy_from_slice(forged);
                    let _ = read_file(&over, format, None);
                    // Thrift's numbers have variable length.
                    if format == Format::Parquet {
                        let longer = [&bytes[..place], forged, &bytes[place + 1..]].concat();
                        let _ = read_file(&longer, format, None);
                    }
                }
            }
        }
    });
}

/// Under an address-space limit, an allocation of a forged length fails and ends the
/// program; the test's threads and input fit easily.
#[test]
fn forged_lengths_end_within_a_small_address_space() {
    let name = "hostile::forged_lengths_end_with_tokens_or_an_error";
    let ran = Command::new("sh")
        .args(["-c", "ulimit -v 400000; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name, "--ignored", "--test-threads=1"])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && told.contains("1 passed"), "{ran:?}");
}

#[test]
fn bytes_of_another_format_are_refused() {
    let files: Vec<_> = Format::ALL
        .map(|format| (format, written(&tokens(), format, &layout())))
        .into();
    for (format, bytes) in &files {
        for other in Format::ALL {
            let both_arrow =
                |format: &Format| matches!(format, Format::Arrow | Format::ArrowStream);
            if other == *format || both_arrow(format) && both_arrow(&other) {
                continue;
            }
            let read = read_file(bytes, other, Some(Form::Units));
            assert!(read.is_err(), "{format} as {other}");
        }
    }
}
