//! Placeholder.
use crate::Zone;
use ng_arrow::Column;
#[derive(Debug)]
pub enum Index {}
impl Index {
    pub(crate) fn zone(&self, _block: u64) -> Option<&Zone> {
        match *self {}
    }
    pub(crate) fn column(&self, _column: Column, _block: u64) -> Option<&[u8]> {
        match *self {}
    }
}
