//! `ng dataset`, over folders of token files.

mod create;
