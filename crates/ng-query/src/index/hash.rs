use twox_hash::XxHash3_64;

/// XXH3-64 of `bytes`.
pub(super) fn xxh3(seed: u64, bytes: &[u8]) -> u64 {
    XxHash3_64::oneshot_with_seed(seed, bytes)
}

/// The seed that binds a hash to one file, like that of a token file's blocks.
pub(super) fn file_seed(file_id: [u8; 16]) -> u64 {
    let (halves, _) = file_id.as_chunks();
    halves
        .iter()
        .fold(0, |seed, half| seed ^ u64::from_le_bytes(*half))
}

/// The seed of a column's pieces, to which the number of the piece is added: a piece in the wrong
/// place, or of another column or file, has another hash.
pub(super) fn column_seed(file_id: [u8; 16], sheet: &str, column: &str) -> u64 {
    file_seed(file_id) ^ xxh3(0, format!("{sheet}/{column}").as_bytes())
}
