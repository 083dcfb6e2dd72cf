//! What `--help` shows after the options of each verb.

pub(crate) const CREATE: &str = "\
Examples:
  ng create a.ngt --tokens 10M
  ng create a.ngt --tokens 100M --ids raw
  ng create a.ngt --tokens 10M --like clustered --seed 7
  ng create a.ngt --from records.raw --validate
  ng create a.ngt --from neurograph.raw --validate=upstream
  ng create a.ngt --from a.parquet
  ng create a.ngt --from steps.csv --raw
  generator | ng create a.ngt --from - --expect 1M
  generator | ng create a.ngt --from - --format csv

Parquet, Arrow, CSV (.csv) and JSON lines (.jsonl) are taken by their extension or by
--format. Columns have the names that `ng export` writes, in any order; an id is required,
other missing columns are those of a fresh token. The first value that does not fit is named.

Exit codes:
  0    created
  1    an error: there is no new file, and an old one is unchanged; or the report
       could not be written
  2    usage
  130  interrupted: as after an error";

pub(crate) const APPEND: &str = "\
Examples:
  ng append a.ngt --from records.raw
  generator | ng append a.ngt --from - --validate --expect 1M
  ng append a.ngt --from /dev/null    (restores a damaged end from its image)
  ng append a.ngt --from records.raw --older-commit
  ng append a.ngt --from records.raw --damaged-tail
  ng append a.ngt --from more.parquet

A file that may have lost its newest commit is refused, since an append would
overwrite it, and so is one whose last block is damaged and has no image: these two
options append anyway. `ng verify` keeps naming a block that was closed.

Exit codes:
  0    appended, in one commit
  1    an error: nothing was appended, unless it says that the outcome is unknown;
       or the report could not be written
  2    usage
  130  interrupted: nothing was appended";

pub(crate) const INFO: &str = "\
Reads what is before the tokens, and the block that is not full, but no other blocks:
`ng verify` does.

Examples:
  ng info a.ngt
  ng info a.ngt --json

Exit codes:
  0    shown, even if damage is found: `ng verify` fails then
  1    the file cannot be opened
  2    usage";

pub(crate) const VERIFY: &str = "\
Examples:
  ng verify a.ngt
  ng verify a.ngt --json --threads 4

Exit codes:
  0    sound; what a power cut during a commit leaves is reported, but is no damage
  1    damaged, or the file cannot be opened or read
  2    usage
  130  interrupted";

pub(crate) const REPAIR: &str = "\
Examples:
  ng repair damaged.ngt whole.ngt
  ng repair damaged.ngt whole.ngt --compact
  ng repair damaged.ngt whole.ngt --salvage    (no commit slot is left)

A commit whose slot is lost is recovered from its intent, as far as its hashes hold; it
may never have been acknowledged.

Exit codes:
  0    every token was saved
  1    saved what is whole, but something is lost or may be; or an error, and there
       is no new file
  2    usage
  130  interrupted: there is no new file";

pub(crate) const HEAD: &str = "\
Examples:
  ng head a.ngt
  ng head a.ngt -n 20 --from 1M
  ng head a.ngt -n 1k --json

Exit codes:
  0    shown, or the reader of standard output closed it
  1    a bad block, or another error; or shown by a block table that is not the
       committed one, or by an older commit because a newer one may be lost
  2    usage
  130  interrupted";

pub(crate) const COPY: &str = "\
Examples:
  ng copy a.ngt b.ngt --range 1M..2M
  ng copy a.ngt records.raw --raw
  ng copy a.ngt - --raw | ng create b.ngt --from - --expect 10M

Exit codes:
  0    copied, or the reader of standard output closed it
  1    a bad block, or another error, and there is no new file; or copied by a block
       table that is not the committed one, or by an older commit because a newer one
       may be lost
  2    usage
  130  interrupted: there is no new file";

pub(crate) const TRIM: &str = "\
A file grows by more than it needs, an eighth of it and up to 64 MiB, so that small
appends are cheap. This gives the spare room back, and changes no token.

Examples:
  ng trim a.ngt
  ng trim a.ngt --json

Exit codes:
  0    trimmed, or there was nothing to give back
  1    an error: the tokens are unchanged; or the report could not be written
  2    usage
  130  interrupted";

pub(crate) const COMPLETIONS: &str = "\
Examples:
  ng completions bash
  ng completions zsh

Exit codes:
  0    printed
  1    standard output could not be written
  2    usage";
