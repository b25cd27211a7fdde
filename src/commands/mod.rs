//! The commands for who writes the policy: `check` and `explain`.
//!
//! They are part of the handler, so that what checks a policy is what serves it.

mod check;
mod compare;
mod explain;
mod help;
mod requests;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Error, Result};
use lexopt::{Arg, Parser, ValueExt};

/// The status of a command whose file is wrong, or whose tests fail.
const WRONG: u8 = 1;

/// The status of a command that is called wrongly.
const CALLED_WRONGLY: u8 = 2;

/// What the arguments ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// To serve.
    Serve,
    /// A help.
    Help(&'static str),
    /// The version.
    Version,
    /// To check a policy.
    Check {
        /// Which; the one that is served where there is none.
        file: Option<PathBuf>,
        /// Whether the output is for machines.
        json: bool,
    },
    /// To explain decisions.
    Explain(Explain),
}

/// What `explain` is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explain {
    /// Files of requests.
    pub requests: Vec<PathBuf>,
    /// The policy; the one that is served where there is none.
    pub policy: Option<PathBuf>,
    /// A policy to compare with.
    pub than: Option<PathBuf>,
    /// A file of rows.
    pub bindings: Option<PathBuf>,
    /// Whether the output is for machines.
    pub json: bool,
}

/// Reads the arguments, the first of which is the program.
///
/// # Errors
/// With a sentence on what is wrong with them.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, String> {
    let mut parser = Parser::from_iter(arguments);
    read(&mut parser).map_err(|error| error.to_string())
}

fn read(parser: &mut Parser) -> Result<Command, lexopt::Error> {
    let command = match parser.next()? {
        None => return Ok(Command::Serve),
        Some(Arg::Short('h') | Arg::Long("help")) => return Ok(Command::Help(help::HANDLER)),
        Some(Arg::Short('V') | Arg::Long("version")) => return Ok(Command::Version),
        Some(Arg::Value(command)) => command.string()?,
        Some(other) => return Err(other.unexpected()),
    };
    match command.as_str() {
        "check" => read_check(parser),
        "explain" => read_explain(parser),
        "help" => read_help(parser),
        _ => Err(format!("there is no command {command:?}").into()),
    }
}

fn read_help(parser: &mut Parser) -> Result<Command, lexopt::Error> {
    let command = match parser.next()? {
        None => return Ok(Command::Help(help::HANDLER)),
        Some(Arg::Value(command)) => command.string()?,
        Some(other) => return Err(other.unexpected()),
    };
    match command.as_str() {
        "check" => Ok(Command::Help(help::CHECK)),
        "explain" => Ok(Command::Help(help::EXPLAIN)),
        _ => Err(format!("there is no command {command:?}").into()),
    }
}

fn read_check(parser: &mut Parser) -> Result<Command, lexopt::Error> {
    let (mut file, mut json) = (None, false);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help(help::CHECK)),
            Arg::Long("json") => json = true,
            Arg::Value(path) if file.is_none() => file = Some(PathBuf::from(path)),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Command::Check { file, json })
}

fn read_explain(parser: &mut Parser) -> Result<Command, lexopt::Error> {
    let mut explain = Explain::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help(help::EXPLAIN)),
            Arg::Long("json") => explain.json = true,
            Arg::Long("policy") => explain.policy = Some(parser.value()?.into()),
            Arg::Long("than") => explain.than = Some(parser.value()?.into()),
            Arg::Long("bindings") => explain.bindings = Some(parser.value()?.into()),
            Arg::Value(path) => explain.requests.push(path.into()),
            other => return Err(other.unexpected()),
        }
    }
    if explain.requests.is_empty() {
        return Err("explain needs a file of requests".into());
    }
    Ok(Command::Explain(explain))
}

/// Where a command writes to.
trait Output: Write {
    /// Tells what went wrong with one of several things, behind what has been written so far.
    fn complain(&mut self, error: &Error) -> io::Result<()>;
}

impl Output for io::BufWriter<io::StdoutLock<'_>> {
    fn complain(&mut self, error: &Error) -> io::Result<()> {
        self.flush()?;
        writeln!(io::stderr(), "error: {error:#}")
    }
}

/// Does what was asked for, if it is not to serve.
#[must_use]
pub fn execute(command: Result<Command, String>) -> ExitCode {
    let mut stdout = io::BufWriter::new(io::stdout().lock());
    let done = match command {
        Ok(command) => run(command, &mut stdout),
        Err(error) => {
            let _ = writeln!(io::stderr(), "handler: {error}; handler --help tells more");
            return ExitCode::from(CALLED_WRONGLY);
        }
    };
    match done.and_then(|is_right| {
        stdout.flush()?;
        Ok(is_right)
    }) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(WRONG),
        // Whoever reads has read enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = stdout.complain(&error);
            ExitCode::from(WRONG)
        }
    }
}

/// Runs a command. Returns whether nothing is wrong.
fn run(command: Command, output: &mut impl Output) -> Result<bool> {
    match command {
        Command::Serve => Ok(true),
        Command::Help(text) => {
            output.write_all(text.as_bytes())?;
            Ok(true)
        }
        Command::Version => {
            writeln!(output, "handler {}", env!("CARGO_PKG_VERSION"))?;
            Ok(true)
        }
        Command::Check { file, json } => check::check(file.as_deref(), json, output),
        Command::Explain(asked) => match &asked.than {
            Some(old) => compare::compare(&asked, old, output),
            None => explain::explain(&asked, output),
        },
    }
}

fn is_broken_pipe(error: &Error) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Command, String> {
        parse(
            std::iter::once("handler")
                .chain(arguments.iter().copied())
                .map(OsString::from),
        )
    }

    #[test]
    fn arguments_are_read() {
        let check = |file: Option<&str>, json| Command::Check {
            file: file.map(PathBuf::from),
            json,
        };
        let explain = Explain {
            requests: vec!["a.json".into(), "-".into()],
            policy: Some("p.json".into()),
            than: Some("old.json".into()),
            bindings: Some("rows.json".into()),
            json: true,
        };
        for (arguments, expected) in [
            (&[][..], Command::Serve),
            (&["--help"], Command::Help(help::HANDLER)),
            (&["help"], Command::Help(help::HANDLER)),
            (&["help", "check"], Command::Help(help::CHECK)),
            (&["help", "explain"], Command::Help(help::EXPLAIN)),
            (&["check", "-h"], Command::Help(help::CHECK)),
            (&["explain", "--help"], Command::Help(help::EXPLAIN)),
            (&["--version"], Command::Version),
            (&["check"], check(None, false)),
            (&["check", "--json", "a.json"], check(Some("a.json"), true)),
            (
                &[
                    "explain",
                    "--than",
                    "old.json",
                    "a.json",
                    "--policy=p.json",
                    "--bindings",
                    "rows.json",
                    "--json",
                    "-",
                ],
                Command::Explain(explain),
            ),
        ] {
            assert_eq!(parsed(arguments), Ok(expected), "{arguments:?}");
        }
    }

    #[test]
    fn what_is_wrong_with_arguments_is_told() {
        for (arguments, expected) in [
            (&["serve"][..], "there is no command \"serve\""),
            (&["help", "serve"], "there is no command \"serve\""),
            (&["--port"], "invalid option '--port'"),
            (&["check", "a", "b"], "unexpected argument \"b\""),
            (&["check", "--than"], "invalid option '--than'"),
            (&["explain"], "explain needs a file of requests"),
            (
                &["explain", "a", "--than"],
                "missing argument for option '--than'",
            ),
        ] {
            assert_eq!(parsed(arguments), Err(expected.to_owned()), "{arguments:?}");
        }
    }
}
