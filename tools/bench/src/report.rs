//! The figures as tables in Markdown, and their place in the documentation.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table};

use crate::Options;
use crate::results::{Absent, Measured, Results, number};
use crate::wrk::Load;

/// Between these lines of the document stands what a run has written last.
const BEGIN: &str = "<!-- written by `cargo run --release -p bench`, not by hand -->";
const END: &str = "<!-- as far as the command writes -->";

/// The number of connections at which the targets are set.
const TARGET_CONNECTIONS: u32 = 32;

/// The report of a run.
pub(crate) fn markdown(results: &Results, options: &Options) -> String {
    let mut text = String::new();
    let machine = &results.machine;
    // Writing into a string can't fail.
    let _ = writeln!(
        text,
        "Taken on {}, on {} with {} cores, Linux {}. {} rounds of {} seconds of {} for each cell, in turn, on the same machine; \
         medians. In parentheses: the ratio to the floor.\n",
        machine.date,
        machine.processor,
        machine.cores,
        machine.kernel,
        options.rounds,
        options.seconds,
        machine.wrk,
    );
    for (title, figure, show) in [
        (
            "Requests per second",
            (|load| load.requests_per_second) as fn(&Load) -> f64,
            thousands as fn(f64) -> String,
        ),
        ("Latency, 99th percentile", |load| load.p99, duration),
        ("Latency, median", |load| load.p50, duration),
        (
            "Processor time for a request",
            |load| load.processor,
            duration,
        ),
    ] {
        let _ = writeln!(
            text,
            "**{title}**, by the number of connections\n\n{}\n",
            loads(results, figure, show)
        );
    }
    let _ = writeln!(text, "**At rest**\n\n{}\n", at_rest(results, options));
    let _ = writeln!(
        text,
        "**Targets**, at {TARGET_CONNECTIONS} connections\n\n{}\n",
        targets(results)
    );
    for Measured { contender, .. } in &results.measured {
        let _ = writeln!(text, "* {}: {}", contender.name, contender.platform);
    }
    for Absent { name, why } in &results.absent {
        let _ = writeln!(text, "* {name} is left out: {why}");
    }
    text
}

/// Puts a report into its place in the document.
pub(crate) fn write(document: &Path, report: &str) -> Result<()> {
    let name = document.display();
    let text = fs::read_to_string(document).with_context(|| format!("cannot read {name}"))?;
    let text = replaced(&text, report).with_context(|| {
        format!("{name} has no place for the report: put these lines into it\n{BEGIN}\n{END}")
    })?;
    fs::write(document, text).with_context(|| format!("cannot write {name}"))
}

fn replaced(document: &str, report: &str) -> Option<String> {
    let (before, rest) = document.split_once(BEGIN)?;
    let (_, behind) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{report}\n{END}{behind}"))
}

fn loads(results: &Results, figure: fn(&Load) -> f64, show: fn(f64) -> String) -> Table {
    let mut table = table(results.connections.iter().map(ToString::to_string));
    let floor = results.of("floor");
    for measured in &results.measured {
        let cells = (0..results.connections.len()).map(|place| {
            let value = measured.at(place, figure);
            with_ratio(
                show(value),
                value,
                floor.map(|floor| floor.at(place, figure)),
            )
        });
        table.add_row(std::iter::once(measured.contender.name.to_owned()).chain(cells));
    }
    aligned(table)
}

fn at_rest(results: &Results, options: &Options) -> Table {
    let ready = format!("ready after ({} starts)", options.starts);
    let headings = [
        &ready,
        "memory after the loads",
        "threads",
        "size",
        "instructions for a request",
    ];
    let mut table = table(headings.map(str::to_owned).into_iter());
    let floor = results.of("floor");
    for measured in &results.measured {
        let figure = |show: fn(f64) -> String, figure: fn(&Measured) -> Option<f64>| {
            let floor = floor.and_then(figure);
            figure(measured).map_or("—".to_owned(), |value| {
                with_ratio(show(value), value, floor)
            })
        };
        table.add_row([
            measured.contender.name.to_owned(),
            figure(duration, |measured| Some(measured.ready_after())),
            figure(megabytes, |measured| Some(number(measured.usage.resident))),
            measured.usage.threads.to_string(),
            figure(megabytes, |measured| measured.size.map(number)),
            figure(thousands, |measured| measured.instructions.map(number)),
        ]);
    }
    aligned(table)
}

/// The targets, each with what was measured and whether it holds. What could not be measured does
/// not hold.
fn targets(results: &Results) -> Table {
    let place = results
        .connections
        .iter()
        .position(|&connections| connections == TARGET_CONNECTIONS);
    let ratio = |other: &str, figure: &dyn Fn(&Measured) -> f64| {
        let of = |name| results.of(name).map_or(f64::NAN, figure);
        of("handler") / of(other)
    };
    let at = |figure: fn(&Load) -> f64| {
        move |measured: &Measured| place.map_or(f64::NAN, |place| measured.at(place, figure))
    };
    let requests = at(|load| load.requests_per_second);
    let resident = |measured: &Measured| number(measured.usage.resident);
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header([
        "handler to",
        "of",
        "target",
        "measured",
        "holds",
    ]);
    for (other, what, target, is_least, measured) in [
        (
            "floor",
            "requests per second",
            0.85,
            true,
            ratio("floor", &requests),
        ),
        (
            "floor",
            "99th percentile",
            1.3,
            false,
            ratio("floor", &at(|load| load.p99)),
        ),
        (
            "Node",
            "requests per second",
            4.0,
            true,
            ratio("Node", &requests),
        ),
        (
            "Go",
            "requests per second",
            4.0,
            true,
            ratio("Go", &requests),
        ),
        (
            "floor",
            "ready after",
            1.5,
            false,
            ratio("floor", &Measured::ready_after),
        ),
        ("floor", "memory", 1.5, false, ratio("floor", &resident)),
        ("Go", "memory", 1.0 / 3.0, false, ratio("Go", &resident)),
    ] {
        let (sign, holds) = if is_least {
            ("≥", measured >= target)
        } else {
            ("≤", measured <= target)
        };
        table.add_row([
            other.to_owned(),
            what.to_owned(),
            format!("{sign} {target:.2}"),
            format!("{measured:.2}"),
            if holds { "yes" } else { "**no**" }.to_owned(),
        ]);
    }
    table
}

fn table(headings: impl Iterator<Item = String>) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN);
    table.set_header(std::iter::once(String::new()).chain(headings));
    table
}

/// Numbers stand to the right.
fn aligned(mut table: Table) -> Table {
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn with_ratio(text: String, value: f64, floor: Option<f64>) -> String {
    match floor {
        Some(floor) => format!("{text} ({:.2})", value / floor),
        None => text,
    }
}

/// A whole number, its digits in threes.
fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn duration(seconds: f64) -> String {
    if seconds < 1e-3 {
        format!("{:.1} µs", seconds * 1e6)
    } else {
        format!("{:.2} ms", seconds * 1e3)
    }
}

fn megabytes(bytes: f64) -> String {
    format!("{:.1} MB", bytes / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_for_people() {
        for (value, expected) in [
            (0.0, "0"),
            (999.4, "999"),
            (1000.0, "1,000"),
            (1_234_567.0, "1,234,567"),
        ] {
            assert_eq!(thousands(value), expected);
        }
        assert_eq!(duration(0.000_012_34), "12.3 µs");
        assert_eq!(duration(0.012_34), "12.34 ms");
        assert_eq!(megabytes(2_345_678.0), "2.3 MB");
    }

    #[test]
    fn a_report_takes_the_place_of_the_last_and_nothing_else() {
        let document = format!("# Title\n{BEGIN}\nold\n{END}\nrest\n");
        let expected = format!("# Title\n{BEGIN}\n\nnew\n\n{END}\nrest\n");
        assert_eq!(replaced(&document, "new\n").unwrap(), expected);
        assert_eq!(replaced(&expected, "new\n").unwrap(), expected);
        assert_eq!(replaced("# Title\n", "new\n"), None);
    }
}
