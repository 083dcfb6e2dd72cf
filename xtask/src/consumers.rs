//! Crates outside the workspace that depend on its libraries: a feature, dependency or name that
//! only the workspace has shows up here.

use std::fs;
use std::io;
use std::path::Path;

use anyhow::{Context, Result};

use crate::cargo::{builds, command, root, run};

/// A third party's crate, made from a library's `examples`.
struct Consumer {
    name: &'static str,
    /// A folder whose files it takes, and the folder of its own that they go to.
    sources: &'static [(&'static str, &'static str)],
    /// Each library that it depends on, with its requirement in TOML.
    dependencies: &'static [(&'static str, &'static str)],
    /// The programs to run. All are built.
    runs: &'static [&'static str],
}

const CONSUMERS: [Consumer; 8] = [
    Consumer {
        name: "consumer-of-ng-token",
        sources: &[("crates/ng-token/examples", "src/bin")],
        dependencies: &[("ng-token", "")],
        runs: &["first_token"],
    },
    Consumer {
        name: "consumer-of-ng-store",
        sources: &[("crates/ng-store/examples", "src/bin")],
        dependencies: &[("ng-store", "")],
        runs: &["fill_and_measure", "mapped_file"],
    },
    Consumer {
        name: "consumer-of-ng-parallel",
        sources: &[("crates/ng-parallel/examples", "src/bin")],
        dependencies: &[("ng-parallel", "")],
        runs: &["sum_ids", "safe_path"],
    },
    Consumer {
        name: "consumer-of-ng-query",
        sources: &[("crates/ng-query/examples", "src/bin")],
        dependencies: &[("ng-query", "")],
        runs: &["ask_a_file"],
    },
    Consumer {
        name: "consumer-of-ng-dataset",
        sources: &[("crates/ng-dataset/examples", "src/bin")],
        dependencies: &[("ng-dataset", "")],
        runs: &["stream"],
    },
    Consumer {
        name: "consumer-of-ng-plot",
        sources: &[("crates/ng-plot/examples", "src/bin")],
        dependencies: &[("ng-plot", "")],
        runs: &["page"],
    },
    Consumer {
        name: "consumer-of-ng-lab",
        sources: &[("crates/ng-lab/examples", "src/bin")],
        dependencies: &[("ng-lab", "")],
        runs: &["sorting"],
    },
    Consumer {
        name: "surface",
        sources: &[
            ("crates/ng-parallel/examples/surface", "src"),
            ("crates/ng-parallel/examples/surface/parts", "src/parts"),
        ],
        dependencies: &[
            ("ng-token", ""),
            ("ng-store", ""),
            ("ng-parallel", "features = ['rayon']"),
        ],
        runs: &["surface"],
    },
];

/// Builds every consumer, and runs its programs.
pub(crate) fn consumers() -> Result<()> {
    for consumer in &CONSUMERS {
        consumer.check().context(consumer.name)?;
    }
    Ok(())
}

impl Consumer {
    fn check(&self) -> Result<()> {
        let folder = root().join("target/consumers").join(self.name);
        self.write(&folder)?;
        let cargo = |arguments: &[&str]| {
            run(command()
                .current_dir(&folder)
                .env("CARGO_TARGET_DIR", builds())
                .args(arguments))
        };
        cargo(&["build", "--quiet", "--bins"])?;
        self.runs
            .iter()
            .try_for_each(|program| cargo(&["run", "--quiet", "--bin", program]))
    }

    /// Writes the crate anew, so that a renamed program is not built once more.
    fn write(&self, folder: &Path) -> Result<()> {
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => fs::create_dir_all(folder)?,
        }
        fs::write(folder.join("Cargo.toml"), self.manifest())?;
        // The versions of the workspace, not today's releases.
        fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
        for (from, to) in self.sources {
            copy_files(&root().join(from), &folder.join(to))?;
        }
        Ok(())
    }

    fn manifest(&self) -> String {
        let name = self.name;
        let crates = root().join("crates");
        let dependencies: String = self
            .dependencies
            .iter()
            .map(|(library, asked)| {
                let path = crates.join(library).display().to_string();
                format!("[dependencies.{library}]\npath = '{path}'\n{asked}\n")
            })
            .collect();
        format!(
            "[package]\nname = '{name}'\nversion = '0.0.0'\nedition = '2024'\n\n\
             {dependencies}\n[workspace]\n"
        )
    }
}

/// Copies the files of a folder, and none of the folders in it.
fn copy_files(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}
