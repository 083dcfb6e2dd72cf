use crate::{Column, Form};

/// Which columns there are, in which order and form.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Layout {
    /// The columns.
    pub columns: Vec<Column>,
    /// The form of their values.
    pub form: Form,
}

impl Layout {
    /// Creates a layout of columns in a form.
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
