use std::str::FromStr;

/// A name, and arguments in brackets if it has any: `count`, `quantile(weight, 0.9)`.
pub(super) struct Call<'t> {
    pub(super) name: &'t str,
    pub(super) arguments: Vec<&'t str>,
}

impl<'t> Call<'t> {
    pub(super) fn parse(text: &'t str) -> Option<Self> {
        let text = text.trim();
        let Some((name, rest)) = text.split_once('(') else {
            return Some(Self {
                name: text,
                arguments: Vec::new(),
            });
        };
        let inner = rest.strip_suffix(')')?;
        Some(Self {
            name: name.trim(),
            arguments: inner.split(',').map(str::trim).collect(),
        })
    }
}

/// Parses each of a list: `count, quantile(weight, 0.9)` has two.
pub(super) fn parse_list<T: FromStr>(list: &str) -> Result<Vec<T>, T::Err> {
    let mut depth = 0;
    let parts = list.split(move |letter| {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        letter == ',' && depth == 0
    });
    parts.map(|part| part.trim().parse()).collect()
}
