//! What readers must know before any number.

use std::path::Path;

use ng_plot::{Section, lines, text};
use ng_store::{Counted, Shown};

use super::super::description::{Description, Repeated};
use super::super::number::share;

/// More lines than this are counted, not shown.
const LINES: usize = 40;

pub(super) fn section(described: &Description<'_>) -> Section {
    let mut said = of_file(described);
    said.extend(of_tokens(described));
    let section = Section::new("warnings", "Read this first").unlisted();
    if said.is_empty() {
        let ids = match described.duplicates {
            Some(_) => ", and no id occurs twice",
            None => "",
        };
        let words = format!(
            "Every block matches its committed hash. All tokens described here are valid by the \
             strict rules{ids}."
        );
        return section.class("good").child(text("p", &words));
    }
    let more = said.len().saturating_sub(LINES);
    said.truncate(LINES);
    if more > 0 {
        let verb = match described.is_dataset {
            true => "ng dataset verify PATH",
            false => "ng verify FILE",
        };
        said.push(format!("and {more} more, which `{verb}` names"));
    }
    section.class("warn").child(lines(said))
}

fn of_file(described: &Description<'_>) -> Vec<String> {
    let path = Path::new(&described.path);
    // The page is about one file, so lines need not name it.
    let name = format!(" {}:", Shown(path));
    let found = described.found.warnings(path).into_iter();
    let mut said: Vec<String> = found.map(|line| line.replacen(&name, "", 1)).collect();
    if described.damaged_blocks > 0 {
        let blocks = Counted(described.damaged_blocks, "damaged block");
        let tokens = Counted(described.damaged_tokens, "token");
        said.push(format!("left out: {tokens} of {blocks}"));
    } else if !described.found.bad_blocks().is_empty() {
        said.push(
            "the numbers below are of all blocks, the bad ones too; `--verified --skip-damaged` \
             leaves those out"
                .to_owned(),
        );
    }
    let index = described.index_warnings.iter();
    said.extend(index.map(|warning| format!("index: {warning}")));
    said
}

fn of_tokens(described: &Description<'_>) -> Vec<String> {
    let mut said = Vec::new();
    let count = described.not_valid.count;
    if count > 0 {
        let share = share(count, described.described);
        let tokens = Counted(count, "token");
        said.push(format!("not valid by the strict rules: {tokens} ({share})"));
    }
    let rules = described.not_valid.rules().into_iter();
    let broken = rules.filter(|(count, _)| *count > 0);
    said.extend(broken.map(|(count, what)| format!("{} with {what}", Counted(count, "token"))));
    match described.duplicates {
        Some(Repeated { ids, tokens }) if ids > 0 => {
            let (ids, tokens) = (Counted(ids, "id"), Counted(tokens, "token"));
            said.push(format!(
                "{ids} that more than one token has: {tokens} too many"
            ));
        }
        _ => {}
    }
    said
}
