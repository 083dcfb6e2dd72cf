//! The store in a file.

#[cfg(target_os = "linux")]
mod cache;
mod conforms;
mod create;
mod cut;
mod damage;
mod decided;
mod faults;
mod fixture;
mod golden;
mod lies;
mod locks;
mod lost;
mod mapless;
mod names;
mod overtaken;
mod reopen;
mod repair;
mod room;
mod salvage;
mod second_reader;
mod snapshots;
mod space;
mod unreadable;
mod verify;
mod whole;
