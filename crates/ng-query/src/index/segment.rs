use ng_arrow::Column;
use ng_token::Space;

use super::columns;
use super::sheet::{Rotten, Sheet};

/// The boxes of the 64 pages of a block, 64 tokens each, in the steps of a space: the
/// least and the greatest coordinates on the axes x, y, z.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageBoxes<'a> {
    /// The least coordinate of each page, an axis each.
    pub min: [&'a [i16]; 3],
    /// The greatest coordinate of each page.
    pub max: [&'a [i16]; 3],
}

/// A sheet, and the place of each of its columns or boxes in it.
pub(super) type Placed<const N: usize> = (Sheet, [Option<u8>; N]);

/// What is believed of a segment, with the places of its columns.
#[derive(Debug, Default)]
pub(super) struct Segment {
    pub(super) columns: Option<Placed<{ columns::COUNT }>>,
    pub(super) boxes: Option<Placed<8>>,
}

impl Segment {
    /// Returns the values of a column in a block of the segment, if it has the column.
    #[inline]
    pub(super) fn column(&self, column: Column, block: u64) -> Option<Result<&[u8], Rotten>> {
        let (sheet, places) = self.columns.as_ref()?;
        let place = places[column.index()]?;
        Some(sheet.piece(place.into(), block))
    }

    /// Returns the boxes of a space in a block of the segment, if it has them.
    pub(super) fn boxes(&self, space: Space, block: u64) -> Option<Result<PageBoxes<'_>, Rotten>> {
        let (sheet, places) = self.boxes.as_ref()?;
        let first = usize::from(places[space as usize]?);
        let axis = |place| Ok(bytemuck::cast_slice(sheet.piece(first + place, block)?));
        let boxes = || {
            Ok(PageBoxes {
                min: [axis(0)?, axis(1)?, axis(2)?],
                max: [axis(3)?, axis(4)?, axis(5)?],
            })
        };
        Some(boxes())
    }
}
