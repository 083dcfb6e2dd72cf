//! What the tokens of a file or a dataset are like, for people.
//!
//! `gather.rs` asks in few passes and turns the answers into a `Description`, which is what JSON
//! shows. `report.rs` prints it in 80 columns: `table.rs` the numbers, `bars.rs` what is counted by
//! kind. `page/` is the page of HTML, for which `verified.rs` looks at every block.

mod bars;
mod description;
mod gather;
mod number;
mod page;
mod report;
mod table;
mod verified;

use std::process::ExitCode;

use anyhow::Result;
use ng_store::RawDraft;

use self::gather::{Gathered, gather};
use self::verified::verified;
use super::query::{Bytes, Looked, Subject};
use crate::args::DescribeArgs;
use crate::interrupt::Hold;
use crate::own_output::refuse_own_output;
use crate::tool::Tool;

/// A page that is not written yet.
struct Draft<'t> {
    draft: RawDraft,
    /// While there is a file that must not be left behind.
    hold: Hold<'t>,
}

impl<'t> Draft<'t> {
    /// Takes its name at once: no query runs for a page that cannot be written.
    fn begin(args: &DescribeArgs, tool: &'t Tool) -> Result<Option<Self>> {
        let Some(path) = &args.html else {
            return Ok(None);
        };
        refuse_own_output(&args.file, path)?;
        let hold = tool.interrupt.hold()?;
        let draft = RawDraft::begin(path, args.replace)?;
        Ok(Some(Self { draft, hold }))
    }

    /// Looks at every block, as `ng verify` does, for the page. A wish to end stops this and the
    /// queries after it.
    fn verify(&self, subject: &mut Subject, tool: &Tool) -> Result<()> {
        let stop = subject.workers().stop_flag();
        self.hold.on_wish(move || stop.stop());
        let found = verified(subject, tool);
        self.hold.check()?;
        subject.found = found?;
        Ok(())
    }

    fn write(mut self, page: &str) -> Result<()> {
        self.draft.append_bytes(page.as_bytes())?;
        Ok(self.draft.publish()?)
    }
}

/// Describes tokens on standard output, and shows on standard error what it took.
pub(crate) fn describe(args: &DescribeArgs, tool: &Tool) -> Result<ExitCode> {
    let draft = Draft::begin(args, tool)?;
    let mut subject = Subject::open(&args.file, &args.way)?;
    if let Some(draft) = &draft {
        draft.verify(&mut subject, tool)?;
    }
    subject.warn(tool.say);
    let gathered = gather(args, &subject);
    if let Some(draft) = &draft {
        draft.hold.check()?;
    }
    let Gathered {
        description,
        details,
        stats,
    } = gathered?;
    if let (Some(draft), Some(details)) = (draft, details) {
        draft.write(&page::html(&description, &details))?;
    }
    let code = tool.say.answer(&description)?;
    if tool.say.is_json() {
        return Ok(code);
    }
    let looked = Looked {
        path: subject.path(),
        stats: &stats,
        // The description has it.
        nan_weights: 0,
        found: &subject.found,
        index_warnings: subject.index_warnings(),
    };
    looked.tell(tool.say)
}
