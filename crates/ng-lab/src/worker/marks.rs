//! Marks phases for valgrind, which counts their instructions.

use std::collections::BTreeMap;
use std::ffi::CString;

use crate::machine::valgrind;

/// Marks around phases, with the instructions planted in each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    planted: BTreeMap<String, u64>,
}

impl Marks {
    /// Creates marks that add instructions to phases, by name.
    pub(crate) fn new(planted: &BTreeMap<String, u64>) -> Self {
        let planted = planted.clone();
        Self { planted }
    }

    /// Runs `work` between marks, so that it is counted under the name of its phase.
    pub(crate) fn around<R>(&self, phase: &str, work: impl FnOnce() -> R) -> R {
        let planted = self.planted.get(phase).copied().unwrap_or(0);
        // A name with a zero byte becomes empty, which the conductor rejects.
        let name = CString::new(phase).unwrap_or_default();
        valgrind::begin();
        let result = work();
        valgrind::spend(planted);
        valgrind::end(&name);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_return_the_result_of_the_work() {
        let planted = BTreeMap::from([("fill".to_owned(), 1000)]);
        let marks = Marks::new(&planted);
        for phase in ["fill", "read", "", "zero\0byte"] {
            assert_eq!(marks.around(phase, || 7), 7);
        }
    }
}
