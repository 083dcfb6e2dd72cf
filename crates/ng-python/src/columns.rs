//! Dense columns, tokens by position and id, and sorted copies.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use ng_parallel::{Shards, Workers, gather, map_shards};
use ng_query::Column;
use ng_query::order::{Order, sort_positions};

use ng_store::{BLOCK_TOKENS, VecStore};
use ng_token::{Axis, Space, Token};
use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::array::{Numpy, filled, over};
use crate::buf::Buf;
use crate::error::{Class, Error, Value};
use crate::given::{Text, Whole, kind_of};
use crate::memory::Memory;
use crate::query::name_of_column;
use crate::room::{append, collected, try_collected};
use crate::shown::Shown;
use crate::tokens::{Tokens, position};
use crate::vector::TokenVec;
use crate::whole::threads_of;
use crate::work::{lock, long};

#[pymethods]
impl Tokens {
    /// The points of a space as a dense array of shape (n, 3): stored steps, or units with
    /// ``decode=True``.
    #[pyo3(signature = (space, decode = false))]
    fn coords<'py>(
        &self,
        py: Python<'py>,
        space: Text<'py>,
        decode: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let space = space_of(&space.text("space")?)?;
        let shown = self.shown(py)?;
        match decode {
            true => rows(py, &shown, |token| token.coordinate(space)),
            false => rows(py, &shown, |token| token.steps(space)),
        }
    }

    /// A column as a dense array, by its name: stored values, or units with ``decode=True``, which
    /// matters for coordinates, radius and strength.
    #[pyo3(signature = (name, decode = false))]
    fn column<'py>(
        &self,
        py: Python<'py>,
        name: Text<'py>,
        decode: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let column = column_of("column", &name)?;
        let shown = &self.shown(py)?;
        match column {
            Column::Position => positions(py, shown.len()),
            Column::Id => values(py, shown, |token| token.id().raw()),
            Column::Domain => values(py, shown, |token| token.id().domain()),
            Column::EntityType => values(py, shown, |token| token.id().entity_type().bits()),
            Column::LocalId => values(py, shown, |token| token.id().local()),
            Column::Flags => values(py, shown, |token| token.flags().bits()),
            Column::FlagsEntityType => {
                values(py, shown, |token| token.flags().entity_type().bits())
            }
            Column::Weight => values(py, shown, Token::weight),
            Column::Radius if decode => values(py, shown, Token::radius),
            Column::Radius => values(py, shown, Token::radius_raw),
            Column::Strength if decode => values(py, shown, Token::strength),
            Column::Strength => values(py, shown, Token::strength_raw),
            Column::Timestamp => values(py, shown, Token::timestamp),
            Column::Coordinate(space, axis) => coordinates(py, shown, space, axis, decode),
        }
    }

    /// Copies of the tokens at some positions, in the given order, as an array of records. Negative
    /// positions count from the end. The array has the shape of ``positions``.
    fn take<'py>(
        &self,
        py: Python<'py>,
        positions: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let wanted = whole_numbers(py, positions, "positions")?;
        let shown = self.shown(py)?;
        let looks = match shown {
            // Each may be in another block.
            Shown::File(..) | Shown::Shards(..) => wanted.len().saturating_mul(BLOCK_TOKENS),
            _ => wanted.len(),
        };
        let tokens = long(py, looks, None, |workers| {
            let len = shown.len();
            let place = |&index: &i64| position(index.into(), len);
            let places = try_collected(wanted.iter().map(place))?;
            taken(workers, &shown, &places)
        })?;
        shaped(positions, owned(py, tokens)?)
    }

    /// A sorted copy, ties by position: by a column, by a space (along a Hilbert curve, so that
    /// neighbours in the order are near in the space), or by several.
    #[pyo3(signature = (by, *, num_threads = None))]
    fn sort(
        &self,
        py: Python<'_>,
        by: &Bound<'_, PyAny>,
        num_threads: Option<Whole<'_>>,
    ) -> PyResult<Py<TokenVec>> {
        let (order, threads) = (order_of(by)?, threads_of(num_threads)?);
        let shown = self.shown(py)?;
        let store = long(py, shown.len(), threads, |workers| {
            shown.with_tokens(workers, |tokens| sorted(workers, tokens, &order))
        })?;
        Py::new(py, TokenVec::made_of(store))
    }
}

/// An array in the shape of the argument.
pub(crate) fn shaped<'py>(
    given: &Bound<'py, PyAny>,
    found: Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = given.py();
    let shape = py.import("numpy")?.call_method1("shape", (given,))?;
    match shape.len()? < 2 {
        true => Ok(found),
        false => found.call_method1("reshape", (shape,)),
    }
}

/// A space by name.
pub(crate) fn space_of(name: &str) -> Result<Space, Error> {
    let names = Space::ALL.map(Space::name).join(", ");
    let found = Space::ALL.into_iter().find(|space| space.name() == name);
    found.ok_or_else(|| Error::value("space", Value::Text(name.into()), format!("one of {names}")))
}

/// A column by name.
pub(crate) fn column_of(field: &str, given: &Text<'_>) -> Result<Column, Error> {
    let name = given.text(field)?;
    name.parse::<Column>().map_err(|unknown| {
        let expected = name_of_column(&unknown);
        Error::new(Class::Value, unknown).of(field, Value::Text(name), expected)
    })
}

fn coordinates<'py>(
    py: Python<'py>,
    shown: &Shown,
    space: Space,
    axis: Axis,
    decode: bool,
) -> PyResult<Bound<'py, PyAny>> {
    match decode {
        true => values(py, shown, |token| token.coordinate(space)[axis as usize]),
        false => values(py, shown, |token| token.steps(space)[axis as usize]),
    }
}

fn positions(py: Python<'_>, len: usize) -> PyResult<Bound<'_, PyAny>> {
    filled(py, (len, None), |out: &mut [i64]| {
        py.detach(|| {
            for (place, position) in out.iter_mut().zip(0..) {
                *place = position;
            }
        });
        Ok(())
    })
}

/// An array with one value for each token.
fn values<'py, T: Numpy>(
    py: Python<'py>,
    shown: &Shown,
    value: impl Fn(&Token) -> T + Sync,
) -> PyResult<Bound<'py, PyAny>> {
    filled(py, (shown.len(), None), |out: &mut [T]| {
        long(py, shown.len(), None, |workers| {
            fill(workers, shown, out, 1, |token, place| {
                place[0] = value(token);
            })
        })
    })
}

/// An array with three values for each token.
fn rows<'py, T: Numpy>(
    py: Python<'py>,
    shown: &Shown,
    row: impl Fn(&Token) -> [T; 3] + Sync,
) -> PyResult<Bound<'py, PyAny>> {
    filled(py, (shown.len(), Some(3)), |out: &mut [T]| {
        long(py, shown.len(), None, |workers| {
            fill(workers, shown, out, 3, |token, place| {
                for (place, value) in place.iter_mut().zip(row(token)) {
                    *place = value;
                }
            })
        })
    })
}

/// Writes `width` values of each token to `out`, by all workers.
fn fill<T: Send>(
    workers: &Workers,
    shown: &Shown,
    out: &mut [T],
    width: usize,
    write: impl Fn(&Token, &mut [T]) + Sync,
) -> Result<(), Error> {
    let shards = Shards::new(shown.len());
    let pieces = out
        .chunks_mut(shards.shard_tokens() * width)
        .map(Mutex::new);
    let pieces: Vec<Mutex<&mut [T]>> = pieces.collect();
    let write_all = |tokens: &[Token], out: &mut [T]| {
        for (token, place) in tokens.iter().zip(out.chunks_exact_mut(width)) {
            write(token, place);
        }
    };
    let of_slice = |tokens: &[Token]| {
        map_shards(workers, shards, |shard| {
            let out = &mut **lock(&pieces[shard.number]);
            write_all(&tokens[shard.range], out);
        })?;
        Ok(())
    };
    if !shown.is_of_files() {
        return shown.with_tokens(workers, of_slice);
    }
    let read = map_shards(workers, shards, |shard| {
        let mut rest = &mut **lock(&pieces[shard.number]);
        shown.for_each(shard.range, |tokens| {
            let (now, later) = std::mem::take(&mut rest).split_at_mut(tokens.len() * width);
            write_all(tokens, now);
            rest = later;
        })
    })?;
    read.into_iter().collect()
}

/// Whole numbers from a number, a sequence, or an array of any integer type.
pub(crate) fn whole_numbers(
    py: Python<'_>,
    given: &Bound<'_, PyAny>,
    name: &str,
) -> PyResult<Vec<i64>> {
    let records = py.import("ngtoken._records")?;
    let array = records.getattr("whole_numbers")?.call1((given, name))?;
    let buffer = PyBuffer::<i64>::get(&array)?;
    let mut numbers = collected((0..buffer.item_count()).map(|_| 0))?;
    buffer.copy_to_slice(py, &mut numbers)?;
    Ok(numbers)
}

fn taken(workers: &Workers, shown: &Shown, places: &[usize]) -> Result<Vec<Token>, Error> {
    let mut tokens = Vec::new();
    if !shown.is_of_files() {
        shown.with_tokens(workers, |all| {
            Ok(gather(workers, all, places, &mut tokens)?)
        })?;
        return Ok(tokens);
    }
    // Each block is read once if positions ascend.
    let mut ranks = collected(0..places.len())?;
    ranks.sort_unstable_by_key(|&rank| places[rank]);
    let ascending = collected(ranks.iter().map(|&rank| places[rank]))?;
    let found = shown.tokens_at(workers, &ascending)?;
    append(&mut tokens, places.iter().map(|_| Token::ZERO))?;
    for (rank, token) in ranks.into_iter().zip(found) {
        tokens[rank] = token;
    }
    Ok(tokens)
}

/// The only array over its tokens, which may be written to.
pub(crate) fn owned(py: Python<'_>, tokens: Vec<Token>) -> PyResult<Bound<'_, PyAny>> {
    let memory = Arc::new(Memory::of(VecStore::from_vec(tokens)));
    let all: Range<usize> = 0..memory.len();
    over(py, Buf::writable(memory, all)?)
}

/// The sort key: a name, names separated by commas, or several names.
pub(crate) fn order_of(by: &Bound<'_, PyAny>) -> Result<Order, Error> {
    let names = match by.cast::<PyString>() {
        Ok(name) => name.to_string(),
        Err(_) => {
            let names = by.extract::<Vec<String>>();
            let expected = "the name of a column or a space, or several";
            names
                .map_err(|_| Error::wrong_type("by", kind_of(by), expected))?
                .join(",")
        }
    };
    Ok(names.parse::<Order>()?)
}

fn sorted(workers: &Workers, tokens: &[Token], order: &Order) -> Result<VecStore, Error> {
    let order = sort_positions(workers, tokens, order)?;
    let mut store = VecStore::try_with_capacity(tokens.len())?;
    ng_parallel::fill(workers, &mut store, tokens.len(), |rank| {
        tokens[order.position(rank)]
    })?;
    Ok(store)
}
