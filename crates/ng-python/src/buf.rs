//! Tokens as a Python buffer, over which numpy arrays are made.

use std::ffi::{CStr, c_int};
use std::mem::offset_of;
use std::ops::Range;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ng_token::Token;
use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;

use crate::error::{Class, Error};
use crate::memory::Memory;
use crate::shown::Shown;

/// The record as `struct` and numpy spell it: little-endian, without padding.
const FORMAT: &CStr =
    c"T{(8,3)<h:coords:<I:id:<H:flags:<f:weight:<B:radius:<B:strength:<I:timestamp:}";

/// A buffer over some tokens, which keeps them alive.
///
/// Arrays made over it (``numpy.frombuffer(buf, TOKEN_DTYPE)``) keep it alive in turn. It is
/// read-only, unless it comes from ``TokenVec.view(writable=True)``.
#[pyclass(frozen, module = "ngtoken")]
pub(crate) struct Buf {
    held: Held,
    exports: AtomicUsize,
}

enum Held {
    Shown(Shown),
    Writable(Writable),
}

/// Some tokens of a memory that Python may write to.
struct Writable {
    memory: Arc<Memory>,
    range: Range<usize>,
}

impl Drop for Writable {
    fn drop(&mut self) {
        self.memory.take_back();
    }
}

impl Buf {
    /// Over tokens that are at hand.
    pub(crate) fn of(shown: Shown) -> Self {
        Self::holding(Held::Shown(shown))
    }

    /// Over tokens that may be written to.
    ///
    /// # Errors
    ///
    /// As [`Memory::let_out`].
    pub(crate) fn writable(memory: Arc<Memory>, range: Range<usize>) -> Result<Self, Error> {
        memory.let_out()?;
        Ok(Self::holding(Held::Writable(Writable { memory, range })))
    }

    fn holding(held: Held) -> Self {
        Self {
            held,
            exports: AtomicUsize::new(0),
        }
    }
}

#[pymethods]
impl Buf {
    /// How many views of it exist.
    #[getter]
    fn exports(&self) -> usize {
        self.exports.load(Ordering::Relaxed)
    }

    /// Whether it is read-only.
    #[getter]
    fn readonly(&self) -> bool {
        matches!(self.held, Held::Shown(_))
    }

    /// Its size in bytes.
    #[getter]
    fn nbytes(&self) -> usize {
        len(&self.held) * Token::SIZE
    }

    fn __len__(&self) -> usize {
        len(&self.held)
    }

    fn __repr__(&self) -> String {
        let kind = if self.readonly() {
            "read-only"
        } else {
            "writable"
        };
        format!("<ngtoken.Buf of {} tokens, {kind}>", self.__len__())
    }

    #[expect(unsafe_code, reason = "the buffer protocol is one of pointers")]
    unsafe fn __getbuffer__(
        slf: Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        // SAFETY: (1) The interpreter passes a view to fill.
        unsafe { clear(view) };
        let buf = slf.get();
        let start = match &buf.held {
            Held::Shown(shown) => address(shown)?,
            Held::Writable(Writable { memory, range }) => memory.start().wrapping_add(range.start),
        };
        let export = Export {
            start,
            len: buf.__len__(),
            is_readonly: buf.readonly(),
            keeps: None,
        };
        // SAFETY: (1) The interpreter passes a view to fill. (2) The object holds what `start`
        // points to, and the view holds the object.
        unsafe { export.fill(slf.as_any(), view, flags) }?;
        buf.exports.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    #[expect(unsafe_code, reason = "the buffer protocol is one of pointers")]
    unsafe fn __releasebuffer__(&self, view: *mut ffi::Py_buffer) {
        // SAFETY: (1) The view is one that `__getbuffer__` filled, and is released once.
        unsafe { release(view) };
        self.exports.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Makes a view refer to nothing, as Python requires of a refused one.
///
/// # Safety
///
/// `view` is null or can be written to.
#[expect(unsafe_code, reason = "the buffer protocol is one of pointers")]
pub(crate) unsafe fn clear(view: *mut ffi::Py_buffer) {
    // SAFETY: (1) The caller vouches for the view.
    if let Some(view) = unsafe { view.as_mut() } {
        view.obj = ptr::null_mut();
    }
}

fn len(held: &Held) -> usize {
    match held {
        Held::Shown(shown) => shown.len(),
        Held::Writable(writable) => writable.range.len(),
    }
}

/// Where tokens at hand begin.
///
/// # Errors
///
/// If they are still in a file.
pub(crate) fn address(shown: &Shown) -> Result<*mut Token, Error> {
    match shown {
        Shown::Memory(memory, range) => Ok(memory.start().wrapping_add(range.start)),
        Shown::Map(snapshot) => Ok(snapshot.tokens().as_ptr().cast_mut()),
        Shown::File(..) | Shown::Shards(..) => {
            Err(Error::new(Class::Buffer, "the tokens are still in a file"))
        }
    }
}

/// A view to be exported.
pub(crate) struct Export {
    pub(crate) start: *mut Token,
    pub(crate) len: usize,
    pub(crate) is_readonly: bool,
    /// What the view holds besides its owner.
    pub(crate) keeps: Option<Shown>,
}

/// What a view points to, and holds.
struct Kept {
    shape: [ffi::Py_ssize_t; 1],
    strides: [ffi::Py_ssize_t; 1],
    _shown: Option<Shown>,
}

impl Export {
    /// Fills a view of `owner`, as far as `flags` ask.
    ///
    /// # Errors
    ///
    /// `BufferError` if it is to be writable, and cannot be.
    ///
    /// # Safety
    ///
    /// `view` can be written to, and `start` has `len` tokens for as long as `owner` or what is
    /// kept lives.
    #[expect(unsafe_code, reason = "the buffer protocol is one of pointers")]
    pub(crate) unsafe fn fill(
        self,
        owner: &Bound<'_, PyAny>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        if view.is_null() {
            return Err(PyBufferError::new_err("no view to fill"));
        }
        if self.is_readonly && flags & ffi::PyBUF_WRITABLE == ffi::PyBUF_WRITABLE {
            return Err(PyBufferError::new_err("the tokens are read-only"));
        }
        let asks = |flag: c_int| flags & flag == flag;
        let kept = Box::into_raw(Box::new(Kept {
            shape: [self.len as ffi::Py_ssize_t],
            strides: [Token::SIZE as ffi::Py_ssize_t],
            _shown: self.keeps,
        }));
        let shape = kept.wrapping_byte_add(offset_of!(Kept, shape));
        let strides = kept.wrapping_byte_add(offset_of!(Kept, strides));
        let filled = ffi::Py_buffer {
            buf: self.start.cast(),
            obj: owner.clone().into_ptr(),
            len: (self.len * Token::SIZE) as ffi::Py_ssize_t,
            itemsize: Token::SIZE as ffi::Py_ssize_t,
            readonly: self.is_readonly.into(),
            ndim: 1,
            format: match asks(ffi::PyBUF_FORMAT) {
                true => FORMAT.as_ptr().cast_mut(),
                false => ptr::null_mut(),
            },
            shape: if asks(ffi::PyBUF_ND) {
                shape.cast()
            } else {
                ptr::null_mut()
            },
            strides: if asks(ffi::PyBUF_STRIDES) {
                strides.cast()
            } else {
                ptr::null_mut()
            },
            suboffsets: ptr::null_mut(),
            internal: kept.cast(),
        };
        // SAFETY: (1) The caller vouches for `view`.
        unsafe { view.write(filled) };
        Ok(())
    }
}

/// Drops what a view held.
///
/// # Safety
///
/// [`Export::fill`] filled the view, and it is released once.
#[expect(unsafe_code, reason = "the buffer protocol is one of pointers")]
pub(crate) unsafe fn release(view: *mut ffi::Py_buffer) {
    // SAFETY: (1) The caller vouches for the view.
    let kept = unsafe { (*view).internal }.cast::<Kept>();
    // SAFETY: (1) `fill` made it from a box, and nobody else drops it.
    drop(unsafe { Box::from_raw(kept) });
}
