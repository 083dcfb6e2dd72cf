//! Uses everything the three crates offer, like an external crate: each part checks what
//! its sentence says, and the program ends with an error if one fails.
//!
//! ```sh
//! cargo run -p ng-parallel --features rayon --example surface
//! ```
//!
//! Start with the part you need: each stands alone. The program imports the crates by
//! globs, and has its `unsafe` in `maps.rs`.

#![deny(unsafe_code)]

#[allow(unsafe_code, reason = "the constructors that map ask for a promise")]
mod maps;
#[forbid(unsafe_code)]
mod parts;
#[forbid(unsafe_code)]
mod place;
#[forbid(unsafe_code)]
mod samples;

use std::error::Error;

use place::Place;

/// The error of a part: any error of the crates can be sent to another thread.
type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Outcome {
    for (says, part) in parts::ALL {
        // Each in its own folder, which is removed afterwards.
        let place = Place::new()?;
        part(&place).map_err(|error| format!("{says}: {error}"))?;
        println!("{says}");
    }
    Ok(())
}
