use ng_dataset::ng_store::disk::sim::SimFs;
use ng_dataset::{DatasetError, Retention};

use crate::images::images;
use crate::stream::{Step, create, followed, ids, open, options, run};

/// One image in this many goes on to be written.
const GOES_ON: u64 = 11;

/// What is durable: after this many operations, so many tokens.
struct Acked(Vec<(u64, u64)>);

impl Acked {
    fn at(&self, operations: u64) -> Option<u64> {
        let before = self.0.iter().filter(|(at, _)| *at <= operations);
        before.map(|(_, tokens)| *tokens).max()
    }
}

#[test]
fn a_power_cut_at_any_operation_leaves_what_was_acknowledged() {
    use Step::{Append, Commit, Roll, Wait};

    let stepwise = [
        Append(10),
        Commit,
        Append(5000),
        Wait,
        Commit,
        Append(1),
        Roll,
        Wait,
    ];
    let beside = [
        Append(4096),
        Append(3),
        Commit,
        Append(9000),
        Commit,
        Roll,
        Append(7),
        Commit,
    ];
    cut_everywhere(&stepwise, None);
    cut_everywhere(&beside, None);
    cut_everywhere(&stepwise, Some(1));
    cut_everywhere(&beside, Some(2));
}

fn cut_everywhere(steps: &[Step], kept: Option<u64>) {
    let fs = SimFs::new();
    fs.record_moments();
    let mut acked = Acked(Vec::new());
    let dataset = create(&fs).unwrap();
    acked.0.push((fs.operations(), 0));
    let mut options = options();
    if let Some(shards) = kept {
        options = options.retain(Retention::Shards(shards));
    }
    let mut writer = dataset.writer(&options).unwrap();
    for step in steps {
        run(&mut writer, *step).unwrap();
        acked.0.push((fs.operations(), writer.committed_tokens()));
    }
    let appended = writer.appended_tokens();
    writer.close().unwrap();
    acked.0.push((fs.operations(), appended));
    let mut checked = 0;
    for moment in fs.take_moments() {
        let (at, call) = (moment.operations(), moment.call());
        for image in images(&moment, at * 10..at * 10 + 10) {
            let goes_on = checked % GOES_ON == 0;
            check(&image, acked.at(at), (appended, kept), goes_on)
                .unwrap_or_else(|fault| panic!("after operation {at} ({call:?}): {fault}"));
            checked += 1;
        }
    }
    assert!(checked >= 1000, "{checked} images");
}

fn check(
    image: &SimFs,
    acked: Option<u64>,
    (appended, kept): (u64, Option<u64>),
    goes_on: bool,
) -> Result<(), String> {
    let dataset = match open(image) {
        Err(DatasetError::NotADataset { .. }) if acked.is_none() => return Ok(()),
        opened => opened.map_err(|error| format!("{error:?}"))?,
    };
    let found = ids(&dataset);
    let first = found.first().copied().unwrap_or(0);
    let end = found.last().map_or(0, |last| u64::from(last + 1));
    if !found.iter().copied().eq(first..end as u32) {
        return Err("tokens are missing in the middle".to_owned());
    }
    if end < acked.unwrap_or(0) || end > appended {
        return Err(format!("{end} tokens of {acked:?} acknowledged"));
    }
    if first > 0 && kept.is_none() {
        return Err(format!("{first} tokens are gone"));
    }
    match goes_on {
        true => go_on(image, found),
        false => Ok(()),
    }
}

/// The tails are closed, and another writer goes on.
fn go_on(image: &SimFs, mut expected: Vec<u32>) -> Result<(), String> {
    let told = |error: DatasetError| format!("{error:?}");
    let dataset = open(image).map_err(told)?;
    dataset.close_tails().map_err(told)?;
    if ids(&dataset) != expected {
        return Err("closing the tails changed the tokens".to_owned());
    }
    let mut writer = dataset.writer(&options()).map_err(told)?;
    run(&mut writer, Step::Append(5000)).map_err(told)?;
    writer.close().map_err(told)?;
    expected.extend(0..5000);
    match ids(&dataset) == expected && followed(&dataset) == expected {
        true => Ok(()),
        false => Err("what was appended after the cut is not there".to_owned()),
    }
}
