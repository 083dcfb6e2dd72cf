//! Other Arrow readers read the files in place, and see the same values.

use std::env;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::process::Command;

use ng_query::Column;
use ng_query::index::BuildOptions;
use ng_token::Space;

use crate::amount::{count, skipped};
use crate::fixture::{Place, stored, tokens};

const BLOCK: usize = 4096;
const COUNT: usize = 3 * BLOCK + 7;

fn options() -> BuildOptions {
    let columns = [
        Column::Id,
        Column::Flags,
        Column::Weight,
        Column::Radius,
        Column::Timestamp,
    ];
    BuildOptions::new()
        .columns(columns)
        .boxes([Space::Physical])
        .ids(true)
}

/// A file whose block 1 is damaged.
fn with_damage() -> Place {
    let place = Place::of(COUNT);
    let offset = place.reader().info().data_offset + 64 * BLOCK as u64 + 5;
    let file = OpenOptions::new().write(true).open(place.file()).unwrap();
    file.write_all_at(&[0xAB, 0xCD, 0xEF], offset).unwrap();
    assert_eq!(place.build(&options()).index.damaged, [1]);
    place
}

#[test]
fn arrow_reads_every_value_and_nulls_where_a_block_is_damaged() {
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Float32Type, UInt32Type};
    use arrow_array::{Array, RecordBatch};
    use arrow_ipc::reader::FileReader;

    let read = |place: &Place, begin: &str| -> Vec<RecordBatch> {
        let file = fs::File::open(place.index_file(begin)).unwrap();
        FileReader::try_new(file, None)
            .unwrap()
            .map(Result::unwrap)
            .collect()
    };
    let all = tokens(0, COUNT);
    for (place, nulls) in [(Place::of(COUNT), 0), (with_damage(), BLOCK)] {
        place.build(&options());
        let [batch] = &read(&place, "columns-")[..] else {
            panic!("one batch")
        };
        let names: Vec<_> = batch
            .schema()
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect();
        assert_eq!(names, ["id", "flags", "weight", "radius", "timestamp"]);
        assert_eq!(batch.num_rows(), 3 * BLOCK);
        let weights = batch.column(2).as_primitive::<Float32Type>();
        let times = batch.column(4).as_primitive::<UInt32Type>();
        assert_eq!((weights.null_count(), times.null_count()), (nulls, nulls));
        for (row, token) in all[..3 * BLOCK].iter().enumerate() {
            assert_eq!(weights.is_null(row), nulls > 0 && row / BLOCK == 1);
            if weights.is_valid(row) {
                assert_eq!(weights.value(row).to_bits(), token.weight().to_bits());
                assert_eq!(times.value(row), token.timestamp());
            }
        }
        let [zones] = &read(&place, "zones-")[..] else {
            panic!("one batch")
        };
        assert_eq!((zones.num_rows(), zones.num_columns()), (3, 69));
        assert_eq!(zones.column(0).null_count(), nulls / BLOCK);
        let [boxes] = &read(&place, "boxes-")[..] else {
            panic!("one batch")
        };
        assert_eq!((boxes.num_rows(), boxes.num_columns()), (3 * 64, 6));
        let [ids] = &read(&place, "ids-")[..] else {
            panic!("one batch")
        };
        assert_eq!(ids.num_rows(), 3 * BLOCK - nulls);
        assert!(
            ids.column(0)
                .as_primitive::<UInt32Type>()
                .values()
                .is_sorted()
        );
    }
}

/// Prints, for each of the three, how many values there are, the sums of ids and times, and how
/// many weights are above 10; pyarrow must not copy the file.
const SCRIPT: &str = r#"
import sys
import pyarrow as pa, pyarrow.compute as pc, polars as pl, duckdb
columns, zones, boxes, ids = sys.argv[1:]
with pa.memory_map(columns) as source:
    before = pa.total_allocated_bytes()
    table = pa.ipc.open_file(source).read_all()
    taken = pa.total_allocated_bytes() - before
    assert taken < 4096, f"{taken} bytes copied"
    for column in table.columns:
        for buffer in column.chunk(0).buffers():
            assert buffer is None or buffer.address % 64 == 0, "a buffer that is not aligned"
    table.validate(full=True)
    print("pyarrow", len(table) - table["id"].null_count, pc.sum(table["id"]), pc.sum(table["timestamp"]),
          pc.sum(pc.cast(pc.greater(table["weight"], 10), pa.int64())))
    sql = "select count(id), sum(id), sum(timestamp), count(*) filter (where weight > 10 and not isnan(weight)) from data"
    import pyarrow.dataset
    data = pyarrow.dataset.dataset(columns, format="ipc")
    print("duckdb", *duckdb.sql(sql).fetchall()[0])
frame = pl.scan_ipc(columns).collect()
above = pl.col("weight").is_not_nan() & (pl.col("weight") > 10)
print("polars", *frame.select(pl.col("id").count(), pl.col("id").cast(pl.UInt64).sum().alias("a"), pl.col("timestamp").cast(pl.UInt64).sum(), above.sum().alias("b")).row(0))
for path, rows in [(zones, 3), (boxes, 192), (ids, None)]:
    with pa.memory_map(path) as source:
        table = pa.ipc.open_file(source).read_all()
        table.validate(full=True)
        assert rows in (None, len(table)), (path, len(table))
"#;

#[test]
fn pyarrow_polars_and_duckdb_read_the_columns_where_they_lie() {
    let python = env::var("NG_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let name = "index: files read by pyarrow, Polars and DuckDB";
    let imports = Command::new(&python)
        .args(["-c", "import pyarrow, polars, duckdb"])
        .output();
    if !imports.is_ok_and(|imports| imports.status.success()) {
        skipped(
            name,
            "no Python with pyarrow, polars and duckdb (NG_PYTHON)",
        );
        return;
    }
    for place in [Place::of(COUNT), with_damage()] {
        let report = place.build(&options());
        let files = ["columns-", "zones-", "boxes-", "ids-"].map(|begin| place.index_file(begin));
        let output = Command::new(&python)
            .args(["-c", SCRIPT])
            .args(&files)
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        let all = tokens(0, 3 * BLOCK);
        let whole = all
            .chunks(BLOCK)
            .zip(0..)
            .filter(|(_, block)| !report.index.damaged.contains(block));
        let whole: Vec<_> = whole.flat_map(|(block, _)| block.to_vec()).collect();
        let sum = |column| -> u64 {
            let bytes = stored(column, &whole);
            let (words, _) = bytes.as_chunks();
            words
                .iter()
                .map(|word| u64::from(u32::from_le_bytes(*word)))
                .sum()
        };
        let above = whole.iter().filter(|token| token.weight() > 10.0).count();
        let told = format!(
            "{} {} {} {above}",
            whole.len(),
            sum(Column::Id),
            sum(Column::Timestamp)
        );
        let expected = ["pyarrow", "duckdb", "polars"]
            .map(|name| format!("{name} {told}\n"))
            .concat();
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
        count(name, files.len() as u64);
    }
}
