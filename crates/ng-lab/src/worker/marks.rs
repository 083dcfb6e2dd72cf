//! Phases that are marked for valgrind, which counts their instructions.

use std::collections::BTreeMap;
use std::ffi::CString;

use crate::machine::valgrind;

/// What is said to valgrind around each phase, and what is added to the work.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    planted: BTreeMap<String, u64>,
}

impl Marks {
    /// Marks that add so many instructions to the phases of these names.
    pub(crate) fn new(planted: &BTreeMap<String, u64>) -> Self {
        let planted = planted.clone();
        Self { planted }
    }

    /// Does `work`, which is counted under the name of its phase.
    pub(crate) fn around<R>(&self, phase: &str, work: impl FnOnce() -> R) -> R {
        let planted = self.planted.get(phase).copied().unwrap_or(0);
        // A name with a zero byte has no counts, which the conductor says.
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
    fn marked_work_gives_its_result_whatever_its_name_and_plant() {
        let planted = BTreeMap::from([("fill".to_owned(), 1000)]);
        let marks = Marks::new(&planted);
        for phase in ["fill", "read", "", "zero\0byte"] {
            assert_eq!(marks.around(phase, || 7), 7);
        }
    }
}
