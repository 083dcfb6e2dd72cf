use crate::{Column, Form};

/// Which columns there are, in their order, and in which form.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Layout {
    /// The columns.
    pub columns: Vec<Column>,
    /// How their values are given.
    pub form: Form,
}

impl Layout {
    /// Puts columns and a form together.
    #[must_use]
    pub fn new(columns: impl Into<Vec<Column>>, form: Form) -> Self {
        Self {
            columns: columns.into(),
            form,
        }
    }
}

/// [`Column::DEFAULT`] in units.
impl Default for Layout {
    fn default() -> Self {
        Self::new(Column::DEFAULT, Form::Units)
    }
}
