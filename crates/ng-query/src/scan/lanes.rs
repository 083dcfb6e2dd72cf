use bytemuck::{AnyBitPattern, NoUninit};
use ng_arrow::Column;
use ng_store::BLOCK_TOKENS;
use ng_token::{Token, TokenId};

/// The width of the widest column, in bytes.
const WIDEST: usize = 4;

/// The stored values of one block by column.
///
/// A column is mapped from the index, or made from records or from another column, in a buffer that
/// the next block reuses.
pub(crate) struct Lanes<'s> {
    lanes: [Lane<'s>; Column::ALL.len()],
    len: usize,
}

struct Lane<'s> {
    held: Held<'s>,
    buffer: Option<Box<Buffer>>,
}

#[derive(Clone, Copy)]
enum Held<'s> {
    Nothing,
    Mapped(&'s [u8]),
    Buffered,
}

#[derive(Clone)]
#[repr(align(64))]
struct Buffer([u8; WIDEST * BLOCK_TOKENS]);

impl Default for Lanes<'_> {
    fn default() -> Self {
        Self {
            lanes: std::array::from_fn(|_| Lane::free(None)),
            len: 0,
        }
    }
}

impl<'s> Lane<'s> {
    /// One with nothing loaded.
    fn free(buffer: Option<Box<Buffer>>) -> Self {
        Self {
            held: Held::Nothing,
            buffer,
        }
    }
}

impl<'s> Lanes<'s> {
    /// The buffers, with nothing loaded.
    pub(super) fn into_free(self) -> Lanes<'static> {
        Lanes {
            lanes: self.lanes.map(|lane| Lane::free(lane.buffer)),
            len: 0,
        }
    }

    /// Moves to a block of `len` tokens, with nothing loaded.
    pub(super) fn clear(&mut self, len: usize) {
        self.len = len;
        for lane in &mut self.lanes {
            lane.held = Held::Nothing;
        }
    }

    pub(super) fn holds(&self, column: Column) -> bool {
        !matches!(self.lanes[column.index()].held, Held::Nothing)
    }

    pub(super) fn map(&mut self, column: Column, values: &'s [u8]) {
        self.lanes[column.index()].held = Held::Mapped(values);
    }

    /// Makes a column from the records of the block.
    pub(super) fn extract(&mut self, column: Column, tokens: &[Token]) {
        match column {
            Column::Position => unreachable!("positions are counted, not stored"),
            Column::Id => self.each(column, tokens, |token| token.id().raw()),
            Column::LocalId => self.each(column, tokens, |token| token.id().local()),
            Column::Timestamp => self.each(column, tokens, Token::timestamp),
            Column::Weight => self.each(column, tokens, Token::weight),
            Column::Flags => self.each(column, tokens, |token| token.flags().bits()),
            Column::Radius => self.each(column, tokens, Token::radius_raw),
            Column::Strength => self.each(column, tokens, Token::strength_raw),
            Column::Domain => self.each(column, tokens, |token| token.id().domain()),
            Column::EntityType => self.each(column, tokens, |token| token.id().entity_type() as u8),
            Column::FlagsEntityType => {
                self.each(column, tokens, |token| token.flags().entity_type() as u8);
            }
            Column::Coordinate(space, axis) => {
                let (space, axis) = (space as usize, axis as usize);
                self.each(column, tokens, |token| token.coordinates()[space][axis]);
            }
        }
    }

    /// Makes a column that is a part of another, loaded one.
    pub(super) fn derive(&mut self, column: Column, whole: Column) {
        let mut buffer = self.take_buffer(column);
        match column {
            Column::Domain => fill(&mut buffer, self.u32(whole), |id| {
                TokenId::from_raw(id).domain()
            }),
            Column::EntityType => fill(&mut buffer, self.u32(whole), |id| (id >> 24) as u8 & 0xF),
            Column::LocalId => fill(&mut buffer, self.u32(whole), |id| {
                TokenId::from_raw(id).local()
            }),
            Column::FlagsEntityType => {
                fill(&mut buffer, self.u16(whole), |flags| {
                    (flags >> 8) as u8 & 0xF
                });
            }
            _ => unreachable!("{column} is not part of {whole}"),
        }
        self.keep_buffer(column, buffer);
    }

    fn each<T: NoUninit + AnyBitPattern>(
        &mut self,
        column: Column,
        tokens: &[Token],
        value: impl Fn(&Token) -> T,
    ) {
        let mut buffer = self.take_buffer(column);
        for (place, token) in buffer.values_mut(tokens.len()).iter_mut().zip(tokens) {
            *place = value(token);
        }
        self.keep_buffer(column, buffer);
    }

    fn take_buffer(&mut self, column: Column) -> Box<Buffer> {
        let buffer = self.lanes[column.index()].buffer.take();
        buffer.unwrap_or_else(|| Box::new(Buffer([0; WIDEST * BLOCK_TOKENS])))
    }

    fn keep_buffer(&mut self, column: Column, buffer: Box<Buffer>) {
        let lane = &mut self.lanes[column.index()];
        lane.buffer = Some(buffer);
        lane.held = Held::Buffered;
    }

    pub(crate) fn u32(&self, column: Column) -> &[u32] {
        self.values(column)
    }

    pub(crate) fn f32(&self, column: Column) -> &[f32] {
        self.values(column)
    }

    pub(crate) fn u16(&self, column: Column) -> &[u16] {
        self.values(column)
    }

    pub(crate) fn i16(&self, column: Column) -> &[i16] {
        self.values(column)
    }

    pub(crate) fn u8(&self, column: Column) -> &[u8] {
        self.values(column)
    }

    fn values<T: AnyBitPattern>(&self, column: Column) -> &[T] {
        let lane = &self.lanes[column.index()];
        let bytes = match (lane.held, &lane.buffer) {
            (Held::Mapped(bytes), _) => bytes,
            (Held::Buffered, Some(buffer)) => &buffer.0[..self.len * size_of::<T>()],
            _ => unreachable!("{column} was not loaded"),
        };
        bytemuck::cast_slice(bytes)
    }
}

impl Buffer {
    fn values_mut<T: NoUninit + AnyBitPattern>(&mut self, len: usize) -> &mut [T] {
        bytemuck::cast_slice_mut(&mut self.0[..len * size_of::<T>()])
    }
}

fn fill<T: Copy, U: NoUninit + AnyBitPattern>(
    buffer: &mut Buffer,
    values: &[T],
    part: impl Fn(T) -> U,
) {
    for (place, &value) in buffer.values_mut(values.len()).iter_mut().zip(values) {
        *place = part(value);
    }
}

/// The bytes of a value of a stored column.
pub(crate) const fn width(column: Column) -> usize {
    match column {
        Column::Position => 8,
        Column::Id | Column::LocalId | Column::Weight | Column::Timestamp => 4,
        Column::Flags | Column::Coordinate(..) => 2,
        Column::Domain
        | Column::EntityType
        | Column::FlagsEntityType
        | Column::Radius
        | Column::Strength => 1,
    }
}

/// The stored column that a column is a part of.
pub(crate) const fn whole_of(column: Column) -> Option<Column> {
    match column {
        Column::Domain | Column::EntityType | Column::LocalId => Some(Column::Id),
        Column::FlagsEntityType => Some(Column::Flags),
        _ => None,
    }
}
