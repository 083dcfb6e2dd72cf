//! The store in a file.

mod blocks;
#[cfg(target_os = "linux")]
mod cache;
mod conforms;
mod create;
mod cut;
mod damage;
mod decided;
mod edited_copy;
mod faults;
mod fixture;
mod golden;
mod lies;
mod locks;
mod lost;
#[cfg(target_os = "linux")]
mod map_options;
mod mapless;
mod names;
mod overtaken;
mod prefix;
#[cfg(target_os = "linux")]
mod registered;
mod reopen;
mod repair;
mod room;
mod salvage;
mod savepoint;
mod second_reader;
mod slices;
mod snapshots;
mod space;
mod unreadable;
mod verify;
mod whole;
mod zero_ahead;
