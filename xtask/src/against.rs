//! `stress --against REV`: the other revision's program, built in its own work tree.
//!
//! `target/against` holds a work tree for each commit, reused while it is at that commit and
//! unchanged, one target folder for all of them, and the programs.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result, bail};

use crate::cargo::{command, root, run};
use crate::profiles::Profile;

/// As many digits of a commit as reports show.
pub(crate) const SHORT_ID: usize = 12;

/// A program of another revision.
pub(crate) struct Against {
    pub(crate) commit: String,
    pub(crate) program: PathBuf,
}

/// Builds `ng-stress` of the commit that `rev` names.
pub(crate) fn build(rev: &str, profile: Profile) -> Result<Against> {
    let commit = commit_of(rev)?;
    let folder = root().join("target/against");
    fs::create_dir_all(&folder)?;
    // Two runs must not build in one work tree; the lock ends with this process.
    let lock = File::create(folder.join("lock"))?;
    lock.lock().context("target/against/lock")?;
    let tree = folder.join(&commit);
    work_tree(&root(), &tree, &commit)?;
    eprintln!("building ng-stress of {rev} ({commit})");
    let target = folder.join("target");
    let last = folder.join(format!("last-{}", profile.name()));
    if fs::read_to_string(&last).ok().as_deref() != Some(&commit) {
        // Cargo considers what another work tree left in the target folder fresh if the sources are
        // older.
        touch_sources(&tree)?;
        fs::write(&last, "")?;
    }
    build_in(&tree, &target, profile).with_context(|| format!("--against {rev}"))?;
    fs::write(&last, &commit)?;
    let program = keep(&target, &folder, &commit, profile)?;
    Ok(Against { commit, program })
}

fn commit_of(rev: &str) -> Result<String> {
    let name = format!("{rev}^{{commit}}");
    let found = git(&root())
        .args([
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &name,
        ])
        .output()
        .context("git")?;
    let commit = String::from_utf8_lossy(&found.stdout).trim().to_owned();
    if !found.status.success() || commit.len() < SHORT_ID {
        bail!("--against {rev}: expected a commit, a branch or a tag of this repository");
    }
    Ok(commit)
}

/// The work tree of a commit, made anew unless it exists unchanged.
fn work_tree(repository: &Path, tree: &Path, commit: &str) -> Result<()> {
    if is_clean(tree, commit) {
        return Ok(());
    }
    if tree.exists() {
        fs::remove_dir_all(tree).with_context(|| tree.display().to_string())?;
    }
    // By force: git may remember a deleted work tree here.
    run(git(repository)
        .args(["worktree", "add", "--quiet", "--force", "--detach"])
        .arg(tree)
        .arg(commit))
}

fn is_clean(tree: &Path, commit: &str) -> bool {
    // Without its own `.git`, git would look at the repository around it.
    let says = |arguments: &[&str]| {
        let output = git(tree).args(arguments).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        output.status.success().then_some(text)
    };
    tree.join(".git").is_file()
        && says(&["rev-parse", "HEAD"]).as_deref() == Some(commit)
        && says(&["status", "--porcelain"]).as_deref() == Some("")
}

/// Makes all files that git knows newer than any earlier build.
fn touch_sources(tree: &Path) -> Result<()> {
    let listed = git(tree).args(["ls-files", "-z"]).output()?;
    let now = SystemTime::now();
    for name in listed.stdout.split(|byte| *byte == 0) {
        let path = tree.join(String::from_utf8_lossy(name).as_ref());
        if path.is_file() {
            let touched = File::options().append(true).open(&path);
            let touched = touched.and_then(|file| file.set_modified(now));
            touched.with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}

fn git(folder: &Path) -> Command {
    let mut git = Command::new("git");
    git.arg("-C").arg(folder);
    // A hook that runs this verb sets these for another folder.
    git.env_remove("GIT_DIR").env_remove("GIT_WORK_TREE");
    git.env_remove("GIT_INDEX_FILE");
    git
}

fn build_in(tree: &Path, target: &Path, profile: Profile) -> Result<()> {
    run(command()
        .current_dir(tree)
        .args(["build", "--quiet", "--package", "ng-stress"])
        .args(profile.arguments())
        .arg("--target-dir")
        .arg(target))
}

/// A copy that the next revision's build does not replace.
fn keep(target: &Path, folder: &Path, commit: &str, profile: Profile) -> Result<PathBuf> {
    let name = format!("ng-stress{}", std::env::consts::EXE_SUFFIX);
    let (built, kept) = match profile {
        Profile::Dev => ("debug", "dev"),
        Profile::Release => ("release", "release"),
    };
    let programs = folder.join("programs").join(commit).join(kept);
    fs::create_dir_all(&programs)?;
    let (from, to) = (target.join(built).join(&name), programs.join(&name));
    // Through another name: a run that uses the old copy keeps it.
    let partial = to.with_extension("partial");
    fs::copy(&from, &partial).with_context(|| from.display().to_string())?;
    fs::rename(&partial, &to)?;
    Ok(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What git prints, in a repository without a user.
    fn said(folder: &Path, arguments: &[&str]) -> String {
        let identity = [
            "-c",
            "user.name=nobody",
            "-c",
            "user.email=nobody@localhost",
        ];
        let output = git(folder).args(identity).args(arguments).output();
        let output = output.expect("git starts");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    #[test]
    fn a_work_tree_is_used_again_while_it_is_that_commit_and_unchanged() {
        if Command::new("git").arg("--version").output().is_err() {
            eprintln!("skipped: there is no git");
            return;
        }
        let folder = std::env::temp_dir().join(format!("xtask-against-{}", std::process::id()));
        let (repository, tree) = (folder.join("repository"), folder.join("tree"));
        fs::create_dir_all(&repository).expect("temporary folder");
        said(&repository, &["init", "--quiet"]);
        fs::write(repository.join("file"), "first").expect("file");
        said(&repository, &["add", "file"]);
        said(&repository, &["commit", "--quiet", "--message", "first"]);
        let commit = said(&repository, &["rev-parse", "HEAD"]);

        let file = tree.join("file");
        let remade = |why: &str| {
            assert!(!is_clean(&tree, &commit), "{why}");
            work_tree(&repository, &tree, &commit).expect(why);
            assert_eq!(fs::read_to_string(&file).expect(why), "first", "{why}");
            assert!(is_clean(&tree, &commit), "{why}");
        };
        remade("it is not there");
        fs::write(&file, "changed").expect("file");
        remade("a file was changed");
        fs::write(tree.join("new"), "").expect("file");
        remade("a file is new");
        fs::remove_dir_all(&tree).expect("tree");
        remade("git remembers it, and it is gone");
        assert!(!is_clean(&tree, &"0".repeat(40)), "another commit");
        fs::remove_dir_all(&folder).expect("temporary folder");
    }

    #[test]
    fn sources_that_are_used_again_are_newer_than_what_was_built_meanwhile() {
        if Command::new("git").arg("--version").output().is_err() {
            eprintln!("skipped: there is no git");
            return;
        }
        let tree = std::env::temp_dir().join(format!("xtask-touch-{}", std::process::id()));
        fs::create_dir_all(tree.join("src")).expect("temporary folder");
        said(&tree, &["init", "--quiet"]);
        for name in ["src/known.rs", "unknown.rs"] {
            fs::write(tree.join(name), "fn main() {}").expect("a file");
        }
        said(&tree, &["add", "src/known.rs"]);
        let time_of = |name: &str| {
            let metadata = fs::metadata(tree.join(name)).expect("a file");
            metadata.modified().expect("a time")
        };
        let built = SystemTime::now();
        let unknown = time_of("unknown.rs");
        touch_sources(&tree).expect("touched");
        assert!(time_of("src/known.rs") >= built);
        assert_eq!(time_of("unknown.rs"), unknown);
        fs::remove_dir_all(&tree).expect("removed");
    }
}
