//! Uses what the three crates offer, as a crate of somebody else's does: each part holds
//! what its sentence says, and the program ends with an error where one does not.
//!
//! ```sh
//! cargo run -p ng-parallel --features rayon --example surface
//! ```
//!
//! Begin with the part whose name you look for: each stands alone. The whole program
//! imports the crates by globs, and has its `unsafe` in `maps.rs`.

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

/// What a part can fail with: any error of the crates goes to another thread as it is.
type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Outcome {
    for (says, part) in parts::ALL {
        // Each in a folder of its own, which goes with it.
        let place = Place::new()?;
        part(&place).map_err(|error| format!("{says}: {error}"))?;
        println!("{says}");
    }
    Ok(())
}
