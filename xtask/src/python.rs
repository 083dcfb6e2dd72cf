//! The Python package, which is its own workspace: built, installed and tested in an environment
//! below `target/`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::{fmt, fs};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;

use crate::cargo::{become_process, builds, command, root, run};

#[derive(Debug, Args)]
pub(crate) struct PythonArgs {
    /// Leave a wheel in target/python/wheels, and test nothing
    #[arg(long)]
    wheel: bool,

    /// Check random lives of vectors, files and views for invalid reads and writes
    ///
    /// By valgrind, in a build with debug assertions: 1,000 lives, or as NG_PYTHON_LIVES says.
    #[arg(long, conflicts_with = "wheel")]
    valgrind: bool,

    /// More arguments for pytest, such as `-k lives`
    #[arg(last = true, value_name = "ARGS")]
    pytest: Vec<String>,
}

/// The oldest supported Python.
const OLDEST: (u32, u32) = (3, 11);

/// The interpreters that the wheel is tried on besides the one it is tested on, if they are found.
const OTHERS: [&str; 6] = [
    "python3.11",
    "python3.12",
    "python3.13",
    "python3.14",
    "python3.13t",
    "python3.14t",
];

/// How valgrind checks: for invalid addresses, not for uninitialised values, on which Python itself
/// branches. Leaks are shown, but are no failure: Python and its libraries keep much to the end.
const VALGRIND: [&str; 6] = [
    "--error-exitcode=97",
    "--undef-value-errors=no",
    "--leak-check=full",
    "--show-leak-kinds=definite",
    "--errors-for-leak-kinds=none",
    "--num-callers=30",
];

/// What a Python is asked, to find out whether it is suitable, and which one it is.
const ASKS: &str = "import os, sys, sysconfig, venv, ensurepip
free = bool(sysconfig.get_config_var('Py_GIL_DISABLED'))
version = '%d.%d' % sys.version_info[:2]
print(version, free, sys.version.split()[0], os.path.realpath(sys.executable))";

pub(crate) fn python(args: &PythonArgs) -> Result<()> {
    let python = match find() {
        Ok(python) => python,
        Err(why) => bail!("{why}"),
    };
    let environment = Environment::of(&python)?;
    if args.valgrind {
        return environment.watch(&args.pytest);
    }
    let wheel = environment.build_wheel(&environment.program("python"), "wheels")?;
    if args.wheel {
        println!("{}", wheel.display());
        return Ok(());
    }
    environment.install(&wheel)?;
    let engines = environment.install_engines()?;
    environment.test(engines, &args.pytest)?;
    match args.pytest.is_empty() {
        true => environment.try_alone(&python, &wheel),
        false => Ok(()),
    }
}

/// Measures the package beside Rust calls and other packages. The script parses its own options.
pub(crate) fn measure(passed_on: &[&str]) -> Result<ExitCode> {
    let python = find().map_err(|why| anyhow!(why))?;
    let environment = Environment::of(&python)?;
    let wheel = environment.build_wheel(&environment.program("python"), "wheels")?;
    environment.install(&wheel)?;
    let target = builds();
    let calls = [
        "build",
        "--release",
        "--package",
        "ng-benches",
        "--bin",
        "calls",
    ];
    run(command()
        .current_dir(root())
        .args(calls)
        .arg("--target-dir")
        .arg(&target))?;
    let figures = target.join("ng-bench");
    fs::create_dir_all(&figures).with_context(|| figures.display().to_string())?;
    let mut script = Command::new(environment.program("python"));
    script.arg(root().join("benches/python.py"));
    let program = format!("calls{}", std::env::consts::EXE_SUFFIX);
    script
        .arg("--calls")
        .arg(target.join("release").join(program));
    script.arg("--out").arg(figures.join("python.json"));
    script.args(passed_on);
    become_process(script)
}

/// The lines of a locked package: its name and version, and the hashes below.
fn entry_of(locked: &str, name: &str) -> String {
    let begins = |line: &&str| {
        line.split_once("==")
            .is_some_and(|(found, _)| found == name)
    };
    let mut lines = locked.lines().skip_while(|line| !begins(line));
    let first = lines.next().into_iter();
    let entry: Vec<&str> = first
        .chain(lines.take_while(|line| line.starts_with(' ')))
        .collect();
    entry.join("\n") + "\n"
}

/// Runs the tests, as `test` and `ci` do; without a Python for it, says why.
pub(crate) fn test_if_possible() -> Result<()> {
    match find() {
        Ok(_) => {
            let whole = PythonArgs {
                wheel: false,
                valgrind: false,
                pytest: Vec::new(),
            };
            or_say(python(&whole))
        }
        Err(why) => {
            println!("python: not tested: {why}");
            Ok(())
        }
    }
}

/// If the packages for the tests cannot be fetched, the change is not at fault.
fn or_say(tested: Result<()>) -> Result<()> {
    match tested {
        Err(error) if error.is::<Unreachable>() => {
            println!("python: not tested: {error}");
            Ok(())
        }
        tested => tested,
    }
}

/// The package registry does not answer.
#[derive(Debug)]
struct Unreachable {
    said: String,
}

impl Unreachable {
    /// What pip prints then; a missing package, or another hash, is no such case.
    const SIGNS: [&str; 5] = [
        "NewConnectionError",
        "NameResolutionError",
        "ConnectTimeoutError",
        "ReadTimeoutError",
        "ProxyError",
    ];

    fn of(said: &str) -> Option<Self> {
        let is_sign = |line: &&str| Self::SIGNS.iter().any(|sign| line.contains(sign));
        let said = said.lines().find(is_sign)?.trim().to_owned();
        Some(Self { said })
    }
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "packages cannot be fetched: {}", self.said)
    }
}

impl std::error::Error for Unreachable {}

/// Runs pip; distinguishes a registry that does not answer from other failures.
fn fetch(pip: &mut Command) -> Result<()> {
    let output = pip.stdout(Stdio::inherit()).output();
    let output = output.with_context(|| format!("{pip:?}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    eprint!("{said}");
    match (output.status.success(), Unreachable::of(&said)) {
        (true, _) => Ok(()),
        (false, Some(unreachable)) => Err(unreachable.into()),
        (false, None) => bail!("{pip:?}: {}", output.status),
    }
}

/// Checks that the extension is formatted.
pub(crate) fn format() -> Result<()> {
    run(cargo().args(["fmt", "--check"]))
}

/// Checks that the extension has no warnings; its build asks a Python what it is built for.
pub(crate) fn lints() -> Result<()> {
    if let Err(why) = find() {
        println!("python: not linted: {why}");
        return Ok(());
    }
    let clippy = ["clippy", "--release", "--locked", "--", "-D", "warnings"];
    run(cargo().args(clippy))
}

/// Cargo in that workspace.
fn cargo() -> Command {
    let mut cargo = command();
    cargo.current_dir(package());
    cargo.env("CARGO_TARGET_DIR", builds());
    cargo
}

fn package() -> PathBuf {
    root().join("crates/ng-python")
}

fn folder() -> PathBuf {
    root().join("target/python")
}

/// A suitable interpreter.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Interpreter {
    program: PathBuf,
    version: (u32, u32),
    is_free_threaded: bool,
    /// Its full version and its path without links: another one has another text.
    identity: String,
}

impl Interpreter {
    /// Reads the answer to [`ASKS`].
    fn in_answer(program: PathBuf, said: &str) -> Option<Self> {
        let (version, rest) = said.trim().split_once(' ')?;
        let (free, identity) = rest.split_once(' ')?;
        let (major, minor) = version.split_once('.')?;
        Some(Self {
            program,
            version: (major.parse().ok()?, minor.parse().ok()?),
            is_free_threaded: free == "True",
            identity: identity.to_owned(),
        })
    }

    /// Its usual name, such as `python3.11`.
    fn name(&self) -> String {
        let (major, minor) = self.version;
        let free = if self.is_free_threaded { "t" } else { "" };
        format!("python{major}.{minor}{free}")
    }

    /// Whether a wheel built for another interpreter fits this one: one wheel fits all but
    /// free-threaded ones, which have one each.
    fn takes_wheel_for(&self, other: &Self) -> bool {
        self.name() == other.name() || !(self.is_free_threaded || other.is_free_threaded)
    }
}

/// One interpreter for each name, the first of several.
fn distinct(found: impl IntoIterator<Item = Interpreter>) -> Vec<Interpreter> {
    let mut some: Vec<Interpreter> = Vec::new();
    for interpreter in found {
        if some.iter().all(|known| known.name() != interpreter.name()) {
            some.push(interpreter);
        }
    }
    some
}

/// Finds a suitable Python: the one that `NG_PYTHON` names, else `python3`. The error says why
/// there is none.
fn find() -> Result<Interpreter, String> {
    will_do(std::env::var_os("NG_PYTHON").unwrap_or_else(|| "python3".into()))
}

/// Asks a Python whether it is suitable.
fn will_do(name: OsString) -> Result<Interpreter, String> {
    let shown = Path::new(&name).display().to_string();
    let output = Command::new(&name).args(["-c", ASKS]).output();
    let output = output.map_err(|error| format!("{shown}: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let why = reason_in(&said).unwrap_or("it does not say why");
        return Err(format!("{shown} cannot make environments: {why}"));
    }
    let said = String::from_utf8_lossy(&output.stdout);
    match Interpreter::in_answer(name.into(), &said) {
        Some(python) if python.version >= OLDEST => Ok(python),
        Some(python) => Err(format!(
            "{shown} is {}.{}, expected {}.{} or newer",
            python.version.0, python.version.1, OLDEST.0, OLDEST.1
        )),
        None => Err(format!("{shown} does not tell its version")),
    }
}

/// The line that says why: Python's last one, or anybody else's first one.
fn reason_in(said: &str) -> Option<&str> {
    let mut lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next()?;
    match first.starts_with("Traceback") {
        true => lines.next_back(),
        false => Some(first),
    }
}

/// Whether the tests of engines and object stores can run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Engines {
    Installed,
    Missing,
}

/// What pip says of a package that is not the one that was locked.
const WRONG_HASHES: &str = "DO NOT MATCH THE HASHES";

/// A Python environment with what builds and tests the package.
struct Environment {
    folder: PathBuf,
}

impl Environment {
    /// Makes it, or reuses the existing one if its interpreter and requirements are the same.
    fn of(python: &Interpreter) -> Result<Self> {
        let locked = package().join("tests/requirements.txt");
        Self::make(python, folder().join("venv"), &locked)
    }

    /// Makes one in a folder, with what a file locks.
    fn make(python: &Interpreter, folder: PathBuf, locked: &Path) -> Result<Self> {
        let environment = Self { folder };
        let wanted = fs::read_to_string(locked).with_context(|| locked.display().to_string())?;
        let wanted = format!("# {}\n{wanted}", python.identity);
        if environment.is_made_of(&wanted) {
            return Ok(environment);
        }
        let mut make = Command::new(&python.program);
        make.args(["-m", "venv", "--clear"])
            .arg(&environment.folder);
        run(&mut make)?;
        let mut install = environment.pip();
        install.args(["--require-hashes", "--only-binary", ":all:", "-r"]);
        fetch(install.arg(locked))?;
        let stamp = environment.stamp();
        fs::write(&stamp, wanted).with_context(|| stamp.display().to_string())?;
        Ok(environment)
    }

    /// What it was made from: the interpreter and what was installed.
    fn stamp(&self) -> PathBuf {
        self.folder.join("made-of.txt")
    }

    /// Whether it exists, made from that. Its Python is a link, whose target may be gone.
    fn is_made_of(&self, wanted: &str) -> bool {
        let made_of = fs::read_to_string(self.stamp());
        self.program("python").exists() && made_of.is_ok_and(|made_of| made_of == wanted)
    }

    /// Builds a wheel for an interpreter, the only one in a folder.
    fn build_wheel(&self, python: &Path, name: &str) -> Result<PathBuf> {
        let mut maturin = self.maturin(python);
        maturin.env("CARGO_TARGET_DIR", builds());
        made_in(&folder().join(name), &mut maturin)
    }

    /// Builds a wheel whose Rust checks its assumptions, and names its lines.
    fn build_checked_wheel(&self) -> Result<PathBuf> {
        let mut maturin = self.maturin(&self.program("python"));
        maturin
            .env("CARGO_TARGET_DIR", folder().join("cargo-checked"))
            .env("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only")
            .env("CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS", "true")
            .args(["--strip", "false"]);
        made_in(&folder().join("wheels-checked"), &mut maturin)
    }

    fn maturin(&self, python: &Path) -> Command {
        let mut maturin = Command::new(self.program("maturin"));
        maturin
            .current_dir(package())
            .env("PYO3_PYTHON", python)
            .args(["build", "--release", "--locked", "--quiet", "--interpreter"])
            .arg(python);
        maturin
    }

    /// Runs the random lives under valgrind: any invalid read or write fails.
    fn watch(&self, passed_on: &[String]) -> Result<()> {
        let found = Command::new("valgrind").arg("--version").output();
        found.context("valgrind: the systems' packages have it, as `apt install valgrind`")?;
        let wheel = self.build_checked_wheel()?;
        let checked = folder().join("checked");
        if checked.exists() {
            fs::remove_dir_all(&checked).with_context(|| checked.display().to_string())?;
        }
        let mut install = self.pip();
        install.args(["--no-deps", "--no-index", "--target"]);
        run(install.arg(&checked).arg(wheel))?;
        let mut valgrind = Command::new("valgrind");
        valgrind
            .args(VALGRIND)
            .arg("--suppressions=tests/valgrind.supp")
            .arg(self.program("python"));
        let lives = std::env::var_os("NG_PYTHON_LIVES").unwrap_or_else(|| "1000".into());
        valgrind
            .env("PYTHONPATH", checked)
            .env("PYTHONMALLOC", "malloc")
            .env("NG_PYTHON_LIVES", lives);
        self.pytest(&mut valgrind, &["tests/test_lives.py"], passed_on)
    }

    /// Tries the wheel, with nothing but its requirements, on the interpreter it was built for and
    /// on every other one that is found.
    fn try_alone(&self, built_for: &Interpreter, wheel: &Path) -> Result<()> {
        let locked = package().join("tests/requirements.txt");
        let text = fs::read_to_string(&locked).with_context(|| locked.display().to_string())?;
        let needed = folder().join("needed.txt");
        let written = fs::write(&needed, entry_of(&text, "numpy"));
        written.with_context(|| needed.display().to_string())?;
        let others = OTHERS.map(|name| will_do(name.into()));
        for why in others.iter().filter_map(|other| other.as_ref().err()) {
            println!("python: the wheel was not tried: {why}");
        }
        let found = [built_for.clone()]
            .into_iter()
            .chain(others.into_iter().flatten());
        for python in distinct(found) {
            let wheel = match python.takes_wheel_for(built_for) {
                true => wheel.to_owned(),
                false => self.build_wheel(&python.program, &format!("wheels-{}", python.name()))?,
            };
            try_on(&python, &wheel, &needed)?;
        }
        Ok(())
    }

    fn install(&self, wheel: &Path) -> Result<()> {
        let mut install = self.pip();
        install.args(["--force-reinstall", "--no-deps", "--no-index"]);
        run(install.arg(wheel))
    }

    /// Installs Ray and a store that speaks S3, for their tests. Where that cannot be, as for a
    /// Python that Ray has no package for, says why.
    fn install_engines(&self) -> Result<Engines> {
        let locked = package().join("tests/engines.txt");
        let wanted = fs::read_to_string(&locked).with_context(|| locked.display().to_string())?;
        let stamp = self.folder.join("engines.txt");
        if fs::read_to_string(&stamp).is_ok_and(|made_of| made_of == wanted) {
            return Ok(Engines::Installed);
        }
        let mut install = self.pip();
        install.args(["--require-hashes", "--only-binary", ":all:", "-r"]);
        let output = install.arg(&locked).output().context("pip")?;
        if output.status.success() {
            fs::write(&stamp, wanted).with_context(|| stamp.display().to_string())?;
            return Ok(Engines::Installed);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        if said.contains(WRONG_HASHES) {
            bail!("{}: {said}", locked.display());
        }
        let why = said.lines().rfind(|line| line.starts_with("ERROR"));
        println!(
            "python: Ray and object stores are not tested: {}",
            why.unwrap_or("pip does not say why")
        );
        Ok(Engines::Missing)
    }

    fn test(&self, engines: Engines, passed_on: &[String]) -> Result<()> {
        let mut python = Command::new(self.program("python"));
        if engines == Engines::Installed {
            // Then none of their tests is skipped.
            python.env("NG_ENGINES", "1");
        }
        self.pytest(&mut python, &[], passed_on)
    }

    /// Runs tests by a command that runs Python.
    fn pytest(&self, python: &mut Command, tests: &[&str], passed_on: &[String]) -> Result<()> {
        let cache = format!("cache_dir={}", folder().join("pytest-cache").display());
        python
            .current_dir(package())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("HYPOTHESIS_STORAGE_DIRECTORY", folder().join("hypothesis"))
            .args(["-m", "pytest", "-q", "-o", &cache])
            .args(tests);
        run(python.args(passed_on))
    }

    fn pip(&self) -> Command {
        let mut pip = Command::new(self.program("python"));
        let quiet = ["--quiet", "--disable-pip-version-check"];
        pip.args(["-m", "pip", "install"]).args(quiet);
        pip
    }

    fn program(&self, name: &str) -> PathBuf {
        let (folder, suffix) = if cfg!(windows) {
            ("Scripts", ".exe")
        } else {
            ("bin", "")
        };
        let mut file = OsString::from(name);
        file.push(suffix);
        self.folder.join(folder).join(file)
    }
}

/// Makes maturin leave a wheel in a folder, as the only one.
fn made_in(wheels: &Path, maturin: &mut Command) -> Result<PathBuf> {
    if wheels.exists() {
        fs::remove_dir_all(wheels).with_context(|| wheels.display().to_string())?;
    }
    run(maturin.arg("--out").arg(wheels))?;
    let mut made = fs::read_dir(wheels).with_context(|| wheels.display().to_string())?;
    match made.next() {
        Some(wheel) => Ok(wheel?.path()),
        None => bail!("{}: no wheel was made", wheels.display()),
    }
}

/// Tries a wheel in an environment with only the wheel and its requirements.
fn try_on(python: &Interpreter, wheel: &Path, needed: &Path) -> Result<()> {
    let alone = Environment::make(python, folder().join(python.name()), needed)?;
    alone.install(wheel)?;
    let mut script = Command::new(alone.program("python"));
    run(script.arg(package().join("tests/clean.py")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_of_a_package_ends_where_the_next_begins() {
        let locked = "a==1 \\\n    --hash=1\nnumpy==2 \\\n    --hash=2 \\\n    --hash=3\nb==4\n";
        let entry = "numpy==2 \\\n    --hash=2 \\\n    --hash=3\n";
        assert_eq!(entry_of(locked, "numpy"), entry);
        assert_eq!(entry_of(locked, "num"), "\n");
    }

    #[test]
    fn a_python_that_will_not_do_is_told_with_why() {
        let why = |name: &str| will_do(name.into()).unwrap_err();
        assert!(why("no-such-python").starts_with("no-such-python: "));
        assert_eq!(why("true"), "true does not tell its version");
        assert_eq!(
            why("false"),
            "false cannot make environments: it does not say why"
        );
    }

    #[test]
    fn the_reason_is_the_line_that_says_it() {
        let python = "Traceback (most recent call last):\n  File\nModuleNotFoundError: venv\n";
        assert_eq!(reason_in(python), Some("ModuleNotFoundError: venv"));
        assert_eq!(
            reason_in("shim: not found\n\nA hint.\n"),
            Some("shim: not found")
        );
        assert_eq!(reason_in("\n"), None);
    }

    /// A missing package, or one of another hash, fails all the same.
    #[test]
    fn a_registry_that_does_not_answer_is_told_from_a_package_that_is_wrong() {
        let retry = "WARNING: Retrying (Retry(total=4)) after connection broken by \
                     'NewConnectionError('failed')': /numpy/\nERROR: No matching distribution";
        let unreachable = Unreachable::of(retry).unwrap();
        assert!(unreachable.to_string().contains("NewConnectionError"));
        or_say(Err(unreachable.into())).unwrap();
        for wrong in [
            "ERROR: No matching distribution found for numpy==0",
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES",
        ] {
            assert!(Unreachable::of(wrong).is_none());
            or_say(Err(anyhow::anyhow!("{wrong}"))).unwrap_err();
        }
    }

    fn python(said: &str) -> Interpreter {
        Interpreter::in_answer("python".into(), said).unwrap()
    }

    #[test]
    fn an_interpreter_is_known_by_what_it_answers() {
        let found = python("3.11 False 3.11.4 /usr/bin/a python\n");
        assert_eq!((found.version, found.is_free_threaded), ((3, 11), false));
        assert_eq!(found.identity, "3.11.4 /usr/bin/a python");
        assert_eq!(found.name(), "python3.11");
        assert_eq!(python("3.14 True 3.14.0 /t").name(), "python3.14t");
        for wrong in [
            "",
            "3",
            "3.11",
            "3.11 False",
            "x.y False 3.11.4 /p",
            "3 False 3.1 /p",
        ] {
            assert_eq!(Interpreter::in_answer("p".into(), wrong), None, "{wrong}");
        }
    }

    #[test]
    fn each_version_is_tried_once_and_the_one_that_was_found_is_among_them() {
        let (main, same) = (
            python("3.12 False 3.12.1 /a"),
            python("3.12 False 3.12.7 /b"),
        );
        let (old, free) = (
            python("3.11 False 3.11.4 /c"),
            python("3.12 True 3.12.1 /d"),
        );
        let tried = distinct([main.clone(), old.clone(), same, free.clone()]);
        assert_eq!(tried, [main.clone(), old.clone(), free.clone()]);
        assert!(old.takes_wheel_for(&main) && main.takes_wheel_for(&main));
        assert!(!free.takes_wheel_for(&main) && !main.takes_wheel_for(&free));
        assert!(free.takes_wheel_for(&free));
    }

    /// The existing one was taken for that of another Python, or of one that is gone.
    #[cfg(unix)]
    #[test]
    fn an_environment_is_taken_again_where_its_python_is_there_and_the_same() {
        let folder = std::env::temp_dir().join(format!("ng-venv-{}", std::process::id()));
        let environment = Environment {
            folder: folder.clone(),
        };
        fs::create_dir_all(folder.join("bin")).unwrap();
        let python = environment.program("python");
        fs::write(environment.stamp(), "# 3.11.4 /a\nnumpy\n").unwrap();
        std::os::unix::fs::symlink(folder.join("gone"), &python).unwrap();
        assert!(!environment.is_made_of("# 3.11.4 /a\nnumpy\n"));
        fs::write(folder.join("gone"), "").unwrap();
        assert!(environment.is_made_of("# 3.11.4 /a\nnumpy\n"));
        assert!(!environment.is_made_of("# 3.11.5 /a\nnumpy\n"));
        assert!(!environment.is_made_of("# 3.11.4 /a\nnumpy, pytest\n"));
        fs::remove_dir_all(folder).unwrap();
    }
}
