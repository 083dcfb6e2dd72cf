//! Placeholder.
use crate::bound::Bound;
use ng_arrow::Column;
#[derive(Debug)]
pub enum Index {}
pub struct Zone {}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    None,
    Some,
    All,
}
impl Index {
    pub(crate) fn zone(&self, _block: u64) -> Option<&Zone> {
        match *self {}
    }
    pub(crate) fn column(&self, _column: Column, _block: u64) -> Option<&[u8]> {
        match *self {}
    }
}
impl Zone {
    pub(crate) fn test(&self, _bound: &Bound, _first: u64) -> Verdict {
        Verdict::Some
    }
}
