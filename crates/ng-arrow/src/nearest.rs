/// Longer words resemble no name, and would be slow to compare with all of them.
const WORD_MAX: usize = 40;

/// The minimum length of a word to match a name by its prefix.
const BEGIN_MIN: usize = 3;

/// Returns the first name with the fewest typing errors from a word, up to a third of its
/// length, or else one that begins with it; ignores case.
///
/// ```
/// use ng_arrow::{Column, nearest_name};
///
/// let names = || Column::ALL.into_iter().map(Column::name);
/// assert_eq!(nearest_name("wieght", names()), Some("weight"));
/// assert_eq!(nearest_name("time", names()), Some("timestamp"));
/// assert_eq!(nearest_name("colour", names()), None);
/// ```
#[must_use]
pub fn nearest_name(
    word: &str,
    names: impl IntoIterator<Item = &'static str>,
) -> Option<&'static str> {
    if word.len() > WORD_MAX {
        return None;
    }
    let word = word.to_lowercase();
    let far = 1 + word.len() / 3;
    let names: Vec<&'static str> = names.into_iter().collect();
    let errors = |name: &&&'static str| strsim::osa_distance(&word, name);
    let nearest = names.iter().min_by_key(errors);
    let nearest = nearest.filter(|name| errors(name) < far.max(2));
    let begins = |name: &&&'static str| word.len() >= BEGIN_MIN && name.starts_with(&word);
    nearest.or_else(|| names.iter().find(begins)).copied()
}
