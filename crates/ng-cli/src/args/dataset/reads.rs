//! The help of what a dataset shares with a file: the verbs are the same.

pub(super) const QUERY: &str = "\
The questions and options are those of `ng query`, whose help has more examples; `ng query`
takes a dataset, too. A position counts through the shards in their order, and holds within
one generation; `ng dataset info --shards` tells which shard it is in. Shards whose
extremes rule a filter out are not opened.

Examples:
  ng dataset query a.ngd --where active --count
  ng dataset query a.ngd --nearest physical:1.0,-2.25,0 -k 10
  ng dataset query a.ngd --group-by entity_type --generation 7

Exit codes:
  0    answered, or who reads standard output has gone
  1    a damaged block or another error, and there is no new file; or answered without
       what is damaged of the dataset, or of its blocks with --skip-damaged
  2    usage, a filter that cannot be read among it
  130  interrupted: there is no new file";

pub(super) const DESCRIBE: &str = "\
The same as `ng describe`, but for --html, which is for token files.

Examples:
  ng dataset describe a.ngd
  ng dataset describe a.ngd --where object --columns weight --json

Exit codes:
  0    described, or the reader of standard output closed it
  1    a damaged block or another error; or described without what is damaged of the
       dataset, or of its blocks with --skip-damaged
  2    usage
  130  interrupted";

pub(super) const HEAD: &str = "\
The same as `ng head`.

Examples:
  ng dataset head a.ngd
  ng dataset head a.ngd -n 20 --from 1M --json

Exit codes:
  0    shown, or the reader of standard output closed it
  1    a bad block, or another error; or shown without what is damaged of the dataset
  2    usage
  130  interrupted";

pub(super) const EXPORT: &str = "\
The same as `ng export`.

Examples:
  ng dataset export a.ngd a.parquet
  ng dataset export a.ngd - --format csv --where weight>0.9

Exit codes:
  0    exported, or the reader of standard output closed it
  1    a bad block, or another error, and there is no new file; or exported without
       what is damaged of the dataset
  2    usage
  130  interrupted: there is no new file";
